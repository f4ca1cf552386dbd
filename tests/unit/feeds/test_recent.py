"""Which entries of a list are new."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wirewatch.feeds.recent import KEPT_BEYOND_LIST, Listing, compare, key_of
from wirewatch.model import Entry


def entry(id: str, link: str | None = None, title: str = "") -> Entry:
    return Entry(id=id, url=link or f"http://a/{id}", title=title or f"What happened in place {id}")


def look(entries: list[Entry], known: Listing | None = None) -> Listing:
    return compare(entries, [each.url for each in entries], known.keys if known else ())


def test_all_is_new_at_first_and_nothing_the_second_time() -> None:
    listed = [entry("b"), entry("a")]
    first = look(listed)
    assert (first.new, first.overlaps) == ((0, 1), True)
    assert look(listed, first) == Listing(new=(), renewed=frozenset(), keys=first.keys, overlaps=True)


def test_a_list_of_only_new_entries_does_not_overlap() -> None:
    first = look([entry("a"), entry("b")])
    assert look([entry("c"), entry("b")], first).overlaps
    lost = look([entry("d"), entry("e")], first)
    assert (lost.new, lost.overlaps) == ((0, 1), False)
    assert look([], first).overlaps


def test_one_address_is_one_entry_whatever_its_id() -> None:
    first = look([entry("a")])
    assert look([entry("other id", "http://a/a")], first).new == ()
    assert look([entry("x", "http://a/x"), entry("y", "http://a/x")]).new == (0,)


def test_a_known_id_at_a_new_address_is_an_old_entry() -> None:
    first = look([entry("a"), entry("b")])
    found = look([entry("a", "http://a/moved"), entry("b")], first)
    assert (found.new, found.renewed) == ((0,), frozenset({0}))


def test_an_id_that_all_entries_share_identifies_none() -> None:
    first = look([entry("same", "http://a/1")])
    found = look([entry("same", "http://a/2"), entry("same", "http://a/3")], first)
    assert (found.new, found.renewed) == ((0, 1), frozenset())


def test_a_list_moved_to_another_site_is_recognised_by_its_titles() -> None:
    first = look([entry(str(n), title=f"A title that says enough, number {n}") for n in range(8)])
    moved = [entry(f"new {n}", f"http://new/{n}", title=f"A title that says enough, number {n}") for n in range(8)]
    assert look(moved, first).renewed == frozenset(range(8))
    assert look([*moved[:2], entry("c"), entry("d")], first).renewed == frozenset()


def test_entries_without_an_address_are_told_apart_by_their_ids() -> None:
    bare = [Entry(id=name, url=None, title="") for name in "ab"]
    first = compare(bare, [None, None], ())
    assert first.new == (0, 1)
    assert compare([*bare, Entry(id="c", url=None, title="")], [None] * 3, first.keys).new == (2,)


def test_keys_are_short_and_bounded() -> None:
    assert len(key_of(entry("a" * 5000), "b" * 5000)) == 24
    known = look([entry(f"old{n}") for n in range(500)])
    found = look([entry(f"new{n}") for n in range(10)], known)
    assert len(found.keys) == 10 + KEPT_BEYOND_LIST
    assert found.keys[10:] == known.keys[:KEPT_BEYOND_LIST]


@given(st.lists(st.integers(0, 30), max_size=40))
def test_every_entry_of_a_growing_list_is_new_once(ids: list[int]) -> None:
    seen: list[str] = []
    known: Listing | None = None
    for end in range(len(ids) + 1):
        listed = [entry(str(id)) for id in ids[max(0, end - 8) : end]][::-1]
        found = look(listed, known)
        seen += [listed[position].id for position in found.new]
        known = found
    assert sorted(seen) == sorted({str(id) for id in ids})
