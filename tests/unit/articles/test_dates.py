"""When a page was published, however it says so."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wirewatch.articles.dates import parse_date
from wirewatch.articles.extract import extract
from wirewatch.model import Precision

URL = "https://www.harbour-courier.example/world/ferry-line"
SENTENCE = "The harbour master said on Monday that the channel would stay open for another week despite the storm."
MOMENT = datetime(2026, 3, 9, 14, 7, tzinfo=UTC)
DAY = datetime(2026, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-09T14:07:00Z",
        "2026-03-09T16:07:00+0200",
        "2026-03-09 16:07 +02:00",
        "20260309T140700Z",
        "Mon, 09 Mar 2026 14:07:00 GMT",
        "Mon Mar 09 2026 16:07:00 GMT+0200 (EET)",
        "9 March 2026, 14:07 UTC",
        "1773065220",
        1773065220000,
    ],
)
def test_times_as_pages_write_them(text: object) -> None:
    assert parse_date(text) == (MOMENT, Precision.SECOND)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("2026-03-09", None),
        ("March 9th, 2026", None),
        ("Published: 9 Mar 2026 at 14.07", None),
        ("9 March2026", None),
        ("09.03.2026", "de"),
        ("09.03.26 | 14:07 Uhr", "de"),
        ("9. März 2026", "de"),
        ("lunes, 9 de marzo de 2026", "es"),
        ("9 de março de 2026", "pt-BR"),
        ("Lundi 9 mars 2026 à 14h07", "fr"),
        ("9 марта 2026 г.", "ru"),
        ("9 березня 2026, 14:07", "uk"),
        ("9 marca 2026", "pl"),
        ("9 Mart 2026 Pazartesi", "tr"),
        ("9 maart 2026", "nl"),
        ("9. maaliskuuta 2026", "fi"),
        ("9 Μαρτίου 2026", "el"),
        ("9 مارس 2026", "ar"),
        ("٩ مارس ٢٠٢٦", "ar"),
        ("9 Maret 2026", "id"),
        ("9 मार्च 2026", "hi"),
        ("Thứ hai, 9 tháng 3 năm 2026", "vi"),
        ("2026년 3월 9일 (월)", "ko"),
        ("2026年3月9日 14時07分", "ja"),
        ("2026/03/09 14:07", "zh"),
        ("03/09/2026", "en-US"),
        ("09/03/2026", "en-GB"),
        ("09-03-2026", None),
    ],
)
def test_days_in_the_words_of_a_language(text: str, language: str | None) -> None:
    assert parse_date(text, language=language) == (DAY, Precision.DAY)


@pytest.mark.parametrize(
    "text", ["", "today", "12", "Section 3.2.1", "99/99/2026", "31 February 2026", "5 o'clock 2026", "x" * 500, None, 3.5, []]
)
def test_what_is_no_date_is_none(text: object) -> None:
    assert parse_date(text) is None


def page(body: str, head: str = "", lang: str = "en") -> bytes:
    article = f"<article>{body}{f'<p>{SENTENCE}</p>' * 5}</article>"
    return (
        f"<html lang={lang}><head><meta charset=utf-8>{head}<title>Ferry line resumes</title></head><body>{article}</body></html>".encode()
    )


@pytest.mark.parametrize(
    ("body", "head", "url"),
    [
        ("<h1>Ferry</h1><time datetime='2026-03-09T14:07Z'>now</time>", "", URL),
        ("<h1>Ferry</h1><p>Updated <time datetime='2026-04-01'>x</time></p><p>Published <time datetime='2026-03-09'>y</time></p>", "", URL),
        ("<div>9 March 2026</div><h1>Ferry</h1>", "", URL),
        ("<h1>Ferry</h1><div><span>By Ida</span></div><div><span>9 March 2026</span></div>", "", URL),
        ("<h1>Ferry</h1><p>Last updated: 1 April 2026</p><p>First published: 9 March 2026</p>", "", URL),
        ("<h1>Ferry</h1><p>Published 9 March 2026, updated 1 April 2026</p>", "", URL),
        (
            "<h3>섬 여객선 7년 만에 재개</h3><p>입력 2026.03.09 10:30 수정 2026.04.01 11:00</p>",
            "<title>섬 여객선 7년 만에 재개 - 항구신문</title>",
            URL,
        ),
        ("<h1>Ferry</h1>", "<meta name=pubdate content='2026-03-09'>", URL),
        ("<h1>Ferry</h1><span itemprop=datePublished content='2026-03-09'></span>", "", URL),
        ("<h1>Ferry</h1>", '<script type="application/ld+json">{"@type":"WebPage","datePublished":"2026-03-09"}</script>', URL),
        ("<h1>Ferry</h1>", '<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2026-03-09",}</script>', URL),
        (
            "<h1>Ferry</h1>",
            '<script type="application/ld+json">{"@type":"NewsArticle","headline":"He said "no"","datePublished":"2026-03-09"}</script>',
            URL,
        ),
        ("<h1>Ferry</h1>", "", "https://www.harbour-courier.example/2026/03/09/ferry"),
        ("<h1>Ferry</h1>", "", "https://www.harbour-courier.example/world/20260309-ferry"),
        ("<h1>Ferry</h1><p class=post-meta><span class=entry-date>9 March 2026</span></p>", "", URL),
    ],
)
def test_the_day_is_found_wherever_a_page_has_it(body: str, head: str, url: str) -> None:
    found = extract(page(body, head), url=url)
    assert found.published_at is not None
    assert found.published_at.date() == DAY.date()


def test_of_several_articles_in_its_data_a_page_is_the_one_with_its_address() -> None:
    other = '{"@type":"NewsArticle","headline":"Another story of the day","datePublished":"2025-01-01","url":"https://x.example/other"}'
    mine = f'{{"@type":"NewsArticle","headline":"Ferry line resumes","datePublished":"2026-03-09","mainEntityOfPage":{{"@id":"{URL}"}}}}'
    for blocks in ([other, mine], [mine, other], [f'{{"@type":"ItemList","itemListElement":[{other}]}}', mine]):
        head = "".join(f'<script type="application/ld+json">{each}</script>' for each in blocks)
        found = extract(page("<h1>Ferry line resumes</h1>", head), url=URL)
        assert (found.published_at, found.title) == (DAY, "Ferry line resumes")


def test_a_page_without_a_date_has_none() -> None:
    assert extract(page("<h1>Ferry line resumes</h1>"), url=URL).published_at is None
