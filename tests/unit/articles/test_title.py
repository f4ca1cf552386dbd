"""The headline a page is known by, whatever it appends to it."""

from __future__ import annotations

from html import escape

import pytest

from wirewatch.articles.extract import parse
from wirewatch.articles.metadata import read

URL = "https://www.harbour-courier.example/world/ferry-line"
TITLE = "Island ferry line resumes after seven years"


def title_of(
    shared: str | None = None,
    *,
    tab: str | None = None,
    h1: tuple[str, ...] = (),
    ld: str | None = None,
    site: str | None = None,
    url: str = URL,
    body: str = "",
) -> str | None:
    head = f"<title>{escape(tab)}</title>" if tab else ""
    for name, value in (("og:title", shared), ("og:site_name", site)):
        head += f'<meta property="{name}" content="{escape(value)}">' if value else ""
    if ld:
        head += f'<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "{ld}"}}</script>'
    headings = "".join(f"<h1>{each}</h1>" for each in h1)
    return read(parse(f"<html><head>{head}</head><body>{headings}{body}</body></html>", url), url).title


@pytest.mark.parametrize(
    "ending",
    [
        " | Harbour Courier",
        " - Harbour Courier",
        " – Harbour Courier – 9.03.2026",
        " — The Harbour Courier",
        " » World » Harbour Courier",
        " · Harbour Courier",
        " :: Harbour Courier",
        " - World - harbour-courier.example",
        " | World | Harbour Courier News",
        " | Harbour Courier | 9 March 2026",
    ],
)
@pytest.mark.parametrize("known_by", ["site", "host", "h1"])
def test_names_after_the_headline_are_no_part_of_it(ending: str, known_by: str) -> None:
    site = "Harbour Courier" if known_by == "site" else None
    h1 = (TITLE,) if known_by == "h1" else ()
    # Nothing but a heading tells that this section is not half of the headline.
    expected = f"{TITLE} - World" if known_by != "h1" and ending == " - World - harbour-courier.example" else TITLE
    assert title_of(TITLE + ending, site=site, h1=h1) == expected
    assert title_of(tab=TITLE + ending, site=site, h1=h1) == expected


@pytest.mark.parametrize(
    ("shared", "site", "h1", "expected"),
    [
        ("러시아·북한 정상 회담 < 정치 < 기사본문 - 항구신문", "항구신문", (), "러시아·북한 정상 회담"),
        ("북러 정상, 블라디보스토크서 회담 : 항구신문", "항구신문", (), "북러 정상, 블라디보스토크서 회담"),
        ("俄朝领导人在符拉迪沃斯托克会晤_国际_港口新闻网", "港口新闻网", (), "俄朝领导人在符拉迪沃斯托克会晤"),
        ("俄朝领导人会晤-港口新闻", "港口新闻", (), "俄朝领导人会晤"),
        ("島の連絡船、7年ぶりに再開：港新聞デジタル", "港新聞デジタル", (), "島の連絡船、7年ぶりに再開"),
        ("島の連絡船、7年ぶりに再開｜港新聞", None, ("島の連絡船、7年ぶりに再開",), "島の連絡船、7年ぶりに再開"),
        ("Паром вернулся на остров через семь лет — Портовые вести", "Портовые вести", (), "Паром вернулся на остров через семь лет"),
        ("العبّارة تعود إلى الجزيرة بعد سبع سنوات | صحيفة المرفأ", "صحيفة المرفأ", (), "العبّارة تعود إلى الجزيرة بعد سبع سنوات"),
        ("Balsa volta ao mar - 16/05/2024 - Porto - Folha do Porto", None, ("Balsa volta ao mar",), "Balsa volta ao mar"),
        ("Το φέρι επέστρεψε στο νησί - Νέα του Λιμανιού", None, ("Το φέρι επέστρεψε στο νησί",), "Το φέρι επέστρεψε στο νησί"),
    ],
)
def test_names_are_known_in_other_scripts(shared: str, site: str | None, h1: tuple[str, ...], expected: str) -> None:
    assert title_of(shared, site=site, h1=h1) == expected


@pytest.mark.parametrize(
    "title",
    [
        "Ferry line resumes - and the island asks who pays",
        "Storm: harbour closed for a third day",
        "Ferries, piers and the sea – a short history of the strait",
        "What the Harbour Courier got wrong about the pier",
        "Live - Ferry line resumes after seven years",
        "Le maire : « nous sommes prêts » à l’ouverture",
        "Мэр: «Причал — подарок острову» и другие слова",
        "»Ein Geschenk« nennt der Bürgermeister den Pier",
        "The man who sold the pier | and why he would again",
    ],
)
def test_marks_inside_a_headline_stay(title: str) -> None:
    assert title_of(f"{title} | Harbour Courier", site="Harbour Courier") == title
    assert title_of(title, h1=(title,), tab=f"{title} - Harbour Courier") == title


def test_a_name_before_the_headline_is_no_part_of_it() -> None:
    assert title_of(f"Harbour Courier | {TITLE}", site="Harbour Courier") == TITLE
    assert title_of(f"Harbour Courier: {TITLE}", site="Harbour Courier", h1=(TITLE,)) == TITLE
    assert title_of(f"Harbour Courier: {TITLE}", site="Harbour Courier") == f"Harbour Courier: {TITLE}"


def test_a_title_that_was_cut_is_taken_whole() -> None:
    assert title_of("Island ferry line resumes after…", h1=(TITLE,)) == TITLE
    assert title_of("Island ferry line resumes ...", ld=TITLE) == TITLE
    quoted = 'Mayor calls pier "a gift to the island"'
    assert title_of("Mayor calls pier", h1=(quoted,), tab=f"{quoted} - Harbour Courier") == quoted


def test_the_title_for_sharing_comes_first_unless_it_is_none() -> None:
    other = "After seven years the island has its ferry back"
    assert title_of(other, h1=(TITLE,), ld=TITLE) == other
    assert title_of("Harbour Courier", site="Harbour Courier", h1=(TITLE,), ld=TITLE) == TITLE
    assert title_of("Ferry!", h1=(TITLE,), ld=TITLE) == TITLE
    assert title_of("Latest news and weather", h1=(TITLE,), tab=f"{TITLE} - Courier") == TITLE


def test_the_name_of_the_site_as_a_heading_is_no_headline() -> None:
    assert title_of(h1=("Harbour Courier", TITLE), site="Harbour Courier") == TITLE
    assert title_of(h1=("Harbour Courier",), site="Harbour Courier", tab=f"{TITLE} - Harbour Courier") == TITLE
    assert title_of(h1=("Harbour Courier", "World", TITLE), tab=f"{TITLE} | World | Harbour Courier") == TITLE


def test_a_page_without_metadata_is_known_by_what_it_shows() -> None:
    assert title_of(h1=(TITLE,)) == TITLE
    assert title_of(tab=TITLE) == TITLE
    assert title_of(tab="Harbour Courier", h1=(TITLE,)) == TITLE
    assert title_of(tab=f"{TITLE} - Page 1", body=f"<h2>{TITLE}</h2>") == TITLE
    assert title_of() is None


def test_a_headline_may_be_one_line_of_markup_and_entities() -> None:
    assert title_of("Mayor &amp; council: &quot;no pier&quot;") == 'Mayor & council: "no pier"'
    assert title_of(h1=("<span>Island</span> ferry <br> line\n resumes after seven years",)) == TITLE
