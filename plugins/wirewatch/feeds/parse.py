"""Bytes of a feed to `ParsedFeed`: everything that feedparser reads, and JSON Feed. The only file that imports feedparser.

Feeds are hostile: entities are never expanded, and bytes, depth, elements, attributes and entries are bounded before they cost time.
feedparser's own parsers are driven directly, because its `parse` function has no bounds, and sanitises and resolves what is not kept.
"""

from __future__ import annotations

import contextlib
import functools
import signal
import threading
import zlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from xml.parsers import expat

from feedparser import api

from wirewatch.errors import NotAFeed, ParseError
from wirewatch.feeds import xmltext
from wirewatch.feeds.build import Entries, Stated
from wirewatch.feeds.charset import decode
from wirewatch.feeds.discover import advertised
from wirewatch.feeds.jsonfeed import parse_json
from wirewatch.feeds.plain import absolute, clean, cut, headline, language_of
from wirewatch.model import Entry, ParsedFeed

MAX_BYTES = 50_000_000
"""Of a feed, unpacked; what the client lets through is less."""
_GZIP = b"\x1f\x8b"
_MAX_DEPTH = 200
_MAX_ELEMENTS = 60_000
"""30 of each of 2,000 entries."""
_MAX_ATTRIBUTES = 200
_MAX_BASE = 500
"""Characters of an xml:base: each element below it is resolved against it."""
_MAX_AUTHOR = 500
_MAX_TAGS = 100
_MAX_PIECES = 20
"""Of text that is no title, summary or content; expat hands out text in pieces of about 8,000 characters."""
_REPAIRED_MARKS = 400_000
"""`<` and `&` in a text that is repaired."""
_GUESSED_MARKS = 100_000
"""`<` and `&` in a text that is read by guessing, which is slow."""
_GUESSED_LENGTH = 2_000_000

_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_LONGEST = timedelta(days=7)
"""What a feed may ask us to wait."""


def parse(body: bytes, *, url: str, content_type: str = "", max_entries: int = 2000) -> ParsedFeed:
    """What a feed says; `url` is where it was fetched and may be empty.

    Raises `NotAFeed`, which carries the feeds that the page advertises, or `ParseError` for what is beyond use.
    """
    problems: list[str] = []
    if body.startswith(_GZIP):
        body = unpacked(body)
        problems.append("packed with gzip without saying so")
    if len(body) > MAX_BYTES:
        raise ParseError(f"larger than {MAX_BYTES} bytes")
    decoded = decode(body, content_type)
    text = decoded.text
    if decoded.problem:
        problems.append(decoded.problem)
    if "\0" in text:
        text = text.replace("\0", "")
        problems.append("has NUL bytes")
    start = text[:1000].lstrip()
    if not start and not text.strip():
        raise ParseError("empty")
    read = parse_json if start.startswith(("{", "[")) else _parse_xml
    found = read(text, url=url, max_entries=max_entries)
    return _with_problems(found, problems) if problems else found


def parse_within(seconds: float, body: bytes, *, url: str, content_type: str = "", max_entries: int = 2000) -> ParsedFeed:
    """As `parse`, given up after so long; raises `ParseError` then. A limit only where it runs in a process's main thread."""
    call = functools.partial(parse, body, url=url, content_type=content_type, max_entries=max_entries)
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        return call()

    def give_up(_number: int, _frame: object) -> None:
        raise _TooSlowError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return call()
    except _TooSlowError as error:
        raise ParseError(f"not parsed within {seconds:g} s") from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class _TooSlowError(BaseException):
    """Raised by the clock within `parse_within`; no `Exception`, so that no library swallows it."""


def _with_problems(feed: ParsedFeed, problems: list[str]) -> ParsedFeed:
    return ParsedFeed(**{name: getattr(feed, name) for name in feed.__slots__} | {"problems": (*problems, *feed.problems)})


def unpacked(body: bytes) -> bytes:
    """What a gzip file holds; other bytes as they are; raises `ParseError`."""
    if not body.startswith(_GZIP):
        return body
    packed = zlib.decompressobj(31)
    try:
        found = packed.decompress(body, MAX_BYTES)
    except zlib.error as error:
        raise ParseError(f"not valid gzip: {error}") from error
    if packed.unconsumed_tail:
        raise ParseError(f"larger than {MAX_BYTES} bytes")
    return found


