"""The `wirewatch` command. Each module of this package registers its own commands and imports what they need when they run."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.metadata import version

import click
import typer

from wirewatch.errors import ConfigError, SetupError, WirewatchError

MODULES: tuple[str, ...] = (
    *("demo", "run", "topics", "feeds", "articles", "spikes", "incidents", "counts", "alerts"),
    *("kibana", "elasticsearch", "upkeep", "doctor"),
)
"""In the order of the help page."""

DONE, FAILED, WRONG = 0, 1, 2


def build() -> typer.Typer:
    """The command with all its parts."""
    root = typer.Typer(
        name="wirewatch",
        help="Watch the news: poll feeds, tag topics, alert when a watched topic spikes.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    def show(value: bool) -> None:
        if value:
            typer.echo(f"wirewatch {version('wirewatch')}")
            raise typer.Exit

    @root.callback()
    def _root(
        _: bool = typer.Option(False, "--version", callback=show, is_eager=True, help="Print the version and end."),
        verbose: bool = typer.Option(False, "--verbose", "-v", help="Say on standard error what becomes of feeds, articles and messages."),
    ) -> None:
        if verbose:
            os.environ["WIREWATCH_LOG"] = "info"

    for name in MODULES:
        import_module(f"wirewatch.cli.{name}").register(root)
    return root


def main() -> None:
    """Run the command; exits 0 when done, 1 when the work failed, 2 for wrong usage or configuration."""
    try:
        code = build()(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = 130
    except (ConfigError, SetupError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the edge
        code = WRONG
    except WirewatchError as error:
        print(error, file=sys.stderr)  # noqa: T201
        code = FAILED
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        # The reader (`| head`) has gone; Python would complain once more while closing.
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else DONE)
