"""Articles are found, narrowed down and explained; what is hostile in them stays text."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirewatch.model import Evidence, Provenance, Revision, Status, TopicMatch
from wirewatch.store import articles as store
from wirewatch.store.articles import reach_words
from wirewatch.web.text import END, START, Piece, excerpt, highlighted, pieces, visible

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


MILL = {"publisher": "mill", "publisher_name": "The Mill"}


def plain(shown: Any) -> str:
    return "".join(piece["text"] for piece in shown)


def hits(shown: Any) -> list[str]:
    return [piece["text"] for piece in shown if piece["hit"]]


def test_search_narrows_down_and_marks_what_it_found(web: Any, article: Any) -> None:
    web.add(
        article("a", "Harbour pilots strike", topic="harbours", text="A pilot <em>said</em> no. The harbour is <b>shut</b>.", ago=3 * HOUR),
        article(
            "b", "Pilots go back", topic="harbours", story_id="a", publisher="mill", publisher_name="The Mill", language="de", ago=HOUR
        ),
        article("c", "항구가 붐빈다", text="부산의 항구에서 배가 기다린다", language="ko"),
        article("d", "Harbour, unread", status=Status.DISCOVERED),
        article("e", "Harbour of last year", topic="harbours", ago=timedelta(days=40), counted_at=None),
    )

    def found(**query: Any) -> list[str]:
        return [each["id"] for each in web.get("/articles", params=query)["articles"]]

    page = web.get("/articles", params={"q": "pilot* harbour"})
    assert [each["id"] for each in page["articles"]] == ["a"]
    assert hits(page["articles"][0]["title"]) == ["Harbour", "pilots"]
    assert "<em>said</em>" in plain(page["articles"][0]["excerpt"]), "an article's own markup is not ours"
    assert hits(page["articles"][0]["excerpt"]) == ["pilot", "harbour"]
    everything = web.get("/articles")
    assert (everything["total"], everything["stories"], everything["publishers"]) == (4, 3, 2)
    assert [each["id"] for each in everything["articles"]] == ["b", "c", "a", "e"]
    assert {each["value"]: each["count"] for each in everything["facets"]["language"]} == {"en": 2, "de": 1, "ko": 1}
    assert everything["facets"]["topics"] == [{"value": "harbours", "name": "Harbours", "count": 3}]
    assert found(topics="harbours", sort="earliest") == ["e", "a", "b"]
    assert found(topics="harbours", counted=True, sort="earliest") == ["a", "b"]
    assert found(publisher_name=["The Mill", "none"]) == ["b"]
    assert found(since=(NOW - 2 * HOUR).isoformat(), until=NOW.isoformat(), language="de") == ["b"]
    assert found(story_id="a", sort="earliest", offset=1, limit=1) == ["b"]
    assert found(q="항구") == ["c"], "Korean words are found with their particles"
    assert found(status="discovered") == ["d"]


def test_a_query_that_cannot_be_read_is_explained(web: Any, article: Any) -> None:
    web.add(article("a", "Harbour"))
    for query in ("title:(", "*bour", "a AND (b", "/[/"):
        answer = web.ask("GET", "/articles", params={"q": query})
        assert answer.status_code in (200, 422), query
        if answer.status_code == 422:
            assert answer.json()["detail"].startswith("This search cannot be read")
    assert web.ask("GET", "/articles", params={"q": "title:("}).status_code == 422
    assert web.ask("GET", "/articles", params={"colour": "red"}).status_code == 422
    assert web.ask("GET", "/articles", params={"limit": 1000}).status_code == 422


def test_an_article_says_why_and_when(web: Any, article: Any, bundle: Any) -> None:
    text = "The 🚢 waits. A harbour is full."
    at = text.index("harbour")
    current = next(topic.hash for topic in bundle.topics if topic.id == "harbours")
    matches = (
        TopicMatch(topic="harbours", hash=current, score=40, evidence=(Evidence(field="text", start=at, end=at + 7, words="harbour"),)),
        TopicMatch(topic="gone", hash="x", score=90),
    )
    web.add(
        article(
            "a",
            "Full",
            text=text,
            topics=("harbours", "gone"),
            topic_matches=matches,
            published_from=Provenance.PAGE,
            counted_at=None,
            revisions=(Revision(at=NOW, title="Half full\u202e"),),
        ),
        article("b", "Full, says a copy", story_id="a", ago=HOUR / 2),
    )
    found = web.get("/articles/a")
    assert plain(found["text"]) == text
    assert hits(found["text"]) == ["harbour"], "offsets count characters, not UTF-16"
    assert [(each["topic"]["name"], each["score"], each["current"]) for each in found["why"]] == [
        ("gone", 90, False),
        ("Harbours", 40, True),
    ]
    assert (found["counted_at"], found["published_from"]) == (None, "page")
    assert found["revisions"][0]["title"] == "Half full"
    assert [each["id"] for each in found["copies"]] == ["b"]
    assert web.ask("GET", "/articles/none").status_code == 404
    asyncio.run(store.forget(web.documents, url="https://harbour.example/a", url_id="a", now=NOW))
    assert web.ask("GET", "/articles/a").status_code == 404, "what was taken away is not shown"


def test_hostile_headlines_stay_text(web: Any, article: Any) -> None:
    script = "<script>alert(1)</script> harbour"
    web.add(
        article(
            "a", script, url="javascript:alert(1)", publisher_name="<img src=x>\u202e", urls=("javascript:alert(1)", "https://ok.example/")
        ),
        article("b", "\u202egnp.exe\u202c harbour\u0000\ud800", text="x" * 500_000),
        article("c", "harbour " * 1300),
        article("d", f"{START}harbour{END}"),
    )
    page = {each["id"]: each for each in web.get("/articles", params={"q": "harbour"})["articles"]}
    assert plain(page["a"]["title"]) == script
    assert (page["a"]["url"], page["a"]["publisher"]) == (None, "<img src=x>")
    assert web.get("/articles/a")["urls"] == ["https://ok.example/"]
    assert plain(page["b"]["title"]).startswith("gnp.exe harbour")
    assert not set("\u202e\u202c\u0000\ud800") & set(plain(page["b"]["title"]))
    whole = web.get("/articles/b")
    assert whole["cut"] is True
    assert len(plain(whole["text"])) < 61_000
    assert len(plain(page["c"]["title"])) <= 401
    assert (plain(page["d"]["title"]), hits(page["d"]["title"])) == ("harbour", ["harbour"])


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("북한 러시아", "북한* 러시아*"),
        ('"북한 미사일" 발사', '"북한 미사일" 발사*'),
        ("북한* title:러시아", "북한* title:러시아*"),
        ("North Korea 북", "North Korea 북"),
        ("평양~2", "평양~2"),
    ],
)
def test_korean_words_reach_their_particles(query: str, asked: str) -> None:
    assert reach_words(query) == asked


SPANS = st.lists(st.tuples(st.integers(-3, 40), st.integers(-3, 40)), max_size=6)


@given(st.text(max_size=40), SPANS)
def test_pieces_are_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    found = pieces(text, spans)
    assert "".join(each.text for each in found) == visible(text)
    assert all(each.text for each in found)
    assert not any(first.hit and second.hit for first, second in pairwise(found))


@given(st.text(max_size=400), SPANS, st.integers(20, 200))
def test_an_excerpt_is_short(text: str, spans: list[tuple[int, int]], width: int) -> None:
    assert sum(len(each.text) for each in excerpt(text, spans, width)) <= width + 4


def test_what_a_search_marked_is_cut_out() -> None:
    assert highlighted(f"a {START}b{END} c") == (Piece(text="a "), Piece(text="b", hit=True), Piece(text=" c"))
    assert highlighted(f"{START}{START}b{END}") == (Piece(text="b", hit=True),)
    assert highlighted("") == ()