# ---------------------------------------------------------------- feedparser


_OUTERMOST = frozenset(("feed", "rss", "rdf:rdf"))
_IN_TEXT_INPUT = frozenset(("title", "link", "description", "name"))
_IN_IMAGE = frozenset(("title", "link", "description", "url", "href", "width", "height"))
"""Elements by which feedparser tells that an image or text input goes on."""


class _Flat(dict[str, Any]):
    """A dictionary of strings, which a shallow copy serves as well as a deep one."""

    def __deepcopy__(self, _memo: object) -> dict[str, Any]:
        return dict(self)


class _EnoughError(Exception):
    """The bound on entries or elements is reached: what was read stays."""


class _Bounded:
    """What both parsers refuse."""

    max_entries = 2000
    elements = 0
    enough = ""
    """Why it stopped."""
    entries: list[Any]
    depth: int
    contentparams: dict[str, Any]
    baseuri: str
    basestack: list[str]
    lang: str | None
    langstack: list[str | None]
    incontent: int
    intextinput: int
    inimage: int
    namespacemap: dict[str | None, str]

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        self._count()
        if len(self.entries) >= self.max_entries and tag.rpartition(":")[2] in ("item", "entry") and not getattr(self, "incontent", 0):
            self.enough = f"more than {self.max_entries} entries: the others are left out"
            raise _EnoughError
        if len(attrs) > _MAX_ATTRIBUTES:
            raise ParseError(f"an element with more than {_MAX_ATTRIBUTES} attributes")
        if self.depth > _MAX_DEPTH:
            raise ParseError(f"nested deeper than {_MAX_DEPTH}")
        if not attrs and not self.incontent and tag not in _OUTERMOST:
            self._plain_starttag(tag)
            return
        super().unknown_starttag(tag, attrs)  # type: ignore[misc]  # feedparser's, which has no types
        if len(self.baseuri) > _MAX_BASE:
            raise ParseError(f"an xml:base of more than {_MAX_BASE} characters")

    def _plain_starttag(self, tag: str) -> None:
        """What feedparser's `unknown_starttag` comes to for an element that has no attributes and is no content, as most are."""
        self.depth += 1
        self.basestack.append(self.baseuri)
        self.langstack.append(self.lang)
        prefix, colon, name = tag.partition(":")
        if not colon:
            prefix, name = "", tag
        if prefix := self.namespacemap.get(prefix, prefix):
            name = f"{prefix}_{name}"
        else:
            if tag not in _IN_TEXT_INPUT:
                self.intextinput = 0
            if tag not in _IN_IMAGE:
                self.inimage = 0
        try:
            getattr(self, f"_start_{name}")({})
        except AttributeError:
            self.push(name, 1)  # type: ignore[attr-defined]  # feedparser's

    def unknown_endtag(self, tag: str) -> None:
        self._count()
        super().unknown_endtag(tag)  # type: ignore[misc]  # feedparser's

    def _count(self) -> None:
        self.elements += 1
        if self.elements > 2 * _MAX_ELEMENTS:
            self.enough = f"more than {_MAX_ELEMENTS} elements: the others are left out"
            if self.entries:
                # It has not been read to its end.
                self.entries.pop()
            raise _EnoughError

    def push_content(self, *arguments: Any) -> None:
        super().push_content(*arguments)  # type: ignore[misc]  # feedparser's
        # A dictionary without its aliases: it is asked several times for every element, and copied.
        self.contentparams = _Flat(self.contentparams)

    def _sync_author_detail(self, key: str = "author") -> None:
        # The search for a mail address in it takes the square of its length.
        context = self._get_context()  # type: ignore[attr-defined]  # feedparser's
        if isinstance(said := dict.get(context, key), str) and len(said) > _MAX_AUTHOR:
            context[key] = said[:_MAX_AUTHOR]
        super()._sync_author_detail(key)  # type: ignore[misc]  # feedparser's

    def _add_tag(self, term: str, scheme: str, label: str) -> None:
        # Each is compared to all before it.
        if len(dict.get(self._get_context(), "tags") or ()) < _MAX_TAGS:  # type: ignore[attr-defined]  # feedparser's
            super()._add_tag(term, scheme, label)  # type: ignore[misc]  # feedparser's


