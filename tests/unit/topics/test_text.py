"""Folded text: what is equal, and the way back."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirewatch.topics.text import fold, fold_all


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("North  Korea", "north\nkorea"),
        ("Kim Jong-un", "KIM JONG‑UN"),
        ("Russia's", "Russia’s"),
        ("Côte d'Ivoire", "Co\u0302te d’Ivoire"),
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("ΡΩΣΙΑ", "Ρωσία"),
        ("Пётр", "петр"),
        ("أوكرانيا", "اوكرانيا"),
        ("كُورِيا", "كوريا"),
        ("ロシア", "ﾛｼｱ"),
        ("北朝鮮", "北朝鮮"),
        ("한국", unicodedata.normalize("NFD", "한국")),
        ("soft\u00adhyphen", "softhyphen"),
        ("２０２６", "2026"),
    ],
)
def test_forms_of_the_same_words_are_equal(one: str, other: str) -> None:
    assert fold(one).text == fold(other).text


@pytest.mark.parametrize(("one", "other"), [("North. Korea", "North Korea"), ("Niger", "Nigér"), ("й", "и"), ("パ", "ハ")])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold(one).text != fold(other).text


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("북한KCNA는", "북한 kcna 는"),
        ("朝鲜KCNA报道", "朝鲜 kcna 报道"),
        ("北김정은", "北 김정은"),
        ("2023年9月", "2023 年 9 月"),
        ("U.S.-led", "u s  led"),
    ],
)
def test_scripts_that_set_words_apart_are_set_apart(text: str, folded: str) -> None:
    assert fold(text).text == folded


@given(st.text(max_size=60))
def test_every_folded_character_has_its_place_in_the_original(text: str) -> None:
    folded = fold(text)
    places = [folded.origin(position) for position in range(len(folded.text))]
    assert places == sorted(places)
    assert all(0 <= place < len(text) for place in places)


@given(st.text(max_size=60))
def test_forms_of_unicode_do_not_matter(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert fold(unicodedata.normalize("NFD", text)).text == fold(composed).text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\uffff"), max_size=12), max_size=5))
def test_many_at_once_are_folded_as_each_alone(texts: list[str]) -> None:
    assert [each.strip() for each in fold_all(texts)] == [fold(each).text.strip() for each in texts]


def test_a_letter_with_endless_marks_is_read_in_time() -> None:
    assert len(fold("a" + "\u0301\u0323" * 100_000).text) < 40


def test_half_characters_are_no_letters() -> None:
    assert fold("a\ud83db").text == "a b"
