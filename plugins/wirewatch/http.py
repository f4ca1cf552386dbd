"""Fetching from the open internet, safely and politely: the one way Wirewatch reads feeds and pages.

Every request is bounded in bytes (packed and unpacked), time and redirects, goes only to public addresses (checked on the
address actually connected to), and waits its turn at its host.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """How a request ended; also kept in the poll log and as an article's `failure`."""

    OK = "ok"
    UNCHANGED = "unchanged"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    BAD_ENCODING = "bad_encoding"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    HTTP_ERROR = "http_error"
    GONE = "gone"
    REDIRECTS = "redirects"
    REFUSED_ADDRESS = "refused_address"
    REFUSED_SCHEME = "refused_scheme"
    ROBOTS = "robots"
    NOT_A_FEED = "not_a_feed"
    NOT_A_PAGE = "not_a_page"
    MALFORMED = "malformed"
    NOT_SET_UP = "not_set_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answered with 200 or 304."""

    url: str
    """Where the answer came from, after redirects."""
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    """Unpacked; empty for 304."""
    elapsed_ms: int = 0
    redirects: tuple[tuple[int, str], ...] = ()
    """Status and target of every hop."""

    @property
    def content_type(self) -> str:
        """Media type in lower case without parameters, or an empty string."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


class Http(Protocol):
    """A polite client; one is shared by a whole task."""

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float, max_bytes: int, host_delay_s: float = 0.0
    ) -> Answer:
        """Fetch `url`; raises `FetchFailed` (worth another try) or `FetchRefused` (final), each with its `Outcome`."""
