"""Feeds made to cost time or memory: each ends with what could be read, or is refused."""

from __future__ import annotations

import gzip
import signal
import subprocess
import sys

import pytest

from wirewatch.errors import ParseError
from wirewatch.feeds.parse import parse, parse_within
from wirewatch.model import ParsedFeed

HEAD = b"<rss version='2.0'><channel><title>t</title>"
SIZE = 300_000
URL = "https://www.example.org/feed"


def full_of(piece: bytes) -> bytes:
    return piece * (SIZE // len(piece))


def outcome(body: bytes) -> ParsedFeed | None:
    """The feed, or None where it is refused. The suite's own limit is what catches a hang."""
    try:
        return parse(body, url=URL)
    except ParseError:
        return None


@pytest.mark.parametrize("piece", [b"<item/>", b"<item><title>a</title></item>", b"<item><pubDate>99 foo 99 bar</pubDate></item>"])
def test_a_million_entries(piece: bytes) -> None:
    found = parse(HEAD + full_of(piece), url=URL)
    assert len(found.entries) == 2000
    assert "more than 2000 entries: the others are left out" in found.problems


def test_entries_up_to_the_bound_are_all_there() -> None:
    body = HEAD + b"<item><title>a</title></item>" * 50 + b"</channel></rss>"
    assert len(parse(body, url=URL, max_entries=50).entries) == 50
    assert not any("more than" in problem for problem in parse(body, url=URL, max_entries=50).problems)
    cut = parse(body, url=URL, max_entries=49)
    assert len(cut.entries) == 49
    assert "more than 49 entries: the others are left out" in cut.problems


def test_a_million_items_of_json() -> None:
    body = b'{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[' + full_of(b"{},") + b"{}]}"
    assert len(parse(body, url=URL).entries) == 2000


def test_a_million_elements_in_one_entry_leave_the_others() -> None:
    found = parse(HEAD + b"<item><title>a</title></item><item>" + b"<b/>" * 70_000, url=URL)
    assert [entry.title for entry in found.entries] == ["a"]


BILLION_LAUGHS = b"<!DOCTYPE rss [<!ENTITY a0 'ha'>" + b"".join(
    b"<!ENTITY a%d '%s'>" % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 12)
)


@pytest.mark.parametrize(
    "body",
    [
        BILLION_LAUGHS + b"]><rss><channel><title>&a11;</title></channel></rss>",
        b"<!DOCTYPE rss [<!ENTITY a '" + b"x" * 50_000 + b"'>]><rss><channel><title>" + b"&a;" * 50_000 + b"</title></channel></rss>",
        b"<!DOCTYPE rss [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><rss><channel><title>&a;</title></channel></rss>",
        b"<!DOCTYPE rss [<!ENTITY % a SYSTEM 'http://127.0.0.1/x'> %a;]><rss><channel><title>&a;</title></channel></rss>",
        b"<!DOCTYPE rss [<!ENTITY a ']>'>]><rss><channel><title>&a;</title></channel></rss>",
    ],
    ids=["billion laughs", "quadratic", "file", "parameter", "quoted end"],
)
def test_entities_are_not_expanded(body: bytes) -> None:
    found = parse(body, url=URL)
    assert len(found.title) <= 1000
    assert "root:" not in found.title
    assert any("entities" in problem for problem in found.problems)


def test_plain_short_entities_are_what_they_stand_for() -> None:
    assert (
        parse(b"<!DOCTYPE rss [<!ENTITY co 'A &co'><!ENTITY hi \"Hi\">]><rss><channel><title>&hi;!</title></channel></rss>", url=URL).title
        == "Hi!"
    )


