"""The article on a page: all of it, and nothing that stands around it."""

from __future__ import annotations

import importlib
import json
import pickle
import time
from datetime import UTC, datetime

import pytest

from wirewatch.articles.extract import extract, extract_within
from wirewatch.errors import ParseError
from wirewatch.model import Precision

URL = "https://www.harbour-courier.example/world/ferry-line"
TITLE = "Island ferry line resumes after seven years"
BODY = [
    "PORT ELSA: The first ferry in seven years left the mainland on Monday with two hundred passengers and a brass band on deck.",
    "Ministers of both sides had signed the agreement on crossings last month, after a winter of talks that few expected to succeed.",
    "A slow thaw",
    "The crossing takes four hours and will run three times a week until the end of the season, the harbour master said.",
    "“We waited for this longer than anybody thought we could,” said Mara Lund, who runs the only hotel on the island’s north shore.",
    "Fishing crews are less pleased. They fear that the new timetable will close the narrow channel during the best hours of the morning.",
    "Whether freight will follow depends on a second agreement, which officials say may be ready before the autumn storms begin.",
]
CAPTION = "The ferry Aurora leaves the harbour of Port Elsa on Monday morning, watched by residents on the quay.—Photo by H. Brandt"
TEASERS = [
    ("A bridge too far", "The council’s plan for a toll bridge has fewer friends by the day, and one of them is the contractor."),
    ("Counting seals", "Volunteers found more pups than in any year since records began, and fewer places for them to rest..."),
    ("Who pays for the pier", "THE pier has been closed since the storm, and three departments point at each other over the bill..."),
]


def paragraphs(lines: list[str]) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


def page(body: str, head: str = "", lang: str = "en") -> bytes:
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{TITLE} - Harbour Courier</title>{head}</head>'
        f'<body><nav><a href="/">Home</a><a href="/world">World</a></nav>{body}</body></html>'
    ).encode()


def flat(teaser: str, *, labels: bool = True, credit: str = "Published in Harbour Courier, March 9th, 2026") -> bytes:
    """A page that is one column without any structure: headline, date, captions, text, credit, teasers."""
    column = f"<h1>{TITLE}</h1><p>Published March 9, 2026</p>" + paragraphs([CAPTION, CAPTION, *BODY, credit])
    for number, (heading, line) in enumerate(TEASERS):
        column += "<p>Opinion</p>" * (labels and number == 0) + "<p>Editorial</p>" * (labels and number == 1)
        column += teaser.format(href=f"/news/{number}", heading=heading, line=line)
    return page(f"<div>{column}</div>")


@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize(
    "teaser",
    [
        '<h3><a href="{href}">{heading}</a></h3><p>{line}</p>',
        '<p><a href="{href}">{heading}</a></p><p>{line}</p>',
        '<h3><a href="{href}">{heading}</a></h3><p>Updated 8 March, 2026</p><h3><a href="{href}">{heading}</a></h3><p>{line}</p>',
        '<div><a href="{href}"><img src="x.jpg"></a><h2><a href="{href}">{heading}</a></h2><div>{line}</div></div>',
        '<a href="{href}"><h4>{heading}</h4></a><p>8 Mar 2026</p><p>{line} <a href="{href}">Read more</a></p>',
    ],
)
def test_teasers_under_a_flat_column_are_cut_and_the_article_is_whole(teaser: str, labels: bool) -> None:
    found = extract(flat(teaser, labels=labels), url=URL)
    lines = found.text.split("\n")
    assert [line for line in lines if line != CAPTION] == BODY
    assert lines.count(CAPTION) <= 1
    assert found.title == TITLE
    assert (found.published_at, found.published_precision) == (datetime(2026, 3, 9, tzinfo=UTC), Precision.DAY)
    assert found.quality == "ok"


def test_captions_of_figures_do_not_come_back_in_the_text() -> None:
    figure = f'<figure><img alt="{CAPTION}" src="a.jpg"><figcaption>{CAPTION}</figcaption></figure>'
    head = f"<h1>{TITLE}</h1><time datetime='2026-03-09'>Monday</time>"
    body = f"<main><article>{head}{figure}{figure}<p>{CAPTION}</p>{paragraphs(BODY)}</article></main>"
    found = extract(page(body), url=URL)
    assert found.text.split("\n") == BODY
    assert found.published_at == datetime(2026, 3, 9, tzinfo=UTC)


def test_links_between_paragraphs_are_not_the_end() -> None:
    related = '<p><a href="/x">How the talks began</a></p>'
    body = f"<article><h1>{TITLE}</h1>{paragraphs(BODY[:4])}{related}{paragraphs(BODY[4:6])}{related}{paragraphs(BODY[6:])}</article>"
    text = extract(page(body), url=URL).text
    assert all(line in text for line in BODY)


@pytest.mark.parametrize(
    "line",
    [
        "Share this article",
        "Subscribe to our newsletter for the best of the islands",
        "Follow us on Facebook and Twitter",
        "Read more: A bridge too far",
        "© 2026 Harbour Courier. All rights reserved.",
        "First published in Harbour Courier on 9 March 2026",
        "Updated 9 March, 2026 08:15am",
    ],
)
def test_lines_to_the_reader_are_not_the_article(line: str) -> None:
    body = f"<article><h1>{TITLE}</h1>{paragraphs([*BODY[:5], line, *BODY[5:], line])}</article>"
    assert extract(page(body), url=URL).text.split("\n") == BODY


def test_sentences_that_only_begin_like_a_credit_stay() -> None:
    kept = ["Published in 2019, her first novel sold badly.", "Updated rules for the crossing will be printed in three languages."]
    body = f"<article><h1>{TITLE}</h1>{paragraphs([*BODY[:4], *kept, *BODY[4:]])}</article>"
    assert all(line in extract(page(body), url=URL).text for line in kept)


