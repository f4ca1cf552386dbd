"""What is asked of a feed's server, and what its answer says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wirewatch.errors import FetchRefused
from wirewatch.feeds.fetch import headers_of, read, wants_all
from wirewatch.http import Answer, Outcome
from wirewatch.model import Feed, FeedState

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
FEED = Feed(id="bbc", url="http://bbc/")
KNOWN = FeedState(
    feed="bbc", url="http://bbc/", configured_url="http://bbc/", slot=0, etag='"1"', last_modified="Tue, 10 Mar 2026 11:00:00 GMT",
    body_hash="aa", full_at=NOW - timedelta(hours=1),
)  # fmt: skip


def test_validators_are_sent_while_they_are_trusted() -> None:
    sent = headers_of(FEED, KNOWN, NOW, {})
    assert (sent["If-None-Match"], sent["If-Modified-Since"]) == ('"1"', "Tue, 10 Mar 2026 11:00:00 GMT")
    assert "application/rss+xml" in sent["Accept"]
    lying = headers_of(FEED, replace(KNOWN, lying_304=True), NOW, {})
    assert not {"If-None-Match", "If-Modified-Since"} & lying.keys()


def test_now_and_then_the_whole_is_asked_for() -> None:
    assert wants_all(replace(KNOWN, full_at=None), NOW)
    assert not wants_all(KNOWN, NOW)
    assert wants_all(KNOWN, NOW + timedelta(hours=30))
    busy = replace(KNOWN, gap_s=600)
    assert wants_all(busy, NOW + timedelta(hours=4))
    assert not wants_all(busy, NOW)


def test_secrets_come_from_the_environment() -> None:
    feed = replace(FEED, headers={"X-Key": "Token ${KEY}", "Cookie": "a=b"}, basic_auth="LOGIN")
    sent = headers_of(feed, KNOWN, NOW, {"KEY": "k1", "LOGIN": "me:pässword"})
    assert (sent["X-Key"], sent["Cookie"]) == ("Token k1", "a=b")
    assert sent["Authorization"] == "Basic bWU6cMOkc3N3b3Jk"


@pytest.mark.parametrize("feed", [replace(FEED, headers={"X": "${NONE}"}), replace(FEED, basic_auth="NONE")])
def test_a_secret_that_is_missing_is_named(feed: Feed) -> None:
    with pytest.raises(FetchRefused, match="NONE is not set") as caught:
        headers_of(feed, KNOWN, NOW, {})
    assert caught.value.outcome == Outcome.NOT_SET_UP


def test_304_keeps_what_was_known() -> None:
    found = read(Answer(url="http://bbc/", status=304), KNOWN)
    assert (found.unchanged, found.etag, found.last_modified, found.body_hash) == (True, KNOWN.etag, KNOWN.last_modified, "aa")
    renewed = read(Answer(url="http://bbc/", status=304, headers={"etag": '"2"'}), KNOWN)
    assert renewed.etag == '"2"'


def test_the_same_bytes_are_unchanged_whatever_the_server_says() -> None:
    first = read(Answer(url="http://bbc/", status=200, body=b"<rss/>", headers={"etag": '"9"'}), KNOWN)
    assert (first.unchanged, first.etag, first.last_modified) == (False, '"9"', None)
    assert read(Answer(url="http://bbc/", status=200, body=b"<rss/>"), replace(KNOWN, body_hash=first.body_hash)).unchanged


@pytest.mark.parametrize("bad", ["", "a\x01b", "é", "x" * 5000])
def test_a_validator_that_cannot_be_sent_back_is_not_kept(bad: str) -> None:
    assert read(Answer(url="http://bbc/", status=200, body=b"x", headers={"etag": bad}), KNOWN).etag is None


@pytest.mark.parametrize(
    ("redirects", "expected"),
    [
        ((), None),
        (((301, "http://new/"),), "http://new/"),
        (((308, "http://b/"), (301, "http://c/")), "http://c/"),
        (((301, "http://b/"), (302, "http://c/"), (301, "http://d/")), "http://b/"),
        (((302, "http://b/"), (301, "http://c/")), None),
    ],
)
def test_only_permanent_redirects_from_the_start_move_a_feed(redirects: tuple[tuple[int, str], ...], expected: str | None) -> None:
    assert read(Answer(url="http://x/", status=200, body=b"x", redirects=redirects), KNOWN).moved_to == expected
