"""Processes for parsing and extraction that start fast wherever they are started from."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

PRELOADED = ("wirewatch.articles.extract", "wirewatch.feeds.parse")
"""Imported once, then forked: each takes about a second to import."""


class _Process(ForkServerProcess):
    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802 - the name that multiprocessing calls
        with _without_main():
            return ForkServerProcess._Popen(process_obj)


class _Context(ForkServerContext):
    Process = _Process


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide `__main__`: a new process would import it again, and under Airflow that is all of Airflow."""
    main = sys.modules["__main__"]
    hidden: dict[str, Any] = {name: main.__dict__.pop(name) for name in ("__spec__", "__file__") if name in main.__dict__}
    main.__spec__ = None
    try:
        yield
    finally:
        main.__dict__.update(hidden)


def workers(count: int | None = None, preloaded: Sequence[str] = PRELOADED) -> ProcessPoolExecutor:
    """A pool of `count` processes (None: one a core), none of which starts before the first job.

    They fork from a server that has no threads and no connections: a fork of this process could hang on a lock it copied.
    """
    context = _Context()
    context.set_forkserver_preload(list(preloaded))
    return ProcessPoolExecutor(count or os.cpu_count(), mp_context=context, initializer=_leave_interruptions)


def end_server() -> None:
    """End the server that workers are forked from, and wait until it is gone: by itself it would outlive this process a little."""
    server: Any = vars(forkserver)["_forkserver"]
    server._stop()


def _leave_interruptions() -> None:
    """Ctrl-C reaches every process of the terminal; the one that the pool belongs to decides what it means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
