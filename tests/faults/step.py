"""Steps of the watch in processes that can be killed: forked from one that has everything imported.

`python -m tests.faults.step` reads a line of JSON with a list of orders, does each in a process of its own, all at once, and answers with
their exit codes: 0, or minus the number of the signal that ended it. What a process did it writes to `out`. Where the first is to freeze,
the others begin when it stands still, and it goes on when they have ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

ROOT = Path(__file__).parents[2]
STEPS = ("poll", "process", "detect", "notify")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one process is to do."""

    url: str
    prefix: str
    now: str
    config: str
    smtp_port: int
    out: str
    steps: Sequence[str] = STEPS
    kill_at: int | None = None
    """The boundary at which the process kills itself; None: it lives."""
    kill: str = "before"
    """`before` the write, `middle` (half of a bulk request is written; else as `after`) or `after` it, before anybody knows."""
    kill_in: str = ""
    """Count only boundaries that begin so (`mail`, `bulk`, `put`, ...)."""
    instead: str = ""
    """What happens at the boundary instead of a death: `freeze` (SIGSTOP until others have gone on) or `jump` (of the clock)."""
    jump_s: float = 0.0
    """By how much the clock has moved after it."""
    no_dns: bool = False
    timeout_s: float = 20.0
    patience_s: Sequence[float] = (0.05, 0.1)
    """Waits before another try of Elasticsearch."""


