"""What runs cost besides their work: `python -m benchmarks.overhead [--rounds 5]`.

1. Reading the DAG files, which Airflow does again and again: each in an interpreter of its own, beside a DAG of one empty task.
2. What every task does before its own work: the store's indices looked at, the published rules and settings read.
3. Requests to Elasticsearch of each step with few and with many new articles, and so for one article more; by kind with `--kinds`.

Elasticsearch is $ELASTICSEARCH_URL, else a node is started.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from tests.conftest import free_port
from tests.faults.between import Between
from tests.faults.newsroom import OUTLETS, Mailbox, Newsroom, background, piece
from tests.faults.step import STEPS, Processes
from tests.faults.world import MINUTE, NOW, Stage, World

from wirewatch.embedded import elasticsearch as embedded
from wirewatch.wiring.build import Cluster, assemble
from wirewatch.wiring.workers import end_server

ROOT = Path(__file__).parents[1]
FEW, MANY = 20, 220
"""New articles."""
_TIMED = (
    "import sys, time; sys.path.insert(0, sys.argv[1]); import airflow.sdk, runpy; began = time.process_time();"
    "[runpy.run_path(file) for file in sys.argv[2:]]; print(time.process_time() - began)"
)
_EMPTY = """from datetime import datetime, timedelta, timezone
from airflow.sdk import Asset, AssetOrTimeSchedule, BaseHook, Connection, DeltaTriggerTimetable
from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule, dag, task

@dag(schedule=DeltaTriggerTimetable(timedelta(minutes=1)), start_date=datetime(2026, 1, 1, tzinfo=timezone.utc))
def empty():
    @task
    def nothing(): pass
    nothing()
empty()
"""
"""What every DAG of these schedules needs of Airflow."""


def imports(rounds: int) -> None:
    """CPU time of reading each DAG file, and all of them in one process."""
    print("| DAG file | CPU ms beyond `import airflow.sdk` |\n|---|---|")
    files = sorted((ROOT / "dags").glob("*.py"))
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "an empty DAG"
        empty.write_text(_EMPTY, encoding="utf-8")
        _imports(rounds, [[empty], *([file] for file in files), files])


def _imports(rounds: int, choices: Sequence[Sequence[Path]]) -> None:
    for chosen in choices:
        took = []
        for _ in range(rounds):
            command = [sys.executable, "-c", _TIMED, str(ROOT / "plugins"), *map(str, chosen)]
            environment = {**os.environ, "AIRFLOW_HOME": tempfile.gettempdir()}
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
            took.append(float(done.stdout.split()[-1]) * 1000)
        print(f"| {chosen[0].name if len(chosen) == 1 else 'all in one process'} | {statistics.median(took):.0f} |")


async def beginnings(world: World, rounds: int) -> list[float]:
    """Seconds that it takes to have the ports of a task, the first of a process first."""
    took = []
    for _ in range(rounds + 1):
        began = perf_counter()
        async with assemble(Cluster(url=world.stage.url, prefix=world.prefix), bundle=None, channels=lambda _: {}):
            took.append(perf_counter() - began)
    return took


def requests(stage: Stage, articles: int) -> dict[str, Counter[str]]:
    """What each step asks of Elasticsearch where so many articles are new."""
    world = World(stage)
    try:
        world.publish(*(piece(f"new-{number}", OUTLETS[number % 12], world.now + MINUTE) for number in range(articles)))
        world.breaks()
        world.passes(8 * MINUTE)
        found = {}
        for step in STEPS:
            stage.between.spoil()
            code, done = world.run(step)
            assert code == 0, done
            world.passes(MINUTE)
            shapes = rf"{world.prefix}-|-20\d\d-\d\d|(?<=_doc/).*|(?<=_create/).*"
            found[step] = Counter(re.sub(shapes, "", each) for each in stage.between.asked)
        return found
    finally:
        world.drop()


@contextmanager
def staged(url: str) -> Iterator[Stage]:
    """The press, the mail server, and a proxy that counts."""
    with background() as servers, tempfile.TemporaryDirectory() as folder:
        stage = Stage(
            url=url,
            room=Newsroom(now=NOW),
            mail=Mailbox(),
            between=Between(target=url),
            servers=servers,
            processes=Processes(),
            folder=Path(folder),
        )
        try:
            for server in (stage.room, stage.mail, stage.between):
                servers.do(server.serve())
            stage.learn()
            yield stage
        finally:
            stage.processes.stop()
            for server in (stage.room, stage.mail, stage.between):
                servers.do(server.close())


def main() -> int:
    """Measure it all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kinds", action="store_true")
    given = parser.parse_args()
    imports(given.rounds)
    with tempfile.TemporaryDirectory() as home:
        url = os.environ.get("ELASTICSEARCH_URL") or embedded.start(Path(home), port=free_port(), tied=True, brief=True).url
        with staged(url) as stage:
            world = World(stage)
            first, *later = asyncio.run(beginnings(world, given.rounds))
            world.drop()
            print(f"\nBefore a task's own work: {1000 * first:.0f} ms at first, {1000 * statistics.median(later):.0f} ms later.\n")
            few, many = requests(stage, FEW), requests(stage, MANY)
        print(f"| step | requests with {FEW + 14} articles | with {MANY + 14} | for one more |\n|---|---|---|---|")
        for step in STEPS:
            counts = few[step].total(), many[step].total()
            print(f"| {step} | {counts[0]} | {counts[1]} | {(counts[1] - counts[0]) / (MANY - FEW):.3f} |")
        if given.kinds:
            for step in STEPS:
                print(f"\n{step}: " + ", ".join(f"{kind} {few[step][kind]}→{count}" for kind, count in many[step].most_common()))
        if "ELASTICSEARCH_URL" not in os.environ:
            embedded.stop(Path(home))
    end_server()
    return 0


if __name__ == "__main__":
    sys.exit(main())
