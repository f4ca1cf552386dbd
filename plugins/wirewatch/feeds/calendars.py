"""Dates by other calendars and with month names that date libraries do not know, rewritten to the common form; pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

_ARABIC = {
    name: month
    for month, names in {
        "Jan": "كانون الثاني,جانفي",
        "Feb": "شباط,فيفري",
        "Mar": "آذار,اذار",
        "Apr": "نيسان,أفريل,افريل",
        "May": "أيار,ايار,ماي",
        "Jun": "حزيران,جوان",
        "Jul": "تموز,جويلية",
        "Aug": "آب,أوت,اوت",
        "Sep": "أيلول,ايلول",
        "Oct": "تشرين الأول,تشرين الاول",
        "Nov": "تشرين الثاني",
        "Dec": "كانون الأول,كانون الاول",
    }.items()
    for name in names.split(",")
}
"""Months in the Levant and in the Maghreb; elsewhere Arabic has names that libraries know."""
_ARABIC_MONTH = re.compile(rf"(?<=\d )(?:{'|'.join(sorted(_ARABIC, key=len, reverse=True))})(?=[\s،,]+\d{{4}})")
_PERSIAN_MONTHS = ("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند")
_PERSIAN = re.compile(rf"(?<!\d)(\d{{1,2}})\s+({'|'.join(_PERSIAN_MONTHS)})(?:\s+ماه)?[\s،,]+(1[34]\d\d)(?!\d)")
_PERSIAN_NUMBERS = re.compile(r"(?<!\d)(1[34]\d\d)([/-])(\d{1,2})\2(\d{1,2})(?!\d)")
_TIME = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")
_JAPANESE = re.compile(r"(令和|平成)\s?(\d{1,2}|元)年")
_JAPANESE_BEGIN = {"令和": 2018, "平成": 1988}
"""The year before the era's first."""
_THAI_YEAR = re.compile(r"(?<!\d)(2[45]\d\d)(?!\d)")
_THAI = re.compile("[\u0e01-\u0e4e]")
_BUDDHIST = 543
"""Years that the Thai calendar is ahead."""


def rewritten(text: str) -> str:
    """The text, with a date by the Persian, Thai or Japanese calendar as a Gregorian one; without a zone, Iran's time is Iran's."""
    if text.isascii():
        found = _PERSIAN_NUMBERS.match(text)
        return _iranian(text, found[1], found[3], found[4]) or text if found else text
    text = "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text)
    if found := _PERSIAN.search(text):
        return _iranian(text, found[3], str(_PERSIAN_MONTHS.index(found[2]) + 1), found[1]) or text
    if found := _PERSIAN_NUMBERS.search(text):
        return _iranian(text, found[1], found[3], found[4]) or text
    if _THAI.search(text):
        return _THAI_YEAR.sub(lambda year: str(int(year[1]) - _BUDDHIST), text, count=1)
    text = _JAPANESE.sub(lambda era: f"{_JAPANESE_BEGIN[era[1]] + (1 if era[2] == '元' else int(era[2]))}年", text)
    return _ARABIC_MONTH.sub(lambda month: _ARABIC[month[0]], text)


def _iranian(text: str, year: str, month: str, day: str) -> str | None:
    """The date and time of a text that has this date in it, as RFC 822 writes them."""
    at = _of_persian(int(year), int(month), int(day))
    if at is None:
        return None
    time = _TIME.search(text)
    return f"{at:%Y-%m-%d} {time[0]} +0330" if time else f"{at:%Y-%m-%d}"


def _of_persian(year: int, month: int, day: int) -> date | None:
    """The Gregorian date of one of the solar Hijri calendar; None where there is none. Exact for the years 1244 to 1472, in which a
    year is leap where (25 year + 11) mod 33 < 8.
    """
    length = 31 if month <= 6 else 30 if month <= 11 else 29 + _is_leap(year)
    if not (1244 <= year <= 1472 and 1 <= month <= 12 and 1 <= day <= length):
        return None
    # 1 Farvardin 1400 was 21 March 2021.
    first = date(2021, 3, 21)
    for each in range(1400, year):
        first += timedelta(days=365 + _is_leap(each))
    for each in range(year, 1400):
        first -= timedelta(days=365 + _is_leap(each))
    return first + timedelta(days=31 * min(month - 1, 6) + 30 * max(month - 7, 0) + day - 1)


def _is_leap(year: int) -> bool:
    return (25 * year + 11) % 33 < 8
