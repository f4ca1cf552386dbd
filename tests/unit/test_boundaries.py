"""Who may import whom: dags, plugin, cli → wiring → pipeline, web → feature packages → config → model → errors."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "plugins" / "wirewatch"

BASE = {"errors", "model"}
COMMON = BASE | {"charsets", "config", "http", "http_client", "home"}
FEATURES = {"feeds", "articles", "topics", "stories", "spikes", "alerts", "store", "dashboards"}
ALLOWED: dict[str, set[str]] = {
    "charsets": set(),
    "errors": set(),
    "home": set(),
    "logs": set(),
    "model": {"errors"},
    "config": BASE,
    "http": BASE,
    "http_client": BASE | {"http"},
    **{feature: COMMON - {"http_client"} for feature in FEATURES},
    "pipeline": COMMON | FEATURES | {"pipeline", "logs"},
    "web": COMMON | FEATURES | {"pipeline"},
    "wiring": COMMON | FEATURES | {"pipeline"},
    "embedded": COMMON,
    "demo": COMMON | FEATURES | {"pipeline", "wiring", "embedded"},
    "cli": COMMON | FEATURES | {"pipeline", "wiring", "embedded", "demo"},
    "dags": COMMON | {"pipeline", "wiring"},
    "wirewatch_plugin": COMMON | {"web", "wiring", "pipeline"},
}
"""By part: which parts of the package it may import, besides itself."""

ONLY_IN: dict[str, set[str]] = {
    "feedparser": {"plugins/wirewatch/feeds/parse.py"},
    "trafilatura": {"plugins/wirewatch/articles/extract.py"},
    "htmldate": {"plugins/wirewatch/articles/extract.py"},
    "elasticsearch": {"plugins/wirewatch/store/elastic.py"},
    "elastic_transport": {"plugins/wirewatch/store/elastic.py"},
    "structlog": {"plugins/wirewatch/logs.py"},
    "jpype": {"plugins/wirewatch/embedded/node.py"},
    "jgo": {"plugins/wirewatch/embedded/artifacts.py"},
}
"""By library: the only files that may import it."""


def sources() -> list[Path]:
    return sorted([*PACKAGE.rglob("*.py"), ROOT / "plugins" / "wirewatch_plugin.py", *(ROOT / "dags").glob("*.py")])


def part_of(path: Path) -> str:
    if path.parent == ROOT / "dags":
        return "dags"
    if path.stem == "wirewatch_plugin":
        return "wirewatch_plugin"
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module == "wirewatch")


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_what_its_part_may(path: Path) -> None:
    part = part_of(path)
    if part == "__init__":
        return
    inside = {name.split(".")[1] for name in imports(path) if name.startswith("wirewatch.")}
    assert inside - {part} <= ALLOWED[part]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_library_has_one_door(path: Path) -> None:
    relative = path.relative_to(ROOT).as_posix()
    for name in imports(path):
        library = name.split(".")[0]
        assert relative in ONLY_IN.get(library, {relative}), f"{library} is imported only in {ONLY_IN[library]}"


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_airflow_stops_at_the_wiring(path: Path) -> None:
    relative = path.relative_to(ROOT).as_posix()
    if any(name.split(".")[0] == "airflow" for name in imports(path)):
        assert relative.startswith("dags/") or relative in ("plugins/wirewatch_plugin.py", "plugins/wirewatch/wiring/airflow.py")
