"""From the concepts of config/ to the words that are looked for; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from wirewatch.config import patterns
from wirewatch.topics.keys import Key, keys_of, name_key
from wirewatch.topics.names import territory_names
from wirewatch.topics.text import fold_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """One concept's words, by what they do."""

    id: str
    strong: tuple[Key, ...] = ()
    weak: tuple[Key, ...] = ()
    """They count once the article names the concept otherwise, or has a word of `support`."""
    support: tuple[Key, ...] = ()
    hiders: tuple[Key, ...] = ()
    """Longer phrases that hide the aliases inside them."""
    hidden_by: tuple[str, ...] = ()
    """Concepts whose aliases do the same."""
    includes: tuple[str, ...] = ()
    family: str = field(default="")
    """The id without its last part: among concepts of one family the longest alias at a place wins."""


def read_concepts(raw: Mapping[str, Mapping[str, object]]) -> list[Concept]:
    """Every concept's words."""
    return [_concept(id, entry) for id, entry in raw.items()]


def _concept(id: str, entry: Mapping[str, object]) -> Concept:
    strong = _parsed(_listed(entry.get("aliases")))
    weak = _parsed(_listed(entry.get("weak")))
    hiders = cast("Sequence[Mapping[str, Any]]", entry.get("not", ()))
    names = _names(str(entry["territory"]), [*strong, *weak]) if entry.get("territory") else []
    return Concept(
        id=id,
        strong=(*_keys(strong), *names),
        weak=tuple(_keys(weak)),
        support=tuple(_keys(_parsed(_listed(entry.get("support"))))),
        hiders=tuple(_keys(_parsed(hider["phrase"] for hider in hiders if hider.get("phrase")))),
        hidden_by=tuple(str(hider["concept"]) for hider in hiders if hider.get("concept")),
        includes=tuple(cast("Sequence[str]", entry.get("includes", ()))),
        family=id.rpartition("/")[0],
    )


def _listed(by_language: object) -> Iterator[str]:
    for words in cast("Mapping[str, Sequence[str]]", by_language or {}).values():
        yield from words


def _parsed(words: Iterable[str]) -> list[patterns.Pattern]:
    return list(dict.fromkeys(patterns.parse(each) for each in words))


def _keys(parsed: Sequence[patterns.Pattern]) -> list[Key]:
    return [key for key in keys_of(parsed) if key is not None]


def _names(territory: str, written: Sequence[patterns.Pattern]) -> list[Key]:
    """The country's names by CLDR, each in its own languages, without those that are written down as aliases or as weak names."""
    plain = [each for each in written if "*" not in each.words and not each.exact]
    folded = fold_all([each.words for each in plain])
    stems = tuple(words for each, words in zip(plain, folded, strict=True) if each.prefix)
    whole = set(folded)
    spoken = territory_names(territory)
    merged: dict[str, set[str]] = {}
    for name, languages in zip(fold_all(list(spoken)), spoken.values(), strict=True):
        if name not in whole and not name.startswith(stems):
            merged.setdefault(name, set()).update(languages)
    keys = (name_key(name, frozenset(languages)) for name, languages in merged.items())
    return [key for key in keys if key is not None]
