"""Names of countries."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tests.unit.topics.conftest import Build

from wirewatch.topics.languages import guess, guesses
from wirewatch.topics.names import declined, territory_names


@pytest.mark.parametrize(
    ("territory", "name", "language"),
    [
        ("KP", "Nordkorea", "de"),
        ("KP", "朝鲜", "zh"),
        ("KP", "北韓", "zh"),
        ("RU", "روسيا", "ar"),
        ("MM", "Burma", "en"),
        ("MM", "Myanmar", "en"),
    ],
)
def test_a_country_is_named_in_every_language(territory: str, name: str, language: str) -> None:
    assert language in territory_names(territory)[name]


@pytest.mark.parametrize("territory", ["CD", "CG"])
def test_a_name_that_nobody_writes_is_none(territory: str) -> None:
    assert not any(" - " in name for name in territory_names(territory))


@pytest.mark.parametrize(
    ("name", "language", "form"),
    [
        ("Россия", "ru", "Россией"),
        ("Северная Корея", "ru", "Северную Корею"),
        ("Китай", "ru", "Китаем"),
        ("Объединенные Арабские Эмираты", "ru", "Объединенных Арабских Эмиратов"),
        ("Египет", "ru", "Египта"),
        ("Північна Корея", "uk", "Північної Кореї"),
    ],
)
def test_slavic_names_stand_in_their_cases(name: str, language: str, form: str) -> None:
    assert form in declined(name, language)


@pytest.mark.parametrize(("name", "language"), [("КНДР", "ru"), ("Чили", "ru"), ("Босния и Герцеговина", "ru"), ("Russia", "en")])
def test_names_that_have_no_regular_cases_get_none(name: str, language: str) -> None:
    assert declined(name, language) == ()


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("Im Norden von Island bebte die Erde, und der Flughafen ist geschlossen.", None, True),
        ("The island was cut off by the storm and the ferries are not running.", None, False),
        ("Storm hits island", None, False),
        ("Island bebt", "de", True),
        ("Island bebt", "en", False),
        ("An island in the north", "en-GB", False),
        ("Reykjavik says Iceland is safe", "en", True),
    ],
)
def test_a_name_counts_in_the_languages_that_use_it(build: Build, text: str, language: str | None, found: bool) -> None:
    matcher = build(concepts_={"country/iceland": {"territory": "IS"}}, it={"concept": "country/iceland"})
    assert bool(matcher.match(title=text, summary="", text="", language=language)) is found


def test_a_name_that_is_weak_does_not_count_alone(build: Build) -> None:
    matcher = build(it={"concept": "country/georgia"})
    assert not matcher.match(title="Peaches from Georgia", summary="", text="", language="en")
    assert matcher.match(title="Talks in Tbilisi: Georgia wants more", summary="", text="", language="en")


@pytest.mark.parametrize(
    ("text", "language"),
    [("der rat und die stadt", "de"), ("la ville et les ponts", "fr"), ("the bridge of the city", "en"), ("putin kim", "en"), ("", "en")],
)
def test_languages_are_told_by_small_words(text: str, language: str) -> None:
    assert guess(text) == language


def test_few_small_words_leave_several_languages_open(build: Build) -> None:
    headline = "kim jong un arrives in russia he met putin"
    assert {"en", "nl"} <= guesses(headline)
    assert guesses("der rat und die stadt und der fluss") == {"de"}
    matcher = build(it={"concept": "country/russia"})
    assert matcher.match(title="Kim Jong Un arrives in Russia", summary="", text="He met him.")


WHOLE = """
from babel import Locale
from wirewatch.topics.names import territory_names

territory_names("KP")
print(Locale("es").months["stand-alone"]["wide"][3])
"""


def test_reading_the_names_leaves_the_locales_whole_for_others() -> None:
    environment = os.environ | {"PYTHONPATH": "plugins"}
    done = subprocess.run([sys.executable, "-c", WHOLE], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "marzo"
