"""`wirewatch demo` and `wirewatch up`: the whole watch on this machine."""

from __future__ import annotations

from pathlib import Path

import typer

from wirewatch.cli._shared import CONFIG

HOME = typer.Option(None, "--home", help="Folder for everything that is kept; default $WIREWATCH_HOME, else .wirewatch.", file_okay=False)
PORT = typer.Option(8080, "--port", help="For Airflow; another one is taken when it is busy.", min=1, max=65535)


def register(root: typer.Typer) -> None:
    """Mount the commands."""
    root.command()(demo)
    root.command()(up)


def demo(
    once: bool = typer.Option(False, "--once", help="End with the summary; exit 0 only if exactly the one mail arrived."),
    seed: int = typer.Option(1, "--seed", help="Varies everything that the newsroom publishes."),
    story: str = typer.Option("kim", "--story", help="Which story breaks (kim, flood), or none."),
    port: int = PORT,
    home: Path | None = HOME,
    as_json: bool = typer.Option(False, "--json", help="Print the summary as one line of JSON too; what is for people goes to stderr."),
) -> None:
    """Watch a small newsroom until its story breaks: needs nothing but this machine."""
    from rich.console import Console

    from wirewatch.demo.run import Options, run
    from wirewatch.demo.stories import NAMES

    if story not in (*NAMES, "none"):
        raise typer.BadParameter(f"{story}: one of {', '.join((*NAMES, 'none'))} is needed", param_hint="--story")
    options = Options(home=_home(home), seed=seed, story=story, once=once, port=port, as_json=as_json)
    raise typer.Exit(run(options, Console(stderr=as_json)))


def up(config: Path | None = CONFIG, port: int = PORT, home: Path | None = HOME) -> None:
    """Watch real feeds by your own config/: the demo's stack, kept between starts.

    Mail goes to the server that $SMTP_URL names, else into files in the folder `mail`; $ELASTICSEARCH_URL names an Elasticsearch
    to use instead of the one that comes with it.
    """
    from rich.console import Console

    from wirewatch.config import settings_path
    from wirewatch.demo.up import run

    raise typer.Exit(run((config or settings_path()).resolve(), _home(home), port, Console()))


def _home(given: Path | None) -> Path:
    from wirewatch.home import home

    return given.resolve() if given else home()
