"""Every fuzzer for a moment, and the inputs that were made or found to do harm (`make fuzz` goes on for longer)."""

from __future__ import annotations

import pytest
from tests.fuzz.run import once
from tests.fuzz.targets import HOSTILE, TARGETS, feeds, pages

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
