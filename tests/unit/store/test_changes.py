"""What of a value is written when only some of it has changed."""

from __future__ import annotations

from dataclasses import replace

from tests.samples import NOW

from wirewatch.model import FeedState, Health, Span
from wirewatch.store.documents import changes, from_document, to_document

BEFORE = FeedState(
    feed="a", url="http://a/", configured_url="http://a/", slot=1, etag="1", covered=(Span(start=NOW, end=NOW),), entry_hashes=("x",)
)


def test_only_what_changed_is_written_and_what_is_gone_is_emptied() -> None:
    after = replace(BEFORE, etag=None, covered=(), attempts=2, next_attempt_at=NOW, health=Health.EMPTY)
    assert set(changes(BEFORE, after)) == {"etag", "covered", "attempts", "next_attempt_at", "health"}
    assert changes(BEFORE, replace(BEFORE, entry_hashes=("x",))) == {}


def test_the_document_with_its_changes_is_the_value() -> None:
    for more in ({"etag": None, "covered": ()}, {"attempts": 1, "last_poll_at": NOW}, {"skip_days": (6,), "problem": "dns"}):
        after = replace(BEFORE, **more)
        assert from_document(FeedState, to_document(BEFORE) | changes(BEFORE, after)) == after
