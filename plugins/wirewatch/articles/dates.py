"""When a page says it was published: in its data, its markup, its words or its address; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from lxml.html import HtmlElement

from wirewatch.model import Precision

Found = tuple[datetime, Precision]

META_NAMES = (
    "article:published_time",
    "og:article:published_time",
    "article:published",
    "og:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "publish-date",
    "publish_date",
    "published_date",
    "pubdate",
    "publication_date",
    "dc.date.issued",
    "dcterms.created",
    "dc.date",
    "date",
)
_SPACE = re.compile(r"\s+")
_COMMON_LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "ru")
"""Whose names of months are tried where a page's language is not known."""
_DAY_MONTH = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th|er|\.|º|ª)?\s*(?:de\s+|of\s+)?([^\s\d.,/:|()–-]{3,14})\.?,?\s*(?:de\s+|del\s+)?(\d{4})\b"
)
_MONTH_DAY = re.compile(r"\b([^\s\d.,/:|()–-]{3,14})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s*(?:[-/.]|年|년)\s*(\d{1,2})\s*(?:[-/.]|月|월)\s*(\d{1,2})(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?!\d)")
_MONTH_WORD = re.compile(r"(?<!\d)(\d{1,2})\s+tháng\s+(\d{1,2})[,\s]+(?:năm\s+)?(\d{4})(?!\d)")
_SHORT_YEAR = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,2})\.(\d{2})(?![\d.])")
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*(?:([+-]\d{2}:?\d{2})\b|(Z|UTC|GMT)\b)")
_ZONE_NAME = re.compile(r"\b(?:GMT|UTC)(?=[+-]\d)")
"""`16:07:00 GMT+0200`, as JavaScript writes it."""
_URL_DATE = re.compile(
    r"/(20\d{2})/(0[1-9]|1[0-2])/(0[1-9]|[12]\d|3[01])(?:/|$)|[/-](20\d{2})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?:[/-]|$)"
    r"|[/-](20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:[/_-]|$)"
)
_CHANGED = re.compile(
    r"modif|updat|aktuali|actuali|aggiorn|atualiz|mis à jour|bijgewerkt|[ou]p?pdater|päivitet|güncelle|обновл|оновлен|수정|更新",
    re.IGNORECASE,
)
_PUBLISHED_FIRST = re.compile(rf"(?:(?!{_CHANGED.pattern})[^\d])*\d", re.IGNORECASE)
"""`Published 16 May, updated 17 May`: what comes first is not the change."""
_LINE_CHARS = 80
_LINES_AFTER, _LINES_BEFORE = 12, 4
_OLDEST_YEAR = 1990


def published(
    root: HtmlElement, *, stated: Iterable[object], meta: Mapping[str, str], headline: HtmlElement | None, url: str
) -> Found | None:
    """When a page was published, the surest source first: `stated` in its data, its metadata, its markup, its words, its address."""
    language = page_language(root)
    markup = next(iter(root.iterfind(".//*[@itemprop='datePublished']")), None)
    candidates = [
        *stated,
        *(meta.get(name) for name in META_NAMES),
        *([] if markup is None else [_said(markup)]),
        *map(_said, _times(root)),
    ]
    for candidate in candidates:
        if (found := _plausible(parse_date(candidate, language=language))) is not None:
            return found
    return (None if headline is None else _visible(headline, language)) or _in_address(url)


def page_language(root: HtmlElement) -> str | None:
    """The language tag of a page, as it states it."""
    element = root if root.tag == "html" else root.find(".//html")
    if element is None:
        return None
    said: str | None = element.get("lang") or element.get("{http://www.w3.org/XML/1998/namespace}lang") or element.get("xml:lang")
    return said


