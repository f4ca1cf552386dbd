"""`wirewatch demo`: a newsroom's past is loaded, a story breaks, and the real DAGs bring the mail."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from wirewatch.demo import config, history, preflight, processes, services
from wirewatch.demo.airflow import Airflow
from wirewatch.demo.control import Control
from wirewatch.demo.summary import Figures, look, told
from wirewatch.errors import SetupError, WirewatchError
from wirewatch.wiring.workers import end_server

DAYS = 21
"""How much of the past is loaded; the feeds list some days more."""
SPREAD = timedelta(seconds=40)
"""Over how long the story's reports are dated; they can all be read when it breaks."""
MAIL_WITHIN_S = 240.0
MORE_ROUNDS = {"poll_feeds": 1, "detect_spikes": 2, "notify": 1}
"""Runs of the DAGs that must end well after the mail, in which a second one would have come."""
QUIET_ROUNDS = {"poll_feeds": 3, "process_articles": 2, "detect_spikes": 3, "notify": 2}
"""Runs that must end well when no story breaks."""
INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    home: Path
    seed: int = 1
    story: str = "kim"
    once: bool = False
    port: int = 8080
    """Wanted for Airflow; another one is taken when it is busy."""
    as_json: bool = False
    """Print the summary as one line of JSON besides."""


def run(options: Options, console: Console) -> int:
    """The exit code: 0 where exactly the mail that should come came."""
    home = options.home / "demo"
    with services.stoppable(), services.alone(home, "a demo"), ExitStack() as stack:
        demo = Demo(options, home, console, stack)
        try:
            return demo.run()
        except services.Stopped:
            # After the summary, being stopped is how a demo ends.
            return INTERRUPTED if demo.code is None else demo.code
        finally:
            with console.status("Stopping everything that was started …"):
                stack.close()
                end_server()


