"""One request at a time at each host and port, with a pause between two."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

Place = tuple[str, int]
"""Host and port."""


@dataclass(slots=True)
class _Host:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    """Those who have the turn or wait for it."""
    ended: float = float("-inf")
    """When the last request ended (monotonic)."""
    pause_s: float = 0.0


class Turns:
    """Who is at which host; a host is forgotten once nobody asks for it and `remember_s` have passed."""

    def __init__(self, remember_s: float) -> None:
        self._remember_s = remember_s
        self._hosts: OrderedDict[Place, _Host] = OrderedDict()

    def __len__(self) -> int:
        """How many hosts were talked to lately."""
        return len(self._hosts)

    @asynccontextmanager
    async def turn(self, place: Place, pause_s: float) -> AsyncIterator[None]:
        """Wait until nobody is at `place` and its last request is `pause_s` ago; then it is ours until the block ends."""
        host = self._hosts.get(place)
        if host is None:
            host = self._hosts[place] = _Host()
        host.users += 1
        try:
            async with host.lock:
                wait = host.ended + pause_s - monotonic()
                if wait > 0:
                    await asyncio.sleep(wait)
                try:
                    yield
                finally:
                    host.ended = monotonic()
                    host.pause_s = pause_s
        finally:
            host.users -= 1
            self._hosts.move_to_end(place)
            self._forget()

    def _forget(self) -> None:
        """Drop the hosts at the front, which are those left alone longest."""
        now = monotonic()
        while self._hosts:
            place, host = next(iter(self._hosts.items()))
            if host.users or host.ended + max(self._remember_s, host.pause_s) > now:
                break
            del self._hosts[place]
