"""What the demo's outlets write: hand-written sentences with gaps and alternatives, one file a language.

A file has sections that start with `== `: `pools` (`name: value; value`), `beat <id> | <section> | <topics>`, `theme ...` (the
same, but published at a set rate because people watch it), and `filler`. Lines of a beat: `T:` title, `L:` lead, `B:` sentence,
`H:` subhead, `C:` caption, `Z:` last sentence. Lines of filler: `B:` sentence, `C:` caption, `O:` teaser (`heading :: text`). In a line
`[a|b]` is a choice, `{pool}` a value that stays the same within an article (`{pool2}` is another one, `{person.last}` its last
word), `{10-90}` and `{1.5-3.0}` are numbers, `{day}` is the day of publication.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from random import Random

LANGUAGES = ("en", "ru", "ko", "zh", "de", "ar")

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_GAP = re.compile(r"\{([^{}]+)\}")
_RANGE = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")
_PARTICLE = re.compile(r"(\S)(은\(는\)|이\(가\)|을\(를\)|과\(와\)|으로\(로\)|이라\(라\))")


@dataclass(slots=True, kw_only=True)
class Beat:
    """One kind of everyday coverage."""

    id: str
    section: str
    topics: tuple[str, ...]
    theme: bool
    titles: list[str] = field(default_factory=list)
    leads: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Pools:
    """All that one language's outlets write from."""

    language: str
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    beats: dict[str, Beat] = field(default_factory=dict)
    filler: list[str] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    teasers: list[tuple[str, str]] = field(default_factory=list)

    def everyday(self) -> list[str]:
        """Ids of the beats that fill a day."""
        return [beat.id for beat in self.beats.values() if not beat.theme]


@cache
def pools(language: str) -> Pools:
    """The pools of one language; raises `ValueError` for a line that is none of the kinds above."""
    found = Pools(language=language)
    names = sorted(
        item.name for item in files(__name__).iterdir() if item.name.startswith(f"{language}-") or item.name == f"{language}.txt"
    )
    for name in names:
        _read(files(__name__).joinpath(name).read_text(encoding="utf-8"), found, name)
    return found


def _read(text: str, found: Pools, name: str) -> None:
    where: Beat | str = ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("== "):
            where = _section(line[3:], found)
        elif where == "pools":
            key, _, values = line.partition(":")
            found.values[key.strip()] = tuple(value.strip() for value in values.split(";") if value.strip())
        else:
            mark, _, rest = line.partition(":")
            if not _line(mark, rest.strip(), where, found):
                raise ValueError(f"{name}:{number}: not a line of content: {line[:40]}")


def _section(head: str, found: Pools) -> Beat | str:
    parts = [part.strip() for part in head.split("|")]
    kind, _, ident = parts[0].partition(" ")
    if kind not in ("beat", "theme"):
        return kind
    topics = tuple(topic.strip() for topic in parts[2].split(",") if topic.strip()) if len(parts) > 2 else ()
    return found.beats.setdefault(ident, Beat(id=ident, section=parts[1], topics=topics, theme=kind == "theme"))


def _line(mark: str, rest: str, where: Beat | str, found: Pools) -> bool:
    if isinstance(where, Beat):
        lists = {"T": where.titles, "L": where.leads, "B": where.body, "H": where.heads, "C": where.captions, "Z": where.ends}
    else:
        lists = {"B": found.filler, "C": found.captions}
        if mark == "O":
            head, _, text = rest.partition(" :: ")
            found.teasers.append((head, text))
            return True
    if mark not in lists:
        return False
    lists[mark].append(rest)
    return True


class Filler:
    """Fills the gaps of one article's lines, the same value for the same gap."""

    def __init__(self, source: Pools, chance: Random, at: datetime, given: Mapping[str, str] | None = None) -> None:
        self._source = source
        self._chance = chance
        self._values: dict[str, str] = dict(given or {})
        days = source.values["weekday"]
        for name, shift in (("yesterday", -1), ("day", 0), ("tomorrow", 1)):
            self._values[name] = days[(at + timedelta(days=shift)).weekday()]
        self._values["year"] = str(at.year)

    def fill(self, line: str) -> str:
        """One line with every choice taken and every gap filled; raises `KeyError` for an unknown pool."""
        while found := _CHOICE.search(line):
            line = line[: found.start()] + self._chance.choice(found[1].split("|")) + line[found.end() :]
        line = _GAP.sub(lambda match: self._gap(match[1]), line)
        if self._source.language == "ko":
            line = _PARTICLE.sub(_particle, line)
        return line[:1].upper() + line[1:]

    def _gap(self, name: str) -> str:
        if bounds := _RANGE.fullmatch(name):
            return self._number(bounds[1], bounds[2])
        if name.endswith(".last"):
            return self._gap(name[:-5]).split()[-1]
        if name not in self._values:
            pool = name.rstrip("0123456789")
            taken = {value for key, value in self._values.items() if key.rstrip("0123456789") == pool}
            free = [value for value in self._source.values[pool] if value not in taken]
            self._values[name] = self._chance.choice(free or list(self._source.values[pool]))
        return self._values[name]

    def _number(self, low: str, high: str) -> str:
        marks = self._source.values.get("marks", (",", "."))
        if "." in low:
            return f"{self._chance.uniform(float(low), float(high)):.1f}".replace(".", marks[1])
        value = self._chance.randint(int(low), int(high))
        if int(high) >= 10_000:
            value = round(value, -2)
        if int(low) >= 1500 and int(high) <= 2100:  # a year
            return str(value)
        mark = {"space": "\u00a0", "none": ""}.get(marks[0], marks[0])
        return f"{value:,}".replace(",", mark) if value >= 10_000 or (value >= 1000 and mark == ",") else str(value)


def _particle(match: re.Match[str]) -> str:
    """Korean particles follow the sound that the word before ends in."""
    code = ord(match[1]) - 0xAC00
    last = code % 28 if 0 <= code < 11172 else 0
    closed, opened = match[2].rstrip(")").split("(")
    if closed == "으로" and last == 8:  # after ㄹ it is 로
        return match[1] + opened
    return match[1] + (closed if last else opened)
