"""Processes for parsing and extraction that start fast wherever they are started from."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import current_process, forkserver, parent_process, process
from multiprocessing.context import ForkServerContext, ForkServerProcess
from threading import Lock, Thread
from typing import Any, TypeVar

T = TypeVar("T")

PRELOADED = ("wirewatch.articles.extract", "wirewatch.feeds.parse")
"""Imported once, then forked: each takes about a second to import."""


class _Process(ForkServerProcess):
    """A worker, wherever it is started from.

    A Celery worker runs tasks in processes of a library of its own (billiard). Those are marked as having no children, since it could
    not end these with them, and hold a key that only that library hands on. Ours end by themselves when the task does, however it
    ends.
    """

    def start(self) -> None:
        marks: dict[str, Any] = vars(current_process())["_config"]
        before = dict(marks)
        marks.pop("daemon", None)
        key = vars(process)["AuthenticationString"](bytes(marks["authkey"]))
        marks["authkey"] = vars(self)["_config"]["authkey"] = key
        try:
            super().start()
        finally:
            marks.update(before)

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


class Workers(Executor):
    """A pool of processes that outlives the death of one of them.

    Where a process ends in the middle of a job (a crash in a library, the kernel short of memory), a pool gives up all that it was
    doing. Here those jobs are done again, one after another and each in a process of its own: only the one that ends its process
    twice raises `BrokenProcessPool`, and what comes later has a new pool.
    """

    def __init__(self, start: Callable[[int], ProcessPoolExecutor], count: int) -> None:
        self._start, self._count = start, count
        self._lock = Lock()
        self._pool: ProcessPoolExecutor | None = start(count)
        self._again = ThreadPoolExecutor(1, thread_name_prefix="again")

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """See `Executor.submit`."""
        outer: Future[T] = Future()

        def alone() -> None:
            if outer.done():
                return
            with self._start(1) as pool:
                _pass_on(pool.submit(fn, *args, **kwargs), outer)

        def ended(inner: Future[T]) -> None:
            if inner.cancelled() or not isinstance(inner.exception(), BrokenProcessPool):
                _pass_on(inner, outer)
            else:
                self._again.submit(alone)

        self._place(lambda pool: pool.submit(fn, *args, **kwargs)).add_done_callback(ended)
        return outer

    def _place(self, submit: Callable[[ProcessPoolExecutor], Future[T]]) -> Future[T]:
        """Hand a job to the pool, or to a new one where that is broken."""
        with self._lock:
            if self._pool is None:
                raise RuntimeError("cannot schedule new futures after shutdown")
            try:
                return submit(self._pool)
            except BrokenProcessPool:
                self._pool.shutdown(wait=False)
                self._pool = self._start(self._count)
                return submit(self._pool)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """See `Executor.shutdown`."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=wait, cancel_futures=cancel_futures)
        self._again.shutdown(wait=wait, cancel_futures=cancel_futures)


def _pass_on(inner: Future[T], outer: Future[T]) -> None:
    """Give a job's end to whoever waits for it; waits for it first where it is still to come."""
    error: BaseException | None
    try:
        result, error = inner.result(), None
    except BaseException as raised:  # noqa: BLE001 - whatever the job raised belongs to who asked for it
        error = raised
    if not outer.set_running_or_notify_cancel():
        return
    if error is None:
        outer.set_result(result)
    else:
        outer.set_exception(error)


def workers(count: int | None = None, preloaded: Sequence[str] = PRELOADED) -> Workers:
    """A pool of `count` processes (None: one a core), none of which starts before the first job.

    They fork from a server that has no threads and no connections: a fork of this process could hang on a lock it copied.
    """
    context = _Context()
    context.set_forkserver_preload(list(preloaded))

    def start(number: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(number, mp_context=context, initializer=_begin)

    return Workers(start, count or os.cpu_count() or 1)


def end_server() -> None:
    """End the server that workers are forked from, and wait until it is gone: by itself it would outlive this process a little."""
    server: Any = vars(forkserver)["_forkserver"]
    server._stop()


def _begin() -> None:
    """What every worker does first."""
    # Ctrl-C reaches every process of the terminal; the one that the pool belongs to decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A worker whose owner was killed would wait for jobs for ever.
    Thread(target=_end_with_owner, daemon=True).start()


def _end_with_owner() -> None:
    if (owner := parent_process()) is not None:
        owner.join()
        os._exit(1)