class _Strict(_Bounded, api.StrictFeedParser):  # type: ignore[misc]  # feedparser has no types
    """feedparser's handler, driven by expat without SAX between them: names come resolved, and each is taken apart once."""

    decls: dict[str, str]
    """Prefixes of namespaces that the next element declares."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._prefixes = 0
        self._tags: dict[str, str] = {}
        self._attributes: dict[str, tuple[str, str]] = {}

    def declare(self, prefix: str | None, uri: str | None) -> None:
        """Take a namespace; see `expat`'s handlers."""
        self._prefixes += 1
        if self._prefixes > _MAX_ATTRIBUTES:
            raise ParseError(f"more than {_MAX_ATTRIBUTES} namespaces")
        self._tags.clear()
        self._attributes.clear()
        self.startPrefixMapping(prefix, uri)

    def start(self, name: str, attrs: dict[str, str]) -> None:
        """Take the start of an element."""
        if len(attrs) > _MAX_ATTRIBUTES:
            raise ParseError(f"an element with more than {_MAX_ATTRIBUTES} attributes")
        tag = self._tags.get(name) or self._tag(name)
        if not attrs and not self.decls:
            self.unknown_starttag(tag, [])
            return
        found, self.decls = self.decls, {}
        stated = [(self._attributes.get(each) or self._attribute(each), value) for each, value in attrs.items()]
        found.update((mapped, value) for (mapped, _), value in stated)
        found.update((written, value) for (_, written), value in stated)
        self.unknown_starttag(tag, list(found.items()))

    def end(self, name: str) -> None:
        """Take the end of an element."""
        self.unknown_endtag(self._tags.get(name) or self._tag(name))

    def _tag(self, name: str) -> str:
        """The name under the prefix that feedparser knows the namespace by."""
        uri, local, _ = _parts(name)
        prefix = self._matchnamespaces.get(uri.lower()) if uri else None
        if not prefix and uri:
            prefix = next((each for each, used in self.namespaces_in_use.items() if each and used == uri), None)
        self._tags[name] = tag = (f"{prefix}:{local}" if prefix else local).lower()
        return tag

    def _attribute(self, name: str) -> tuple[str, str]:
        """An attribute's name under the prefix that feedparser knows, and as it is written."""
        uri, local, written = _parts(name)
        prefix = self._matchnamespaces.get(uri.lower(), "")
        self._attributes[name] = names = (
            (f"{prefix}:{local}" if prefix else local).lower(),
            (f"{written}:{local}" if written else local).lower(),
        )
        return names

    def pop(self, element: str, strip_whitespace: int = 1) -> Any:
        if self.elementstack and len(pieces := self.elementstack[-1][2]) > _MAX_PIECES and element not in self.can_contain_dangerous_markup:
            del pieces[_MAX_PIECES:]
        return super().pop(element, strip_whitespace)


def _parts(name: str) -> tuple[str, str, str]:
    """Namespace, local name and prefix of a name as expat hands it out."""
    parts = name.split()
    if len(parts) == 1:
        return "", name, ""
    uri, local, prefix = parts if len(parts) == 3 else (*parts, "")
    return uri, local, prefix


class _Loose(_Bounded, api.LooseFeedParser):  # type: ignore[misc]  # feedparser has no types
    pass


def _strictly(text: str, max_entries: int) -> Any:
    """feedparser's reading of well-formed XML; raises ExpatError, or whatever a strange feed makes feedparser raise."""
    handler = _Strict("", None, "utf-8")
    handler.max_entries = max_entries
    handler.resolve_relative_uris = handler.sanitize_html = False
    # The text has no DOCTYPE, so there is nothing to expand or to load.
    parser = expat.ParserCreate("utf-8", " ")
    parser.namespace_prefixes = parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = handler.start, handler.end
    parser.CharacterDataHandler, parser.StartNamespaceDeclHandler = handler.handle_data, handler.declare
    with contextlib.suppress(_EnoughError):
        parser.Parse(text.encode("utf-8", "replace"), True)
    return handler


