"""YAML with lines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirewatch.config.source import MAX_DEPTH, dotted, plain, read, walk


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: no", "no"),
        ("a: on", "on"),
        ("a: 2026-11-24", "2026-11-24"),
        ("a: true", True),
        ("a: null", None),
        ("a:", None),
        ("a: 12", 12),
        ("a: -1.5", -1.5),
        ("a: 012", 12),
        ("a: 1_000", "1_000"),
        ("a: 0x1f", "0x1f"),
        ("a: '12'", "12"),
        ("a: 12:30", "12:30"),
    ],
)
def test_scalars_are_what_they_look_like(text: str, value: Any) -> None:
    assert read("f", text).data == {"a": value}


def test_every_value_has_its_line() -> None:
    source = read("f.yaml", "a:\n  - b: 1\n    c: [x,\n        y]\n  - d\n")
    assert source.lines[("a",)] == 1
    assert source.lines[("a", 0, "c")] == 3
    assert source.lines[("a", 0, "c", 1)] == 4
    assert source.line(("a", 1, "missing", "deeper")) == 5
    assert str(source.problem(("a", 0, "c"), "wrong")) == "f.yaml:3 a[0].c: wrong"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: [1,\nb: 2", 3, "not valid YAML"),
        ("a: 1\nb: 2\na: 3", 3, 'the key "a" is here twice (first on line 1)'),
        ("a: &x [*x]", 1, "this value contains itself"),
        ("? [1]\n: 2", 1, "a key must be a word"),
        ("a: !!python/object:os.system x", 1, "is not accepted"),
        ("a: " + "[" * 100 + "]" * 100, 1, "nested too deeply"),
    ],
)
def test_what_is_wrong_has_its_line(text: str, line: int, message: str) -> None:
    problems = read("f.yaml", text).problems
    assert [problem.line for problem in problems][:1] == [line]
    assert message in problems[0].message


def test_a_document_that_unfolds_without_end_is_cut_off() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 12))
    assert any("values" in problem.message for problem in read("f", bomb).problems)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{a: " * 100_000, "[\n" * 100_000, "- " * 100_000, "a: &a\n" + "".join(" " * n + "b:\n" for n in range(1, 900))]
)
def test_a_document_without_bottom_is_refused(text: str) -> None:
    problems = read("f", text).problems
    assert [problem.message for problem in problems] == ["nested too deeply"]


def test_a_document_may_nest_as_deep_as_is_allowed() -> None:
    assert not read("f", "[" * MAX_DEPTH + "]" * MAX_DEPTH).problems
    assert not read("f", "a: '" + "[" * 500 + "'").problems


@given(st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    read("f", text)
    plain(text)


def test_paths_are_written_as_they_are_read() -> None:
    assert dotted(("topics", 2, "rule", "any")) == "topics[2].rule.any"
    assert [dotted(path) for path, _ in walk({"a": [{"b": 1}]})] == ["", "a", "a[0]", "a[0].b"]
