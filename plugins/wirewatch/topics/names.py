"""Names of countries in every language, from the Unicode CLDR (Babel), and the cases that Slavic ones stand in; pure."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel import localedata

_BESIDES = ("zh_Hant", "sr_Latn", "pt_PT", "es_MX")
"""Locales whose names differ from those of their language's own."""

_WORDS = frozenset(("того",))
"""Names that are everyday words in their own language."""

_CASES: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    # Ending of the name, and what takes its place in the other cases, the same case at the same position, so that the words of a
    # name agree (A. A. Zaliznyak, Grammaticheskij slovar': the regular types of country names).
    "ru": (
        ("ская", ("ской", "ской", "скую", "ской", "ской")),
        ("ная", ("ной", "ной", "ную", "ной", "ной")),
        ("ные", ("ных", "ным", "ные", "ными", "ных")),
        ("ские", ("ских", "ским", "ские", "скими", "ских")),
        ("ия", ("ии", "ии", "ию", "ией", "ии")),
        ("ья", ("ьи", "ье", "ью", "ьей", "ье")),
        ("ка", ("ки", "ке", "ку", "кой", "ке")),
        ("га", ("ги", "ге", "гу", "гой", "ге")),
        ("ша", ("ши", "ше", "шу", "шей", "ше")),
        ("а", ("ы", "е", "у", "ой", "е")),
        ("я", ("и", "е", "ю", "ей", "е")),
        ("ай", ("ая", "аю", "ай", "аем", "ае")),
        ("пет", ("пта", "пту", "пет", "птом", "пте")),
        ("ты", ("тов", "там", "ты", "тами", "тах")),
        ("вы", ("вов", "вам", "вы", "вами", "вах")),
        ("ль", ("ля", "лю", "ль", "лем", "ле")),
        ("ь", ("и", "и", "ь", "ью", "и")),
    ),
    "uk": (
        ("ська", ("ської", "ській", "ську", "ською", "ській")),
        ("на", ("ної", "ній", "ну", "ною", "ній")),
        ("ія", ("ії", "ії", "ію", "ією", "ії")),
        ("ея", ("еї", "еї", "ею", "еєю", "еї")),
        ("а", ("и", "і", "у", "ою", "і")),
        ("я", ("і", "ї", "ю", "ею", "ї")),
        ("ай", ("аю", "аю", "ай", "аєм", "аї")),
        ("ти", ("тів", "там", "ти", "тами", "тах")),
    ),
}
_HARD = {"ru": ("а", "у", "", "ом", "е"), "uk": ("у", "у", "", "ом", "і")}
"""After a consonant."""
_CONSONANT = re.compile("[бвгджзклмнпрстфхцчшщ]$")
_ADJECTIVES = ("ская", "ная", "ные", "ские", "ська", "на")


@cache
def territory_names(territory: str) -> Mapping[str, frozenset[str]]:
    """The names of a country, each with the languages that call it so."""
    found: dict[str, set[str]] = {}
    for language, names in _all_names().items():
        for written in _cleaned(names.get(territory, "")):
            for name in (written, *declined(written, language)):
                found.setdefault(name, set()).add(language.split("_")[0])
    return {name: frozenset(languages) for name, languages in found.items()}


@cache
def _all_names() -> Mapping[str, Mapping[str, str]]:
    """Names of territories by locale; read once a process."""
    locales = [each for each in localedata.locale_identifiers() if "_" not in each and each != "root"]
    return {each: _stored(each).get("territories", {}) for each in (*locales, *_BESIDES)}


def _stored(locale: str) -> Mapping[str, Mapping[str, str]]:
    """What Babel has of a locale itself: merging it with the root's data takes ten times as long and adds no name, and Babel's own way
    to load it so keeps the unmerged data for everybody else in the process.
    """
    with Path(localedata.resolve_locale_filename(locale)).open("rb") as file:
        found: Mapping[str, Mapping[str, str]] = pickle.load(file)  # noqa: S301 - of the installed package
        return found


def _cleaned(name: str) -> list[str]:
    """A name as the press writes it: `Myanmar (Burma)` is two, `Congo - Kinshasa` is none that anyone writes."""
    if " - " in name or " – " in name:
        return []
    outside, _, inside = name.partition("(")
    parts = [part.strip() for part in (outside, inside.rstrip(") "))]
    return [part for part in parts if len([char for char in part if char.isalpha()]) >= _least(part) and part.casefold() not in _WORDS]


def _least(name: str) -> int:
    """Letters that a name needs: two in scripts that write a syllable or more with each."""
    return 2 if any(char > "\u0e00" for char in name) else 4


def declined(name: str, language: str) -> tuple[str, ...]:
    """The other cases of a Russian or Ukrainian name of regular words; none where one of its words is not."""
    if language not in _CASES:
        return ()
    words = name.split(" ")
    forms = [_forms(word, language, alone=len(words) == 1) for word in words]
    if not all(forms) or (len(words) > 1 and not words[0].endswith(_ADJECTIVES)):
        return ()
    return tuple(" ".join(each) for each in zip(*forms, strict=True))


def _forms(word: str, language: str, *, alone: bool) -> tuple[str, ...]:
    if not word[-1:].islower():
        return ()
    for ending, others in _CASES[language]:
        if word.endswith(ending) and (not alone or ending not in _ADJECTIVES):
            return tuple(word[: -len(ending)] + other for other in others)
    return tuple(word + other for other in _HARD[language]) if _CONSONANT.search(word) else ()
