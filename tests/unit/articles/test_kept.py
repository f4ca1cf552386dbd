"""Downloaded pages that are kept."""

from __future__ import annotations

import asyncio
import gzip
import os
from datetime import UTC, datetime
from pathlib import Path

from upath import UPath

from wirewatch.articles.kept import KeptPages, Page

SEEN = datetime(2026, 11, 24, tzinfo=UTC)
PAGE = Page(url="https://x.example/a", content_type="text/html; charset=euc-kr", body="<p>북한</p>\n\n".encode("euc-kr"))


def test_a_page_comes_back_as_it_was(tmp_path: Path) -> None:
    async def work() -> None:
        for pages in (KeptPages(tmp_path / "pages"), KeptPages(UPath("memory://pages/kept"))):
            assert await pages.read("a1", SEEN) is None
            await pages.keep("a1", SEEN, Page(url="https://x.example/b", content_type="", body=b"older"))
            await pages.keep("a1", SEEN, PAGE)
            assert await pages.read("a1", SEEN) == PAGE
            await pages.remove("a1", SEEN)
            await pages.remove("a1", SEEN)
            assert await pages.read("a1", SEEN) is None

    asyncio.run(work())


def test_what_a_dying_process_left_is_no_page(tmp_path: Path) -> None:
    pages = KeptPages(tmp_path)
    asyncio.run(pages.keep("a1", SEEN, PAGE))
    file = tmp_path / "2026-11" / "a1.html.gz"
    whole = file.read_bytes()
    for part in (whole[:-9], whole[:12], b"", gzip.compress(b"[1]\nx"), gzip.compress(b"{}")):
        file.write_bytes(part)
        assert asyncio.run(pages.read("a1", SEEN)) is None


def test_months_that_are_not_kept_any_more_go(tmp_path: Path) -> None:
    async def work() -> None:
        pages = KeptPages(tmp_path)
        assert await pages.expire("2026-11") == 0
        for month in (9, 10, 11):
            await pages.keep("a1", SEEN.replace(month=month), PAGE)
        (tmp_path / "notes").mkdir()
        assert await pages.expire("2026-11") == 2
        assert sorted(os.listdir(tmp_path)) == ["2026-11", "notes"]
        assert await KeptPages(tmp_path / "nowhere").expire("2026-11") == 0

    asyncio.run(work())
