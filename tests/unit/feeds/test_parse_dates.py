"""Dates as feeds write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirewatch.feeds.dates import Dates, parse_date, zone_of
from wirewatch.feeds.parse import parse
from wirewatch.model import Precision


def at(*parts: int) -> datetime:
    year, month, day, *time = parts
    return datetime(year, month, day, *time, tzinfo=UTC)  # type: ignore[misc, arg-type]  # at most three


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 24 Nov 2025 10:00:05 +0100", at(2025, 11, 24, 9, 0, 5)),
        ("Fri, 22 Jul 2022 4:35:5 GMT+9", at(2022, 7, 21, 19, 35, 5)),
        ("Mon, 24 Nov 2025 10:00:05 GMT-03:30", at(2025, 11, 24, 13, 30, 5)),
        ("Monday, 24 November 2025 10:00 KST", at(2025, 11, 24, 1)),
        ("24 Nov 2025 10:00:05 EST", at(2025, 11, 24, 15, 0, 5)),
        ("Mon, 24 Nov 2025 10:00:05 CEST", at(2025, 11, 24, 8, 0, 5)),
        ("Mon, 24 Nov 2025 10:00:05 MSK", at(2025, 11, 24, 7, 0, 5)),
        ("Mon, 24 Nov 2025 10:00:05 +0200 (EET)", at(2025, 11, 24, 8, 0, 5)),
        ("Mon, 24 Nov 25 10:00:05 Z", at(2025, 11, 24, 10, 0, 5)),
        ("Wed, 31 Dec 2025 24:00:01 +0500", at(2025, 12, 31, 19, 0, 1)),
        ("Nov 24, 2025 10:00 PM EST", at(2025, 11, 25, 3)),
        ("Mon Nov 24 16:29:06 PST 2025", at(2025, 11, 25, 0, 29, 6)),
        ("2025-11-24T10:00:05Z", at(2025, 11, 24, 10, 0, 5)),
        ("2025-11-24t10:00:05.123456789+09:00", at(2025, 11, 24, 1, 0, 5, 123456)),
        ("2025-11-24 10:00:05 +0900", at(2025, 11, 24, 1, 0, 5)),
        ("2025-11-24 10:00:05", at(2025, 11, 24, 10, 0, 5)),
        ("2025/11/24 10:00", at(2025, 11, 24, 10)),
        ("2025-11-24 오후 11:23:17", at(2025, 11, 24, 14, 23, 17)),
        ("2025년 11월 24일 오전 9시 30분", at(2025, 11, 24, 0, 30)),
        ("2025-11-24T10:00:05 09:00", at(2025, 11, 24, 1, 0, 5)),
        ("20251124T100005+0900", at(2025, 11, 24, 1, 0, 5)),
        ("Mon, 24 Nov 2025 10:00:05 Europe/Berlin", at(2025, 11, 24, 9, 0, 5)),
        ("Thu, 24 Jul 2025 10:00:05 Europe/Berlin", at(2025, 7, 24, 8, 0, 5)),
        ("03.11.2025 10:00", at(2025, 11, 3, 10)),
        ("Mon, 24 11월 2025 10:00:05 +0900", at(2025, 11, 24, 1, 0, 5)),
        ("1763978405", at(2025, 11, 24, 10, 0, 5)),
        ("22 julho 2022 10:11", at(2022, 7, 22, 10, 11)),
        ("sex, 22 jul 2022 10:11:12 -0300", at(2022, 7, 22, 13, 11, 12)),
        ("qui, 3 fev 2022 01:02:03 GMT", at(2022, 2, 3, 1, 2, 3)),
        ("금, 22 7월 2022 10:00:00 +0900", at(2022, 7, 22, 1)),
        ("пт, 22 июля 2022 10:11:00 +0300", at(2022, 7, 22, 7, 11)),
        ("22 juillet 2022 à 10h30", at(2022, 7, 22, 10, 30)),
        ("22 de julho de 2022 às 10h30", at(2022, 7, 22, 10, 30)),
        ("22.7.2022 klo 10.30", at(2022, 7, 22, 10, 30)),
        ("22 تموز 2022 10:30", at(2022, 7, 22, 10, 30)),
        ("22 جويلية 2022 10:30", at(2022, 7, 22, 10, 30)),
        ("جمعه ۳۱ تیر ۱۴۰۱ - ۱۰:۳۰", at(2022, 7, 22, 7)),
        ("1401/04/31 10:30:05", at(2022, 7, 22, 7, 0, 5)),
        ("วันศุกร์ที่ 22 กรกฎาคม 2565 เวลา 10:30 น.", at(2022, 7, 22, 10, 30)),
        ("20220722103005", at(2022, 7, 22, 10, 30, 5)),
        ("2022-07-22T10:30:00 America/New_York", at(2022, 7, 22, 14, 30)),
    ],
)
def test_moments(text: str, expected: datetime) -> None:
    found = Dates().read(text)
    assert found is not None
    assert (found.at, found.precision) == (expected, Precision.SECOND)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24 Nov 2025", at(2025, 11, 24)),
        ("Mon, 24 November 2025", at(2025, 11, 24)),
        ("2025-11-24", at(2025, 11, 24)),
        ("20251124", at(2025, 11, 24)),
        ("2025.11.24.", at(2025, 11, 24)),
        ("2025年11月24日", at(2025, 11, 24)),
        ("令和7年11月24日", at(2025, 11, 24)),
        ("平成31年4月30日", at(2019, 4, 30)),
        ("1 فروردین 1404", at(2025, 3, 21)),
        ("30 اسفند 1403", at(2025, 3, 20)),
        ("1350/10/11", at(1972, 1, 1)),
        ("2025-11", at(2025, 11, 1)),
        ("2025", at(2025, 1, 1)),
        ("22 de julho de 2022", at(2022, 7, 22)),
        ("2022년 7월 15일 (금)", at(2022, 7, 15)),
        ("Mon, 24 Nov 2025 00:00:00 GMT", at(2025, 11, 24)),
        ("2025-11-24T00:00:00+09:00", at(2025, 11, 23, 15)),
    ],
)
def test_days(text: str, expected: datetime) -> None:
    found = Dates().read(text)
    assert found is not None
    assert (found.at, found.precision) == (expected, Precision.DAY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "yesterday",
        "2 hours ago",
        "0001-01-01T00:00:00Z",
        "2025-13-45T00:00:00Z",
        "32 Foo 2025",
        "1" * 5000,
        "99:99",
        "2025-11-24T25:61Z",
        "30 اسفند 1404",
        "1404/13/01",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert Dates().read(text) is None


def test_the_order_of_numbers_is_that_of_the_language() -> None:
    for language, expected in (("de", at(2025, 4, 3)), ("en", at(2025, 3, 4))):
        found = Dates([language]).read("03/04/2025 10:00" if language == "en" else "03.04.2025 10:00")
        assert found is not None
        assert found.at == expected + timedelta(hours=10)


def test_unknown_zones_are_not_taken_for_utc_by_us() -> None:
    assert parse_date("Mon, 24 Nov 2025 10:00:05 XYZ") is None
    assert zone_of("XYZ") is None
    assert zone_of("+99:00") is None


def test_a_feed_full_of_rubbish_is_given_up_soon() -> None:
    dates = Dates()
    assert all(dates.read(f"{number} rubbish {number}") is None for number in range(3000))


def test_dates_of_a_feed_in_its_language() -> None:
    body = """<rss><channel><title>a</title><language>pt-BR</language><item><title>a</title><pubDate>05/06/2022 10:00</pubDate></item>
    <item><title>b</title><pubDate>22 de maio de 2022, 14:05</pubDate></item></channel></rss>"""
    first, second = parse(body.encode(), url="").entries
    assert (first.published_at, second.published_at) == (at(2022, 6, 5, 10), at(2022, 5, 22, 14, 5))


@given(st.integers(0, 7_000_000_000), st.integers(-14 * 60, 14 * 60))
def test_what_standard_libraries_write_is_read_back(seconds: int, offset_min: int) -> None:
    local = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=offset_min)))
    for text in (format_datetime(local), local.isoformat()):
        found = parse_date(text)
        assert found is not None
        assert found.at == local


@given(st.text(max_size=120))
def test_no_text_breaks_it(text: str) -> None:
    parse_date(text)