def parse_date(value: object, *, language: str | None = None) -> Found | None:
    """A date as pages write it (ISO 8601, RFC 822, words in `language`), aware UTC, or None.

    A time without a zone is taken as UTC; a day becomes its first second, with precision `day`. Of `04/05/2024` the first number is
    the day, except where the language is American English.
    """
    text = _ZONE_NAME.sub("", _SPACE.sub(" ", str(value))).strip() if isinstance(value, str | int) else ""
    if not 6 <= len(text) <= _LINE_CHARS:
        return None
    if text.isdigit() and len(text) in (10, 13):
        return datetime.fromtimestamp(int(text[:10]), UTC), Precision.SECOND
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            when = parse(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        day = re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", text) is not None
        return _aware(when), Precision.DAY if day else Precision.SECOND
    return _worded(text, language)


def _plausible(found: Found | None) -> Found | None:
    return found if found is not None and found[0].year >= _OLDEST_YEAR else None


def _aware(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _worded(text: str, language: str | None) -> Found | None:
    american = (language or "").replace("_", "-").lower() == "en-us"
    numbers = "mdy" if american else "dmy"
    forms = (
        (_YEAR_FIRST, "ymd"),
        (_DAY_MONTH, "dmy"),
        (_MONTH_DAY, "mdy"),
        (_MONTH_WORD, "dmy"),
        (_DAY_FIRST, numbers),
        (_SHORT_YEAR, "dmy"),
    )
    for pattern, order in forms:
        for match in pattern.finditer(text):
            day = _day(dict(zip(order, match.groups(), strict=True)), language)
            if day is not None:
                return _with_clock(day, text)
    return None


def _day(parts: Mapping[str, str], language: str | None) -> datetime | None:
    month = int(parts["m"]) if parts["m"].isdigit() else _month(parts["m"].lower(), language)
    if month is None:
        return None
    day, year = int(parts["d"]), int(parts["y"])
    if month > 12 >= day:
        day, month = month, day
    try:
        return datetime(year if year > 99 else 2000 + year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def _with_clock(day: datetime, text: str) -> Found:
    clock = _CLOCK.search(text)
    if clock is None:
        return day, Precision.DAY
    try:
        when = datetime.fromisoformat(f"{day:%Y-%m-%d}T{int(clock[1]):02}:{clock[2]}:{clock[3] or '00'}{clock[4] or '+00:00'}")
    except ValueError:
        return day, Precision.DAY
    return _aware(when), Precision.SECOND


def _month(name: str, language: str | None) -> int | None:
    own = (language or "").replace("_", "-").partition("-")[0].lower()
    for each in dict.fromkeys((own, *_COMMON_LANGUAGES) if own else _COMMON_LANGUAGES):
        if (number := _months(each).get(name)) is not None:
            return number
    return None


@cache
def _months(language: str) -> Mapping[str, int]:
    """The months by their names in a language (CLDR), long and short, standing alone and in a date."""
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return {}
    found: dict[str, int] = {}
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in locale.months[context][width].items():
                found.setdefault(name.lower().rstrip("."), number)
                if width == "wide" and language in _COMMON_LANGUAGES:
                    found.setdefault(name.lower()[:3], number)
    return found


def _said(element: HtmlElement) -> str:
    said: str = element.get("content") or element.get("datetime") or element.text_content()
    return said


def _times(root: HtmlElement) -> list[HtmlElement]:
    """The `<time>` elements that stand near the headline: in the element that holds the first h1, or in the article."""
    for scope in _around_headline(root, levels=4):
        times = list(scope.iter("time"))
        if times:
            return sorted(times[:3], key=_tells_of_a_change)
    return [each for article in root.iter("article") for each in article.iter("time")][:1]


def _tells_of_a_change(element: HtmlElement) -> bool:
    parent = element.getparent()
    before = "" if parent is None else (parent.text or "")
    said = " ".join((element.get("class") or "", element.get("itemprop") or "", element.text or "", before[-40:]))
    return _CHANGED.search(said) is not None


def _around_headline(root: HtmlElement, levels: int) -> Iterator[HtmlElement]:
    headline = next(iter(root.iter("h1")), None)
    element = None if headline is None else headline.getparent()
    while element is not None and levels and element.tag not in ("body", "html"):
        yield element
        element, levels = element.getparent(), levels - 1


def _visible(headline: HtmlElement, language: str | None) -> Found | None:
    """A date in one of the few short lines after the headline, or in the last ones before it."""
    kinds = "*[self::p or self::div or self::span or self::time or self::li]"
    return _in_lines(headline.xpath(f"following::{kinds}[position() <= 60]"), _LINES_AFTER, language) or _in_lines(
        reversed(headline.xpath(f"preceding::{kinds}[position() <= 20]")), _LINES_BEFORE, language
    )


def _in_lines(elements: Iterable[HtmlElement], limit: int, language: str | None) -> Found | None:
    seen, changed = 0, None
    for element in elements:
        if not (element.text or "").strip() and len(element):
            continue
        text = _SPACE.sub(" ", element.text_content()).strip()
        if not text:
            continue
        seen += 1
        if seen > limit:
            break
        if len(text) <= _LINE_CHARS and (found := _plausible(parse_date(text, language=language))) is not None:
            if _CHANGED.search(text) is None or _PUBLISHED_FIRST.match(text):
                return found
            # The day of publication stands beside it, or nowhere.
            changed, limit = changed or found, min(limit, seen + 2)
    return changed


def _in_address(url: str) -> Found | None:
    found = _URL_DATE.search(urlsplit(url).path)
    if found is None:
        return None
    year, month, day = (int(each) for each in found.groups() if each)
    try:
        return datetime(year, month, day, tzinfo=UTC), Precision.DAY
    except ValueError:
        return None
