"""What robots.txt permits (RFC 9309): asked once a host and task."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from protego import Protego

from wirewatch.errors import FetchFailed, FetchRefused
from wirewatch.http import Http, Outcome

AGENT = "wirewatch"
"""The product token that robots.txt names us by."""
_MAX_BYTES = 512_000
"""RFC 9309, 2.5: at least 500 kibibytes are read."""
_TIMEOUT_S = 15.0


class Robots:
    """Remembers the rules of every host it is asked about; one is shared by a whole task."""

    def __init__(self, http: Http, *, host_delay_s: float = 0.0) -> None:
        self._http = http
        self._host_delay_s = host_delay_s
        self._rules: dict[str, asyncio.Task[Protego | None]] = {}

    async def check(self, url: str) -> None:
        """Return where `url` may be fetched; raises `FetchRefused` (`robots`) where not, `FetchFailed` where nobody can say now."""
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.netloc}"
        if place not in self._rules:
            self._rules[place] = asyncio.create_task(self._read(place))
        rules = await asyncio.shield(self._rules[place])
        if rules is not None and not rules.can_fetch(url, AGENT):
            raise FetchRefused(url, Outcome.ROBOTS, "robots.txt forbids it")

    async def _read(self, place: str) -> Protego | None:
        """The rules of a host; None where it has none (RFC 9309, 2.3.1.3: a 4xx answer permits everything)."""
        try:
            answer = await self._http.get(
                f"{place}/robots.txt", timeout_s=_TIMEOUT_S, max_bytes=_MAX_BYTES, host_delay_s=self._host_delay_s
            )
        except (FetchFailed, FetchRefused) as error:
            if error.status is not None and 400 <= error.status < 500 and error.status != 429:
                return None
            if isinstance(error, FetchRefused):
                # What is refused for itself (an address, an endless redirect) says nothing; the page will be judged by itself.
                return None
            raise FetchFailed(place, Outcome.ROBOTS, f"robots.txt cannot be read: {error.outcome}", status=error.status) from error
        return Protego.parse(answer.body.decode("utf-8", "replace"))
