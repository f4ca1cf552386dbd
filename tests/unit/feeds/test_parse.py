"""What feeds of all formats say."""

from __future__ import annotations

import gzip
import json
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirewatch.errors import NotAFeed, ParseError
from wirewatch.feeds.charset import decode
from wirewatch.feeds.discover import advertised
from wirewatch.feeds.parse import parse
from wirewatch.feeds.plain import absolute, language_of, lines_of, text_of
from wirewatch.model import Entry, ParsedFeed, Precision

URL = "https://www.example.org/feeds/world.xml"
SPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" '
    'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
)


def rss(items: str = "", channel: str = "<title>World</title><link>https://www.example.org/</link>") -> bytes:
    return f'<?xml version="1.0"?><rss version="2.0" {SPACES}><channel>{channel}{items}</channel></rss>'.encode()


def atom(entries: str, head: str = "<title>World</title>") -> bytes:
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{head}{entries}</feed>'.encode()


def item(inner: str, **options: Any) -> Entry:
    (found,) = parse(rss(f"<item>{inner}</item>"), url=URL, **options).entries
    return found


def entry(inner: str) -> Entry:
    (found,) = parse(atom(f"<entry>{inner}</entry>"), url=URL).entries
    return found


def test_rss() -> None:
    found = parse(
        rss(
            """<item><title>Talks &amp;amp; a train</title><link> https://www.example.org/a?x=1&amp;y=2 </link>
            <guid isPermaLink="false">tag-1</guid><description>&lt;p&gt;The &lt;b&gt;talks&lt;/b&gt; go on.&lt;/p&gt;</description>
            <content:encoded><![CDATA[<p>The talks go on.</p><script>var a = "<p>no</p>";</script><p>So does
            the train.</p>]]></content:encoded><pubDate>Mon, 24 Nov 2025 10:00:00 +0900</pubDate><dc:creator>Jane Doe</dc:creator>
            <category>World</category><category>Trade</category><enclosure url="/a.mp3" type="audio/mpeg" length="1"/>
            <media:content url="/a.jpg" medium="image"/></item>"""
        ),
        url=URL,
    )
    assert (found.title, found.format, found.link, found.problems) == ("World", "rss20", "https://www.example.org/", ())
    assert found.entries == (
        Entry(
            id="tag-1",
            url="https://www.example.org/a?x=1&y=2",
            title="Talks & a train",
            summary="The talks go on.",
            content="The talks go on.\nSo does the train.",
            published_at=datetime(2025, 11, 24, 1, tzinfo=UTC),
            published_precision=Precision.SECOND,
            authors=("Jane Doe",),
            categories=("World", "Trade"),
            image="https://www.example.org/a.jpg",
            enclosures=("https://www.example.org/a.mp3", "https://www.example.org/a.jpg"),
        ),
    )


def test_atom() -> None:
    found = parse(
        atom(
            """<entry><id>urn:a</id><title type="html">&lt;i&gt;Talks&lt;/i&gt; &amp;amp; trains</title>
            <link rel="self" href="/self"/><link rel="alternate" href="a"/><summary>1 &lt; 2 &amp; 3</summary>
            <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One</p><p>Two</p></div></content>
            <published>2025-11-24T10:00:00+01:00</published><updated>2025-11-24T12:30:00Z</updated><category term="w" label="World"/>
            </entry><entry><id>urn:b</id><title type="text">a &lt;b&gt; c</title><author><name>Own</name></author>
            <updated>2025-11-23</updated></entry>""",
            head='<title>World</title><author><name>Desk</name></author><link href="https://www.example.org/"/>',
        ),
        url=URL,
    )
    first, second = found.entries
    assert (first.url, first.title, first.summary) == ("https://www.example.org/feeds/a", "Talks & trains", "1 < 2 & 3")
    assert first.content == "One\nTwo"
    assert (first.published_at, first.updated_at) == (datetime(2025, 11, 24, 9, tzinfo=UTC), datetime(2025, 11, 24, 12, 30, tzinfo=UTC))
    assert (first.authors, first.categories) == (("Desk",), ("World",))
    assert (second.title, second.authors, second.url) == ("a <b> c", ("Own",), None)
    assert (second.published_at, second.published_precision) == (datetime(2025, 11, 23, tzinfo=UTC), Precision.DAY)
    assert found.format == "atom10"


