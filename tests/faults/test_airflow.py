"""Airflow itself is killed or locked under the running DAGs; whatever ended is started again, as Compose does."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.progress import Progress
from tests.conftest import free_port
from tests.faults.newsroom import OUTLETS, piece
from tests.faults.report import Report
from tests.faults.world import Stage, Verdict, World, files, shown, write_files

from wirewatch.demo import processes
from wirewatch.demo.airflow import PARTS, STEPS, Airflow

LOCKED_S = 60.0
WITHIN_S = 420.0
"""All is well again by then, on a busy machine too."""


class Supervised(Airflow):
    """An Airflow whose parts are started again when they end."""

    def __init__(self, home: Path, port: int) -> None:
        super().__init__(home, port, demo=True)
        self._ended: list[processes.Child] = []

    def environment(self) -> dict[str, str]:
        patience = {
            # At their defaults of five minutes the same happens, only later.
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
        }
        return super().environment() | patience

    def part(self, name: str) -> processes.Child:
        """A running part."""
        return next(child for child in self._children if child.name == name)

    def revive(self) -> None:
        """Start again what has ended."""
        with self._lock:
            ended = [child for child in self._children if child.name in PARTS and not child.alive()]
            self._children = [child for child in self._children if child not in ended]
        self._ended += ended
        for child in ended:
            self._spawn(child.name, PARTS[child.name], self.environment())

    def stop(self) -> None:
        """See `Airflow.stop`; what a killed part has left behind ends too."""
        super().stop()
        processes.stop_all(self._ended, 0.0)

    def kill(self, name: str, *, whole: bool = False) -> None:
        """SIGKILL of a part, or of it and all that it started."""
        pid = self.part(name).process.pid
        for each in processes.members({pid}) if whole else [pid]:
            os.kill(each, signal.SIGKILL)
        self.part(name).process.wait(20)

    def lock(self, seconds: float) -> None:
        """Hold its database as another writer does."""
        writer = sqlite3.connect(self.home / "airflow.db", timeout=60, isolation_level=None)
        writer.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        writer.execute("ROLLBACK")
        writer.close()


FAULTS: Mapping[str, Callable[[Supervised], None]] = {
    "SIGKILL of the scheduler, its tasks live on": lambda airflow: airflow.kill("scheduler"),
    "SIGKILL of the scheduler and of all its tasks": lambda airflow: airflow.kill("scheduler", whole=True),
    "SIGKILL of Airflow's api-server, to which tasks report": lambda airflow: airflow.kill("api-server", whole=True),
    "Airflow's metadata database is locked for a minute": lambda airflow: airflow.lock(LOCKED_S),
}


@contextmanager
def on_airflow(stage: Stage, home: Path) -> Iterator[tuple[World, Supervised]]:
    """A watch on the wall's clock, run by Airflow every few seconds."""
    stage.learn(datetime.now(UTC))
    world = World(stage)
    quick = files(world.room.port)
    quick["wirewatch.yaml"] = quick["wirewatch.yaml"].replace(
        "min_interval: 5m, max_interval: 10m", "min_interval: 5s, default_interval: 8s, max_interval: 15s, slots: 2"
    )
    write_files(world.config, quick)
    world.room.now = datetime.now(UTC) + timedelta(days=1)
    settings = {
        "ELASTICSEARCH_URL": stage.between.url,
        "SMTP_URL": f"smtp://127.0.0.1:{world.mail.port}",
        "WIREWATCH_CONFIG": str(world.config),
        "WIREWATCH_INDEX_PREFIX": world.prefix,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        airflow = Supervised(home / "airflow", free_port())
        try:
            with Progress(disable=True) as progress:
                airflow.start(progress)
                airflow.wait(progress)
            airflow.unpause()
            yield world, airflow
        finally:
            airflow.stop()
            world.drop()
            stage.learn()


@pytest.fixture(scope="module")
def watched(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Supervised]]:
    """A watch under Airflow in which a story has broken and was told of."""
    with on_airflow(stage, tmp_path_factory.mktemp("airflow")) as (world, airflow):
        world.breaks(at=datetime.now(UTC) - timedelta(minutes=5))
        well(world, airflow)
        yield world, airflow


def well(world: World, airflow: Supervised) -> Verdict:
    """Wait until everything is as the ledger says and every DAG has ended well anew."""
    before = done(airflow)
    deadline = time.monotonic() + WITHIN_S
    while True:
        time.sleep(3)
        airflow.revive()
        world.now = datetime.now(UTC)
        verdict = world.verdict(at_publication=False)
        anew = {dag: count - before[dag] for dag, count in done(airflow).items()}
        if not verdict.wrong and all(count > 0 for count in anew.values()):
            return verdict
        assert time.monotonic() < deadline, f"{anew} {shown(verdict)}"


def done(airflow: Supervised) -> dict[str, int]:
    """How many runs of each DAG have ended well, by its database, as nobody else may be there to ask."""
    reader = sqlite3.connect(f"file:{airflow.home / 'airflow.db'}?mode=ro", uri=True, timeout=60)
    try:
        rows = dict(reader.execute("SELECT dag_id, count(*) FROM dag_run WHERE state = 'success' GROUP BY dag_id").fetchall())
    finally:
        reader.close()
    return {dag: rows.get(dag, 0) for dag in STEPS}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", list(FAULTS))
def test_airflow_breaks(watched: tuple[World, Supervised], report: Report, fault: str) -> None:
    """News comes in, something of Airflow breaks at once, more news comes in, and it is started again."""
    world, airflow = watched
    key = f"fault-{list(FAULTS).index(fault)}"
    world.allowed_repeats += 1
    world.publish(*(piece(f"{key}-{number}", OUTLETS[number], datetime.now(UTC) - timedelta(seconds=1)) for number in range(4)))
    # In the middle of runs: they follow each other without a pause.
    time.sleep(4)
    FAULTS[fault](airflow)
    world.publish(piece(f"{key}-after", OUTLETS[5], datetime.now(UTC) - timedelta(seconds=1)))
    time.sleep(5)
    report.add(fault, well(world, airflow))
