"""Two addresses of one page are one; two pages are two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirewatch.articles.identity import SLOTS, article_id, normalise, slot_of, source_of, url_id


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("HTTPS://News.Example.ORG:443/a/./b/../c", "https://news.example.org/a/c"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org/a?utm_source=rss&utm_medium=feed", "https://example.org/a"),
        ("https://example.org/a?id=3&fbclid=xyz#comments", "https://example.org/a?id=3"),
        ("https://example.org./a", "https://example.org/a"),
        ("https://example.org/%7euser/%e4%bd%a0", "https://example.org/~user/你"),
        ("https://münchen.example/straße", "https://xn--mnchen-3ya.example/stra%C3%9Fe"),
        ("https://reader:secret@example.org/a", "https://example.org/a"),
        ("  https://example.org/a\n", "https://example.org/a"),
    ],
)
def test_forms_of_one_address_have_one_normal_form(first: str, second: str) -> None:
    assert normalise(first) == normalise(second)
    assert url_id(first) == url_id(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://example.org/a%2Fb", "https://example.org/a/b"),
        ("https://example.org/a?x=1%262", "https://example.org/a?x=1&2"),
        ("https://example.org/a?id=1", "https://example.org/a?id=2"),
        ("https://example.org/a?x=1&y=2", "https://example.org/a?y=2&x=1"),
        ("https://example.org/A", "https://example.org/a"),
        ("https://example.org:8080/a", "https://example.org/a"),
        ("https://example.org/a/", "https://example.org/a"),
    ],
)
def test_addresses_that_may_differ_stay_apart(first: str, second: str) -> None:
    assert url_id(first) != url_id(second)


def test_http_and_https_are_one_page() -> None:
    assert article_id("http://example.org/a") == article_id("https://example.org/a")


@pytest.mark.parametrize("url", ["ftp://example.org/a", "mailto:desk@example.org", "https://", "/a", "", "https://exa mple.org:x/"])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        normalise(url)


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="#?[]\\"), max_size=40),
    st.text("abc%&=20fF+;", max_size=20),
)
def test_a_normal_form_is_its_own_normal_form(path: str, query: str) -> None:
    once = normalise(f"https://example.org/{path}?{query}")
    assert normalise(once) == once


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://edition.news.example.co.uk/x", "example.co.uk"),
        ("https://www.example.com:8443/", "example.com"),
        ("http://daily.localhost:9000/x", "daily.localhost"),
        ("http://www.daily.localhost/x", "daily.localhost"),
        ("http://127.0.0.1:8000/x", "127.0.0.1"),
        ("http://[::1]/x", "::1"),
        ("https://intranet/x", "intranet"),
    ],
)
def test_the_source_is_the_registrable_domain(url: str, source: str) -> None:
    assert source_of(url) == source


def test_slots_are_a_matter_of_host_and_port() -> None:
    assert slot_of("https://example.org/a") == slot_of("https://EXAMPLE.org:443/b?c")
    slots = {slot_of(f"https://site{number}.example/") for number in range(1000)}
    assert slots == set(range(SLOTS))
