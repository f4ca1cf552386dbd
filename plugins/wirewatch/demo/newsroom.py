"""A small news world that repeats: the same seed, story and times give the same articles.

Run it by itself with `python -m wirewatch.demo.newsroom --seed 1 --story kim --port 8990`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from wirewatch.demo.compose import Draft, copy, write
from wirewatch.demo.content import pools
from wirewatch.demo.dice import dice
from wirewatch.demo.ledger import Ledger, Piece
from wirewatch.demo.outlets import BY_ID, PUBLISHING, Outlet
from wirewatch.demo.rhythm import Slot, slots
from wirewatch.demo.stories import reports

STORY_SPREAD = timedelta(seconds=40)
"""Over how long a story's first reports come out, unless told otherwise."""


class Newsroom:
    """All outlets with everything that they publish from `start` to `end`, and a clock that says what is out already.

    `port` is where it is served: addresses of articles carry it. The clock may be set at any time; it only moves what
    readers see. Nothing but `break_story` adds to the ledger.
    """

    def __init__(
        self,
        seed: int,
        story: str | None,
        start: datetime,
        end: datetime,
        *,
        port: int = 8990,
        story_at: datetime | None = None,
        spread: timedelta = STORY_SPREAD,
    ) -> None:
        self.seed = seed
        self.story = None if story in (None, "none") else story
        self.start, self.end = start, end
        self.port = port
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.live = False
        """Whether slow feeds take their time."""
        self._numbers = {outlet.id: 10_000 + dice(seed, "number", outlet.id).randrange(90_000) for outlet in PUBLISHING}
        self.ledger = Ledger(self._everyday())
        if self.story and story_at:
            self.break_story(story_at, spread=spread)

    def now(self) -> datetime:
        """The newsroom's time."""
        return self.clock()

    def set_clock(self, clock: datetime | Callable[[], datetime]) -> None:
        """Stop the clock at a moment, or let another clock drive it."""
        if isinstance(clock, datetime):
            moment = clock
            self.clock = lambda: moment
        else:
            self.clock = clock

    def break_story(self, at: datetime, *, spread: timedelta = STORY_SPREAD) -> Sequence[Piece]:
        """Let the story break at `at`; its reports and copies come out over `spread`; what was added, in order."""
        if not self.story:
            return ()
        found: list[Piece] = []
        originals: dict[str, Piece] = {}
        for report in reports(self.story):
            outlet = BY_ID[report.outlet]
            moment = (at + spread * report.delay).replace(microsecond=0)
            if report.copies:
                original = originals[report.copies]
                chance = dice(self.seed, "copy", self.story, outlet.id)
                piece = copy(original, report.headlines, chance, moment, outlet, BY_ID[original.outlet])
                found.append(self._place(piece, outlet))
                continue
            draft = report.draft(moment.astimezone(outlet.zone), dice(self.seed, "story", self.story, outlet.id))
            piece = self._piece(draft, outlet, moment, beat=self.story, topics=report.topics, story=f"{self.story}-{outlet.id}")
            originals[outlet.id] = piece
            found.append(piece)
        self.ledger.add(found)
        return sorted(found, key=lambda piece: piece.published_at)

    def latest(self, outlet: Outlet) -> list[Piece]:
        """What an outlet's feed lists now, newest first."""
        return self.ledger.latest(outlet.id, self.now(), outlet.entries)

    def page(self, url: str) -> Piece | None:
        """The piece at an address, if it is out."""
        piece = self.ledger.at(url)
        return piece if piece and piece.published_at <= self.now() else None

    def base(self, outlet: Outlet) -> str:
        """An outlet's address without a path."""
        return f"http://{outlet.host}:{self.port}"

    def _everyday(self) -> list[Piece]:
        found: list[Piece] = []
        for number, slot in enumerate(slots(self.seed, self.start, self.end)):
            outlet = BY_ID[slot.outlet]
            draft = self._draft(slot, outlet, number)
            beat = pools(outlet.language).beats[slot.beat]
            piece = self._piece(draft, outlet, slot.at, beat=beat.id, topics=beat.topics)
            found.append(piece)
            if outlet.agency:
                found += self._copies(piece, draft, outlet)
        return found

    def _draft(self, slot: Slot, outlet: Outlet, number: int) -> Draft:
        source = pools(outlet.language)
        chance = dice(self.seed, "piece", slot.outlet, slot.at.isoformat(), number)
        return write(source, source.beats[slot.beat], chance, slot.at.astimezone(outlet.zone), outlet)

    def _copies(self, original: Piece, draft: Draft, agency: Outlet) -> list[Piece]:
        """The outlets that run an agency's piece: few, as on ordinary days, and later than the agency."""
        chance = dice(self.seed, "copies", original.id)
        takers = [outlet for outlet in PUBLISHING if outlet.language == agency.language and chance.random() < outlet.copies][:3]
        found = []
        for outlet in takers:
            at = original.published_at + timedelta(seconds=chance.randrange(240, 5400))
            if at < self.end:
                found.append(self._place(copy(original, draft.titles, chance, at, outlet, agency), outlet))
        return found

    def _piece(self, draft: Draft, outlet: Outlet, at: datetime, *, beat: str, topics: tuple[str, ...], story: str | None = None) -> Piece:
        piece = Piece(
            id="", outlet=outlet.id, url="", number=0, language=outlet.language, published_at=at, title=draft.title,
            summary=draft.summary, author=draft.author, section=draft.section, blocks=draft.blocks, captions=draft.captions,
            story=story or "", topics=topics, beat=beat,
        )  # fmt: skip
        placed = self._place(piece, outlet)
        return placed if story else replace(placed, story=placed.id)

    def _place(self, piece: Piece, outlet: Outlet) -> Piece:
        """Give a piece its number and address at an outlet."""
        number = self._numbers[outlet.id] + dice(self.seed, "step", outlet.id, self._numbers[outlet.id]).randrange(1, 9)
        self._numbers[outlet.id] = number
        local = piece.published_at.astimezone(outlet.zone)
        path = outlet.urls.format(
            date=local.strftime("%Y/%m/%d"), slug=slug(piece.title) or str(number), number=number, section=slug(piece.section) or "news"
        )
        return replace(piece, id=f"{outlet.id}-{number}", number=number, url=self.base(outlet) + path)


def slug(text: str) -> str:
    """A headline as part of an address: Latin letters only, at most eight words."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss")).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain)[:8])


if __name__ == "__main__":
    from wirewatch.demo.server import main

    raise SystemExit(main())
