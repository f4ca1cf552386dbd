"""Pages in the encodings of the world."""

from __future__ import annotations

import pytest

from wirewatch.articles.decode import decode

KOREAN = "<html><head><title>북한</title></head><body>김정은 위원장이 러시아를 방문했다.</body></html>"
RUSSIAN = "<html><head></head><body>Президент встретился с гостем в Москве.</body></html>"


@pytest.mark.parametrize(
    ("text", "codec", "content_type"),
    [
        (KOREAN, "utf-8", "text/html"),
        (KOREAN, "euc-kr", "text/html; charset=EUC-KR"),
        (RUSSIAN, "cp1251", 'text/html; charset="windows-1251"'),
        (RUSSIAN, "koi8-r", "text/html;charset=koi8-r"),
        ("<p>日本語の記事</p>", "shift_jis", "text/html; charset=Shift_JIS"),
        ("<p>“quoted” – dash</p>", "cp1252", "text/html; charset=iso-8859-1"),
        ("<p>中文新闻</p>", "gb18030", "text/html; charset=gb2312"),
    ],
)
def test_the_header_names_the_encoding(text: str, codec: str, content_type: str) -> None:
    assert decode(text.encode(codec), content_type) == text


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_outranks_the_header(codec: str) -> None:
    assert decode(RUSSIAN.encode(codec), "text/html; charset=koi8-r") == RUSSIAN


def test_the_page_names_the_encoding() -> None:
    text = RUSSIAN.replace("<head>", '<head><meta http-equiv="Content-Type" content="text/html; charset=windows-1251">')
    assert decode(text.encode("cp1251"), "text/html") == text


def test_a_label_that_does_not_fit_is_not_believed() -> None:
    text = KOREAN.replace("<head>", '<head><meta charset="iso-8859-2x">')
    assert decode(text.encode(), "text/html; charset=ascii; nonsense") == text or "김정은" in decode(text.encode(), "text/html")


def test_utf8_under_another_label_that_cannot_be_right() -> None:
    assert "김정은" in decode(KOREAN.encode(), "text/html; charset=euc-kr")


def test_stray_bytes_are_replaced_and_never_raised() -> None:
    assert "Москве" in decode(RUSSIAN.encode() + b"\xff\xfe\x80", "text/html; charset=utf-8")
    assert decode(bytes(range(256))) != ""


def test_valid_utf8_is_not_read_as_something_else_that_would_fit() -> None:
    text = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"></head>Für Übermorgen: größere</html>'
    assert decode(text.encode(), "text/html") == text
    assert decode(text.encode("latin-1"), "text/html") == text
    assert decode("<p>联通</p>".encode("gbk"), "text/html; charset=gbk") == "<p>联通</p>"
