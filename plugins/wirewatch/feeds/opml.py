"""OPML in and out, and what it adds to the text of feeds.yaml; pure (OPML 2.0, https://opml.org/spec2.opml)."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import unescape
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from lxml import etree

from wirewatch.errors import ParseError
from wirewatch.feeds.charset import decode
from wirewatch.feeds.plain import absolute, clean, cut, language_of
from wirewatch.feeds.xmltext import open_document, repaired
from wirewatch.model import Feed

MAX_OUTLINES = 50_000
_MAX_ID = 60
_MAX_FOLDERS = 10
"""Folders of one feed, outermost first."""
_MAX_OUTLINE = 10_000
"""Characters of one outline that is read by guessing."""
_ATTRIBUTE = re.compile(r"([A-Za-z]{1,20})=\"(.*?)\"(?=\s+[A-Za-z]{1,20}=|\s*/?>)", re.DOTALL)
_KEY = re.compile(r"^( +)(?:\"[^\"]+\"|'[^']+'|[\w./-]+)\s*:", re.MULTILINE)
_TOP = re.compile(r"^feeds[ \t]*:[ \t]*(?P<value>[^#\r\n]*?)[ \t]*(?P<comment>#.*)?\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of an OPML file."""

    url: str
    title: str = ""
    language: str | None = None
    tags: tuple[str, ...] = ()
    """The folders it is in, outermost first, and its categories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What becomes of one feed of an OPML file."""

    outline: Outline
    id: str | None = None
    """Its new id; None: it is not added."""
    duplicate_of: str | None = None
    """Id of the feed that has its address already."""
    problem: str = ""


def read_opml(body: bytes) -> list[Outline]:
    """The feeds of an OPML file, in order; raises `ParseError`."""
    document = open_document(decode(body).text.replace("\0", ""))
    if document.root != "opml":
        raise ParseError(f"not OPML: the document is <{document.root}>" if document.root else "not OPML")
    text = repaired(document)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        return _guessed(text)
    found: list[Outline] = []
    waiting: list[tuple[etree._Element, tuple[str, ...]]] = [(root, ())]
    while waiting and len(found) < MAX_OUTLINES:
        element, folders = waiting.pop()
        outline, title = _outline({str(name): str(value) for name, value in element.attrib.items()}, folders)
        if outline is not None:
            found.append(outline)
        elif _local(element) == "outline" and title:
            folders = (*folders, title)[:_MAX_FOLDERS]
        children = [child for child in element if isinstance(child.tag, str) and _local(child) in ("body", "outline")]
        waiting.extend((child, folders) for child in reversed(children))
    return found


def _guessed(text: str) -> list[Outline]:
    """The feeds of an OPML file that is no XML, as those with quotes inside of quotes are."""
    found: list[Outline] = []
    folders: list[str] = []
    for piece in text.split("<outline")[1 : MAX_OUTLINES + 1]:
        head = piece[:_MAX_OUTLINE]
        outline, title = _outline(
            {name: unescape(value) for name, value in _ATTRIBUTE.findall(head)}, tuple(filter(None, folders[:_MAX_FOLDERS]))
        )
        if outline is not None:
            found.append(outline)
        closed = piece.count("</outline")
        if not re.search(r"/>\s*(?:$|<)", piece):
            folders.append("" if outline is not None else title)
        del folders[len(folders) - min(closed, len(folders)) :]
    return found


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def _outline(stated: Mapping[str, str], folders: tuple[str, ...]) -> tuple[Outline | None, str]:
    """The feed that an outline is (None for a folder), and its title."""
    attributes = {name.lower(): clean(value) for name, value in stated.items()}
    title = cut(attributes.get("title") or attributes.get("text") or "", 200)
    address = attributes.get("xmlurl") or (attributes.get("url", "") if attributes.get("type") in ("rss", "atom") else "")
    if not address:
        return None, title
    categories = [part.strip(" /") for part in attributes.get("category", "").split(",")]
    tags = dict.fromkeys(cut(tag, 60) for tag in (*folders, *categories) if tag)
    address = re.sub(r"^feed:(?://)?(?=https?:)|^feed:(?=//)", "", address)
    url = f"http:{address}" if address.startswith("//") else address
    return Outline(url=url, title=title, language=language_of(attributes.get("language")), tags=tuple(tags)), title