def _loosely(text: str, max_entries: int, entities: dict[str, str]) -> Any:
    """feedparser's reading of what only looks like XML."""
    parser = _Loose("", None, "utf-8", entities)
    parser.max_entries = max_entries
    parser.resolve_relative_uris = parser.sanitize_html = False
    with contextlib.suppress(_EnoughError):
        parser.feed(text)
    return parser


def _read(document: xmltext.Document, max_entries: int) -> tuple[Any, list[str]]:
    """The feed, and what is wrong with its XML: read as it is, else repaired, else by guessing."""
    try:
        return _strictly(document.text, max_entries), []
    except ParseError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a strange feed makes feedparser raise, there are two more ways to read it
        wrong = [f"not well-formed XML: {_said(error)}"]
    document, was_cut = xmltext.shortened(document, _REPAIRED_MARKS, len(document.text))
    repaired = xmltext.repaired(document)
    if not was_cut and repaired != document.text:
        try:
            return _strictly(repaired, max_entries), wrong
        except ParseError:
            raise
        except Exception:  # noqa: BLE001, S110 - as above
            pass
    document, was_cut = xmltext.shortened(document, _GUESSED_MARKS, _GUESSED_LENGTH)
    if was_cut:
        wrong.append(f"read to character {len(document.text)} only")
    try:
        return _loosely(xmltext.repaired(document), max_entries, document.entities), wrong
    except ParseError:
        raise
    except Exception as error:
        raise ParseError(wrong[0]) from error


def _said(error: Exception) -> str:
    if isinstance(error, expat.ExpatError):
        return f"{expat.ErrorString(error.code)} (line {error.lineno})"
    return cut(clean(f"{error}"), 200) or type(error).__name__


# ---------------------------------------------------------------- what feedparser found


def _parse_xml(text: str, *, url: str, max_entries: int) -> ParsedFeed:
    document = xmltext.open_document(text)
    if document.page:
        found = advertised(text, url)
        raise NotAFeed("a page (HTML), not a feed" + (f"; it advertises {len(found)}" if found else ""), found)
    if not document.root:
        raise ParseError("neither XML nor JSON")
    read, wrong = _read(document, max_entries)
    feed = read.feeddata
    if not read.version and not read.entries and not any(dict.get(feed, name) for name in ("title", "link", "subtitle")):
        raise ParseError(f"not a feed: the document is <{document.root}>")
    link = absolute(url, _text(feed, "link"))
    language = language_of(_text(feed, "language"))
    # RSS says nothing of what relative links are relative to: they are written for the site. In Atom it is the feed itself.
    base = (url or link or "") if read.version.startswith("atom") else (link or url)
    entries = Entries(base or _own_address(feed), [language] if language else [])
    inherited = list(_authors(feed)) if read.version.startswith("atom") else []
    skip_hours, skip_days = xmltext.skipped(document.text)
    return ParsedFeed(
        title=cut(clean(_title(feed)), 1000),
        format="rss091n" if document.netscape else read.version or "unknown",
        entries=tuple(_entries(read, entries, inherited)),
        link=link,
        language=language,
        ttl=_ttl(feed),
        skip_hours=skip_hours,
        skip_days=skip_days,
        problems=tuple(filter(None, (*document.problems, *wrong, read.enough, *entries.problems()))),
    )


def _entries(read: Any, entries: Entries, inherited: list[str]) -> Iterator[Entry]:
    for found in read.entries:
        try:
            yield entries.add(_stated(found, inherited))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
            entries.spoiled(error)


def _stated(found: dict[str, Any], inherited: list[str]) -> Stated:
    links = [each for each in _list(found, "links") if isinstance(each, dict)]
    media = [each for each in _list(found, "media_content") if isinstance(each, dict)]
    thumbnails = [_text(each, "url") for each in _list(found, "media_thumbnail") if isinstance(each, dict)]
    enclosed = [each for each in links if _text(each, "rel") == "enclosure"]
    pictures = [each for each in (*media, *enclosed) if _is_picture(each)]
    published, updated, created = _text(found, "published"), _text(found, "updated"), _text(found, "created")
    summary, content = _texts(found)
    return Stated(
        id=_text(found, "id"),
        link=_link(found, links),
        title=_title(found),
        summary=summary,
        content=content,
        published=(published, created, updated),
        updated=updated,
        known={_text(found, name): dict.get(found, f"{name}_parsed") for name in ("published", "created", "updated")},
        authors=list(_authors(found)) or inherited,
        language=_text(found, "language") or _text(_dict(found, "title_detail"), "language"),
        categories=[_text(each, "label") or _text(each, "term") for each in _list(found, "tags") if isinstance(each, dict)],
        images=[*map(_address, pictures), *thumbnails, _text(_dict(found, "image"), "href")],
        enclosures=[_address(each) for each in (*enclosed, *media)],
    )


