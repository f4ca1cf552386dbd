"""What the demo and `wirewatch up` start and stop: Elasticsearch, a mail catcher, Airflow."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from wirewatch.demo import processes
from wirewatch.demo.preflight import free_port
from wirewatch.errors import SetupError

Say = Callable[[str], None]


class Stopped(KeyboardInterrupt):
    """Someone asked us to stop, by Ctrl-C or SIGTERM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Chosen before anything starts, so that every part can be told of the others."""

    airflow: int
    mail: int
    newsroom: int


def choose_ports(airflow: int = 8080) -> Ports:
    """The usual ports where they are free, others where they are busy."""
    first = free_port(airflow)
    mail = free_port(1025, (first,))
    return Ports(airflow=first, mail=mail, newsroom=free_port(8990, (first, mail)))


@dataclass(slots=True)
class _Holding:
    """Whether an interruption has to wait, and whether one does."""

    depth: int = 0
    waiting: bool = False


_holding = _Holding()


@contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C and SIGTERM raise `Stopped` inside the block, once; while it is being left nothing interrupts the cleaning up."""

    def stop(_: int, __: FrameType | None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        if _holding.depth:
            _holding.waiting = True
        else:
            raise Stopped

    _holding.depth, _holding.waiting = 0, False
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let an interruption wait until the block has ended."""
    _holding.depth += 1
    try:
        yield
    finally:
        _holding.depth -= 1
    if _holding.waiting and not _holding.depth:
        _holding.waiting = False
        raise Stopped


@contextmanager
def alone(home: Path, what: str) -> Iterator[None]:
    """Hold the folder's lock; raises `SetupError` where another one runs in it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SetupError(f"{what} is running in {home} already: stop it first, or choose another --home") from error
        yield


def elasticsearch(stack: ExitStack, home: Path, say: Say, *, brief: bool) -> str:
    """The address of Elasticsearch: $ELASTICSEARCH_URL, else a node of our own that `stack` stops; `brief` as its `start` has it."""
    if given := os.environ.get("ELASTICSEARCH_URL"):
        return given
    from wirewatch.embedded import elasticsearch as node

    # Registered first: an interruption while it starts must stop it too.
    stack.callback(node.stop, home)
    return node.start(home, tied=True, brief=brief, progress=say).url


def child(stack: ExitStack, name: str, module: str, arguments: Sequence[str], *, log: Path) -> processes.Child:
    """Start a process that `stack` stops, at whatever moment an interruption comes."""
    with undisturbed():
        started = processes.start(name, module, arguments, log=log)
        stack.callback(started.stop)
    return started


def mailcatcher(stack: ExitStack, folder: Path, port: int, logs: Path) -> processes.Child:
    """A mail server that keeps what it gets in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    arguments = ["--dir", str(folder), "--port", str(port)]
    catcher = child(stack, "mail catcher", "wirewatch.embedded.mailcatcher", arguments, log=logs / "mail.log")
    processes.wait_for_port(catcher, port)
    return catcher