def write_opml(feeds: Iterable[Feed], *, title: str, now: datetime) -> str:
    """An OPML file of feeds."""
    outlines: list[str] = []
    for feed in feeds:
        attributes = {
            "type": "rss",
            "text": clean(feed.name) or feed.id,
            "title": clean(feed.name) or feed.id,
            "xmlUrl": feed.url,
            "language": feed.language or "",
            "category": ",".join(tag.replace(",", " ") for tag in feed.tags),
        }
        outlines.append("    <outline " + " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items() if value) + "/>\n")
    head = f"    <title>{clean(title)}</title>\n    <dateCreated>{format_datetime(now)}</dateCreated>\n"
    body = "".join(outlines)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n  <head>\n{head}  </head>\n  <body>\n{body}  </body>\n</opml>\n'


# ---------------------------------------------------------------- into feeds.yaml


def address_key(url: str) -> str:
    """The same for addresses that lead to the same feed: http and https, letter case of the host, `www.` and a closing slash aside."""
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").rstrip(".").removeprefix("www."), parts.port
    except ValueError:
        return url.strip()
    place = host if port in (None, 80, 443) else f"{host}:{port}"
    return f"{place}{parts.path.rstrip('/')}" + (f"?{parts.query}" if parts.query else "")


def plan(outlines: Sequence[Outline], feeds: Iterable[Feed]) -> list[Addition]:
    """What to add to `feeds`: each new address under an id made of its title, or its host where that has no Latin letters."""
    known: dict[str, str] = {}
    for feed in feeds:
        known.setdefault(address_key(feed.url), feed.id)
    taken = set(known.values()) | {feed.id for feed in feeds}
    planned: list[Addition] = []
    for outline in outlines:
        url = absolute("", outline.url)
        if url is None or re.search(r"\s", url):
            planned.append(Addition(outline=outline, problem="not an http(s) address"))
            continue
        key = address_key(url)
        if key in known:
            planned.append(Addition(outline=outline, duplicate_of=known[key]))
            continue
        id = _free(_slug(outline.title) or _slug(_host(url)) or "feed", taken)
        taken.add(id)
        known[key] = id
        planned.append(Addition(outline=outline, id=id))
    return planned


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    if sum(letter.isascii() and letter.isalnum() for letter in plain) < sum(letter.isalpha() and not letter.isascii() for letter in plain):
        return ""
    words = re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode().lower())
    slug = ""
    for word in words:
        if len(slug) + len(word) >= _MAX_ID:
            break
        slug = f"{slug}-{word}" if slug else word
    return slug or "".join(words)[:_MAX_ID]


def _host(url: str) -> str:
    host = urlsplit(url).hostname or ""
    return re.sub(r"^(?:www|feeds?|rss)\d?\.", "", host)


def _free(slug: str, taken: set[str]) -> str:
    number, id = 1, slug
    while id in taken:
        number += 1
        id = f"{slug}-{number}"
    return id


def appended(text: str, additions: Sequence[Addition], *, comment: str) -> str:
    """The text of feeds.yaml with the planned feeds at its end, all else as it was; raises ValueError where they cannot stand there."""
    new = [each for each in additions if each.id is not None]
    if not new:
        return text
    top = _TOP.search(text)
    if top is None:
        if text.strip() and not all(line.lstrip().startswith("#") or not line.strip() for line in text.splitlines()):
            raise ValueError('there is no key "feeds" to add to')
        text = f"{_closed(text)}feeds:\n"
    elif top["value"] in ("{}", "null", "~"):
        text = f"{text[: top.start('value')].rstrip()}{text[top.end('value') :]}"
    elif top["value"]:
        raise ValueError("the feeds are written on one line: write each on a line of its own")
    elif re.search(r"^[^\s#]", text[top.end() :], re.MULTILINE):
        raise ValueError("something stands after the feeds")
    indent = found[1] if (found := _KEY.search(text, _TOP.search(text).end())) else "  "  # type: ignore[union-attr]  # made above
    lines = [f"{indent}# {clean(comment)}", *(f"{indent}{each.id}: {_flow(each.outline)}" for each in new)]
    return _closed(text) + "\n".join(lines) + "\n"


def _closed(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _flow(outline: Outline) -> str:
    """One feed in YAML's flow style; JSON strings are YAML strings as long as all is printable."""
    parts = [f"url: {json.dumps(absolute('', outline.url), ensure_ascii=False)}"]
    if outline.title:
        parts.append(f"name: {json.dumps(outline.title, ensure_ascii=False)}")
    if outline.language and len(outline.language) <= 3:
        parts.append(f"language: {outline.language}")
    if outline.tags:
        parts.append(f"tags: {json.dumps(list(outline.tags), ensure_ascii=False)}")
    return f"{{{', '.join(parts)}}}"
