"""Where sentences and paragraphs begin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirewatch.topics.sentences import LONGEST, Bounds
from wirewatch.topics.text import SEPARATOR


def bounds(text: str, title: str = "", summary: str = "") -> tuple[str, Bounds]:
    """The bounds of an article, all asked for."""
    joined = f" {title} {SEPARATOR} {summary} {SEPARATOR} {text} "
    first, second = len(title) + 4, len(title) + len(summary) + 7
    found = Bounds(joined, [(1, first - 3), (first, second - 3), (second, len(joined) - 1)])
    found.at(len(joined))
    return joined, found


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    joined, found = bounds(text)
    ends = [*found.starts[1:], len(joined)]
    return [joined[start:end].strip().rstrip('"“«(').strip() for start, end in zip(found.starts, ends, strict=True)]


@pytest.mark.parametrize(
    "text",
    [
        "Mr. Kim met Gen. J. R. Smith in the U.S. on Monday.",
        "It fell 3.5 percent to 1.234 points.",
        "Am 12. September reiste er z. B. nach Wien.",
        "Встреча прошла на ул. Ленина в 2023 г. в Москве.",
        "Prices (approx. 5 dollars) rose.",
        "He came … and went ... and came.",
        "See www.example.com for more.",
        "He is No. 5 on the list.",
        "In the U.S.\tand in\u00a0the\tU.S. it is so, said\tMr. Kim.",
    ],
)
def test_what_is_no_end_divides_nothing(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("He came. She left.", ["He came.", "She left."]),
        ("“He came.” She left! Who? “Nobody?!” he said.", ["“He came.”", "She left!", "Who?", "Nobody?!”", "he said."]),
        ("So it goes on. He said no. She said it to me. Then", ["So it goes on.", "He said no.", "She said it to me.", "Then"]),
        ("It was 1999. Then came more.", ["It was 1999.", "Then came more."]),
        ("他说。“好的。”列车开了！然后？", ["他说。", "好的。”", "列车开了！", "然后？"]),
        ("모스크바에 도착했다. 회담은 내일이다.", ["모스크바에 도착했다.", "회담은 내일이다."]),
        ("هل وصل؟ نعم وصل.", ["هل وصل؟", "نعم وصل."]),
        ("वह आया। वह गया।", ["वह आया।", "वह गया।"]),
        ("Yes.\nMr. Kim came.", ["Yes.", "Mr. Kim came."]),
        ("A heading\nThe text begins.\n\nIt goes on.", ["A heading", "The text begins.", "It goes on."]),
        ("Он приехал. «Мы ждали», — сказали ему.", ["Он приехал.", "Мы ждали», — сказали ему."]),
        ("he came. she left.", ["he came.", "she left."]),
    ],
)
def test_ends_of_sentences(text: str, found: list[str]) -> None:
    assert sentences(text) == found


WIRE = (
    "This is a wire story that has been wrapped at about sixty\ncharacters, as wire copy once was. It names Moscow and\n"
    "Pyongyang in one sentence.\n    Its next paragraph is indented, and goes on for a\nwhile before it ends."
)


def test_a_line_of_wrapped_text_ends_nothing() -> None:
    joined, found = bounds(WIRE)
    assert len(found.starts) == 3
    moscow, pyongyang, indented = (found.at(joined.index(word))[0] for word in ("Moscow", "Pyongyang", "indented"))
    assert moscow == pyongyang
    assert found.paragraph(moscow) < found.paragraph(indented)


def test_ranks_stand_side_by_side_in_summary_and_text() -> None:
    joined, found = bounds("Lead here. More there.\n\nAnd more.", title="A. Title", summary="Lead short. More.")
    ranks = {word: found.at(joined.index(word))[1:] for word in ("Title", "short", "More.", "here", "there", "And")}
    assert ranks == {"Title": (0, 0), "short": (1, 1), "More.": (2, 1), "here": (1, 2), "there": (2, 2), "And": (3, 2)}
    assert found.paragraph(found.at(joined.index("here"))[0]) == found.paragraph(found.at(joined.index("there"))[0])


def test_the_lead_is_the_summary_and_the_first_sentences() -> None:
    joined, found = bounds("One. Two. Three. Four. Five.", summary="So. And so.")
    assert found.lead(3) == [joined.index(word) for word in ("So.", "Two", "Three", "Four")]
    assert found.lead(9) == [joined.index(word) for word in ("So.", "Two", "Three", "Four", "Five")] + [len(joined)] * 5
    assert found.length() == 5
    assert bounds("", summary="One. Two.")[1].length() == 2


def test_a_sentence_without_end_is_divided() -> None:
    _, found = bounds("word " * 1000)
    assert len(found.starts) == -(-5000 // LONGEST)


@given(st.text(alphabet="aB1 .!?\n\"”。г'", max_size=80), st.text(alphabet="aB .\n", max_size=20))
def test_bounds_are_in_order_and_all_asked_for_one_by_one_are_the_same(text: str, title: str) -> None:
    joined, found = bounds(text, title)
    assert found.starts == sorted(set(found.starts))
    _, lazy = bounds("", "")
    assert [found.at(position) for position in range(len(joined)) if found.starts] == sorted(
        found.at(position) for position in range(len(joined)) if found.starts
    )
    assert lazy.starts == []


@pytest.mark.parametrize("text", ["." * 200_000, ". " * 100_000, "\n" * 200_000, "?!”" * 60_000, 'a."' * 60_000])
def test_hostile_marks_take_no_time(text: str) -> None:
    bounds(text)
