"""Processes of the demo: each in a session of its own, with a log, ended by its id together with everything it started."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wirewatch.errors import SetupError

_PLUGINS = str(Path(__file__).resolve().parents[2])
_GRACE_S = 3.0
"""For what a process leaves behind when it has ended: its own children have no more to do."""


@dataclass(slots=True, kw_only=True)
class Child:
    """One running process."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def stop(self, wait_s: float = 10.0) -> None:
        """End it and everything it started: politely, then for good."""
        stop_all([self], wait_s)

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.is_file() else ""


def start(name: str, module: str, arguments: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None) -> Child:
    """Run `python -m module` in a session of its own; `env` None inherits this process's environment."""
    log.parent.mkdir(parents=True, exist_ok=True)
    given = os.environ if env is None else env
    paths = os.pathsep.join(filter(None, [_PLUGINS, given.get("PYTHONPATH")]))
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={**given, "PYTHONPATH": paths},
        )
    return Child(name=name, process=process, log=log)


def stop_all(children: Iterable[Child], wait_s: float) -> None:
    """End all of them side by side, and everything they started, within `wait_s` and some seconds."""
    ending = list(children)
    for child in ending:
        if child.alive():
            _signal(child.process.pid, signal.SIGTERM)
    deadline = time.monotonic() + wait_s
    for child in ending:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, deadline - time.monotonic()))
    # What they started may be in process groups of its own (Airflow's tasks are); the session is still theirs.
    leaders = {child.process.pid for child in ending}
    for number, patience in ((signal.SIGTERM, _GRACE_S), (signal.SIGKILL, _GRACE_S)):
        deadline = time.monotonic() + patience
        left = members(leaders)
        for pid in left:
            _signal(pid, number)
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            for child in ending:
                child.process.poll()
            left = members(leaders)
    for child in ending:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(1)


def members(sessions: set[int]) -> list[int]:
    """The processes that belong to these sessions and have not ended."""
    found = []
    for pid in _pids():
        try:
            if os.getsid(pid) in sessions and not _is_zombie(pid):
                found.append(pid)
        except (ProcessLookupError, PermissionError):
            continue
    return found


def wait_for_port(child: Child, port: int, wait_s: float = 30.0) -> None:
    """Wait until `child` listens on 127.0.0.1; raises `SetupError` with the end of its log where it does not."""
    deadline = time.monotonic() + wait_s
    while True:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if not child.alive() or time.monotonic() > deadline:
            raise SetupError(f"{child.name} does not answer on port {port}; {child.log}:\n{child.tail()}")
        time.sleep(0.1)


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _pids() -> list[int]:
    if sys.platform == "linux":
        return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    listed = subprocess.run(["ps", "-axo", "pid="], capture_output=True, text=True, check=False)  # noqa: S607 - macOS has it in PATH
    return [int(pid) for pid in listed.stdout.split()]


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False
