"""What the demo starts ends with it: children, and what they started in groups of their own."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from wirewatch.demo import processes, services
from wirewatch.errors import SetupError

FAMILY = """
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0)
print(child.pid, flush=True)
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(600)
"""


def start(folder: Path, source: str, *arguments: str) -> processes.Child:
    (folder / "family.py").write_text(source)
    return processes.start("family", "family", arguments, log=folder / "log.txt", env={**os.environ, "PYTHONPATH": str(folder)})


def child_of(started: processes.Child) -> int:
    deadline = time.monotonic() + 30
    while not (told := started.tail().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return int(told)


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.is_file() or state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("arguments", [(), ("stubborn",)])
def test_stopping_ends_the_whole_family(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    started = start(tmp_path, FAMILY, *arguments)
    grandchild = child_of(started)
    assert runs(grandchild)
    assert sorted(processes.members({started.process.pid})) == sorted([started.process.pid, grandchild])
    started.stop(wait_s=0.5)
    assert not started.alive()
    assert not runs(grandchild)
    started.stop()  # once more is nothing


def test_what_a_dead_parent_left_is_ended_too(tmp_path: Path) -> None:
    started = start(tmp_path, FAMILY)
    grandchild = child_of(started)
    started.process.kill()
    started.process.wait()
    processes.stop_all([started], 1)
    assert not runs(grandchild)


def test_waiting_for_a_port_ends_with_the_log_of_one_that_died(tmp_path: Path) -> None:
    started = start(tmp_path, "raise SystemExit('no such luck')")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(SetupError, match="no such luck"):
        processes.wait_for_port(started, port, 30)


def test_an_interruption_waits_until_what_was_started_can_be_stopped() -> None:
    ended: list[str] = []

    def interrupted() -> None:
        with ExitStack() as stack:
            with services.undisturbed():
                signal.raise_signal(signal.SIGTERM)
                stack.callback(ended.append, "stopped")
            ended.append("went on")

    with services.stoppable(), pytest.raises(services.Stopped):
        interrupted()
    assert ended == ["stopped"]


def test_a_second_interruption_does_not_disturb_the_cleaning_up() -> None:
    before = signal.getsignal(signal.SIGTERM)
    ended: list[str] = []

    def clean() -> None:
        signal.raise_signal(signal.SIGTERM)
        ended.append("clean")

    def interrupted() -> None:
        with ExitStack() as stack:
            stack.callback(clean)
            signal.raise_signal(signal.SIGINT)

    with services.stoppable(), pytest.raises(services.Stopped):
        interrupted()
    assert ended == ["clean"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_folder_serves_one_at_a_time(tmp_path: Path) -> None:
    with services.alone(tmp_path, "a demo"), pytest.raises(SetupError, match="a demo is running in"), services.alone(tmp_path, "a demo"):
        pass
    with services.alone(tmp_path, "a demo"):
        pass


def test_busy_ports_are_left_alone() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        chosen = services.choose_ports(port)
    assert port not in (chosen.airflow, chosen.mail, chosen.newsroom)
    assert len({chosen.airflow, chosen.mail, chosen.newsroom}) == 3
