"""What Airflow keeps, holds and takes over many runs: `python -m benchmarks.soak_airflow [--minutes 8]`.

The watch of the fault suite on real DAG runs every few seconds, with news now and then. Looks at the metadata database, the memory of
Airflow's processes and how long tasks take, then deletes the runs as docker/airflow-cleanup.sh does. Elasticsearch is
$ELASTICSEARCH_URL, else a node is started.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.overhead import staged
from benchmarks.soak import resident_mb
from tests.conftest import free_port
from tests.faults.newsroom import OUTLETS, piece
from tests.faults.test_airflow import Supervised, on_airflow

from wirewatch.demo.airflow import PARTS
from wirewatch.embedded import elasticsearch as embedded

LOOK_EVERY_S = 15.0


def ask(database: Path, query: str) -> list[tuple[object, ...]]:
    """Rows of the metadata."""
    reader = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)
    try:
        return reader.execute(query).fetchall()
    finally:
        reader.close()


def size_kb(database: Path) -> float:
    """What the metadata takes, without what is free in its file."""
    [(pages,)], [(free,)], [(each,)] = (ask(database, f"PRAGMA {name}") for name in ("page_count", "freelist_count", "page_size"))
    return (int(str(pages)) - int(str(free))) * int(str(each)) / 1024


def quarters(values: Sequence[float]) -> str:
    """Medians of the quarters of a series."""
    size = max(1, len(values) // 4)
    return " | ".join(f"{statistics.median(values[at : at + size]):,.2f}" for at in (0, size, 2 * size, len(values) - size))


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description="Airflow over many runs.")
    parser.add_argument("--minutes", type=float, default=8.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        url = os.environ.get("ELASTICSEARCH_URL") or embedded.start(home / "node", port=free_port(), tied=True, brief=True).url
        with staged(url) as stage, on_airflow(stage, home) as (world, airflow):
            database, seen = airflow.home / "airflow.db", defaultdict[str, list[float]](list)
            ends, number = time.monotonic() + 60 * given.minutes, 0
            while time.monotonic() < ends:
                time.sleep(LOOK_EVERY_S)
                world.publish(piece(f"soak-{number}", OUTLETS[number % 12], datetime.now(UTC) - timedelta(seconds=1)))
                number += 1
                [(runs,)] = ask(database, "SELECT count(*) FROM dag_run")
                seen["DAG runs"].append(float(str(runs)))
                seen["KB of metadata"].append(size_kb(database))
                for name in PARTS:
                    seen[f"MB of the {name}"].append(resident_mb(airflow.part(name).process.pid))
            _told(database, seen)
            _cleaned(airflow, database)
        if "ELASTICSEARCH_URL" not in os.environ:
            embedded.stop(home / "node")
    return 0


def _told(database: Path, seen: dict[str, list[float]]) -> None:
    print("| median of | first quarter | second | third | last |\n|---|---|---|---|---|")
    for name, values in seen.items():
        print(f"| {name} | {quarters(values)} |")
    query = "SELECT dag_id, task_id, duration FROM task_instance WHERE state = 'success' AND duration > 0 ORDER BY start_date"
    took = defaultdict[str, list[float]](list)
    for dag, task, seconds in ask(database, query):
        took[f"{dag}.{task}"].append(float(str(seconds)))
    for name, found in took.items():
        if len(found) >= 8:
            print(f"| seconds of `{name}` ({len(found)}) | {quarters(found)} |")
    runs, kilobytes = seen["DAG runs"], seen["KB of metadata"]
    print(f"\n{(kilobytes[-1] - kilobytes[0]) / max(1.0, runs[-1] - runs[0]):.1f} KB of metadata a DAG run.")


def _cleaned(airflow: Supervised, database: Path) -> None:
    """Stop Airflow, and delete all runs."""
    before = size_kb(database), ask(database, "SELECT count(*) FROM dag_run")[0][0]
    environment = airflow.environment()
    airflow.stop()
    until = datetime.now(UTC).isoformat(timespec="seconds")
    command = [sys.executable, "-m", "airflow", "db", "clean", "--clean-before-timestamp", until, "--skip-archive", "--yes"]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=200)
    after = size_kb(database), ask(database, "SELECT count(*) FROM dag_run")[0][0]
    print(f"`airflow db clean`: from {before[0]:,.0f} KB and {before[1]} runs to {after[0]:,.0f} KB and {after[1]} runs.")


if __name__ == "__main__":
    sys.exit(main())
