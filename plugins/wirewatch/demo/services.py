"""What the demo and `wirewatch up` start and stop: Elasticsearch, a mail catcher, Airflow."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Callable, Iterator
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


@contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C and SIGTERM raise `Stopped` inside the block, once; while it is being left nothing interrupts the cleaning up."""

    def stop(_: int, __: FrameType | None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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


def elasticsearch(stack: ExitStack, home: Path, say: Say) -> str:
    """The address of Elasticsearch: $ELASTICSEARCH_URL, else a node of our own that `stack` stops."""
    if given := os.environ.get("ELASTICSEARCH_URL"):
        return given
    from wirewatch.embedded import elasticsearch as node

    # Registered first: an interruption while it starts must stop it too.
    stack.callback(node.stop, home)
    return node.start(home, tied=True, progress=say).url


def mailcatcher(stack: ExitStack, folder: Path, port: int, logs: Path) -> processes.Child:
    """A mail server that keeps what it gets in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    child = processes.start(
        "mail catcher", "wirewatch.embedded.mailcatcher", ["--dir", str(folder), "--port", str(port)], log=logs / "mail.log"
    )
    stack.callback(child.stop)
    processes.wait_for_port(child, port)
    return child
