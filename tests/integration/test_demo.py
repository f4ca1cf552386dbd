"""The whole watch, end to end: `wirewatch demo` with a real Airflow scheduler, Elasticsearch, HTTP and SMTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-c", "from wirewatch.cli import main; main()", "demo"]
ROOT = Path(__file__).parents[2]


def environment() -> dict[str, str]:
    """Of somebody who has set nothing: the demo brings all it needs."""
    ours = ("AIRFLOW", "WIREWATCH_", "ELASTICSEARCH_", "SMTP_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONPATH": str(ROOT / "plugins"), "COLUMNS": "160"}


def left(home: Path) -> list[str]:
    """The processes that have to do with this home: named in their command line or their environment."""
    wanted = str(home).encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            if command and (wanted in command or wanted in (process / "environ").read_bytes()):
                found.append(f"{process.name} {command.replace(bytes(1), b' ').decode(errors='replace')}")
        except OSError:
            continue
    return found


def left_behind(home: Path) -> list[str]:
    """What is left when the last moments are over: Python's resource trackers end when they see that nobody needs them."""
    deadline = time.monotonic() + 10
    while (found := left(home)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


@pytest.mark.timeout(580)
def test_a_story_breaks_and_one_mail_arrives(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = subprocess.run(
        [*COMMAND, "--once", "--json", "--seed", "11", "--home", str(home)], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-6000:]
    summary = json.loads(done.stdout)
    assert summary["problem"] == ""
    assert len(summary["incidents"]) == 1
    assert "russia-north-korea#1" in summary["incidents"][0]
    assert summary["articles"] == summary["published"] > 1500
    assert summary["feeds"] >= 12
    for dag in ("poll_feeds", "process_articles", "detect_spikes", "notify"):
        assert summary["runs"][dag].get("failed", 0) == 0, dag
        assert summary["runs"][dag]["success"] >= 1, dag

    assert len(summary["mails"]) == 1
    mail = message_from_bytes(Path(summary["mails"][0]).read_bytes(), policy=default)
    assert "Russia–North Korea ties" in mail["Subject"]
    text = mail.get_body(("plain",))
    assert text is not None
    assert ".localhost:" in text.get_content(), "headlines come with their links"
    assert Path(summary["mails"][0]).with_suffix(".html").stat().st_size > 2000

    for told in ("Feeds polled", "Incident", "Airflow", "admin / ", "wirewatch up"):
        assert told in done.stderr
    assert left_behind(home) == []


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("when", "by_terminal"),
    [("airflow/logs/scheduler.log", False), ("airflow/logs/db.log", True)],
    ids=["SIGTERM while Airflow starts", "Ctrl-C while the past is loaded"],
)
def test_stopping_in_the_middle_leaves_nothing_behind(tmp_path: Path, when: str, by_terminal: bool) -> None:
    home = tmp_path / "home"
    log = tmp_path / "log.txt"
    with log.open("wb") as out:
        demo = subprocess.Popen([*COMMAND, "--home", str(home)], env=environment(), stdout=out, stderr=out, start_new_session=True)
    deadline = time.monotonic() + 240
    while not (home / "demo" / when).is_file():
        assert demo.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    assert len(left(home)) > 3
    if by_terminal:
        os.killpg(demo.pid, signal.SIGINT)
    else:
        demo.send_signal(signal.SIGTERM)
    assert demo.wait(120) == 130, log.read_text()
    assert left_behind(home) == []
    assert "Traceback" not in log.read_text()
