"""Copies of one text are one story; reports of one event are not."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.samples import NOW
from tests.wires import daily_pieces, grouped, one_event, pairwise_f1, wire_copies

from wirewatch.stories import Index, Item, assign, signature
from wirewatch.stories.signature import shingles_of, similarity, tokens, unpack

WORDS = [
    "harbour",
    "council",
    "ferry",
    "bridge",
    "budget",
    "engineer",
    "minister",
    "river",
    "market",
    "strike",
    "railway",
    "tunnel",
    "hospital",
    "school",
    "winter",
    "storm",
    "fishing",
    "timber",
    "copper",
    "border",
    "tariff",
    "factory",
    "orchard",
    "museum",
    "library",
    "airport",
    "signal",
    "treaty",
    "captain",
    "island",
    "quarry",
    "lantern",
    "granite",
]


def text(seed: int, words: int = 240) -> str:
    chance = random.Random(seed)
    return " ".join(chance.choice(WORDS) + chance.choice(("", "s", "ing", "ed")) for _ in range(words))


def item(id: str, title: str, body: str, minutes: int = 0, summary: str = "") -> Item:
    bands, fingerprint = signature(title, summary, body)
    return Item(id=id, title=title, at=NOW + timedelta(minutes=minutes), bands=bands, fingerprint=fingerprint)


def test_a_copy_under_another_headline_is_the_same_story() -> None:
    body = text(1)
    items = [item("a", "Ferry strike ends", body), item("b", "Sailors go back to work after talks", body, 5)]
    assert assign(items) == {"a": "a", "b": "a"}


def test_a_copy_that_was_cut_and_given_a_byline_is_the_same_story() -> None:
    body = text(2)
    cut = "By our correspondent in the harbour. " + " ".join(body.split()[:150])
    assert assign([item("a", "One", body), item("b", "Two", cut, 5)])["b"] == "a"


def test_two_reports_of_one_event_are_two_stories() -> None:
    same = "Dam bursts above the valley after days of rain"
    assert assign([item("a", same, text(3)), item("b", same + " again", text(4), 5)]) == {"a": "a", "b": "b"}


def test_headlines_alone_suffice_for_summaries() -> None:
    items = [
        item("a", "Prime minister resigns after vote on budget", ""),
        item("b", "Prime minister resigns after vote on the budget", "", 3),
    ]
    assert assign(items)["b"] == "a"


def test_headlines_that_differ_in_a_number_are_not_the_same() -> None:
    items = [
        item("a", "Market report: shares rise 3 percent in the capital", ""),
        item("b", "Market report: shares rise 4 percent in the capital", ""),
    ]
    assert assign(items)["b"] == "b"


def test_the_same_text_long_after_is_another_story() -> None:
    body = text(5)
    late = item("b", "Ferry strike ends", body, minutes=60 * 24 * 5)
    assert assign([item("a", "Ferry strike ends", body), late])["b"] == "b"


def test_a_story_once_given_never_changes() -> None:
    body = text(6)
    old = Item(id="z", title="Old", at=NOW, bands=signature("Old", "", body)[0], fingerprint=signature("Old", "", body)[1], story_id="z")
    assert assign([item("a", "New", body, minutes=-30)], [old]) == {"a": "z"}


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 5))
def test_order_of_arrival_and_size_of_batches_change_nothing(chance: random.Random, size: int) -> None:
    items = [item(f"{story}{copy}", f"Story {story}", text(story), minutes=story + copy) for story in range(4) for copy in range(3)]
    at_once = assign(items)
    shuffled = chance.sample(items, len(items))
    assert assign(shuffled) == at_once
    ordered = sorted(items, key=lambda each: each.at)
    index = Index()
    batches: dict[str, str] = {}
    for start in range(0, len(ordered), size):
        batches.update(assign(ordered[start : start + size], index))
    assert batches == at_once


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 400), st.integers(0, 400))
def test_the_estimate_is_near_the_true_similarity(shared: int, own: int) -> None:
    first = " ".join(f"w{n}" for n in range(shared + 60))
    second = " ".join(f"w{n}" for n in range(shared + 60 - 10)) + " " + " ".join(f"x{n}" for n in range(own))
    one, other = unpack(signature("", "", first)[1]), unpack(signature("", "", second)[1])
    assert one is not None
    assert other is not None
    a, b = shingles_of(tokens(first)), shingles_of(tokens(second))
    assert abs(similarity(one, other) - len(a & b) / len(a | b)) < 0.22


def test_copies_in_eight_languages_are_found_and_what_is_only_alike_is_not_merged() -> None:
    copies = list(wire_copies(7, NOW, stories=4))
    pieces = [*copies, *one_event(7, NOW, events=3), *daily_pieces(7, NOW, days=15)]
    found = grouped(pieces)
    _, _, f1 = pairwise_f1({each.id: each.truth for each in copies if each.kind == "copy"}, found)
    assert f1 >= 0.97
    sizes = Counter(found.values())
    alone = [sizes[found[each.id]] == 1 for each in pieces if each.kind in ("event", "form")]
    assert alone.count(False) <= 0.01 * len(alone)
    random.Random(7).shuffle(pieces)
    assert grouped(pieces) == found


def test_one_form_with_other_figures_is_another_story() -> None:
    form = "The index closed at {} points, up {} percent. Oil cost {} dollars, gold {} and the euro {} after a day of thin trading. " * 3
    one, other = (form.format(*(chance.randint(100, 999) for _ in range(15))) for chance in (random.Random(1), random.Random(2)))
    assert assign([item("a", "Shares close higher", one), item("b", "Shares close higher", other, 5)])["b"] == "b"
    assert assign([item("a", "Shares close higher", one), item("b", "Shares close higher", f"PORT ELSA - {one}", 5)])["b"] == "a"


def test_a_fingerprint_of_another_version_is_no_signature() -> None:
    assert unpack(None) is None
    assert unpack("AAAA") is None
