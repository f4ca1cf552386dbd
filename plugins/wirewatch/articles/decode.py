"""Bytes of a page to text: byte order mark, valid UTF-8, HTTP header, `<meta>`, then what fits; pure."""

from __future__ import annotations

import codecs
import re
from itertools import islice

from wirewatch.charsets import HEADER, WIDER

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_META = re.compile(rb"<(?:meta|\?xml)[^>]{0,400}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_SEEN_BYTES = 4096
_MULTIBYTE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_SURE = 4
"""Letters in UTF-8 that no label can explain away: text in another encoding is hardly ever valid UTF-8, and then in a word or two."""

_READ_AS = {**WIDER, "utf-16": "utf-8"}
"""A page that can name its encoding in its own text is not in UTF-16 (WHATWG HTML Standard, prescan of a byte stream)."""

_GUESSES = ("cp949", "gb18030", "cp932", "cp1251", "cp1252")


def decode(body: bytes, content_type: str = "") -> str:
    """The text of a page, whatever its encoding; what fits nowhere is replaced, never raised."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body.decode(name, "replace").lstrip("\ufeff")
    labels: list[str] = []
    header = HEADER.search(content_type)
    if header:
        labels.append(header[1])
    meta = _META.search(body[:_SEEN_BYTES])
    if meta:
        labels.append(meta[1].decode("ascii", "replace"))
    codecs_said = [codec for codec in map(_codec, labels) if codec]
    first = ["utf-8"] if len(list(islice(_MULTIBYTE.finditer(body), _SURE))) == _SURE else []
    for codec in dict.fromkeys([*first, *codecs_said, "utf-8"]):
        try:
            return body.decode(codec)
        except UnicodeDecodeError:
            continue
    if codecs_said:
        best = min(codecs_said, key=lambda codec: body.decode(codec, "replace").count("\ufffd"))
        return body.decode(best, "replace")
    return _guess(body)


def _codec(label: str) -> str | None:
    name = label.strip().lower()
    name = _READ_AS.get(name, name)
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def _guess(body: bytes) -> str:
    if body.decode("utf-8", "replace").count("\ufffd") * 200 < len(body):
        return body.decode("utf-8", "replace")
    for codec in _GUESSES:
        try:
            return body.decode(codec)
        except UnicodeDecodeError:
            continue
    return body.decode("cp1252", "replace")
