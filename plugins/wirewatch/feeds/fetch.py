"""What is asked of a feed's server, and what its answer says before it is parsed."""

from __future__ import annotations

import hashlib
import re
import signal
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from wirewatch.errors import FetchRefused
from wirewatch.feeds.schedule import fresh_for, share_of
from wirewatch.http import Answer, Outcome
from wirewatch.model import Feed, FeedState, ParsedFeed

ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
FULL_EVERY = timedelta(hours=24)
"""A feed is asked for without validators this often at least, so that a server that always answers 304 is noticed."""
FULL_SOONEST = timedelta(hours=3)
FULL_GAPS = 5
"""And already after so many of its usual gaps without anything new."""
PERMANENT = frozenset((301, 308))
_MORE_S = 5.0

_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an answer says of itself."""

    unchanged: bool
    """304, or the same bytes as last time."""
    status: int
    etag: str | None
    last_modified: str | None
    body_hash: str | None
    fresh_for: timedelta | None
    moved_to: str | None
    """Where only permanent redirects led."""


def headers_of(feed: Feed, state: FeedState, now: datetime, environment: Mapping[str, str]) -> dict[str, str]:
    """The request's headers; raises `FetchRefused` where a secret that they need is not in the environment."""
    headers = {"Accept": ACCEPT}
    if not wants_all(state, now):
        if state.etag:
            headers["If-None-Match"] = state.etag
        if state.last_modified:
            headers["If-Modified-Since"] = state.last_modified
    for name, value in feed.headers.items():
        headers[name] = _NAME.sub(lambda found: _secret(feed, found.group(1), environment), value)
    if feed.basic_auth:
        secret = _secret(feed, feed.basic_auth, environment)
        headers["Authorization"] = f"Basic {b64encode(secret.encode()).decode('ascii')}"
    return headers


def wants_all(state: FeedState, now: datetime) -> bool:
    """Whether the feed is asked for without validators this time."""
    if state.lying_304 or state.full_at is None:
        return True
    longest = FULL_EVERY
    if state.gap_s is not None:
        longest = min(longest, max(FULL_SOONEST, timedelta(seconds=min(FULL_GAPS * state.gap_s, FULL_EVERY.total_seconds()))))
    return now - state.full_at >= longest * (0.75 + 0.5 * share_of(state.feed))


def read(answer: Answer, state: FeedState) -> Reading:
    """What an answer says against what was known of the feed."""
    known = answer.status == 304
    body_hash = state.body_hash if known else hashlib.blake2b(answer.body, digest_size=16).hexdigest()
    return Reading(
        unchanged=known or body_hash == state.body_hash,
        status=answer.status,
        etag=_validator(answer.headers.get("etag")) or (state.etag if known else None),
        last_modified=_validator(answer.headers.get("last-modified")) or (state.last_modified if known else None),
        body_hash=body_hash,
        fresh_for=fresh_for(answer.headers),
        moved_to=_moved(answer),
    )


def parse_in_worker(seconds: float, body: bytes, url: str, content_type: str, max_entries: int) -> ParsedFeed:
    """`parse.parse_within`, named without importing feedparser where only the workers need it.

    A library that does not come back, which no Python code can interrupt, ends the process after so many seconds of CPU more.
    """
    from wirewatch.feeds.parse import parse_within

    # The signal's default is to end the process: the kernel does that, whatever Python is at.
    ends = getattr(signal, "ITIMER_VIRTUAL", None)
    if ends is not None:
        signal.setitimer(ends, seconds + _MORE_S)
    try:
        return parse_within(seconds, body, url=url, content_type=content_type, max_entries=max_entries)
    finally:
        if ends is not None:
            signal.setitimer(ends, 0)


def _secret(feed: Feed, name: str, environment: Mapping[str, str]) -> str:
    try:
        return environment[name]
    except KeyError:
        raise FetchRefused(feed.url, Outcome.NOT_SET_UP, f"the environment variable {name} is not set") from None


def _validator(value: str | None) -> str | None:
    """A validator that can be sent back: short, and one line of visible characters."""
    return value if value and len(value) <= 1000 and value.isprintable() and value.isascii() else None


def _moved(answer: Answer) -> str | None:
    """The last target that was reached by permanent redirects alone."""
    target = None
    for status, address in answer.redirects:
        if status not in PERMANENT:
            break
        target = address
    return target