class Demo:
    """One demo from the look at the machine to the summary; `stack` stops what it started."""

    def __init__(self, options: Options, home: Path, console: Console, stack: ExitStack) -> None:
        self.options = options
        self.home = home
        self.console = console
        self.stack = stack
        self.logs = home / "logs"
        self.mail = home / "mail"
        self.end = datetime.now(UTC).replace(microsecond=0)
        self.start = self.end - timedelta(days=DAYS)
        # A node of its own has the usual names, which the dashboards of config/kibana/ ask for.
        self.prefix = config.PREFIX if os.environ.get("ELASTICSEARCH_URL") else "wirewatch"
        self.ports = services.choose_ports(options.port)
        self.control = Control(self.ports.newsroom)
        self.children: list[processes.Child] = []
        self.began = time.monotonic()
        self.code: int | None = None
        """The exit code, once it is known."""

    def run(self) -> int:
        """Everything in order."""
        self._look_at_the_machine()
        self._clear()
        page_url = f"http://localhost:{self.ports.airflow}/plugin/wirewatch"
        folder = config.write(self.home / "config", port=self.ports.newsroom, page_url=page_url, prefix=self.prefix)
        with self._progress() as progress:
            airflow = self._start(folder, progress)
            self._load(folder, progress)
            airflow.wait(progress)
            broke = self._go_live(airflow, progress)
            problem = self._wait_for_mail(progress, broke, airflow)
        figures = asyncio.run(look(folder, published=int(self.control.status()["articles"])))
        self.code = 1 if problem else 0
        self._summary(figures, airflow, problem)
        if not self.options.once:
            self._stay(airflow)
        return self.code

    # ------------------------------------------------------------ before

    def _look_at_the_machine(self) -> None:
        findings = preflight.check(self.home)
        table = Table.grid(padding=(0, 2))
        for finding in findings:
            table.add_row("[green]✓[/]" if finding.ok else "[red]✗[/]", finding.what, finding.found)
        usual = {
            "Airflow": (self.options.port, self.ports.airflow),
            "mail": (1025, self.ports.mail),
            "newsroom": (8990, self.ports.newsroom),
        }
        taken = [f"{name} {port} (as {wanted} is busy)" if port != wanted else f"{name} {port}" for name, (wanted, port) in usual.items()]
        table.add_row("[green]✓[/]", "Ports", ", ".join(taken))
        self.console.print(table)
        preflight.demand(findings)

    def _clear(self) -> None:
        """Every demo starts afresh; only its lock stays."""
        for path in self.home.iterdir():
            if path.name == "lock":
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    # ------------------------------------------------------------ start

    def _start(self, folder: Path, progress: Progress) -> Airflow:
        newsroom = services.child(
            self.stack,
            "newsroom",
            "wirewatch.demo.newsroom",
            [
                "--controlled",
                f"--seed={self.options.seed}",
                f"--story={self.options.story}",
                f"--port={self.ports.newsroom}",
                f"--start={(self.start - timedelta(days=2)).isoformat()}",
            ],
            log=self.logs / "newsroom.log",
        )
        catcher = services.mailcatcher(self.stack, self.mail, self.ports.mail, self.logs)
        self.children += [newsroom, catcher]
        task = progress.add_task("Elasticsearch", total=None, note="")
        url = services.elasticsearch(self.stack, self.home / "elasticsearch", lambda note: progress.update(task, note=note), brief=True)
        progress.update(task, total=1, completed=1, note=url)
        os.environ |= {
            "ELASTICSEARCH_URL": url,
            "SMTP_URL": f"smtp://127.0.0.1:{self.ports.mail}",
            "WIREWATCH_CONFIG": str(folder),
            "WIREWATCH_INDEX_PREFIX": self.prefix,
        }
        airflow = Airflow(self.home / "airflow", self.ports.airflow, demo=True)
        self.stack.callback(airflow.stop)
        airflow.start(progress)
        processes.wait_for_port(newsroom, self.ports.newsroom, 60)
        return airflow

    # ------------------------------------------------------------ the past

    def _load(self, folder: Path, progress: Progress) -> history.Loaded:
        task = progress.add_task(f"History, {DAYS} days", total=len(history.moments(self.start, self.end)), note="")

        def show(done: int, _: int, loaded: history.Loaded) -> None:
            progress.update(task, completed=done, note=f"{loaded.totals['poll.new']} articles")

        return asyncio.run(self._load_async(folder, show))

    async def _load_async(self, folder: Path, show: Any) -> history.Loaded:
        from wirewatch.store import config as published
        from wirewatch.store.elastic import ElasticDocuments
        from wirewatch.wiring.local import cluster, ports

        clock = history.SimulatedClock(now=self.start)
        where = cluster()
        async with ElasticDocuments(url=where.url, prefix=where.prefix, api_key=where.api_key, ca=where.ca) as documents:
            # An Elasticsearch of the user's own may hold an earlier demo.
            await documents.drop()
        async with ports(folder, clock=clock) as found:
            await published.publish(found.documents, found.bundle, self.start)
            return await history.load(found, clock, start=self.start, end=self.end, set_clock=self.control.set_clock_async, progress=show)

    # ------------------------------------------------------------ live

    def _go_live(self, airflow: Airflow, progress: Progress) -> float:
        """Give the newsroom the clock on the wall, let the DAGs run and the story break; when it did, on the monotonic clock."""
        self.control.put(clock=None, live=True)
        airflow.unpause()
        if self.options.story != "none":
            # Dated over the last seconds and all out at once, so that no poll sees half of the first wave.
            told = self.control.put(break_in_s=-SPREAD.total_seconds(), spread_s=SPREAD.total_seconds())
            progress.console.print(f"A story breaks: [bold]{told['story'][0]['title']}[/] ({len(told['story'])} reports)")
        return time.monotonic()

    def _wait_for_mail(self, progress: Progress, broke: float, airflow: Airflow) -> str:
        """Watch the DAGs until what should come has come and nothing else has; what is wrong, or nothing."""
        quiet = self.options.story == "none"
        task = progress.add_task("DAG runs, no story" if quiet else "DAG runs bring the mail", total=None, note="")
        until = broke + MAIL_WITHIN_S
        if quiet:
            in_time = self._watch(progress, task, airflow, until, lambda: _reached(airflow.runs(), QUIET_ROUNDS))
        else:
            in_time = self._watch(progress, task, airflow, until, lambda: bool(self.mails()))
        waited = time.monotonic() - broke
        if not in_time:
            what = "DAG runs have not ended" if quiet else "No mail"
            return f"{what} within {MAIL_WITHIN_S:.0f} s. The logs are in {self.logs} and {airflow.logs}"
        if not quiet:
            progress.update(task, description=f"Mail after {waited:.0f} s; is it the only one?")
            before = airflow.runs()
            wanted = {dag: before[dag]["success"] + more for dag, more in MORE_ROUNDS.items()}
            self._watch(progress, task, airflow, time.monotonic() + MAIL_WITHIN_S, lambda: _reached(airflow.runs(), wanted))
        progress.update(task, total=1, completed=1, description="No mail came" if quiet else f"Mail after {waited:.0f} s")
        figures = asyncio.run(look(self.home / "config"))
        due = 0 if quiet else 1
        if len(self.mails()) != due or len(figures.incidents) != due:
            return f"{due} incident and mail expected, {len(figures.incidents)} and {len(self.mails())} found"
        return ""

    def _watch(self, progress: Progress, task: TaskID, airflow: Airflow, until: float, done: Callable[[], bool]) -> bool:
        """Look on until `done`; False where that does not come in time."""
        while not done():
            if time.monotonic() > until:
                return False
            self._all_alive(airflow)
            progress.update(task, note=airflow.note())
            time.sleep(0.5)
        return True

    def _all_alive(self, airflow: Airflow) -> None:
        for child in self.children:
            if not child.alive():
                raise SetupError(f"the {child.name} has ended; {child.log}:\n{child.tail()}")
        airflow.check()

    def mails(self) -> list[Path]:
        """The caught mails."""
        return sorted(self.mail.glob("*.eml"))

    # ------------------------------------------------------------ the end

    def _summary(self, figures: Figures, airflow: Airflow, problem: str) -> None:
        took = time.monotonic() - self.began
        runs = airflow.runs()
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for what, found in figures.rows():
            table.add_row(what, found)
        for path in self.mails():
            table.add_row("Mail", str(path.with_suffix(".html")))
        table.add_row("DAG runs", told(runs))
        table.add_row("Airflow", f"{airflow.url}  ({airflow.login})")
        table.add_row("Newsroom", f"http://localhost:{self.ports.newsroom}/")
        table.add_row("Elasticsearch", os.environ["ELASTICSEARCH_URL"])
        table.add_row("Logs", f"{self.logs}, {airflow.logs}")
        table.add_row("Took", f"{took:.0f} s")
        table.add_row("Next", "wirewatch up: the same on your own config/ and real feeds")
        self.console.print(Panel(table, title="Wirewatch demo", border_style="red" if problem else "green", expand=False))
        if problem:
            self.console.print(problem, style="red")
        if self.options.as_json:
            row = {**asdict(figures), "mails": [str(path) for path in self.mails()], "runs": runs, "took_s": round(took, 1)}
            sys.stdout.write(json.dumps(row | {"problem": problem}, ensure_ascii=False) + "\n")
            sys.stdout.flush()

    def _stay(self, airflow: Airflow) -> None:
        self.console.print("It runs on until Ctrl-C.")
        while True:
            time.sleep(1)
            try:
                self._all_alive(airflow)
            except WirewatchError as error:
                self.console.print(f"[red]{error}[/]")
                return

    @contextmanager
    def _progress(self) -> Iterator[Progress]:
        columns = (
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
        )
        with Progress(*columns, TextColumn("[dim]{task.fields[note]}[/]"), console=self.console) as progress:
            yield progress


def _reached(runs: Mapping[str, Mapping[str, int]], wanted: Mapping[str, int]) -> bool:
    return all(runs[dag].get("success", 0) >= number for dag, number in wanted.items())


__all__ = ["Demo", "Options", "TaskID", "run"]