def test_rss_1_and_older() -> None:
    rdf = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>World</title><dc:language>de-CH</dc:language></channel>
      <item rdf:about="https://www.example.org/a"><title>A</title><link>https://www.example.org/a</link><dc:date>2025-11-24T10:00Z</dc:date>
      </item></rdf:RDF>"""
    found = parse(rdf.encode(), url=URL)
    assert (found.format, found.language, found.entries[0].id) == ("rss10", "de", "https://www.example.org/a")
    assert found.entries[0].published_at == datetime(2025, 11, 24, 10, tzinfo=UTC)
    netscape = (
        b'<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://x/rss-0.91.dtd"><rss version="0.91"><channel>'
        b"<title>caf&eacute; &nbsp; &bogus; &</title><item><title>a</title></item></channel></rss>"
    )
    assert (parse(netscape, url=URL).format, parse(netscape, url=URL).title) == ("rss091n", "café &bogus; &")
    assert parse(b'<rss version="0.92"><channel><title>a</title></channel></rss>', url=URL).format == "rss092"


def json_feed(**members: Any) -> bytes:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "World", **members}).encode()


def test_json_feed() -> None:
    body = json_feed(
        home_page_url="https://www.example.org/",
        language="en-GB",
        items=[
            {
                "id": 1,
                "url": "/a",
                "title": "A &lt; B",
                "content_html": "<p>One</p><p>Two <img src='/x.png'></p>",
                "date_published": "2025-11-24T10:00:00+01:00",
                "authors": [{"name": "Jane"}, "Joe", 3],
                "tags": ["World", 4],
                "attachments": [{"url": "/a.mp3", "mime_type": "audio/mpeg"}],
            },
            {"id": "https://www.example.org/b", "content_text": "one\n\ntwo\ud800", "author": {"name": "Old"}},
            "no object",
            {"url": ["x"], "title": {"a": 1}},
        ],
    )
    found = parse(body, url=URL)
    assert (found.format, found.language, found.link) == ("json11", "en", "https://www.example.org/")
    first, second, empty = found.entries
    assert (first.id, first.url, first.title, first.content) == ("1", "https://www.example.org/a", "A < B", "One\nTwo")
    assert (first.authors, first.categories, first.image) == (("Jane", "Joe"), ("World",), "https://www.example.org/x.png")
    assert first.enclosures == ("https://www.example.org/a.mp3",)
    assert (second.url, second.content, second.authors) == ("https://www.example.org/b", "one\ntwo", ("Old",))
    assert empty.url is None
    assert any("cannot be read" in problem for problem in found.problems)


@pytest.mark.parametrize("body", [b"[]", b'{"a": 1}', b'{"version": "https://jsonfeed.org/version/1", "items": [', b"[" * 100_000])
def test_json_that_is_no_feed(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body, url=URL)


# ---------------------------------------------------------------- entries


def test_links() -> None:
    assert item("<link>/news/a b</link>").url == "https://www.example.org/news/a%20b"
    assert item("<link>//cdn.example.org/a\n</link>").url == "https://cdn.example.org/a"
    assert item("<link>javascript:alert(1)</link>").url is None
    assert item("<link>mailto:a@example.org</link>").url is None
    assert item("<link>http://</link>").url is None
    assert item("<link>www.example.com/x</link>").url == "http://www.example.com/x"
    assert item('<guid isPermaLink="false">https://www.example.org/g</guid>').url == "https://www.example.org/g"
    assert item("<guid>https://www.example.org/g</guid>").url == "https://www.example.org/g"
    assert item("<guid>12345</guid>").url is None
    assert item("<link>mailto:a@example.org</link><guid>https://www.example.org/g</guid>").url == "https://www.example.org/g"
    assert entry('<content type="text/html" src="https://www.example.org/c"/>').url == "https://www.example.org/c"
    original = "<link>https://feeds.example/~r/1</link><feedburner:origLink>https://www.example.org/a</feedburner:origLink>"
    assert item(original).url == "https://www.example.org/a"
    assert entry('<link rel="enclosure" href="/a.mp3"/><link rel="related" href="/a"/>').url == "https://www.example.org/a"
    based = '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://other.example/x/"><entry><link href="a"/></entry></feed>'
    assert parse(based.encode(), url=URL).entries[0].url == "https://other.example/x/a"


def test_relative_links_in_rss_belong_to_the_site() -> None:
    body = rss("<item><link>/a</link></item>")
    assert parse(body, url="https://feeds.example/world").entries[0].url == "https://www.example.org/a"
    assert parse(body, url="").entries[0].url == "https://www.example.org/a"
    assert parse(rss("<item><link>/a</link></item>", channel="<title>World</title>"), url=URL).entries[0].url == "https://www.example.org/a"
    assert parse(rss("<item><link>/a</link></item>", channel="<title>World</title>"), url="").entries[0].url is None


def test_ids() -> None:
    assert item("<guid>x</guid><link>/a</link>").id == "x"
    assert item("<link>/a</link>").id == "https://www.example.org/a"
    bare = item("<title>A</title><description>b</description>")
    assert bare.id.startswith("hash:")
    assert bare.id == item("<title>A</title><description>b</description>").id != item("<title>A</title>").id
    assert len(item(f"<guid>{'x' * 5000}</guid>").id) < 100
    twins = parse(rss("<item><guid>x</guid><link>/a</link></item><item><guid>x</guid><link>/b</link></item>"), url=URL)
    assert [each.id for each in twins.entries] == ["x", "https://www.example.org/b"]
    assert any("another has too" in problem for problem in twins.problems)


def test_texts() -> None:
    assert item("<title><![CDATA[ &#8216;Yes&#8217;,  he\n said ]]></title>").title == "‘Yes’, he said"
    assert item("<title>a &amp;lt;b&amp;gt; c</title>").title == "a <b> c"
    assert item("<title>5 &lt; 6</title>").title == "5 < 6"
    assert item("<description>&amp;lt;p&amp;gt;Twice&amp;lt;/p&amp;gt;</description>").summary == "Twice"
    assert item("<description><p>naked</p> markup</description>").summary == "naked markup"
    assert item("<title>zero\u200bwidth\u00ad</title>").title == "zerowidth"
    only = item(f"<content:encoded><![CDATA[<p>{'word ' * 200}</p><p>end</p>]]></content:encoded>")
    assert only.content.endswith("\nend")
    assert len(only.summary) <= 300
    same = item("<description>one</description><content:encoded>one</content:encoded>")
    assert (same.summary, same.content) == ("one", "")


@pytest.mark.parametrize(
    ("stated", "seen"),
    [
        ("<title>AT&amp;amp;T &amp;#8211; a &lt;em&gt;test&lt;/em&gt;</title>", "AT&T – a test"),
        ("<title><![CDATA[<b>Bold</b> &amp; Q&A]]></title>", "Bold & Q&A"),
        ("<title><![CDATA[Tom &amp;amp; Jerry&amp;#39;s]]></title>", "Tom & Jerry's"),
        ("<title>When x &lt; y, List&lt;T&gt; is empty</title>", "When x < y, List<T> is empty"),
        ("<title>How the &lt;video&gt; and &lt;script&gt; tags work</title>", "How the <video> and <script> tags work"),
        ("<title>An <em>odd</em> title<br/>in two lines</title>", "An odd title in two lines"),
        ("<title>It&#146;s &#x201C;here&#x201D;</title>", "It’s “here”"),
        ("<itunes:title xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'>Episode 1</itunes:title>", "Episode 1"),
    ],
)
def test_titles_are_what_readers_see(stated: str, seen: str) -> None:
    assert item(stated).title == seen


def test_plain_titles_of_atom_are_often_escaped_as_html() -> None:
    for stated, seen in (
        ("A &amp;amp; B &amp;#8217;s &lt;i&gt;C&lt;/i&gt;", "A & B ’s C"),
        ("The &lt;video&gt; tag: 1 &lt; 2", "The <video> tag: 1 < 2"),
    ):
        body = f"<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>{stated}</title><id>1</id></entry></feed>"
        assert parse(body.encode(), url=URL).entries[0].title == seen


def test_languages() -> None:
    assert parse(rss(channel="<title>a</title><language>pt-br</language>"), url=URL).language == "pt"
    assert item("<dc:language>ko</dc:language><title>a</title>").language == "ko"
    assert entry('<title xml:lang="de-AT">a</title>').language == "de"
    assert [language_of(each) for each in ("en_US", " EN ", "x", "english", "", None)] == ["en", "en", None, None, None, None]


def test_authors() -> None:
    assert item("<author>jane@example.org (Jane Doe)</author>").authors == ("Jane Doe",)
    assert item("<author>jane@example.org</author>").authors == ("jane@example.org",)
    assert item("<dc:creator>A</dc:creator><dc:creator>B</dc:creator>").authors == ("A", "B")
    assert item("<author>Jane &lt;b&gt;Doe&lt;/b&gt;</author>").authors == ("Jane Doe",)


def test_media() -> None:
    assert item('<media:thumbnail url="/t.jpg"/>').image == "https://www.example.org/t.jpg"
    assert item('<enclosure url="/e.png" type="image/png"/>').image == "https://www.example.org/e.png"
    assert item('<description>&lt;img alt="" src="/i.png"/&gt; text</description>').image == "https://www.example.org/i.png"
    assert item('<media:content url="javascript:a" medium="image"/>').image is None


def test_what_the_feed_asks_of_its_readers() -> None:
    channel = """<title>a</title><ttl>90</ttl><sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>
    <skipHours><hour>0</hour><hour>24</hour><hour> 5 </hour><hour>99</hour></skipHours>
    <skipDays><day>Sunday</day><day>No</day></skipDays>"""
    found = parse(rss(channel=channel), url=URL)
    assert (found.ttl, found.skip_hours, found.skip_days) == (timedelta(minutes=90), (0, 5), (6,))
    often = "<title>a</title><sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>"
    assert parse(rss(channel=often), url=URL).ttl == timedelta(hours=6)
    assert parse(rss(channel="<title>a</title><ttl>99999999</ttl>"), url=URL).ttl == timedelta(days=7)
    assert parse(rss(channel="<title>a</title><ttl>soon</ttl>"), url=URL).ttl is None


def test_what_is_wrong_is_said() -> None:
    found = parse(rss("<item><title>a</title></item><item><title>b</title><pubDate>whenever</pubDate></item>"), url=URL)
    assert found.problems == (
        "2 of 2 entries have no link",
        "2 of 2 entries have neither id nor link",
        "1 of 2 entries have no date",
        '1 of 2 entries have a date that cannot be read ("whenever")',
    )


# ---------------------------------------------------------------- broken


@pytest.mark.parametrize(
    "body",
    [
        rss("<item><title>AT&T</title><link>/a?b=1&c=2</link></item>"),
        rss("<item><title>AT&T</title><link>/a?b=1&c=2</link></item>")[:-20],
        rss("<item><title>AT&amp;T\x0b\x01</title><link>/a?b=1&amp;c=2</link></item>"),
        b"\n\n  " + rss("<item><title>AT&amp;T</title><link>/a?b=1&amp;c=2</link></item>"),
        b"<br /><b>Warning</b>: x in <b>y</b>" + rss("<item><title>AT&amp;T</title><link>/a?b=1&amp;c=2</link></item>"),
        rss("<item><title>AT&amp;T</title><link>/a?b=1&amp;c=2</link></item>") + b"<script>x()</script>",
        rss("<item><title>AT&amp;T</title><link>/a?b=1&amp;c=2</link><media:group><x></item>"),
        rss("<item><title>AT&amp;T</title><link>/a?b=1&amp;c=2</link><unbound:x/></item>"),
        gzip.compress(rss("<item><title>AT&amp;T</title><link>/a?b=1&amp;c=2</link></item>")),
    ],
    ids=["ampersand", "cut", "controls", "spaces", "warning", "after", "unclosed", "prefix", "gzip"],
)
def test_broken_feeds_are_read_all_the_same(body: bytes) -> None:
    found = parse(body, url=URL)
    assert [(each.title, each.url) for each in found.entries] == [("AT&T", "https://www.example.org/a?b=1&c=2")]
    assert found.title == "World"


def test_one_bad_entry_never_sinks_a_feed() -> None:
    found = parse(rss("<item><title>a</title></item><item><link>http://[bad</link><pubDate>\u0660</pubDate></item><item/>"), url=URL)
    assert len(found.entries) == 3


@pytest.mark.parametrize(
    "body",
    [b"", b"   \n", b"\0\0", b"nothing of the kind", b"<opml><body/></opml>", b"<urlset><url/></urlset>", b"\x1f\x8bno", bytes(range(256))],
)
def test_what_is_no_feed_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse(body, url=URL)
    assert not isinstance(caught.value, NotAFeed)


def test_a_page_in_place_of_a_feed() -> None:
    page = b"""<!DOCTYPE html><html><head><base href="https://news.example/x/">
    <!-- <link rel="alternate" type="application/rss+xml" href="no"> -->
    <link rel="alternate" type="application/rss+xml" href="feed.xml">
    <LINK REL='alternate' TYPE='application/atom+xml' HREF='/atom?a=1&amp;b=2'>
    <link rel="stylesheet" href="a.css"><link rel="alternate" type="application/rss+xml" href="feed:https://news.example/f">
    <link rel="alternate" type="application/rss+xml" href="javascript:x"></head></html>"""
    with pytest.raises(NotAFeed) as caught:
        parse(page, url=URL)
    assert caught.value.advertised == ("https://news.example/x/feed.xml", "https://news.example/atom?a=1&b=2", "https://news.example/f")
    assert "HTML" in str(caught.value)


def test_pages_that_only_link_their_feeds() -> None:
    page = '<a href="/about">x</a><a href="/rss">RSS</a><a href="/world/feed/">f</a><a href="/a.rss?x">f</a><a href="/rss-guide">x</a>'
    assert advertised(page, URL) == (
        "https://www.example.org/rss",
        "https://www.example.org/world/feed/",
        "https://www.example.org/a.rss?x",
    )


def test_xhtml_is_a_page_and_a_wrong_doctype_is_not() -> None:
    doctype = b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://x">'
    with pytest.raises(NotAFeed):
        parse(doctype + b'<html xmlns="http://www.w3.org/1999/xhtml"/>', url=URL)
    assert parse(doctype + b"<rss><channel><title>a</title></channel></rss>", url=URL).title == "a"


# ---------------------------------------------------------------- character sets

KOREAN, RUSSIAN, JAPANESE = "북한 지도자가 러시아에 도착했다", "Поезд прибыл в город утром в понедельник", "首脳会談がモスクワで行われる"
CHINESE, FRENCH = "朝鲜领导人乘火车抵达俄罗斯举行会谈", "Le président a été reçu à l’Élysée, a déclaré le ministère"


@pytest.mark.parametrize(
    ("text", "codec", "declared", "header"),
    [
        (KOREAN, "utf-8", "utf-8", ""),
        (KOREAN, "euc-kr", "euc-kr", ""),
        (KOREAN, "euc-kr", "utf-8", "text/xml; charset=EUC-KR"),
        (KOREAN, "utf-8", "euc-kr", ""),
        (KOREAN, "utf-8", "iso-8859-1", "text/xml; charset=iso-8859-1"),
        (KOREAN, "utf-8-sig", "euc-kr", ""),
        (KOREAN, "utf-16", "utf-16", ""),
        (KOREAN, "utf-16-le", "utf-16", ""),
        (KOREAN, "utf-16-be", "utf-8", ""),
        (KOREAN, "utf-8", "utf-16", ""),
        (KOREAN, "utf-8", "bogus", "text/xml; charset=nonsense"),
        (KOREAN, "cp949", "utf-8", ""),
        (RUSSIAN, "cp1251", "windows-1251", "text/xml; charset=iso-8859-1"),
        (RUSSIAN, "koi8-r", "koi8-r", ""),
        (RUSSIAN, "cp1251", "utf-8", ""),
        (JAPANESE, "iso-2022-jp", "iso-2022-jp", ""),
        (JAPANESE, "shift_jis", "shift_jis", ""),
        (CHINESE, "gb18030", "gb2312", ""),
        (CHINESE, "gb18030", "utf-8", ""),
        (FRENCH, "cp1252", "iso-8859-1", ""),
        (FRENCH, "cp1252", "utf-8", ""),
    ],
)
def test_charsets(text: str, codec: str, declared: str, header: str) -> None:
    body = f'<?xml version="1.0" encoding="{declared}"?><rss version="2.0"><channel><title>{text}</title></channel></rss>'.encode(codec)
    assert parse(body, url=URL, content_type=header).title == text


def test_a_broken_character_spoils_no_other() -> None:
    body = rss(f"<item><title>{KOREAN} X</title></item>").replace(b" X", b" \xff")
    found = parse(body, url=URL)
    assert found.entries[0].title == f"{KOREAN} \ufffd"
    assert "not valid utf-8" in found.problems


def test_nul_bytes_are_taken_out() -> None:
    found = parse(rss("<item><title>a\0b</title></item>"), url=URL)
    assert found.entries[0].title == "ab"
    assert "has NUL bytes" in found.problems


@given(st.binary(max_size=400))
def test_any_bytes_are_decoded(body: bytes) -> None:
    assert isinstance(decode(body).text, str)


# ---------------------------------------------------------------- anything at all

_MARKUP = """<rss version='2.0'>|<channel>|<item>|</item>|<title>|</title>|<link>|</link>|<feed xmlns='http://www.w3.org/2005/Atom'>|<entry>|</entry>
    |<textInput>|<image>|<url>|<source>|<author>|<name>|</name>|</author>|<category/>|<content type='xhtml'>|<div>|</div>|<svg>|</svg>|&#0;
    |<media:content url='x'/>|<media:rating>|</media:rating>|<media:credit>|<georss:point>1 2|</georss:point>|<![CDATA[|]]>|<!--|-->|&amp;
    |&x;|&|<|>|<pubDate>|</pubDate>|2025-11-24|text|<guid>|</guid>|<dc:creator>|<itunes:owner>|<psc:chapter>|<enclosure/>|<a:b xmlns:a='x'>
    |&#55555;|</a:b>|<dcterms:valid>start=1;end|</dcterms:valid>|<media:thumbnail>|</media:thumbnail>"""
_TOKENS = st.sampled_from(_MARKUP.split("|"))


@given(st.lists(_TOKENS, max_size=40))
def test_nothing_crashes_it(tokens: list[str]) -> None:
    try:
        found = parse("".join(tokens).encode(), url=URL)
    except ParseError:
        return
    assert isinstance(found, ParsedFeed)
    for each in found.entries:
        assert each.id
        assert each.url is None or each.url.startswith(("http://", "https://"))
        each.title.encode()


def test_what_is_parsed_travels_between_processes() -> None:
    found = parse(rss("<item><title>a</title><pubDate>Mon, 24 Nov 2025 10:00:00 GMT</pubDate></item>"), url=URL)
    assert pickle.loads(pickle.dumps(found)) == found


@given(st.text(max_size=300))
def test_plain_text_has_no_markup(text: str) -> None:
    assert "\n" not in text_of(text)
    assert "\n\n" not in lines_of(text)
    text_of(text).encode()


@given(st.text(max_size=60), st.sampled_from(["", URL]))
def test_absolute_addresses_are_absolute(link: str, base: str) -> None:
    found = absolute(base, link)
    assert found is None or found.lower().startswith(("http://", "https://"))
