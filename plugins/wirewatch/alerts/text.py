"""Making foreign text fit for a mail or a page: one line, no control characters, only web links; pure."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

_UNWANTED = re.compile(
    "["
    "\u0000-\u0008\u000e-\u001f\u007f-\u009f"  # control characters that are not white space
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"  # bidi controls and invisible characters: they disguise text
    "\ufff9-\ufffb\U000e0000-\U000e007f"
    "]"
)
_SPACE = re.compile(r"\s+")


def clean(text: str, limit: int = 0) -> str:
    """`text` as one line without control, bidi or invisible characters, in NFC, cut at `limit` characters (0: whole).

    Joiners (U+200C, U+200D) stay: Persian and Indic scripts and emoji need them.
    """
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = _SPACE.sub(" ", _UNWANTED.sub("", unicodedata.normalize("NFC", _SPACE.sub(" ", text)))).strip()
    if limit and len(text) > limit:
        text = text[: limit - 1].rstrip() + "…"
    return text


_COMMANDS = str.maketrans({"<": "‹", ">": "›", "@": "＠", "`": "'"})
"""What chats read as a mention, a link or code, and what looks like it and is none."""


def disarmed(text: str) -> str:
    """`text` without what a chat would take for more than text (`@everyone`, `<!channel>`, `<https://…|other words>`)."""
    return text.translate(_COMMANDS)


def runs_right_to_left(text: str) -> bool:
    """Whether the first letter of `text` that has a direction is of a script that runs from right to left (UAX 9, rule P2)."""
    kinds = (unicodedata.bidirectional(character) for character in text)
    return next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L"


def safe_url(url: str | None) -> str | None:
    """`url` if it is an absolute http or https address without user, control characters or white space; else None."""
    if not url or _UNWANTED.search(url) or _SPACE.search(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        return None
    return url


def marked(title: str, words: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """`title` cut into pieces with True for those that are one of `words`, compared without case; joined they are the cleaned title."""
    title = clean(title)
    wanted = sorted({clean(word) for word in words if clean(word)}, key=len, reverse=True)
    if not wanted:
        return ((title, False),)
    pieces: list[tuple[str, bool]] = []
    at = 0
    for found in re.finditer("|".join(_pattern(word) for word in wanted), title, re.IGNORECASE):
        if found.start() > at:
            pieces.append((title[at : found.start()], False))
        pieces.append((found.group(), True))
        at = found.end()
    if at < len(title):
        pieces.append((title[at:], False))
    return tuple(pieces) or ((title, False),)


def _pattern(word: str) -> str:
    """A word boundary where the script has them (Chinese, Japanese, Korean and Thai do not)."""
    left = r"(?<!\w)" if _has_boundaries(word[0]) else ""
    right = r"(?!\w)" if _has_boundaries(word[-1]) else ""
    return left + re.escape(word) + right


def _has_boundaries(character: str) -> bool:
    return unicodedata.name(character, "").split(" ")[0] in ("LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "ARMENIAN", "GEORGIAN")
