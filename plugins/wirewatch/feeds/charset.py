"""Bytes of a feed to text, by what they are more than by what they are said to be; pure."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from wirewatch.charsets import HEADER, WIDER

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = (
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00<\x00", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00{\x00", "utf-16-be"),
    (b"{\x00", "utf-16-le"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)
"""How a document without a byte order mark begins (XML 1.0, appendix F.1)."""

_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([\w.:-]+)", re.IGNORECASE)
_HEAD_BYTES = 1024

_ANYTHING = frozenset(("cp1252", "cp1254", "iso8859-1", "latin-1"))
"""What servers say by default, and what nearly any bytes can be read as."""
_DISALLOWED = re.compile(r"utf-?(?:16|32)|ucs|unicode|base64|hex|rot|zip|zlib|bz2|idna|punycode|raw_unicode|unicode_escape|quopri|uu")
"""Not the charset of a document that begins as ours do, or no charset at all."""


class Text(NamedTuple):
    """A decoded document."""

    text: str
    codec: str
    problem: str = ""
    """What is wrong with how it is encoded."""


def decode(body: bytes, content_type: str = "") -> Text:
    """The text of a feed: byte order mark, UTF-8 where it is that, what is declared, what it looks like; never raises."""
    for marks in (_BOMS, _UNMARKED):
        for mark, name in marks:
            if body.startswith(mark):
                return _read(body[len(mark) :] if marks is _BOMS else body, name, "")
    header = HEADER.search(content_type)
    declared = _DECLARED.match(body[:_HEAD_BYTES])
    labels = [match[1].decode("ascii", "replace") if isinstance(match[1], bytes) else match[1] for match in (header, declared) if match]
    known = [(label, codec) for label in labels if (codec := _codec(label))]
    if len(known) == 2 and known[0][1] in _ANYTHING:
        known.reverse()
    if not body.isascii():
        # Text in another encoding is hardly ever valid UTF-8 by chance.
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            wrong = [label for label, codec in known if codec != "utf-8"]
            return Text(text, "utf-8", f"declared as {wrong[0]}, is utf-8" if wrong else "")
    for _, codec in known:
        try:
            return Text(body.decode(codec), codec)
        except UnicodeDecodeError:
            continue
    unknown = [label for label in labels if not _codec(label)]
    if unknown and body.isascii():
        return _read(body, "utf-8", f"unknown charset {unknown[0]}")
    if not labels and body.isascii():
        return _read(body, "utf-8", "")
    return _undeclared(body, labels)


def _undeclared(body: bytes, labels: list[str]) -> Text:
    """What is not what it says, or says nothing: mostly UTF-8 with a broken character, else what it looks like."""
    broken = body.decode("utf-8", "replace")
    if broken.count("\ufffd") * 4 < sum(letter > "\x7f" for letter in broken):
        return Text(broken, "utf-8", "not valid utf-8")
    codec = guess(body)
    said = f"declared as {labels[0]}" if labels else "no charset declared"
    return _read(body, codec, f"{said}, read as {codec}")


def guess(body: bytes) -> str:
    """The likeliest codec of text that is not UTF-8, by which bytes above ASCII it has and how they stand together."""
    runs = re.findall(rb"[\x80-\xff]+(?:[\x40-\x7e][\x80-\xff]+)*", body[:200_000])
    high = sum(byte > 0x7F for run in runs for byte in run)
    if not high:
        return "utf-8"
    if high / len(runs) < 2.5:
        return "cp1252"
    pairs = [run[position] for run in runs for position in range(0, len(run) - 1, 2)]

    def share(low: int, up: int, among: list[int]) -> float:
        return sum(low <= byte <= up for byte in among) / max(1, len(among))

    every = [byte for run in runs for byte in run if byte > 0x7F]
    if share(0xE0, 0xFF, every) > 0.7:
        return "cp1251"
    if share(0xC0, 0xDF, every) > 0.7:
        return "koi8-r"
    if share(0x82, 0x83, pairs) > 0.25:
        return "cp932"
    if share(0xA4, 0xA5, pairs) > 0.25:
        return "euc-jp"
    order = ("cp949", "gb18030") if share(0xB0, 0xC8, pairs) > 0.85 else ("gb18030", "cp949")
    for codec in order:
        if body.decode(codec, "replace").count("\ufffd") * 50 <= len(pairs):
            return codec
    return "cp1252"


def _read(body: bytes, codec: str, problem: str) -> Text:
    text = body.decode(codec, "replace")
    if not problem and "\ufffd" in text and body.count(b"\xef\xbf\xbd") == 0:
        problem = f"not valid {codec}"
    return Text(text.removeprefix("\ufeff"), codec, problem)


def _codec(label: str) -> str | None:
    name = label.strip().lower()
    if _DISALLOWED.match(name):
        return None
    try:
        found = codecs.lookup(WIDER.get(name, name))
    except (LookupError, ValueError):
        return None
    return WIDER.get(found.name, found.name)