def _link(found: dict[str, Any], links: list[dict[str, Any]]) -> str:
    """The article's address: the one before a redirector, the alternate link, or where its content is."""
    if original := _text(found, "feedburner_origlink"):
        return original
    link = _text(found, "link")
    if link and not (link == _text(found, "id") and dict.get(found, "guidislink") and not link.startswith(("http", "/", "www."))):
        return link
    for rel in ("alternate", "related", "via"):
        for each in links:
            if _text(each, "rel") == rel and _text(each, "href"):
                return _text(each, "href")
    return next((source for each in _list(found, "content") if isinstance(each, dict) and (source := _text(each, "src"))), "")


def _texts(found: dict[str, Any]) -> tuple[str, str]:
    """Summary and content as HTML; of several contents the longest."""
    summary = _markup(_dict(found, "summary_detail"), _text(found, "summary"))
    contents = [_markup(each, _text(each, "value")) for each in _list(found, "content") if isinstance(each, dict)]
    content = max(contents, key=len, default="")
    if content and "summary_detail" not in found:
        # feedparser fills in the content where there is no summary.
        summary = ""
    return summary, content


def _markup(detail: dict[str, Any], value: str) -> str:
    """A text as HTML, whatever it is stated in."""
    kind = _text(detail, "type")
    if kind == "text/plain":
        return value.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")
    return value


def _title(found: dict[str, Any]) -> str:
    value = _text(found, "title") or _text(found, "itunes_title")
    return headline(value, markup=_text(_dict(found, "title_detail"), "type") != "text/plain")


def _authors(found: dict[str, Any]) -> Iterator[str]:
    said = False
    for each in _list(found, "authors"):
        name = (_text(each, "name") or _text(each, "email")) if isinstance(each, dict) else ""
        if name:
            said = True
            yield name
    if not said and (author := _text(found, "author")):
        yield author


def _is_picture(each: dict[str, Any]) -> bool:
    return _text(each, "medium") == "image" or _text(each, "type").startswith("image")


def _address(each: dict[str, Any]) -> str:
    return _text(each, "url") or _text(each, "href")


def _own_address(feed: dict[str, Any]) -> str:
    """Where the feed says it is."""
    found = (_text(each, "href") for each in _list(feed, "links") if isinstance(each, dict) and _text(each, "rel") == "self")
    return absolute("", next(found, "")) or ""


def _ttl(feed: dict[str, Any]) -> timedelta | None:
    """The longest that `ttl` (minutes) or `sy:updatePeriod` over `sy:updateFrequency` ask us to wait."""
    waits: list[timedelta] = []
    ttl = _text(feed, "ttl").strip()
    if ttl.isdecimal() and len(ttl) < 9 and int(ttl):
        waits.append(timedelta(minutes=int(ttl)))
    period = _PERIODS.get(_text(feed, "sy_updateperiod").strip().lower())
    frequency = _text(feed, "sy_updatefrequency").strip() or "1"
    if period is not None and frequency.isdecimal() and int(frequency[:6]) > 0:
        waits.append(period / int(frequency[:6]))
    return min(max(waits), _LONGEST) if waits else None


def _text(of: dict[str, Any], key: str) -> str:
    """A string of feedparser's, without the aliases of its dictionaries (which warn)."""
    found = dict.get(of, key)
    return found if isinstance(found, str) else ""


def _list(of: dict[str, Any], key: str) -> list[Any]:
    found = dict.get(of, key)
    return found if isinstance(found, list) else []


def _dict(of: dict[str, Any], key: str) -> dict[str, Any]:
    found = dict.get(of, key)
    return found if isinstance(found, dict) else {}
