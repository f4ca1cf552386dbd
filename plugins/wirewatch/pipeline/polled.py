"""What one poll found, before it is stored, and its line in the log of polls."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wirewatch.feeds.fetch import Reading
from wirewatch.feeds.outcome import Shown
from wirewatch.http import Answer, Outcome
from wirewatch.model import Article, Feed, FeedState, PollRecord
from wirewatch.store.base import Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a poll did not work."""

    outcome: str
    detail: str = ""
    status: int | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """One finished poll, not stored yet."""

    claimed: Stored[FeedState]
    feed: Feed
    at: datetime
    answer: Answer | None = None
    reading: Reading | None = None
    shown: Shown | None = None
    failure: Failure | None = None
    articles: tuple[Article, ...] = ()
    problems: tuple[str, ...] = ()


def records_of(results: Sequence[Polled], created: Sequence[int]) -> list[tuple[str, PollRecord]]:
    """Polls that failed or brought something, each, and the others together; with keys that are the same for the same polls.

    `created` is how many articles each brought.
    """
    records = []
    quiet: list[Polled] = []
    for each, new in zip(results, created, strict=True):
        if each.failure is None and not new and not each.problems:
            quiet.append(each)
        else:
            records.append((_key([each]), _record(each, new)))
    if quiet:
        records.append((_key(quiet), _together(quiet)))
    return records


def _record(result: Polled, new: int) -> PollRecord:
    failure, answer = result.failure, result.answer
    return PollRecord(
        at=result.at,
        feed=result.feed.id,
        outcome=Outcome.OK.value if failure is None else str(failure.outcome),
        status=(answer.status if answer else None) if failure is None else failure.status,
        entries=len(result.shown.feed.entries) if result.shown else 0,
        new=new,
        bytes=_bytes(answer),
        elapsed_ms=answer.elapsed_ms if answer else 0,
        problem=("; ".join(result.problems) if failure is None else failure.detail)[:1000] or None,
    )


def _together(results: Sequence[Polled]) -> PollRecord:
    return PollRecord(
        at=max(each.at for each in results),
        feed=None,
        outcome=Outcome.UNCHANGED.value,
        polls=len(results),
        entries=sum(len(each.shown.feed.entries) for each in results if each.shown),
        bytes=sum(_bytes(each.answer) for each in results),
        elapsed_ms=sum(each.answer.elapsed_ms for each in results if each.answer) // len(results),
    )


def _bytes(answer: Answer | None) -> int:
    return 0 if answer is None else int(answer.headers.get("bytes", len(answer.body)))


def _key(results: Sequence[Polled]) -> str:
    """The same for the same polls, so that the log has each once."""
    text = " ".join(f"{each.feed.id}#{each.claimed.seq_no}@{each.at.isoformat()}" for each in results)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
