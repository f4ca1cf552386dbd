"""Writes one everyday article, and what another outlet makes of an agency's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

from wirewatch.demo.content import Beat, Filler, Pools
from wirewatch.demo.ledger import Block, Piece
from wirewatch.demo.outlets import Outlet

_WORDS = {"en": (165, 370), "ru": (110, 200), "ko": (75, 140), "zh": (100, 190), "de": (110, 210), "ar": (100, 180)}
"""The length of an article, in words: languages differ in what they say in one."""
_CHARACTERS_A_WORD = {"zh": 2.2}
"""Where words are not spaced apart, so many characters are counted as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An article before it has an outlet's address."""

    title: str
    titles: tuple[str, ...]
    """Other headlines for the same report."""
    summary: str
    author: str
    section: str
    blocks: tuple[Block, ...]
    captions: tuple[str, ...]


def words(text: str, language: str) -> int:
    """How many words a text has."""
    each = _CHARACTERS_A_WORD.get(language)
    return int(len(text) / each) if each else len(text.split())


def write(source: Pools, beat: Beat, chance: Random, at: datetime, outlet: Outlet) -> Draft:
    """An article of a beat; `at` is in the outlet's own time."""
    filler = Filler(source, chance, at)
    titles = [filler.fill(line) for line in chance.sample(beat.titles, min(2, len(beat.titles)))]
    lead = filler.fill(chance.choice(beat.leads))
    sentences = _sentences(source, beat, chance, filler, lead)
    blocks = [Block(text=(outlet.city.upper() + ": " if outlet.agency else "") + lead), *_paragraphs(sentences, chance, source.language)]
    if beat.heads and len(blocks) > 4 and chance.random() < 0.6:
        blocks.insert(chance.randint(2, len(blocks) - 2), Block(text=filler.fill(chance.choice(beat.heads)), head=True))
    captions = [filler.fill(line) for line in chance.sample([*beat.captions, *source.captions], chance.randint(1, 2))]
    return Draft(
        title=titles[0],
        titles=tuple(titles[1:]),
        summary=lead,
        author=chance.choice(source.values["person"]),
        section=beat.section,
        blocks=tuple(blocks),
        captions=tuple(captions),
    )


def _sentences(source: Pools, beat: Beat, chance: Random, filler: Filler, lead: str) -> list[str]:
    wanted = chance.randint(*_WORDS[source.language])
    own, common = chance.sample(beat.body, len(beat.body)), chance.sample(source.filler, len(source.filler))
    found: list[str] = []
    length = words(lead, source.language)
    while length < wanted and (own or common):
        line = own.pop() if own and (not common or len(found) % 4 != 3) else common.pop()
        found.append(filler.fill(line))
        length += words(found[-1], source.language)
    return found + [filler.fill(line) for line in beat.ends[:1]]


def _paragraphs(sentences: list[str], chance: Random, language: str) -> list[Block]:
    blocks = []
    rest = list(sentences)
    glue = "" if language == "zh" else " "
    while rest:
        count = chance.choice((1, 2, 2, 3))
        blocks.append(Block(text=glue.join(rest[:count])))
        rest = rest[count:]
    return blocks


_CREDIT = {
    "en": ("{city} ({agency}) — ", "With reporting by {agency}.", "This report from {agency} was shortened by {outlet}."),
    "ru": ("{city}. /{agency}/. ", "По материалам: {agency}.", "Сообщение {agency} приводится в сокращении."),
    "ko": ("[{agency}] ", "{agency} 제공.", "{agency} 기사를 줄여 실었습니다."),
    "zh": ("{agency}电 ", "来源：{agency}。", "本文据{agency}报道，有删节。"),
    "de": ("{city} ({agency}) – ", "Mit Material von {agency}.", "Gekürzte Fassung einer Meldung von {agency}."),
    "ar": ("{city} ({agency}) — ", "المصدر: {agency}.", "اختصرت {outlet} هذا التقرير من {agency}."),
}


def copy(original: Piece, headlines: tuple[str, ...], chance: Random, at: datetime, outlet: Outlet, agency: Outlet) -> Piece:
    """What `outlet` makes of an agency's piece: its own headline or credit, and often less text.

    Address, number and id are left for the newsroom to set.
    """
    names = {"city": outlet.city, "agency": agency.name, "outlet": outlet.name}
    dateline, credit, shortened = (line.format(**names) for line in _CREDIT[original.language])
    blocks = [block for block in original.blocks if not block.head] if chance.random() < 0.4 else list(original.blocks)
    stamp = f"{agency.city.upper()}: "
    blocks[0] = Block(text=dateline + blocks[0].text.removeprefix(stamp))
    match chance.choice(("whole", "cut", "drop", "credit")):
        case "cut" if len(blocks) > 5:
            blocks = [*blocks[: max(4, round(len(blocks) * 0.8))], Block(text=shortened)]
        case "drop" if len(blocks) > 5:
            del blocks[chance.randrange(2, len(blocks) - 1)]
        case "credit":
            blocks.append(Block(text=credit))
        case _:
            pass
    title = chance.choice(headlines) if headlines and chance.random() < 0.6 else original.title
    return replace(
        original,
        outlet=outlet.id,
        published_at=at,
        title=title,
        author=agency.name,
        blocks=tuple(blocks),
        captions=original.captions[: chance.randint(0, 2)],
        wire=original.id,
    )
