"""How character sets are named on the web, for feeds and pages alike; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
"""The label in a Content-Type header."""

WIDER: Mapping[str, str] = {
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "big5": "big5hkscs",
    "tis-620": "cp874",
}
"""What browsers read under a label (WHATWG Encoding Standard, section 4.2): the wider set it is usually used for."""
