"""Every fuzzer for a moment, and the inputs that were made or found to do harm (`make fuzz` goes on for longer)."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from tests.fuzz.run import once
from tests.fuzz.targets import HOSTILE, TARGETS, feeds, pages

from wirewatch.errors import FetchFailed, FetchRefused
from wirewatch.http_client import HttpClient

FEW = {"mail": 3, "inside": 10}
"""Inputs of those that are slow: charts are drawn, connections made."""


@pytest.mark.parametrize("name", list(TARGETS))
def test_a_moment_of_fuzzing(name: str) -> None:
    once(name, number=2026, examples=FEW.get(name, 20))()


@pytest.mark.parametrize("file", sorted(each.name for each in HOSTILE.iterdir()))
@pytest.mark.parametrize("content_type", ["", "text/html; charset=utf-7"])
def test_hostile_bodies(file: str, content_type: str) -> None:
    body = (HOSTILE / file).read_bytes()
    feeds(body, content_type)
    pages(body, content_type)


def test_the_address_that_was_judged_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: a name is public when it is asked for first, and this machine ever after."""
    told = iter(["93.184.215.14"])
    reached: list[str] = []

    def look_up(*_: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(told, "127.0.0.1"), 80))]

    async def connect(_: Any, place: Any) -> None:
        reached.append(place[0])
        raise ConnectionRefusedError

    async def work() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect, raising=False)
        async with HttpClient(user_agent="test") as client:
            for _ in range(3):
                with pytest.raises((FetchFailed, FetchRefused)):
                    await client.get("http://rebound.example/", timeout_s=3.0, max_bytes=1000)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    asyncio.run(work())
    assert set(reached) == {"93.184.215.14"}
