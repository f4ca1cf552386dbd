"""Headlines and lines of text as mails show them; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from wirewatch.alerts import phrases
from wirewatch.alerts.text import clean, marked, runs_right_to_left, safe_url
from wirewatch.model import Headline

MAX_TITLE = 240
MAX_NAME = 80


Line = tuple[tuple[str, str | None], ...]
"""Text in pieces, each with the address that it leads to, if any."""


def line(*pieces: str | tuple[str, str | None]) -> Line:
    """A line of such pieces."""
    return tuple((piece, None) if isinstance(piece, str) else piece for piece in pieces)


def plain(pieces: Line) -> str:
    """What a line says."""
    return "".join(text for text, _ in pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A headline as the templates show it."""

    pieces: tuple[tuple[str, bool], ...]
    """Text, and whether it is a matched word."""
    url: str | None
    publisher: str
    at: str
    language: str
    copies: str
    copies_url: str | None
    """Where the page lists them."""

    @property
    def title(self) -> str:
        """The title with the matched words between asterisks, for plain text."""
        return "".join(f"*{text}*" if hit else text for text, hit in self.pieces)

    @property
    def rtl(self) -> bool:
        """Whether it runs from right to left."""
        return runs_right_to_left("".join(text for text, _ in self.pieces))


def shown(headline: Headline, page_url: str, where: ZoneInfo, today: datetime | None) -> Shown:
    """A headline with times in a zone, without the date on the day of `today`."""
    return Shown(
        pieces=marked(clean(headline.title, MAX_TITLE) or clean(headline.url, MAX_TITLE), headline.words),
        url=safe_url(headline.url),
        publisher=clean(headline.publisher_name or headline.publisher, MAX_NAME),
        at=phrases.moment(headline.at, where, today=today),
        language=headline.language if headline.language and headline.language.isalnum() else "",
        copies=f"and {phrases.counted(headline.copies, 'other outlet', 'others')}" if headline.copies else "",
        copies_url=safe_url(f"{page_url.rstrip('/')}#/articles/{quote(headline.article, safe='')}"),
    )
