"""What the newsroom published: the record that every figure of a demo can be recounted from."""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One paragraph, or one subheading, of an article."""

    text: str
    head: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One published article."""

    id: str
    outlet: str
    url: str
    number: int
    language: str
    published_at: datetime
    title: str
    summary: str
    author: str
    section: str
    blocks: tuple[Block, ...]
    captions: tuple[str, ...] = ()
    story: str
    """The same for a report and its copies, different otherwise."""
    topics: tuple[str, ...] = ()
    """Shipped topics that it was written to be about; others may apply in passing."""
    beat: str = ""
    wire: str | None = None
    """Id of the agency's piece that this is a copy of."""

    @property
    def text(self) -> str:
        """The article as a reader reads it: paragraphs and subheads, without captions and teasers."""
        return "\n\n".join(block.text for block in self.blocks)


class Ledger:
    """All pieces in the order of publication; grows only when a story is made to break."""

    def __init__(self, pieces: Iterable[Piece] = ()) -> None:
        self._pieces = sorted(pieces, key=_order)
        self._by_url = {piece.url: piece for piece in self._pieces}
        self._by_outlet: dict[str, list[Piece]] = {}
        for piece in self._pieces:
            self._by_outlet.setdefault(piece.outlet, []).append(piece)

    def __iter__(self) -> Iterator[Piece]:
        return iter(self._pieces)

    def __len__(self) -> int:
        return len(self._pieces)

    def add(self, pieces: Iterable[Piece]) -> None:
        """Take in more pieces, in their places."""
        for piece in pieces:
            bisect.insort(self._pieces, piece, key=_order)
            bisect.insort(self._by_outlet.setdefault(piece.outlet, []), piece, key=_order)
            self._by_url[piece.url] = piece

    def between(self, start: datetime, end: datetime) -> list[Piece]:
        """What was published from `start` (included) to `end` (not)."""
        return [piece for piece in self._pieces if start <= piece.published_at < end]

    def latest(self, outlet: str, now: datetime, limit: int) -> list[Piece]:
        """An outlet's newest pieces at `now`, newest first."""
        own = self._by_outlet.get(outlet, [])
        until = bisect.bisect_right(own, (now, "~"), key=_order)
        return own[max(0, until - limit) : until][::-1]

    def at(self, url: str) -> Piece | None:
        """The piece that an address leads to."""
        return self._by_url.get(url)

    def lines(self) -> Iterator[str]:
        """JSON Lines, one a piece."""
        for piece in self._pieces:
            plain = asdict(piece) | {"published_at": piece.published_at.isoformat(), "text": piece.text}
            del plain["blocks"]
            yield json.dumps(plain, ensure_ascii=False)


def _order(piece: Piece) -> tuple[datetime, str]:
    return (piece.published_at, piece.id)