class Boundaries:
    """Counts writes, and ends the process at one of them as the kernel would."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.passed: list[str] = []
        self.jumped = timedelta(0)
        self.met = ""
        """The boundary at which it froze, or its clock jumped."""

    def _is_the_end(self, what: str) -> bool:
        if not what.startswith(self.order.kill_in):
            return False
        self.passed.append(what)
        return len(self.passed) == self.order.kill_at

    async def around(self, what: str, write: Any, half: Any = None) -> Any:
        """Make a write, and die at its side if it is the one."""
        end = self._is_the_end(what)
        if end and self.order.kill == "before":
            self._die(what)
        if end and self.order.kill == "middle" and half is not None and not self.order.instead:
            await half()
            self._die(what)
        result = await write()
        if end and self.order.kill != "before":
            self._die(what)
        return result

    def _die(self, what: str) -> None:
        if self.order.instead:
            self.met = what
            if self.order.instead == "freeze":
                os.kill(os.getpid(), signal.SIGSTOP)
            self.jumped = timedelta(seconds=self.order.jump_s)
            return
        Path(self.order.out).write_text(json.dumps({"died": what, "following": (["", *self.passed])[-2]}), encoding="utf-8")
        os.kill(os.getpid(), signal.SIGKILL)


class MortalDocuments:
    """`Documents` with a boundary at every write."""

    def __init__(self, inner: Any, boundaries: Boundaries) -> None:
        self._inner, self._boundaries = inner, boundaries

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in ("put", "bulk", "delete", "drop_partition"):
            return found

        async def bounded(*given: Any, **more: Any) -> Any:
            place = given[0][0].index if name == "bulk" and given[0] else given[0] if given else ""
            half = None
            if name == "bulk" and len(given[0]) > 1:

                async def half() -> Any:
                    return await found(given[0][: len(given[0]) // 2], **more)

            return await self._boundaries.around(
                f"{name} {str(place).removeprefix(self._inner.prefix)}", lambda: found(*given, **more), half
            )

        return bounded


class MortalChannel:
    """A channel with a boundary at every message."""

    def __init__(self, inner: Any, boundaries: Boundaries) -> None:
        self._inner, self._boundaries = inner, boundaries

    async def send(self, notification: Any, message: Any) -> None:
        """See `Channel.send`."""
        await self._boundaries.around("mail", lambda: self._inner.send(notification, message))


async def _work(order: Order, boundaries: Boundaries) -> dict[str, Any]:
    from wirewatch.alerts.channels import MailChannel
    from wirewatch.errors import WirewatchError
    from wirewatch.http_client import HttpClient
    from wirewatch.pipeline.ports import Ports
    from wirewatch.pipeline.publish import publish
    from wirewatch.store import config as published
    from wirewatch.store.elastic import ElasticDocuments

    began, start = monotonic(), datetime.fromisoformat(order.now)
    done: dict[str, Any] = {"failed": {}}

    def clock() -> datetime:
        return start + boundaries.jumped + timedelta(seconds=monotonic() - began)

    async with ElasticDocuments(url=order.url, prefix=order.prefix, timeout_s=order.timeout_s, patience_s=order.patience_s) as inner:
        documents: Any = MortalDocuments(inner, boundaries)
        for step in order.steps:
            # As tasks do: each asks for the configuration; that one fails keeps none of the others from being tried.
            try:
                await inner.ensure()
                if step == "publish":
                    done[step] = await publish(documents, Path(order.config), clock())
                    continue
                bundle = await published.published(documents)
                assert bundle is not None
                channel = MailChannel(host="127.0.0.1", port=order.smtp_port, sender=bundle.settings.alerts.sender, timeout_s=3.0)
                with ThreadPoolExecutor(1) as cpu:
                    async with HttpClient(user_agent="test", allow_hosts=bundle.settings.polling.allow_hosts) as http:
                        ports = Ports(
                            documents=documents,
                            bundle=bundle,
                            clock=clock,
                            http=http,
                            cpu=cpu,
                            channels={"mail": MortalChannel(channel, boundaries)},
                        )
                        done[step] = await _step(step)(ports)
            except WirewatchError as error:
                done["failed"][step] = f"{type(error).__name__}: {error}"[:300]
    return done


def _step(name: str) -> Any:
    from wirewatch.pipeline.detect import detect
    from wirewatch.pipeline.digest import digest
    from wirewatch.pipeline.notify import notify
    from wirewatch.pipeline.poll import poll
    from wirewatch.pipeline.process import process
    from wirewatch.pipeline.retag import retag

    return {"poll": poll, "process": process, "detect": detect, "notify": notify, "digest": digest, "retag": retag}[name]


def _child(plain: Mapping[str, Any]) -> None:
    """Be the process of one order; does not return."""
    order = Order(**plain)
    boundaries = Boundaries(order)
    code = 1
    try:
        if order.no_dns:
            _without_dns()
        done = asyncio.run(_work(order, boundaries))
        Path(order.out).write_text(json.dumps({**done, "boundaries": boundaries.passed, "met": boundaries.met}), encoding="utf-8")
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the parent is to know
        Path(order.out).write_text(json.dumps({"crashed": traceback.format_exc()}), encoding="utf-8")
    finally:
        os._exit(code)


def _without_dns() -> None:
    from wirewatch.http_client.addresses import GuardedResolver

    async def nobody_answers(*_: Any) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    GuardedResolver._look_up = nobody_answers  # type: ignore[method-assign,assignment]


def _wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> None:
    """Answer orders until the input ends."""
    # Everything that a step imports, once: a process that is forked from here begins at once.
    import wirewatch.alerts.channels
    import wirewatch.articles.extract
    import wirewatch.feeds.parse
    import wirewatch.http_client
    import wirewatch.pipeline.check
    import wirewatch.store.elastic  # noqa: F401

    for each in (*STEPS, "digest", "retag"):
        _step(each)
    for line in sys.stdin:
        print(json.dumps(_all(json.loads(line))), flush=True)


def _all(orders: Sequence[Mapping[str, Any]]) -> list[int]:
    """Do them, and return how each ended."""
    first = _begin(orders[0])
    freezes = orders[0]["instead"] == "freeze"
    if freezes:
        os.waitid(os.P_PID, first, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    codes = [_wait(pid) for pid in [_begin(each) for each in orders[1:]]]
    if freezes:
        os.kill(first, signal.SIGCONT)
    return [_wait(first), *codes]


def _begin(plain: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        _child(plain)
    return pid


@dataclass
class Processes:
    """The parent of the processes that are to be killed."""

    _process: subprocess.Popen[str] = field(
        default_factory=lambda: subprocess.Popen(
            [sys.executable, "-m", "tests.faults.step"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'plugins'}{os.pathsep}{ROOT}"},
        )
    )

    def run(self, *orders: Order) -> list[tuple[int, dict[str, Any]]]:
        """Do all of these at once; the exit code of each, and what it did."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([asdict(order) for order in orders]) + "\n")
        self._process.stdin.flush()
        codes = json.loads(self._process.stdout.readline())
        found = []
        for order, code in zip(orders, codes, strict=True):
            out = Path(order.out)
            found.append((code, json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}))
            out.unlink(missing_ok=True)
        return found

    def stop(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


if __name__ == "__main__":
    main()