@pytest.mark.parametrize(
    "body",
    [
        HEAD + full_of(b"<a>"),
        HEAD + b"<item><description>" + full_of(b"<b>"),
        HEAD + b"<item " + b" ".join(b"a%d=''" % number for number in range(30_000)) + b"/>",
        b"<rss " + b" ".join(b"xmlns:a%d='u%d'" % (number, number) for number in range(30_000)) + b"/>",
        HEAD + b"<item xml:base='http://a/" + b"b/" * 1000 + b"'>" + full_of(b"<a/>"),
        full_of(b"["),
        full_of(b'{"a":'),
        full_of(b"<!--"),
        full_of(b"<?"),
        full_of(b"<!DOCTYPE "),
        full_of(b" "),
        full_of(b"\0"),
        full_of(b"\xff"),
        full_of(b"\xe3\x82"),
        gzip.compress(bytes(100_000_000), 1),
    ],
    ids=lambda body: repr(body[:60]),
)
def test_refused(body: bytes) -> None:
    assert outcome(body) is None


@pytest.mark.parametrize(
    "body",
    [
        HEAD + b"<item><author>" + b"a" * SIZE + b"</author></item></channel></rss>",
        HEAD + b"<item>" + b"".join(b"<category>%d</category>" % number for number in range(20_000)) + b"</item></channel></rss>",
        HEAD + b"<item><title>" + full_of(b"&amp;a") + b"</title></item></channel></rss>",
        HEAD + b"<item><description>" + full_of(b"&lt;a") + b"</description></item></channel></rss>",
        HEAD + b"<item><description>" + full_of(b"&lt;script") + b"</description></item></channel></rss>",
        HEAD + b"<item><description>" + full_of(b"&lt;!--") + b"</description></item></channel></rss>",
        HEAD + b"<item><description>" + full_of(b"&lt;img src=") + b"</description></item></channel></rss>",
        HEAD + b"<item><pubDate>" + full_of(b"1 ") + b"</pubDate></item></channel></rss>",
        HEAD + b"<item><link>" + full_of(b"a/") + b"</link></item></channel></rss>",
        HEAD + b"<item><guid>" + full_of(b"a") + b"</guid></item></channel></rss>",
        HEAD + b"<item><title>" + full_of(b"< ") + b"</title></item></channel></rss>",
        HEAD + b"<item><title>" + full_of(b"&a") + b"</title></item></channel></rss>",
        HEAD + b"<item/>" + b"<skipHours/>" * 5_000,
        HEAD + b"<item a=" + full_of(b"'\""),
        HEAD + b"<item><title>x" + full_of(b"</a>"),
        HEAD + b"<item><title>x" + full_of(b"<![CDATA["),
    ],
    ids=lambda body: repr(body[44:100]),
)
def test_read_within_bounds(body: bytes) -> None:
    found = outcome(body)
    if found is not None:
        for entry in found.entries:
            assert len(entry.title) <= 1000
            assert len(entry.summary) <= 5000
            assert len(entry.categories) <= 100
            assert len(entry.id) <= 2000


def test_pages_full_of_links() -> None:
    assert outcome(b"<html>" + full_of(b"<link rel=alternate ")) is None
    assert outcome(b"<html>" + full_of(b"<a href='/rss'>")) is None
    assert outcome(b"<html>" + full_of(b"<!-- ")) is None


def test_what_takes_too_long_is_given_up() -> None:
    # A process of its own: the clock's signal reaches a main thread only.
    program = (
        "from wirewatch.feeds import parse\nfrom wirewatch.errors import ParseError\nimport time\n"
        "parse.parse = lambda *a, **k: time.sleep(60)\n"
        "try:\n    parse.parse_within(0.05, b'', url='')\nexcept ParseError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=50)
    assert done.stdout == "not parsed within 0.05 s\n"


def test_a_library_that_does_not_come_back_ends_its_process() -> None:
    # Adding zeros for ever is C code that hears no signal.
    program = (
        "import itertools\nfrom wirewatch.feeds import fetch, parse\nfetch._MORE_S = 0.1\n"
        "parse.parse = lambda *a, **k: sum(itertools.repeat(0))\n"
        "fetch.parse_in_worker(0.1, b'', '', '', 1)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=50)
    assert done.returncode == -signal.SIGVTALRM, done.stderr


def test_what_takes_no_time_is_not_given_up() -> None:
    assert parse_within(60, HEAD + b"<item/></channel></rss>", url=URL).format == "rss20"
