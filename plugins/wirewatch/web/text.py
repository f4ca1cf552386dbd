"""Foreign text cut into pieces that the page shows as text nodes, with the places that matter marked; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wirewatch.model import Article

START, END = "\ue000", "\ue001"
"""Around what a search found: private-use characters, since `<em>` may stand in an article."""

_UNWANTED = re.compile(
    "["
    "\u0000-\u0008\u000b-\u001f\u007f-\u009f"  # control characters but tab and newline
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"  # bidi controls and invisible characters: they disguise text
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f"
    "\ue000\ue001"
    "]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of text; `hit` where it is what somebody looked for."""

    text: str
    hit: bool = False


def visible(text: str) -> str:
    """Text without what disguises it or cannot be sent: control, bidi and invisible characters; its lines stay."""
    return _UNWANTED.sub("", text)


def pieces(text: str, spans: Iterable[tuple[int, int]], limit: int = 0) -> tuple[Piece, ...]:
    """`text` cut at the spans (offsets in characters), which become hits; overlapping ones are joined; cut at `limit` (0: whole)."""
    whole = len(text)
    end = min(whole, limit) if limit else whole
    found: list[Piece] = []
    at = 0
    for start, stop in ((min(start, end), min(stop, end)) for start, stop in _joined(spans)):
        if start > at:
            found.append(Piece(text=visible(text[at:start])))
        if stop > start:
            found.append(Piece(text=visible(text[start:stop]), hit=True))
        at = max(at, stop)
    rest = visible(text[at:end]) + ("…" if end < whole else "")
    return tuple(piece for piece in [*found, Piece(text=rest)] if piece.text)


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, stop in sorted((start, stop) for start, stop in spans if 0 <= start < stop):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined


def highlighted(marked: str) -> tuple[Piece, ...]:
    """What a search returned with START and END around the words."""
    found: list[Piece] = []
    hit = False
    for part in re.split(f"([{START}{END}])", marked):
        if part in (START, END):
            hit = part == START
        elif shown := visible(part):
            found.append(Piece(text=shown, hit=hit))
    return tuple(found)


def evidence_in(article: Article, field: str, topic: str | None = None) -> list[tuple[int, int]]:
    """Where the words of its topics (or of one) stand in a field of an article."""
    return [
        (each.start, each.end)
        for match in article.topic_matches
        if topic is None or match.topic == topic
        for each in match.evidence
        if each.field == field
    ]


def excerpt(text: str, spans: Sequence[tuple[int, int]], width: int = 240) -> tuple[Piece, ...]:
    """About `width` characters of a text around the first span, or its beginning."""
    if not text:
        return ()
    first = min((start for start, stop in spans if 0 <= start < stop <= len(text)), default=0)
    start = max(0, first - width // 3)
    if start:
        start = max(start, text.find(" ", start, first) + 1)
    end = start + width
    if end < len(text) and (space := text.rfind(" ", end - width // 8, end)) > 0:
        end = space
    shown = pieces(text[start:end], [(a - start, b - start) for a, b in spans if a >= start and b <= end])
    head = (Piece(text="… "),) if start else ()
    tail = (Piece(text=" …"),) if end < len(text) else ()
    return head + shown + tail