def test_json_ld_comes_first() -> None:
    data = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": "Harbour Courier"},
            {
                "@type": ["NewsArticle"],
                "headline": TITLE,
                "datePublished": "2026-03-09T07:15:00+02:00",
                "author": [{"@type": "Person", "name": "Ida Brandt"}, {"@type": "Person", "name": "Jon Vik"}],
                "image": {"url": "/img/ferry.jpg"},
                "keywords": ["ferry", "islands"],
            },
        ],
    }
    head = (
        f'<script type="application/ld+json">{json.dumps(data)}</script><meta property="og:title" content="Ferry!">'
        '<meta property="article:published_time" content="2020-01-01T00:00:00Z"><link rel="canonical" href="/world/ferry-line">'
    )
    found = extract(page(f"<article><h1>{TITLE}</h1>{paragraphs(BODY)}</article>", head), url=URL + "?ref=rss")
    assert found.title == TITLE
    assert found.authors == ("Ida Brandt", "Jon Vik")
    assert (found.published_at, found.published_precision) == (datetime(2026, 3, 9, 5, 15, tzinfo=UTC), Precision.SECOND)
    assert found.image == "https://www.harbour-courier.example/img/ferry.jpg"
    assert found.tags == ("ferry", "islands")
    assert found.canonical_url == URL


def test_broken_json_ld_does_not_matter() -> None:
    head = (
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": </script><script type="application/ld+json">[[[</script>'
    )
    assert extract(page(f"<article><h1>{TITLE}</h1>{paragraphs(BODY)}</article>", head), url=URL).title == TITLE


def test_the_language_is_what_the_text_is_in() -> None:
    korean = ["러시아와 북한의 정상이 블라디보스토크에서 만나 군사 협력을 논의했다고 통신사가 보도했다."] * 1 + [
        f"{number}번째 단락에서는 회담의 배경과 앞으로의 일정에 대해 자세히 설명하고 있다." for number in range(8)
    ]
    assert extract(page(f"<article><h1>정상 회담</h1>{paragraphs(korean)}</article>", lang="en"), url=URL).language == "ko"
    assert extract(page(f"<article><h1>{TITLE}</h1>{paragraphs(BODY)}</article>", lang="en-GB"), url=URL).language == "en"
    assert extract(page(f"<article><h1>{TITLE}</h1>{paragraphs(BODY)}</article>", lang=""), url=URL).language == "en"


@pytest.mark.parametrize("html", [b"", b"   \n", b"\x00\x01"])
def test_no_page_at_all_is_a_parse_error(html: bytes) -> None:
    with pytest.raises(ParseError):
        extract(html, url=URL)


@pytest.mark.parametrize(
    "html", [b"<p>", b"\xff\xfe\xff\xfe", b"%PDF-1.7 nonsense", b"<div>" * 5000 + b"deep" + b"</div>" * 5000, b"<!-- " * 1000]
)
def test_hostile_bytes_are_judged_and_do_not_crash(html: bytes) -> None:
    try:
        found = extract(html, url=URL)
    except ParseError:
        return
    assert found.quality != "ok"


def test_what_is_found_goes_between_processes() -> None:
    found = extract(page(f"<article><h1>{TITLE}</h1>{paragraphs(BODY)}</article>"), url=URL)
    assert pickle.loads(pickle.dumps(found)) == found
    with pytest.raises(ParseError) as caught:
        extract(b"", url=URL)
    assert isinstance(pickle.loads(pickle.dumps(caught.value)), ParseError)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # where the clock strikes inside a destructor
def test_a_page_that_takes_too_long_is_given_up() -> None:
    huge = page("<article>" + "".join(f"<p>{BODY[number % 7]} {number}</p>" for number in range(40_000)) + "</article>")
    with pytest.raises(ParseError, match="not read within"):
        extract_within(0.2, huge, url=URL)
    assert extract_within(30, page(f"<article>{paragraphs(BODY)}</article>"), url=URL).quality == "ok"


def test_time_that_others_had_the_processor_does_not_count_until_it_is_much(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("wirewatch.articles.extract")
    monkeypatch.setattr(module, "extract", lambda *_, **__: time.sleep(0.3))
    monkeypatch.setattr(module, "PATIENCE", 10_000)
    assert extract_within(0.1, b"", url=URL) is None
    monkeypatch.setattr(module, "PATIENCE", 1)
    monkeypatch.setattr(module, "extract", lambda *_, **__: time.sleep(600))
    with pytest.raises(ParseError, match="not read within"):
        extract_within(0.1, b"", url=URL)


def test_subheads_in_a_flat_column_stay_where_they_stood() -> None:
    flat = f"<div><h1>{TITLE}</h1>" + f"<p>{BODY[0]}</p><p>{BODY[1]}</p><h3>What the ferrymen say</h3>" + paragraphs(BODY[2:]) + "</div>"
    found = extract(page(flat), url=URL)
    assert found.text.split("\n") == [BODY[0], BODY[1], "What the ferrymen say", *BODY[2:]]


def test_figures_in_a_table_are_no_dates() -> None:
    cells = [("Harbour Lines", "225.86", "-12.99"), ("Port Elsa Fish", "12.45", "+0.30"), ("Lund Hotels", "113.40", "-1.62")]
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells)
    flat = f"<div><h1>{TITLE}</h1>{paragraphs(BODY[:4])}<table><tr><th>Share</th><th>Price</th><th>Change</th></tr>{rows}</table>"
    found = extract(page(flat + paragraphs(BODY[4:]) + "</div>"), url=URL)
    assert [figure for row in cells for figure in row if figure not in found.text] == []
