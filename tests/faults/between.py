"""What stands between the watch and Elasticsearch and can be told to misbehave: real connections, real answers, spoilt on purpose."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import aiohttp
from aiohttp import web

_OWN = frozenset(("content-length", "transfer-encoding", "content-encoding", "connection", "host", "accept-encoding"))


@dataclass(slots=True, kw_only=True)
class Fault:
    """Something that happens to some requests.

    `do`: `429` or `503` (refused, not done) · `blocked` (as when the disk is full) · `half` (of a bulk, every second document is refused
    429) · `poison` (documents of a bulk with `text` in them are refused for good) · `slow` (done at once, answered after `seconds`) ·
    `reset` (the connection breaks before anything is done) · `torn` (it breaks while the request is being sent) · `lost` (done, and the
    connection breaks before the answer) · `short` (it breaks in the middle of the answer) · `cut` (half of an answer, which looks whole)
    · `page` (not done: a gateway answers with a page of its own) · `twice` (done, and done again `seconds` later) · `call` (`hook` is
    awaited while the request is under way).
    """

    do: str
    match: str = ""
    """A regular expression on `METHOD /path`."""
    after: int = 0
    """Matching requests that pass before it begins."""
    times: int = 1_000_000
    seconds: float = 0.0
    share: float = 1.0
    """Of the matching requests it happens to."""
    hook: Callable[[], Awaitable[None]] | None = None
    text: bytes = b""
    seen: int = 0
    done: int = 0


@dataclass
class Between:
    """A proxy before Elasticsearch."""

    target: str
    port: int = 0
    faults: list[Fault] = field(default_factory=list)
    chance: Random = field(default_factory=lambda: Random(7))
    happened: int = 0
    asked: list[str] = field(default_factory=list)
    """The requests since `spoil`, as `METHOD /path`."""
    _late: set[asyncio.Task[None]] = field(default_factory=set)
    _runner: web.AppRunner | None = None
    _session: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self) -> None:
        """Listen."""
        self._session = aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=("Accept-Encoding",))
        app = web.Application(client_max_size=100_000_000)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Listen no more."""
        if self._runner is not None and self._session is not None:
            await self._runner.cleanup()
            await self._session.close()

    def spoil(self, *faults: Fault) -> None:
        """Misbehave from now on as told; nothing: behave."""
        self.faults = list(faults)
        self.asked = []

    def _choose(self, request: web.Request) -> Fault | None:
        self.asked.append(f"{request.method} {request.path}")
        for fault in self.faults:
            if not re.search(fault.match, f"{request.method} {request.path}"):
                continue
            fault.seen += 1
            if fault.seen <= fault.after or fault.done >= fault.times or self.chance.random() >= fault.share:
                continue
            fault.done += 1
            self.happened += 1
            return fault
        return None

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        fault = self._choose(request)
        do = fault.do if fault else ""
        if do in ("429", "503"):
            await request.read()
            return _refusal(int(do), "es_rejected_execution_exception", "busy")
        if do == "blocked":
            await request.read()
            return _refusal(429, "cluster_block_exception", "blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark]")
        if do == "page":
            await request.read()
            return web.Response(text="<html><title>Sign in</title></html>", content_type="text/html")
        if do == "torn":
            await request.content.readany()
            return self._cut(request)
        body = await request.read()
        if do == "reset":
            return self._cut(request)
        if do == "half" and request.path.endswith("/_bulk"):
            return await self._without(request, body, lambda place, write: place % 2 == 0, 429, "es_rejected_execution_exception")
        if do == "poison" and fault is not None and request.path.endswith("/_bulk"):
            poison = fault.text
            return await self._without(request, body, lambda place, write: poison in write, 400, "document_parsing_exception")
        if fault is not None and fault.hook is not None and do == "call":
            hook = asyncio.ensure_future(fault.hook())
            try:
                return await self._forward(request, body)
            except aiohttp.ClientError:
                return self._cut(request)
            finally:
                await hook
        try:
            answer = await self._forward(request, body)
        except aiohttp.ClientError:
            return self._cut(request)
        if do == "slow" and fault is not None:
            await asyncio.sleep(fault.seconds)
        if do == "lost":
            return self._cut(request)
        if do == "short":
            return await self._short(request, answer)
        if do == "cut" and isinstance(answer.body, bytes):
            return web.Response(status=answer.status, body=answer.body[: len(answer.body) // 2], headers=answer.headers)
        if do == "twice" and fault is not None:
            late = asyncio.ensure_future(self._again(request, body, fault.seconds))
            self._late.add(late)
            late.add_done_callback(self._late.discard)
        return answer

    async def rest(self) -> None:
        """Wait for what is still to be done a second time."""
        await asyncio.gather(*self._late)

    async def _again(self, request: web.Request, body: bytes, seconds: float) -> None:
        """Do a request a second time, for nobody."""
        await asyncio.sleep(seconds)
        with contextlib.suppress(aiohttp.ClientError):
            await self._forward(request, body)

    async def _short(self, request: web.Request, answer: web.Response) -> web.StreamResponse:
        """Begin to answer, and break off."""
        assert isinstance(answer.body, bytes)
        begun = web.StreamResponse(status=answer.status, headers={**answer.headers, "Content-Length": str(len(answer.body) + 1)})
        await begun.prepare(request)
        await begun.write(answer.body[: len(answer.body) // 2])
        self._cut(request)
        return begun

    def _cut(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response(status=500)

    async def _forward(self, request: web.Request, body: bytes) -> web.Response:
        assert self._session is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN}
        async with self._session.request(request.method, self.target + request.raw_path, data=body, headers=headers) as response:
            kept = {name: value for name, value in response.headers.items() if name.lower() not in _OWN}
            return web.Response(status=response.status, body=await response.read(), headers=kept)

    async def _without(
        self, request: web.Request, body: bytes, refuses: Callable[[int, bytes], bool], status: int, kind: str
    ) -> web.StreamResponse:
        """Let documents of a bulk request through, but for those that are refused by their place in it or what is in them."""
        lines = iter(body.splitlines(keepends=True))
        writes = [head if b'"delete"' in head[:12] else head + next(lines) for head in lines]
        refused = [refuses(place, write) for place, write in enumerate(writes)]
        passed = b"".join(write for write, no in zip(writes, refused, strict=True) if not no)
        items: list[Any] = []
        if passed:
            answer = await self._forward(request, passed)
            assert isinstance(answer.body, bytes)
            items = json.loads(answer.body)["items"]
        whole = []
        for write, no in zip(writes, refused, strict=True):
            if not no:
                whole.append(items.pop(0))
                continue
            op, head = next(iter(json.loads(write.partition(b"\n")[0]).items()))
            error = {"type": kind, "reason": "refused on purpose"}
            whole.append({op: {"_index": head["_index"], "_id": head.get("_id"), "status": status, "error": error}})
        return web.json_response({"took": 1, "errors": True, "items": whole}, headers={"X-Elastic-Product": "Elasticsearch"})


def _refusal(status: int, kind: str, reason: str) -> web.Response:
    return web.json_response({"error": {"type": kind, "reason": reason}, "status": status}, status=status)
