"""How aliases are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirewatch.config.patterns import Pattern, parse


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("North  Korea", Pattern(words="North Korea")),
        ("North Korean*", Pattern(words="North Korean", prefix=True)),
        ("Северн* Коре*", Pattern(words="Северн* Коре", prefix=True)),
        ("=US", Pattern(words="US", exact=True)),
        ("= US ", Pattern(words="US", exact=True)),
        ("Си Цзиньпин*", Pattern(words="Си Цзиньпин", prefix=True)),
        ("Ли* Цян*", Pattern(words="Ли* Цян", prefix=True)),
        ("북한*", Pattern(words="북한", prefix=True)),
        ("ＵＳ", Pattern(words="US")),
    ],
)
def test_signs(text: str, pattern: Pattern) -> None:
    assert parse(text) == pattern


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no letters"),
        ("*", "has no letters"),
        ("—", "has no letters"),
        ("a*", "at least 3 letters"),
        ("ab*", "at least 3 letters"),
        ("a* b", "at least 3 letters"),
        ("x", "at least 2 letters"),
        ("fl*od", "the star stands at the end of a word"),
        ("a * b", "the star stands at the end of a word"),
        ("*flood", "the star stands at the end of a word"),
        ("word " * 50, "longer than"),
    ],
)
def test_unfit_patterns_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(text)


@given(st.text(max_size=30))
def test_a_pattern_is_parsed_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except ValueError:
        return
    assert found.words == " ".join(found.words.split())
    assert any(char.isalnum() for char in found.words)
