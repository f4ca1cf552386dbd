"""Every fuzzer for a moment, and everything that one ever found."""

from __future__ import annotations

import pytest
from tests.fuzz.run import once
from tests.fuzz.targets import HOSTILE, TARGETS, feeds, pages


@pytest.mark.parametrize("name", list(TARGETS))
def test_a_moment_of_fuzzing(name: str) -> None:
    once(name, number=2026, examples=25)()


@pytest.mark.parametrize("file", sorted(each.name for each in HOSTILE.iterdir()))
def test_what_was_found(file: str) -> None:
    body = (HOSTILE / file).read_bytes()
    feeds(body, "")
    pages(body, "")
