"""What feeds write where a date belongs, to aware UTC; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from wirewatch.feeds.calendars import rewritten
from wirewatch.model import Precision

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ),
        1,
    )
    for name in names.split()
}

_SHORT_MONTHS = {number: name for name, number in reversed(_MONTHS.items())}

_ZONES_MINUTES = {
    name: minutes
    for minutes, names in {
        -720: "idlw",
        -660: "sst",
        -600: "hst hast",
        -540: "akst hadt",
        -480: "pst akdt pt",
        -420: "mst pdt mt",
        -360: "cst mdt ct",
        -300: "est cdt et pet cot",
        -240: "edt ast clt bot vet",
        -210: "nst",
        -180: "adt brt art uyt clst gft",
        -150: "ndt",
        -60: "azot cvt",
        0: "gmt utc ut z wet gmt/utc",
        60: "cet met mez bst west wat",
        120: "cest mest mesz eet sast cat",
        180: "eest msk trt eat ast/ksa ksa",
        210: "irst",
        240: "msd gst azt amt get samt",
        270: "irdt aft",
        300: "pkt uzt yekt tjt tmt mvt",
        330: "ist slst",
        345: "npt",
        360: "bdt omst almt kgt btt",
        390: "mmt",
        420: "ict wib novt krat hovt",
        480: "hkt sgt pht myt wita awst irkt ulat bnt",
        540: "jst kst wit yakt tlt",
        570: "acst",
        600: "aest vlat chst pgt",
        630: "acdt",
        660: "aedt magt sbt",
        720: "nzst fjt pett",
        780: "nzdt tot",
    }.items()
    for name in names.split()
}
"""Abbreviations in news feeds, in the sense that most of those feeds mean (RFC 822 for America; BST is Britain's, IST India's)."""

_TIME = r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d+)?)?\s*([aApP]\.?[mM]\.?)?"
_ZONE = r"\s*(.{0,40}?)\s*$"
_DAY_FIRST = re.compile(
    rf"(?:[^\W\d]{{2,12}}\.?\s*,?\s*)?(\d{{1,2}})[\s-]+([A-Za-z]{{3,9}})\.?,?[\s-]+(\d{{4}}|\d{{2}})(?:,?\s+{_TIME}{_ZONE})?\s*$"
)
_MONTH_FIRST = re.compile(
    rf"(?:[^\W\d]{{2,12}}\.?\s*,?\s*)?([A-Za-z]{{3,9}})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})(?:,?\s+(?:at\s+)?{_TIME}{_ZONE})?\s*$"
)
_CTIME = re.compile(rf"(?:[A-Za-z]{{3,9}}\s*,?\s+)?([A-Za-z]{{3,9}})\s+(\d{{1,2}})\s+{_TIME}\s*([A-Za-z]{{2,5}})?\s+(\d{{4}})\s*$")
_NUMERIC = re.compile(
    r"(?:[^\W\d]{2,12}\.?\s*,?\s*)?(\d{4})\s?[./年년-]\s*(\d{1,2})\s?[./月월-]\s*(\d{1,2})(?:日|일|\.)?"
    r"(?:(?:\s*\([^()]{1,8}\))?,?[\sTt]*(오전|오후|上午|下午|午前|午後)?\s*(\d{1,2})\s?[:시時时点]\s*(\d{1,2})\s?(?:[:분分]\s*(?:(\d{1,2})(?:[.,]\d+)?\s?[초秒]?)?)?"
    rf"\s*([aApP][mM])?{_ZONE})?\s*$"
)
_DOTTED = re.compile(rf"(?:[^\W\d]{{2,12}}\.?\s*,?\s*)?(\d{{1,2}})\.\s?(\d{{1,2}})\.\s?(\d{{4}})(?:,?\s+(?:[-–|]\s*)?{_TIME}{_ZONE})?\s*$")
"""With dots the day stands first, whatever the language."""
_KOREAN_MONTH = re.compile(r"(?<=\d )(\d{1,2})월(?= \d{4})")
_OFFSET = re.compile(r"(?:gmt|utc|ut|z)?\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?(?::\d{2})?\s*(?:\(.*\)|\[.*\]|[a-z]{1,5})?$")
_NAMED_TIME = re.compile(r"\d\s*[:시時时点h]\s*\d|\d\s*[ap]m\b", re.IGNORECASE)
_KOREAN = re.compile(r"[년월일오전후]")
_COMMENT = re.compile(r"\([^()]*\)")
_BROKEN = re.compile(r"\d{4}-?\d\d-|[-\d:.+TZ]+$", re.IGNORECASE)
"""ISO 8601 with something wrong: no library can tell what."""
_BASIC = re.compile(r"\d{8}[Tt ]?\d{4}")
_LOST_PLUS = re.compile(r"(:\d\d(?:\.\d+)?) (\d\d:?\d\d)$")
"""`+` in an address is a space, and some dates have been in one."""
_AREA = re.compile(r"[A-Z][a-z]+/[A-Z]\w+(?:/[A-Z]\w+)?$")
_IN_AREA = re.compile(r"(\d{4}-\d\d-\d\d[T ][\d:.]+) ([A-Z][a-z]+/[A-Z]\w+(?:/[A-Z]\w+)?)$")
_RUN_TOGETHER = re.compile(r"(?:19|20)\d{10}(?:\d\d)?$")
_SPOKEN_TIME = re.compile(r"(?:\s|,)(?:às|as|à|a las|klo|kl\.?|ora|ore|um)?\s*(\d{1,2})(?:h|\.)(\d{2})(?=$|\s)", re.IGNORECASE)
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?$")

_OLDEST_YEAR = 1900
"""Earlier is no date of an article but a zero of some program (`0001-01-01`)."""
_LANGUAGES = (
    ("[\u0370-\u03ff]", "el"),
    ("[\u0400-\u04ff]", "ru uk be bg sr kk"),
    ("[\u0530-\u058f]", "hy"),
    ("[\u0590-\u05ff]", "he"),
    ("[\u0600-\u06ff]", "ar fa ur"),
    ("[\u0900-\u097f]", "hi"),
    ("[\u0980-\u09ff]", "bn"),
    ("[\u0b80-\u0bff]", "ta"),
    ("[\u0e00-\u0e7f]", "th"),
    ("[\u10a0-\u10ff]", "ka"),
    ("[\uac00-\ud7af]", "ko"),
    ("[\u3040-\u30ff\u4e00-\u9fff]", "ja zh"),
    ("", "en es pt fr de it nl pl cs sk sl hr bs ro hu tr vi id ms sv da nb fi et lv lt az uz sw ca"),
)
"""Of news feeds, by a letter of their script: each takes the library a while to load."""
MAX_LENGTH = 100
"""Characters of a date; feeds write half of it."""
_GIVE_UP_AFTER = 12
"""Dates of one feed that not even the date library reads in a row; it takes many milliseconds for each."""


class Date(NamedTuple):
    """A moment as far as the feed states it."""

    at: datetime
    precision: Precision


def parse_date(text: str) -> Date | None:
    """The date in a form that feeds commonly use (RFC 822, ISO 8601 and what resembles them); None for others.

    A time without a zone is taken for UTC, in Korean for Korea's. Midnight to the second counts as a day: few mean the moment.
    """
    text = text.strip()
    if not text or len(text) > MAX_LENGTH:
        return None
    if "월" in text:
        text = _KOREAN_MONTH.sub(lambda month: _SHORT_MONTHS.get(int(month[1]), month[0]), text)
    text = rewritten(text)
    found = _iso(text) or _common(text)
    # RFC 822 lets comments stand anywhere.
    return found if found or "(" not in text else _common(_COMMENT.sub(" ", _COMMENT.sub(" ", text)).strip())


def _iso(text: str) -> Date | None:
    if not text[:4].isdecimal():
        return None
    if _EPOCH.match(text):
        return _date(datetime.fromtimestamp(int(text[:10]), UTC), timed=True)
    if len(text) > 8 and text[4] != "-" and not _BASIC.match(text):
        return None
    if (place := _IN_AREA.match(text)) and (zone := _area(place[2])):
        local = _iso(place[1])
        return local and _date(local.at.replace(tzinfo=zone), timed=True)
    if _RUN_TOGETHER.match(text):
        text = f"{text[:8]}T{text[8:]}"
    try:
        found = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", text.upper().replace(" UTC", "Z").replace(" GMT", "Z")))
    except ValueError:
        return _date(datetime(int(text[:4]), int(text[5:] or 1), 1, tzinfo=UTC), timed=False) if _is_month(text) else None
    return _date(found, timed=len(text) > 10)


def _is_month(text: str) -> bool:
    return bool(re.fullmatch(r"\d{4}(?:-(?:0[1-9]|1[0-2]))?", text)) and int(text[:4]) >= _OLDEST_YEAR


def _common(text: str) -> Date | None:
    if found := _DAY_FIRST.match(text):
        day, month, year, hour, minute, second, half, zone = found.groups()
        return _built(year, _MONTHS.get(month.lower()), day, hour, minute, second, half, zone)
    if found := _MONTH_FIRST.match(text):
        month, day, year, hour, minute, second, half, zone = found.groups()
        return _built(year, _MONTHS.get(month.lower()), day, hour, minute, second, half, zone)
    if found := _DOTTED.match(text):
        day, month, year, hour, minute, second, half, zone = found.groups()
        return _built(year, int(month), day, hour, minute, second, half, zone)
    if found := _CTIME.match(text):
        month, day, hour, minute, second, half, zone, year = found.groups()
        return _built(year, _MONTHS.get(month.lower()), day, hour, minute, second, half, zone)
    if found := _NUMERIC.match(text):
        year, month, day, before, hour, minute, second, half, zone = found.groups()
        half = {"오전": "am", "上午": "am", "午前": "am", "오후": "pm", "下午": "pm", "午後": "pm"}.get(before, half)
        return _built(year, int(month), day, hour, minute, second, half, zone or ("kst" if hour and _KOREAN.search(text) else ""))
    return None


def _is_common(text: str) -> bool:
    """Whether a text is a date in a common form that only cannot be right."""
    found = _DAY_FIRST.match(text)
    return found is not None and found[2].lower() in _MONTHS


def _built(
    year: str, month: int | None, day: str, hour: str | None, minute: str | None, second: str | None, half: str | None, zone: str | None
) -> Date | None:
    """The date of its parts as they were written; None where they make none or the zone is not known."""
    offset = zone_of(zone or "")
    place = _area(zone or "") if offset is None else timezone(offset)
    if month is None or place is None:
        return None
    years = int(year) if len(year) == 4 else int(year) + (1900 if int(year) >= 70 else 2000)
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half[0] in "pP" else 0)
    try:
        local = datetime(years, month, int(day), tzinfo=place)
        if hours > 24 or int(minute or 0) > 59 or int(second or 0) > 60:
            return None
        at = local + timedelta(hours=hours, minutes=int(minute or 0), seconds=min(59, int(second or 0)))
    except (ValueError, OverflowError):
        return None
    return _date(at, timed=hour is not None)


def zone_of(text: str) -> timedelta | None:
    """The offset that a zone stands for (`+0900`, `GMT+9`, `KST`, `-05:00 (EST)`); nothing is UTC; None where it is not known."""
    name = text.strip().lower().removeprefix("etc/").strip("()")
    if not name or name in ("0000", "z", "gmt", "utc"):
        return timedelta(0)
    if found := _OFFSET.match(name):
        hours, minutes = int(found[2]), int(found[3] or 0)
        if hours > 15 or minutes > 59:
            return None
        offset = timedelta(hours=hours, minutes=minutes)
        return -offset if found[1] == "-" else offset
    if len(name) == 1 and name.isascii() and name.isalpha():
        # Military zones were specified wrongly (RFC 5322, 4.3): they say nothing.
        return timedelta(0)
    known = _ZONES_MINUTES.get(name)
    return None if known is None else timedelta(minutes=known)


def _area(name: str) -> tzinfo | None:
    """The zone of a place as the time zone database names it (`Europe/Berlin`)."""
    try:
        return ZoneInfo(name) if _AREA.match(name) else None
    except (ValueError, KeyError, OSError):
        return None


def _date(at: datetime, *, timed: bool) -> Date | None:
    if at.year < _OLDEST_YEAR:
        return None
    exact = timed and bool(at.hour or at.minute or at.second)
    try:
        utc = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return Date(utc, Precision.SECOND if exact else Precision.DAY)


class Dates:
    """The dates of one feed: common forms at once, others by a date library that knows the world's languages.

    `languages`: what the feed is written in, tried first.
    """

    def __init__(self, languages: Sequence[str] = ()) -> None:
        self._languages = [each for each in languages if each]
        self._failures = 0
        self._known: dict[str, Date | None] = {}

    def read(self, text: str, otherwise: Sequence[int] | None = None) -> Date | None:
        """The date that a text states; None where nobody can tell. `otherwise`: how another reader took it (a UTC time tuple)."""
        text = " ".join(text.split())
        if not text or len(text) > MAX_LENGTH:
            return None
        if text not in self._known:
            self._known[text] = parse_date(text) or self._recovered(text) or _of_tuple(otherwise, text)
        return self._known[text]

    def _recovered(self, text: str) -> Date | None:
        if self._failures >= _GIVE_UP_AFTER or len(text) < 6 or not re.search(r"\d", text) or _BROKEN.match(text) or _is_common(text):
            return None
        text = _SPOKEN_TIME.sub(r" \1:\2", rewritten(text))
        found = _ask_library(text, self._languages)
        if found is None:
            self._failures += 1
            return None
        self._failures = 0
        return _date(found, timed=bool(_NAMED_TIME.search(text)))


def _of_tuple(parts: Sequence[int] | None, text: str) -> Date | None:
    try:
        if not parts:
            return None
        year, month, day, hour, minute, second = parts[:6]
        return _date(datetime(year, month, day, hour, minute, min(59, second), tzinfo=UTC), timed=bool(_NAMED_TIME.search(text)))
    except (ValueError, TypeError):
        return None


def _ask_library(text: str, languages: Sequence[str]) -> datetime | None:
    """The date in the languages given, else in any that is written in the text's script."""
    script = next(names for letters, names in _LANGUAGES if re.search(letters, text)).split()
    for chosen in ([each for each in languages if each in script], script):
        if chosen:
            try:
                found: datetime | None = _parser(tuple(chosen)).get_date_data(text).date_obj
            except (ValueError, OverflowError, TypeError, RecursionError, AttributeError):
                continue
            if found is not None:
                return found
    return None


@cache
def _parser(languages: tuple[str, ...]) -> Any:
    # Imported when a date needs it: that takes longer than parsing a hundred feeds.
    from dateparser.date import DateDataParser

    settings: dict[str, Any] = {
        "TIMEZONE": "UTC",
        "RETURN_AS_TIMEZONE_AWARE": True,
        "STRICT_PARSING": True,
        "PARSERS": ["absolute-time"],
    }
    # Each text by itself: what an earlier one was written in says nothing of another feed's.
    return DateDataParser(languages=list(languages), settings=settings, try_previous_locales=False)
