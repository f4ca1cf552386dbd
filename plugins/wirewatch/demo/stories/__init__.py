"""Stories that can break: each a file of reports, one an outlet, in the outlets' own words.

A file has sections `== <outlet> | <delay>` (share of the spread after which it is out) or `== <outlet> | <delay> | copies <outlet>`.
Lines: `T:` headline (further ones are other outlets' headlines for copies), `A:` author, `C:` caption, `H:` subhead, `P:` paragraph.
The first line of the file, `topics: a, b`, says what the story is about.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from random import Random

from wirewatch.demo.compose import Draft
from wirewatch.demo.content import Filler, pools
from wirewatch.demo.ledger import Block
from wirewatch.demo.outlets import BY_ID

NAMES = tuple(sorted(item.name.removesuffix(".txt") for item in files(__name__).iterdir() if item.name.endswith(".txt")))


@dataclass(slots=True, kw_only=True)
class Report:
    """One outlet's report of a story."""

    outlet: str
    delay: float
    topics: tuple[str, ...]
    copies: str | None = None
    """The outlet whose report it runs."""
    titles: list[str] = field(default_factory=list)
    author: str = ""
    captions: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    @property
    def headlines(self) -> tuple[str, ...]:
        """Its own headline for a copy; empty: the original's."""
        return tuple(self.titles)

    def draft(self, at: datetime, chance: Random) -> Draft:
        """The report as published at `at`, in the outlet's own time."""
        source = pools(BY_ID[self.outlet].language)
        filler = Filler(source, chance, at)
        outlet = BY_ID[self.outlet]
        blocks = [Block(text=filler.fill(block.text), head=block.head) for block in self.blocks]
        lead = blocks[0].text
        if outlet.agency:
            blocks[0] = Block(text=f"{outlet.city.upper()}: {lead}")
        return Draft(
            title=filler.fill(self.titles[0]),
            titles=(),
            summary=lead,
            author=self.author or chance.choice(source.values["person"]),
            section=source.values["world"][0],
            blocks=tuple(blocks),
            captions=tuple(filler.fill(line) for line in self.captions),
        )


@cache
def reports(name: str) -> tuple[Report, ...]:
    """The reports of a story, copies after what they copy; raises `KeyError` for a story there is not."""
    if name not in NAMES:
        raise KeyError(name)
    found: list[Report] = []
    topics: tuple[str, ...] = ()
    for number, raw in enumerate(files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("topics:"):
            topics = tuple(topic.strip() for topic in line[7:].split(","))
        elif line.startswith("== "):
            outlet, delay, *rest = (part.strip() for part in line[3:].split("|"))
            found.append(Report(outlet=outlet, delay=float(delay), topics=topics, copies=rest[0].removeprefix("copies ") if rest else None))
        elif not _take(found[-1], *line.partition(":")[::2]):
            raise ValueError(f"{name}.txt:{number}: not a line of a story: {line[:40]}")
    return tuple(sorted(found, key=lambda report: report.copies is not None))


def _take(report: Report, mark: str, rest: str) -> bool:
    text = rest.strip()
    match mark:
        case "T":
            report.titles.append(text)
        case "A":
            report.author = text
        case "C":
            report.captions.append(text)
        case "H" | "P":
            report.blocks.append(Block(text=text, head=mark == "H"))
        case _:
            return False
    return True
