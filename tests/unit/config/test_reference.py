"""docs/configuration.md says what the models take."""

from __future__ import annotations

from pathlib import Path

from wirewatch.config.json_schema import schemas
from wirewatch.config.reference import page


def test_the_page_is_what_the_models_make_of_it() -> None:
    kept = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert kept == page(), "make schemas"


def test_every_key_of_every_file_is_on_it() -> None:
    text = page()
    for schema in schemas().values():
        for each in (schema, *schema.get("$defs", {}).values()):
            assert all(f"| `{key}` |" in text for key in each.get("properties", {}))


def test_every_key_says_what_it_is_for() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    assert rows
    assert not [row for row in rows if row.endswith("|  |")]
