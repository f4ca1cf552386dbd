"""What Elasticsearch holds: every kind with its strict mapping, version and partition; pure.

A kind `articles` under the prefix `wirewatch` is the alias `wirewatch-articles`. Documents are written, and remembered, under the name of
their place: `wirewatch-articles-2026-11` where the kind is partitioned, else the alias itself. Behind a place stands one index. It
carries the place's name, or, once moved to a newer mapping (see `store.migrate`), its version in it: `wirewatch-articles-v2-2026-11`,
with the place as its alias. The versions stay inside this package.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

VERSION = 5
"""Of all mappings together; it goes up with every change of this file."""

KEYWORD: dict[str, Any] = {"type": "keyword", "ignore_above": 8191}
DATE: dict[str, Any] = {"type": "date"}
INT: dict[str, Any] = {"type": "integer"}
FLOAT: dict[str, Any] = {"type": "double"}
BOOL: dict[str, Any] = {"type": "boolean"}
TEXT: dict[str, Any] = {"type": "text"}
STORED: dict[str, Any] = {"type": "keyword", "index": False, "doc_values": False}
"""Kept and returned, never searched."""
OPAQUE: dict[str, Any] = {"type": "object", "enabled": False}
"""Kept and returned as it is, never searched."""


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "dynamic": "strict", "properties": properties}


TOPIC_MATCHES = {"type": "nested", "dynamic": "strict", "properties": {"topic": KEYWORD, "hash": KEYWORD, "score": INT, "evidence": OPAQUE}}

PROPERTIES: dict[str, dict[str, Any]] = {
    "urls": {"url": KEYWORD, "article": KEYWORD, "index": KEYWORD, "at": DATE, "forgotten": BOOL},
    "articles": {
        "id": KEYWORD,
        "urls": KEYWORD,
        "url": KEYWORD,
        "canonical_url": KEYWORD,
        "feeds": KEYWORD,
        "source": KEYWORD,
        "publisher": KEYWORD,
        "publisher_name": KEYWORD,
        "country": KEYWORD,
        "kind": KEYWORD,
        "reliability": KEYWORD,
        "title": {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 1024}}},
        "summary": TEXT,
        "text": TEXT,
        "feed_content": STORED,
        "authors": KEYWORD,
        "language": KEYWORD,
        "image": STORED,
        "tags": KEYWORD,
        "status": KEYWORD,
        "failure": KEYWORD,
        "duplicate_of": KEYWORD,
        "slot": INT,
        "next_attempt_at": DATE,
        "attempts": INT,
        "published_at": DATE,
        "published_from": KEYWORD,
        "published_precision": KEYWORD,
        "first_seen_at": DATE,
        "indexed_at": DATE,
        "counted_at": DATE,
        "@timestamp": DATE,
        "watched_since": DATE,
        "read_at": DATE,
        "seen_after_s": FLOAT,
        "read_after_s": FLOAT,
        "words": KEYWORD,
        "revisions": OPAQUE,
        "bands": KEYWORD,
        "fingerprint": STORED,
        "story_id": KEYWORD,
        "topics": KEYWORD,
        # Under the name that other kinds have it, so that one filter on a dashboard holds for all of them.
        "topic": {"type": "alias", "path": "topics"},
        "topic_matches": TOPIC_MATCHES,
        "rules": KEYWORD,
    },
    "feeds": {
        "feed": KEYWORD,
        "url": KEYWORD,
        "configured_url": KEYWORD,
        "slot": INT,
        "active": BOOL,
        "paused": BOOL,
        "title": KEYWORD,
        "etag": STORED,
        "last_modified": STORED,
        "body_hash": STORED,
        "entry_hashes": STORED,
        "next_attempt_at": DATE,
        "attempts": INT,
        "interval_s": FLOAT,
        "failures": INT,
        "health": KEYWORD,
        "problem": KEYWORD,
        "outcome": KEYWORD,
        "status": INT,
        "redirects": INT,
        "redirect_url": STORED,
        "ttl_s": FLOAT,
        "skip_hours": INT,
        "skip_days": INT,
        "listed": INT,
        "gap_s": FLOAT,
        "recent_per_h": FLOAT,
        "peak_per_h": FLOAT,
        "by_hour": OPAQUE,
        "by_day": OPAQUE,
        "day_hours": OPAQUE,
        "at_once": FLOAT,
        "burst": FLOAT,
        "full_at": DATE,
        "lying_304": BOOL,
        "lost_at": DATE,
        "health_since": DATE,
        "first_success_at": DATE,
        "last_success_at": DATE,
        "last_poll_at": DATE,
        "last_new_at": DATE,
        "rate_per_h": FLOAT,
        "weight": FLOAT,
        "covered": OPAQUE,
    },
    "feed-controls": {"feed": KEYWORD, "paused": BOOL, "poll_now_at": DATE, "who": KEYWORD, "at": DATE},
    "polls": {
        "at": DATE,
        "feed": KEYWORD,
        "outcome": KEYWORD,
        "polls": INT,
        "status": INT,
        "entries": INT,
        "new": INT,
        "bytes": {"type": "long"},
        "elapsed_ms": INT,
        "problem": KEYWORD,
    },
    "counts": {
        "topic": KEYWORD,
        "hash": KEYWORD,
        "hour": DATE,
        "stories": INT,
        "publishers": INT,
        "articles": INT,
        "expected": FLOAT,
        "upper": FLOAT,
        "score": FLOAT,
        "until": DATE,
    },
    "coverage": {"hour": DATE, "coverage": FLOAT, "stories": INT, "publishers": INT, "articles": INT, "feeds": INT, "until": DATE},
    "baselines": {"topic": KEYWORD, "hash": KEYWORD, "updated_at": DATE, "episode": INT, "incident": KEYWORD, "state": OPAQUE},
    "incidents": {
        "id": KEYWORD,
        "topic": KEYWORD,
        "topic_name": KEYWORD,
        "episode": INT,
        "state": KEYWORD,
        "severity": KEYWORD,
        "peak": KEYWORD,
        "opened_at": DATE,
        "began_at": DATE,
        "last_spike_at": DATE,
        "closed_at": DATE,
        "closed_by": KEYWORD,
        "reason": KEYWORD,
        "snoozed_until": DATE,
        "acknowledged_by": KEYWORD,
        "window_h": INT,
        "series": KEYWORD,
        "observed": FLOAT,
        "expected": FLOAT,
        "upper": FLOAT,
        "score": FLOAT,
        "found_late": BOOL,
        "learning": BOOL,
        "notify": KEYWORD,
        "desk": KEYWORD,
        "ending": KEYWORD,
        "opened_after_s": FLOAT,
        "acknowledged_after_s": FLOAT,
        "closed_after_s": FLOAT,
        "evidence": OPAQUE,
        "events": {
            "type": "nested",
            "dynamic": "strict",
            "properties": {"at": DATE, "what": KEYWORD, "who": KEYWORD, "note": STORED, "severity": KEYWORD},
        },
        "untold": KEYWORD,
        "told_at": DATE,
    },
    "notifications": {
        "id": KEYWORD,
        "recipient": KEYWORD,
        "desk": {"type": "alias", "path": "recipient"},
        "channel": KEYWORD,
        "address": KEYWORD,
        "about": KEYWORD,
        "topic": KEYWORD,
        "event": KEYWORD,
        "message_id": KEYWORD,
        "in_reply_to": KEYWORD,
        "state": KEYWORD,
        "planned_at": DATE,
        "next_attempt_at": DATE,
        "attempts": INT,
        "sent_at": DATE,
        "sent_after_s": FLOAT,
        "told_after_s": FLOAT,
        "problem": KEYWORD,
        "payload": OPAQUE,
    },
    "config": {"kind": KEYWORD, "hash": KEYWORD, "at": DATE, "until": DATE, "holder": KEYWORD, "token": {"type": "long"}, "body": OPAQUE},
    "labels": {
        "at": DATE,
        "who": KEYWORD,
        "what": KEYWORD,
        "id": KEYWORD,
        "topic": KEYWORD,
        "verdict": KEYWORD,
        "note": TEXT,
        "copy": OPAQUE,
    },
    "audit": {"at": DATE, "who": KEYWORD, "what": KEYWORD, "id": KEYWORD, "before": OPAQUE, "after": OPAQUE},
}

PARTITIONS: dict[str, str] = {"articles": "%Y-%m", "polls": "%Y-%m", "counts": "%Y-%m", "coverage": "%Y"}
"""strftime pattern of the partition, by kind; kinds that are not here live in one index."""

KINDS: tuple[str, ...] = tuple(PROPERTIES)


@dataclass(frozen=True, slots=True)
class Names:
    """Index names under one prefix."""

    prefix: str = "wirewatch"

    def alias(self, kind: str) -> str:
        """The name that searches use."""
        return f"{self.prefix}-{kind}"

    def place(self, kind: str, at: datetime | None = None) -> str:
        """The name under which a document is written and read; partitioned kinds need `at`."""
        if kind not in PARTITIONS:
            return self.alias(kind)
        if at is None:
            raise ValueError(f"{kind} is partitioned: a time is needed to name its index")
        return f"{self.prefix}-{kind}-{at.astimezone(UTC).strftime(PARTITIONS[kind])}"

    def place_of(self, index: str) -> str:
        """The place behind which an index stands; other names stay as they are."""
        return _place_of(self.prefix, index)

    def kind_of(self, index: str) -> str | None:
        """The kind of an index or a place; None where it is not of this prefix."""
        match = re.fullmatch(rf"{re.escape(self.prefix)}-({'|'.join(KINDS)})(?:-v\d+)?(?:-20[\d-]+)?", index)
        return match[1] if match else None

    def index(self, place: str) -> str:
        """The index of this version that stands behind a place once it is made, or moved, whole."""
        kind = self.kind_of(place) or ""
        return f"{self.alias(kind)}-v{VERSION}{place.removeprefix(self.alias(kind))}"

    def pattern(self, kind: str) -> str:
        """What the index template of a partitioned kind matches: not the indices that were moved to a newer mapping, which are made
        whole, and join the alias only when they are complete.
        """
        return f"{self.prefix}-{kind}-20*"


@lru_cache(maxsize=4096)
def _place_of(prefix: str, index: str) -> str:
    """Asked for every document that is read, of which a scan has millions."""
    match = re.fullmatch(rf"({re.escape(prefix)}-(?:{'|'.join(KINDS)}))-v\d+(-.+)?", index)
    return match[1] + (match[2] or "") if match else index


def mapping(kind: str) -> dict[str, Any]:
    """The strict mapping of a kind."""
    return {"dynamic": "strict", "_meta": {"wirewatch": VERSION}, "properties": PROPERTIES[kind]}


def body(kind: str) -> dict[str, Any]:
    """Settings and mapping of an index of a kind, without its aliases; a second node takes a copy by itself."""
    return {
        "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1", "refresh_interval": "5s"}},
        "mappings": mapping(kind),
    }


def template(names: Names, kind: str) -> dict[str, Any]:
    """The index template that gives every new index of a partitioned kind its mapping and alias."""
    whole = body(kind) | {"aliases": {names.alias(kind): {}}}
    return {"index_patterns": [names.pattern(kind)], "priority": 500, "template": whole}
