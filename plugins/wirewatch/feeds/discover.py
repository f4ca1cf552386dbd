"""The feeds that a page advertises; pure."""

from __future__ import annotations

import html
import re

from wirewatch.feeds.plain import absolute
from wirewatch.feeds.xmltext import without_comments

_TYPES = frozenset(
    (
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/json",
        "application/xml",
        "text/xml",
        "application/x.atom+xml",
        "application/x-atom+xml",
    )
)
_LINK = re.compile(r"<link\b([^<>]{1,3000})>", re.IGNORECASE)
_BASE = re.compile(r"<base\b([^<>]{1,3000})>", re.IGNORECASE)
_ANCHOR = re.compile(r"<a\b([^<>]{1,3000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([a-zA-Z-]{1,20})\s*=\s*(?:\"([^\"<>]*)\"|'([^'<>]*)'|([^\s\"'<>]+))")
_FEEDISH = re.compile(
    r"(?:^|/)(?:feed|rss|atom)s?(?:/|/index)?$|\.(?:rss|rdf|atom)$|(?:rss|atom|feed|index)\d*\.xml$|feed\.json$", re.IGNORECASE
)
MAX_ADVERTISED = 20
_SEARCHED = 1_000_000


def advertised(page: str, url: str) -> tuple[str, ...]:
    """Absolute addresses of the feeds in `<link rel=alternate>`; where there are none, of what links look like feeds."""
    head = without_comments(page[:_SEARCHED])
    base = url
    if found := _BASE.search(head):
        base = absolute(url, _attributes(found[1]).get("href", "")) or url
    links: list[str] = []
    for found in _LINK.finditer(head):
        attributes = _attributes(found[1])
        rel = attributes.get("rel", "").lower().split()
        kind = attributes.get("type", "").lower().split(";")[0].strip()
        if ("feed" in rel or ("alternate" in rel and kind in _TYPES)) and "oembed" not in attributes.get("href", ""):
            links.append(attributes.get("href", ""))
    if not links:
        hrefs = (_attributes(found[1]).get("href", "") for found in _ANCHOR.finditer(head))
        links = [href for href in hrefs if _FEEDISH.search(href.partition("?")[0])]
    known = (absolute(base, re.sub(r"^feed:(?=//)", "http:", link).removeprefix("feed:")) for link in links)
    return tuple(dict.fromkeys(link for link in known if link))[:MAX_ADVERTISED]


def _attributes(text: str) -> dict[str, str]:
    return {name.lower(): html.unescape(a or b or c).strip() for name, a, b, c in _ATTRIBUTE.findall(text)}
