"""Markup of a feed's fields to plain text, and addresses to absolute ones; pure and linear in the length of its input."""

from __future__ import annotations

import html
import re
from urllib.parse import urljoin, urlsplit

_DROPPED = re.compile(r"<(?:(script|style|template|iframe|object|svg|math)\b|!--)", re.IGNORECASE)
_BLOCK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|tr|td|th|table|h[1-6]|blockquote|section|article|figure|figcaption|hr|pre|d[dtl]|header|footer|aside|nav"
    r"|main|center)\b[^<>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<[!?][^<>]*>")
_ESCAPED_TWICE = re.compile(r"</(?:p|a|div|span|b|i|em|strong|ul|ol|li|h[1-6])>|<br\s*/?>|<(?:p|a|div|span|img)\s[^<>]*=", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[a-zA-Z]{2,8}\d{0,2});")
_JUNK = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
"""Controls, lone surrogates and what is invisible; joiners that Persian and Indic scripts need are not among them."""
_IMAGE = re.compile(r"<img\b[^<>]*?\bsrc\s*=\s*[\"']?([^\"'\s<>]+)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")

MAX_URL = 4_000
"""Characters; browsers and servers take hardly more."""


def clean(text: str) -> str:
    """Text that is no markup, on one line."""
    return " ".join((text if text.isascii() and text.isprintable() else _JUNK.sub("", text)).split())


def text_of(markup: str) -> str:
    """The text of HTML, on one line."""
    return " ".join(_stripped(markup).split()) if "<" in markup or "&" in markup else clean(markup)


def headline(text: str, *, markup: bool) -> str:
    """A title as its readers see it, on one line; `markup`: it is stated as HTML.

    Much that is stated as plain text was escaped as if it were HTML, and much HTML was escaped once too often.
    """
    found = text_of(text) if markup else clean(text)
    if "&" in found:
        found = clean(_REFERENCE.sub(lambda reference: html.unescape(reference[0]), found))
    return text_of(found) if not markup and "<" in found and _ESCAPED_TWICE.search(found) else found


def lines_of(markup: str) -> str:
    """The text of HTML, one paragraph a line."""
    lines = (" ".join(line.split()) for line in _stripped(markup.replace("\r", " ").replace("\n", " ")).split("\n"))
    return "\n".join(line for line in lines if line)


def _stripped(markup: str) -> str:
    text = html.unescape(_TAG.sub("", _BLOCK.sub("\n", _without_dropped(markup))))
    if "<" in text and _ESCAPED_TWICE.search(text):
        text = html.unescape(_TAG.sub("", _BLOCK.sub("\n", _without_dropped(text))))
    return _JUNK.sub("", text)


def _without_dropped(markup: str) -> str:
    """Markup without scripts, comments and the like; what is not closed goes to the end."""
    kept: list[str] = []
    position = 0
    while found := _DROPPED.search(markup, position):
        kept.append(markup[position : found.start()])
        name = found[1]
        if name is None:
            end = markup.find("-->", found.end())
            position = end + 3
        else:
            closing = re.compile(f"</{name}\\b[^<>]*>|</{name}", re.IGNORECASE).search(markup, found.end())
            end = -1 if closing is None else closing.start()
            position = 0 if closing is None else closing.end()
        if end < 0:
            return "".join(kept)
    kept.append(markup[position:])
    return "".join(kept)


def cut(text: str, limit: int) -> str:
    """Text of at most `limit` characters, cut between words where it can be."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    at = max(head.rfind(" "), head.rfind("\n"))
    return (head[:at] if at > limit // 2 else head).rstrip() + "…"


def absolute(base: str, link: str) -> str | None:
    """The absolute http(s) address of a link seen from `base`; None where there is none."""
    link = _JUNK.sub("", "".join(link.split("\n"))).strip().replace("\t", "").replace("\r", "")
    if not link:
        return None
    if link[:4].lower() == "www.":
        link = f"http://{link}"
    try:
        if base and not link[:8].lower().startswith(("http://", "https://")):
            if _SCHEME.match(link) and not link.startswith("//"):
                return None
            link = urljoin(base, link)
        parts = urlsplit(link)
        fit = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    if not fit or len(link) > MAX_URL:
        return None
    return link.replace(" ", "%20")


def first_image(markup: str, base: str) -> str | None:
    """The address of the first picture in HTML."""
    found = _IMAGE.search(markup) if "<img" in markup or "<IMG" in markup else None
    return absolute(base, html.unescape(found[1])) if found else None


def language_of(tag: str | None) -> str | None:
    """The language of a tag as ISO 639 writes it: `en` of `en-US` and `en_us`; None for what is none."""
    found = re.match(r"\s*([a-zA-Z]{2,3})(?:[-_].*)?\s*$", tag or "")
    return found[1].lower() if found else None
