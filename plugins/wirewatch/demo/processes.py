"""Processes of the demo: each in a group of its own, with a log, ended by its id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wirewatch.errors import SetupError

_PLUGINS = str(Path(__file__).resolve().parents[2])


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
        for number, patience in ((signal.SIGTERM, wait_s), (signal.SIGKILL, 5.0)):
            try:
                os.killpg(self.process.pid, number)
            except (ProcessLookupError, PermissionError):
                break
            try:
                self.process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                continue

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.is_file() else ""


def start(name: str, module: str, arguments: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None) -> Child:
    """Run `python -m module` in a process group of its own."""
    log.parent.mkdir(parents=True, exist_ok=True)
    paths = os.pathsep.join(filter(None, [_PLUGINS, os.environ.get("PYTHONPATH")]))
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": paths, **(env or {})},
        )
    return Child(name=name, process=process, log=log)


def wait_for_port(child: Child, port: int, wait_s: float = 30.0) -> None:
    """Wait until `child` listens on 127.0.0.1; raises `SetupError` with the end of its log where it does not."""
    import socket

    deadline = time.monotonic() + wait_s
    while True:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if not child.alive() or time.monotonic() > deadline:
            raise SetupError(f"{child.name} does not answer on port {port}; {child.log}:\n{child.tail()}")
        time.sleep(0.1)
