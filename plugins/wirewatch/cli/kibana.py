"""`wirewatch kibana install · check · build`: the dashboards."""

from __future__ import annotations

import json
import os
from pathlib import Path

import typer

from wirewatch.cli._shared import CONFIG, JSON, emit, fail, run

app = typer.Typer(no_args_is_help=True, help="The Kibana dashboards of config/kibana/.")

_FILE = typer.Argument(None, help="The file to use; default: config/kibana/wirewatch.ndjson.", dir_okay=False)


def register(root: typer.Typer) -> None:
    """Mount the commands."""
    root.add_typer(app, name="kibana")


@app.command()
def install(
    url: str = typer.Option("http://localhost:5601", "--url", envvar="KIBANA_URL", help="Kibana's address, with its space if it has one."),
    api_key: str | None = typer.Option(None, "--api-key", envvar="KIBANA_API_KEY", help="Who we are; or $KIBANA_USER as name:password."),
    ca: Path | None = typer.Option(None, "--ca", envvar="KIBANA_CA", help="File with the certificate authority.", exists=True),
    config: Path | None = CONFIG,
) -> None:
    """Put the dashboards into a Kibana (8.12 or later), over the ones that are there; safe to run again."""
    from wirewatch.config import load, settings_path
    from wirewatch.dashboards.build import ndjson
    from wirewatch.dashboards.install import install as put
    from wirewatch.wiring.local import cluster

    prefix = cluster(load(config or settings_path()).settings.index_prefix).prefix
    work = put(
        url,
        ndjson(prefix),
        api_key=api_key or None,
        user=os.environ.get("KIBANA_USER") or None,
        ca=str(ca) if ca else None,
    )
    typer.echo(f"{run(work)} objects are in {url}")


@app.command()
def check(file: Path | None = _FILE, as_json: bool = JSON) -> None:
    """Say what Kibana would trip over in the file, without Kibana; exit code 1 where anything is found."""
    from wirewatch.dashboards.check import check as look
    from wirewatch.store.indices import PROPERTIES

    objects = []
    for number, line in enumerate(_text(file).splitlines(), 1):
        try:
            objects.append(json.loads(line))
        except ValueError as error:
            fail(f"{file or 'wirewatch.ndjson'}:{number}: not JSON: {error}", 2)
    faults = look(objects, PROPERTIES)
    if as_json:
        emit({"fault": fault} for fault in faults)
    else:
        for fault in faults:
            typer.echo(fault)
        typer.echo(f"{len(objects)} objects, {len(faults)} faults", err=True)
    if faults:
        raise typer.Exit(1)


@app.command()
def build(
    prefix: str = typer.Option("wirewatch", "--prefix", help="Of the index names."),
) -> None:
    """Print the dashboards as Kibana's import file."""
    from wirewatch.dashboards.build import ndjson

    typer.echo(ndjson(prefix), nl=False)


def _text(file: Path | None) -> str:
    from wirewatch.config import settings_path

    return (file or settings_path() / "kibana" / "wirewatch.ndjson").read_text(encoding="utf-8")
