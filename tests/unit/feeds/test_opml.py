"""OPML in and out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirewatch.config import load_files
from wirewatch.errors import ParseError
from wirewatch.feeds.opml import Addition, Outline, address_key, appended, plan, read_opml, write_opml
from wirewatch.model import Feed

NOW = datetime(2025, 11, 24, 10, tzinfo=UTC)


def opml(body: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><opml version="1.0"><head><title>x</title></head><body>{body}</body></opml>'.encode()


def test_outlines_and_their_folders() -> None:
    found = read_opml(
        opml(
            """<outline text="World"><outline text="Asia"><outline text="A &amp; B" title="A &amp; B" xmlUrl="https://a.example/f?x=1&amp;y=2"/>
            </outline><outline text="b" XMLURL="feed://b.example/f" category="/news,wire"/></outline>
            <outline title="c" type="rss" url="https://c.example/f" language="de-DE"/><outline text="no feed"/>"""
        )
    )
    assert found == [
        Outline(url="https://a.example/f?x=1&y=2", title="A & B", tags=("World", "Asia")),
        Outline(url="http://b.example/f", title="b", tags=("World", "news", "wire")),
        Outline(url="https://c.example/f", title="c", language="de"),
    ]


def test_quotes_inside_of_quotes() -> None:
    found = read_opml(
        opml(
            """<outline text="Press">\n<outline text="Газета "Время". Главное" title="Газета "Время". Главное" description="a > b"
            xmlUrl="https://a.example/f?a=1&b=2" type="rss" />\n<outline text="b" xmlUrl="https://b.example/f"></outline>\n</outline>
            <outline text="c" xmlUrl="https://c.example/f"/>"""
        )
    )
    assert [(each.title, each.url, each.tags) for each in found] == [
        ('Газета "Время". Главное', "https://a.example/f?a=1&b=2", ("Press",)),
        ("b", "https://b.example/f", ("Press",)),
        ("c", "https://c.example/f", ()),
    ]


@pytest.mark.parametrize("body", [b"", b"<rss><channel/></rss>", b"<html/>", b"\0\xff", b"{}"])
def test_what_is_no_opml(body: bytes) -> None:
    with pytest.raises(ParseError):
        read_opml(body)


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE opml [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + opml('<outline text="&a;" xmlUrl="https://a.example/f"/>')[38:],
        opml("<outline text='x'>" * 30_000),
        opml('<outline text="x" xmlUrl="https://a.example/f"/>' * 60_000),
    ],
    ids=["entity", "deep", "many"],
)
def test_hostile_files(body: bytes) -> None:
    found = read_opml(body)
    assert len(found) <= 50_000
    assert not any("root:" in each.title for each in found)


def test_what_is_written_is_read_back() -> None:
    feeds = [
        Feed(id="a", url="https://a.example/f?x=1&y=2", name='A "B" <C> & D', language="ko", tags=("World", "wire")),
        Feed(id="b", url="http://b.example/북한"),
    ]
    text = write_opml(feeds, title="Wirewatch", now=NOW)
    assert '<opml version="2.0">' in text
    assert "<dateCreated>Mon, 24 Nov 2025 10:00:00 +0000</dateCreated>" in text
    assert read_opml(text.encode()) == [
        Outline(url="https://a.example/f?x=1&y=2", title='A "B" <C> & D', language="ko", tags=("World", "wire")),
        Outline(url="http://b.example/북한", title="b"),
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://A.example/f", "https://a.example:443/f/", True),
        ("https://www.a.example/f", "https://a.example/f", True),
        ("https://a.example/f?x=1", "https://a.example/f?x=2", False),
        ("https://a.example/f", "https://a.example/F", False),
        ("https://a.example:8080/f", "https://a.example/f", False),
    ],
)
def test_the_same_address(one: str, other: str, same: bool) -> None:
    assert (address_key(one) == address_key(other)) is same


def test_ids_and_duplicates() -> None:
    outlines = [
        Outline(url="http://www.bbc.example/world/", title="BBC"),
        Outline(url="https://a.example/1", title="Süddeutsche Zeitung: Politik & Straße"),
        Outline(url="https://a.example/2", title="Suddeutsche Zeitung Politik Strasse"),
        Outline(url="https://feeds.yna.example/x", title="연합뉴스"),
        Outline(url="http://A.example/1", title="again"),
        Outline(url="ftp://a.example/3", title="ftp"),
        Outline(url="https://a.example/4", title="word " * 40),
    ]
    planned = plan(outlines, [Feed(id="bbc", url="https://bbc.example/world")])
    assert [(each.id, each.duplicate_of, each.problem) for each in planned[:6]] == [
        (None, "bbc", ""),
        ("suddeutsche-zeitung-politik-strasse", None, ""),
        ("suddeutsche-zeitung-politik-strasse-2", None, ""),
        ("yna-example", None, ""),
        (None, "suddeutsche-zeitung-politik-strasse", ""),
        (None, None, "not an http(s) address"),
    ]
    assert len(planned[6].id or "") <= 60


TEXT = """# The desk's feeds.
feeds:
  # world
  bbc: {url: "https://bbc.example/world", name: BBC} # keep

  z-last:
    url: https://z.example/f
"""


def added(*outlines: Outline) -> list[Addition]:
    return plan(outlines, [])


def feeds_of(text: str) -> dict[str, Feed]:
    return {feed.id: feed for feed in load_files({"wirewatch.yaml": "{}\n", "feeds.yaml": text}).feeds}


NEW = Outline(url="https://a.example/f", title='A: "B" # {c}', tags=("x, y", "é"), language="en")


def test_the_text_stays_and_the_new_ones_follow() -> None:
    text = appended(TEXT, added(NEW), comment="from my.opml")
    assert text.startswith(TEXT)
    assert text[len(TEXT) :].startswith("  # from my.opml\n  a-b-c: {url: ")
    feed = feeds_of(text)["a-b-c"]
    assert (feed.url, feed.name, feed.tags, feed.language) == (NEW.url, NEW.title, NEW.tags, "en")
    assert list(feeds_of(text)) == ["bbc", "z-last", "a-b-c"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment",
        "feeds:\n",
        "feeds: {}\n",
        "feeds: {} # none yet\n",
        "feeds: null",
        TEXT.rstrip("\n"),
        TEXT.replace("  ", "    "),
    ],
)
def test_where_the_new_ones_may_stand(text: str) -> None:
    before = feeds_of(text) if "bbc" in text else {}
    assert set(feeds_of(appended(text, added(NEW), comment="from x"))) == {*before, "a-b-c"}


@pytest.mark.parametrize("text", ["feeds: {a: {url: 'https://a.example'}}\n", f"{TEXT}other: 1\n", "other: 1\n"])
def test_where_they_may_not(text: str) -> None:
    with pytest.raises(ValueError, match=r"feeds|line"):
        appended(text, added(NEW), comment="from x")


def test_nothing_new_changes_nothing() -> None:
    known = plan([NEW], [Feed(id="a", url=NEW.url)])
    assert appended(TEXT, known, comment="from x") is TEXT


@given(st.text(max_size=80), st.lists(st.text(min_size=1, max_size=20), max_size=3))
def test_any_title_makes_valid_yaml(title: str, tags: list[str]) -> None:
    body = write_opml([Feed(id="x", url="https://a.example/f", name=title, tags=tuple(tags))], title="t", now=NOW)
    (outline,) = read_opml(body.encode("utf-8", "replace"))
    (feed,) = feeds_of(appended("feeds:\n", added(outline), comment=title)).values()
    assert (feed.url, feed.name) == ("https://a.example/f", outline.title)
    assert feed.tags == outline.tags
