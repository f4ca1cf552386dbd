"""`wirewatch up`: the stack on the user's own config/, with everything kept between starts."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from wirewatch.config import Bundle, load
from wirewatch.demo import preflight, services
from wirewatch.demo.airflow import Airflow
from wirewatch.errors import WirewatchError


def run(config: Path, home: Path, port: int, console: Console) -> int:
    """Keep the watch up until Ctrl-C; raises `ConfigError` before anything is started."""
    from wirewatch.pipeline.check import checked

    bundle = checked(load(config))
    with services.stoppable(), services.alone(home, "`wirewatch up`"), ExitStack() as stack:
        try:
            preflight.demand(preflight.check(home))
            return _up(config, home, port, console, stack, bundle)
        except services.Stopped:
            console.print("Stopping …")
            return 0
        finally:
            with console.status("Stopping everything that was started …"):
                stack.close()


def _up(config: Path, home: Path, port: int, console: Console, stack: ExitStack, bundle: Bundle) -> int:
    ports = services.choose_ports(port)
    columns = (SpinnerColumn(finished_text="[green]✓[/]"), TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn())
    with Progress(*columns, TextColumn("[dim]{task.fields[note]}[/]"), console=console) as progress:
        mail = os.environ.get("SMTP_URL")
        if not mail:
            services.mailcatcher(stack, home / "mail", ports.mail, home / "logs")
            os.environ["SMTP_URL"] = f"smtp://127.0.0.1:{ports.mail}"
        task = progress.add_task("Elasticsearch", total=None, note="")
        url = services.elasticsearch(stack, home / "elasticsearch", lambda note: progress.update(task, note=note), brief=False)
        progress.update(task, total=1, completed=1, note=url)
        os.environ |= {"ELASTICSEARCH_URL": url, "WIREWATCH_CONFIG": str(config)}
        # Airflow's tasks do not read it from the settings: they find the settings under it.
        os.environ.setdefault("WIREWATCH_INDEX_PREFIX", bundle.settings.index_prefix)
        airflow = Airflow(home / "airflow", ports.airflow, demo=False)
        stack.callback(airflow.stop)
        airflow.start(progress)
        asyncio.run(_publish(bundle))
        airflow.wait(progress)
        airflow.unpause()
    table = Table.grid(padding=(0, 2))
    table.add_row("Airflow", f"{airflow.url}  ({airflow.login})")
    table.add_row("Watching", f"{len(bundle.feeds)} feeds for {len(bundle.topics)} topics, by {config}")
    table.add_row("Mail", "to the server in $SMTP_URL" if mail else f"{home / 'mail' / 'index.html'}")
    table.add_row("Elasticsearch", url)
    table.add_row("Logs", str(airflow.logs))
    console.print(Panel(table, title="Wirewatch", border_style="green", expand=False))
    console.print("It runs until Ctrl-C; what it has found is kept.")
    while True:
        time.sleep(2)
        try:
            airflow.check()
        except WirewatchError as error:
            console.print(f"[red]{error}[/]")
            return 1


async def _publish(bundle: Bundle) -> None:
    from wirewatch.store import config as published
    from wirewatch.store.elastic import ElasticDocuments
    from wirewatch.wiring.local import cluster

    where = cluster(bundle.settings.index_prefix)
    async with ElasticDocuments(url=where.url, prefix=where.prefix, api_key=where.api_key, ca=where.ca) as documents:
        await documents.ensure()
        await published.publish(documents, bundle, datetime.now(UTC))
