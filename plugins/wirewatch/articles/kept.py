"""Pages as they were downloaded, compressed and kept, so that they can be read again by better rules."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, Self

_LEVEL = 6


class Place(Protocol):
    """What of a path is used: `pathlib.Path`, and Airflow's `ObjectStoragePath`."""

    def __truediv__(self, name: str, /) -> Self: ...
    @property
    def name(self) -> str: ...
    def mkdir(self, *, parents: bool, exist_ok: bool) -> None: ...
    def iterdir(self) -> Iterator[Self]: ...
    def read_bytes(self) -> bytes: ...
    def write_bytes(self, data: bytes, /) -> Any: ...
    def unlink(self) -> None: ...
    def rmdir(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What was answered for an article's address."""

    url: str
    """Where redirects led."""
    content_type: str
    body: bytes


class KeptPages:
    """One file an article under a folder, by the month in which it was first seen; the last download wins."""

    def __init__(self, root: Place) -> None:
        self._root = root

    async def keep(self, article: str, seen: datetime, page: Page) -> None:
        """Store a page; raises OSError where the place cannot be written."""
        await asyncio.to_thread(self._write, article, seen, page)

    async def read(self, article: str, seen: datetime) -> Page | None:
        """The page of an article; None where there is none, or only the beginning of one."""
        return await asyncio.to_thread(self._read, article, seen)

    async def remove(self, article: str, seen: datetime) -> None:
        """Take a page away, if there is one."""

        def unlink() -> None:
            with suppress(FileNotFoundError):
                (self._month(seen) / _named(article)).unlink()

        await asyncio.to_thread(unlink)

    async def expire(self, first_kept: str) -> int:
        """Take away all months (`2026-11`) before one; returns how many."""
        return await asyncio.to_thread(self._expire, first_kept)

    def _month(self, seen: datetime) -> Place:
        return self._root / f"{seen:%Y-%m}"

    def _write(self, article: str, seen: datetime, page: Page) -> None:
        head = json.dumps({"url": page.url, "content_type": page.content_type}).encode()
        folder = self._month(seen)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _named(article)).write_bytes(gzip.compress(head + b"\n" + page.body, _LEVEL, mtime=0))

    def _read(self, article: str, seen: datetime) -> Page | None:
        try:
            head, _, body = gzip.decompress((self._month(seen) / _named(article)).read_bytes()).partition(b"\n")
            return Page(**json.loads(head), body=body)
        except (FileNotFoundError, NotADirectoryError, EOFError, gzip.BadGzipFile, zlib.error, ValueError, TypeError):
            return None

    def _expire(self, first_kept: str) -> int:
        gone = 0
        with suppress(FileNotFoundError):
            for month in list(self._root.iterdir()):
                if len(month.name) == len(first_kept) and month.name < first_kept and month.name[:4].isdigit():
                    for file in list(month.iterdir()):
                        file.unlink()
                    with suppress(FileNotFoundError):  # an object store has no folders
                        month.rmdir()
                    gone += 1
        return gone


def _named(article: str) -> str:
    return f"{article}.html.gz"
