"""Fetching the jars."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from wirewatch.embedded import artifacts
from wirewatch.errors import SetupError


def test_two_that_fetch_at_once_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[int] = []
    most: list[int] = []

    def build(endpoint: str) -> None:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.05)
        inside.pop()
        raise OSError("no network")

    monkeypatch.setattr("jgo.build", build)
    with ThreadPoolExecutor(4) as pool:
        tries = [pool.submit(artifacts.fetch) for _ in range(4)]
        for each in tries:
            with pytest.raises(SetupError, match="no network"):
                each.result()
    assert most == [1, 1, 1, 1]
