"""`wirewatch elasticsearch start | stop | status`: the embedded node."""

from __future__ import annotations

import typer

from wirewatch.cli._shared import JSON, emit, fail

app = typer.Typer(no_args_is_help=True, help="A real Elasticsearch node without Docker, with its data under .wirewatch/.")


def register(root: typer.Typer) -> None:
    """Mount the commands."""
    root.add_typer(app, name="elasticsearch")


@app.command()
def start(
    port: int | None = typer.Option(None, help="Port on 127.0.0.1. [default: the one it had before, else 9200, else any that is free]"),
    heap: str = typer.Option("512m", help="Memory for the JVM's heap."),
    as_json: bool = JSON,
) -> None:
    """Start the node and wait until it answers; it runs on until `stop`."""
    from wirewatch.embedded import elasticsearch as node
    from wirewatch.home import home

    info = node.start(home() / "elasticsearch", port=port, heap=heap, progress=lambda line: typer.echo(line, err=True))
    if as_json:
        emit([info])
    else:
        typer.echo(f"Elasticsearch runs at {info.url} (process {info.pid}).\nUse it with: export ELASTICSEARCH_URL={info.url}")


@app.command()
def stop() -> None:
    """Stop the node; its data stays."""
    from wirewatch.embedded import elasticsearch as node
    from wirewatch.home import home

    typer.echo("Elasticsearch is stopped." if node.stop(home() / "elasticsearch") else "Elasticsearch was not running.")


@app.command()
def status(as_json: bool = JSON) -> None:
    """Say whether the node runs, and where; exit code 1 where it does not."""
    from wirewatch.embedded import elasticsearch as node
    from wirewatch.home import home

    info = node.status(home() / "elasticsearch")
    if as_json:
        emit([info] if info else [{"url": None, "pid": None}])
    elif info:
        typer.echo(f"Elasticsearch runs at {info.url} (process {info.pid}).")
    if info is None:
        fail(f"Elasticsearch does not run on {home() / 'elasticsearch'}.")
