"""The text of an XML feed made ready for a parser: no DOCTYPE, hence no entities; nothing around the feed; repaired where it must be.

Pure, and linear in the length of the text.
"""

from __future__ import annotations

import re
from html.entities import html5
from itertools import islice
from typing import NamedTuple

_ROOTS = frozenset(("rss", "rdf", "feed", "channel", "rss2"))
_FRAGMENTS = frozenset(("a", "b", "br", "center", "div", "font", "form", "h1", "hr", "meta", "p", "script", "span", "style", "table"))
"""How a page begins that leaves its outermost elements out."""
_NAME = re.compile(r"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")
_FEED = re.compile(r"<(?:rss|(?:[A-Za-z]+:)?RDF|feed)(?=[\s>])")
_SEARCHED = 100_000
"""Characters before the feed: what a broken site prints before it."""

_ENTITY = re.compile(r"<!ENTITY\s+(\w{1,40})\s+(?:\"([^\"&%<]{0,100})\"|'([^'&%<]{0,100})'|\"&#(x?[0-9a-fA-F]{1,6});\")\s*>")
_REFERENCE = re.compile(r"&(?:#(\d{1,9}|[xX][0-9a-fA-F]{1,8});|(\w{1,40});)?")
_MARK = re.compile("[<&]")
_SKIPPED = re.compile(r"<!\[CDATA\[|<!--")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_PREDEFINED = frozenset(("amp", "lt", "gt", "quot", "apos"))
_STRAY = re.compile(r"<(?![A-Za-z_/!?:])")


class Document(NamedTuple):
    """What stands in the text from the first tag of a feed on."""

    root: str
    """Local name of the outermost element in lower case; empty where there is none."""
    text: str
    entities: dict[str, str]
    """What a DOCTYPE declares as plain short text; nothing else of it is kept."""
    netscape: bool
    """The DOCTYPE is that of RSS 0.91."""
    page: bool
    """It is HTML."""
    problems: tuple[str, ...] = ()


def open_document(text: str) -> Document:
    """Find the feed in a text."""
    position, doctype, root = _prolog(text)
    problems: list[str] = []
    page = root in ("html", "head", "body") or (root not in _ROOTS and doctype[:14].lower() == "<!doctype html")
    found = None if root in _ROOTS or page else _FEED.search(text, position, position + _SEARCHED)
    if found is not None:
        position, root = found.start(), found.group().lstrip("<").rpartition(":")[2].lower()
    page = page or root in _FRAGMENTS
    if found is not None or (root and text[:position].strip() and not text.lstrip().startswith("<")):
        problems.append("something stands before the feed")
    declared = {name: a or b or _character(code) for name, a, b, code in _ENTITY.findall(doctype)}
    if "<!ENTITY" in doctype:
        problems.append("declares entities, which are not expanded")
    return Document(root, text[position:], declared, "netscape" in doctype.lower(), page, tuple(problems))


def _prolog(text: str) -> tuple[int, str, str]:
    """Where the first element starts, the DOCTYPE before it, and the element's local name."""
    position, doctype = 0, ""
    while (position := text.find("<", position)) >= 0:
        if text.startswith("<!--", position):
            end = text.find("-->", position + 4)
        elif text.startswith("<?", position):
            end = text.find("?>", position + 2)
            end = end if end >= 0 else text.find(">", position)
        elif text[position : position + 9].upper() == "<!DOCTYPE":
            end = _doctype_end(text, position)
            doctype = text[position:end]
        elif text.startswith("<!", position):
            end = text.find(">", position)
        else:
            name = _NAME.match(text, position)
            if name is not None:
                return position, doctype, name[1].lower()
            end = position + 1
        if end < 0:
            break
        position = end + 1
    return len(text), doctype, ""


def _doctype_end(text: str, start: int) -> int:
    close, subset = text.find(">", start), text.find("[", start)
    if subset < 0 or close < subset:
        return close
    end = re.compile(r"\]\s*>").search(text, subset)
    return -1 if end is None else end.end() - 1


def _character(code: str) -> str:
    number = int(code[1:], 16) if code[:1] in ("x", "X") else int(code or "0")
    return chr(number) if 31 < number < 0xD800 or 0xDFFF < number < 0xFFFE or 0xFFFF < number < 0x110000 or number in (9, 10, 13) else ""


def repaired(document: Document) -> str:
    """The text without what XML forbids: controls, bare ampersands, entities nobody declared, stray `<`."""

    def reference(found: re.Match[str]) -> str:
        number, name = found[1], found[2]
        if number:
            return found[0] if _character(number) else ""
        if name in _PREDEFINED:
            return found[0]
        meant = document.entities.get(name) or html5.get(f"{name};", "") if name else ""
        return _escaped(meant) if meant else f"&amp;{found[0][1:]}"

    text = _ILLEGAL.sub("", document.text)
    pieces: list[str] = []
    position = 0
    while found := _SKIPPED.search(text, position):
        pieces.append(_STRAY.sub("&lt;", _REFERENCE.sub(reference, text[position : found.start()])))
        closing = "]]>" if found[0] == "<![CDATA[" else "-->"
        end = text.find(closing, found.end())
        if end < 0:
            position = found.start()
            break
        if closing == "]]>":
            pieces.append(text[found.start() : end + 3])
        position = end + 3
    pieces.append(_STRAY.sub("&lt;", _REFERENCE.sub(reference, text[position:])) if found is None else text[position:])
    return "".join(pieces)


def shortened(document: Document, most_marks: int, most_characters: int) -> tuple[Document, bool]:
    """The document with at most so many `<` and `&` and characters, and whether that left something out."""
    last = next(islice(_MARK.finditer(document.text), most_marks, None), None)
    end = min(most_characters, len(document.text) if last is None else last.start())
    if end >= len(document.text):
        return document, False
    return document._replace(text=document.text[:end]), True


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def without_comments(text: str) -> str:
    """Markup without its comments; one that is not closed goes to the end."""
    first, *others = text.split("<!--")
    return first + "".join(other.partition("-->")[2] for other in others)


_SKIP = re.compile(r"<skip(hours|days)\b", re.IGNORECASE)
_VALUE = re.compile(r"<(?:hour|day)\b[^<>]*>\s*(\w{1,9})\s*<", re.IGNORECASE)
_SKIP_LENGTH = 2_000
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def skipped(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The hours (0..23, UTC) and days (0..6, Monday first) at which the feed asks not to be polled."""
    found: dict[str, set[int]] = {"hours": set(), "days": set()}
    for match in islice(_SKIP.finditer(text), 4):
        kind = match[1].lower()
        inner = re.split("</skip", text[match.end() : match.end() + _SKIP_LENGTH], maxsplit=1, flags=re.IGNORECASE)[0]
        for value in _VALUE.findall(inner):
            if kind == "hours" and value.isdecimal() and int(value) <= 24:
                found[kind].add(int(value) % 24)
            elif kind == "days" and value.lower() in _DAYS:
                found[kind].add(_DAYS.index(value.lower()))
    return tuple(sorted(found["hours"])), tuple(sorted(found["days"]))
