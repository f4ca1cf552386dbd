"""JSON Schemas of the files of config/, made of the models that read them: what editors complete and check by.

python -m wirewatch.config.json_schema FOLDER
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from wirewatch.config import schema, settings

FILES: Mapping[str, type[settings.Model]] = {
    "wirewatch": settings.Settings,
    "feeds": schema.FeedsFile,
    "publishers": schema.PublishersFile,
    "concepts": schema.ConceptsFile,
    "topics": schema.TopicsFile,
}
"""By the file or folder under config/ that they describe."""

_UNITS = (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60))


def schemas() -> dict[str, dict[str, Any]]:
    """The schema of every kind of file."""
    return {name: _of(name, model) for name, model in FILES.items()}


def texts() -> dict[str, str]:
    """The schemas as files, by name."""
    return {f"{name}.json": json.dumps(each, indent=2, ensure_ascii=False, sort_keys=True) + "\n" for name, each in schemas().items()}


def _of(name: str, model: type[settings.Model]) -> dict[str, Any]:
    made = model.model_json_schema(by_alias=True, mode="validation", schema_generator=_Generator)
    for each in made.get("$defs", {}).values():
        _settle(each)
    return {"$schema": GenerateJsonSchema.schema_dialect, **made, "title": f"config/{name}"}


def _settle(made: dict[str, Any]) -> None:
    """That unknown keys are forbidden belongs to the mapping, not to what may stand in its place."""
    if "anyOf" in made and "additionalProperties" in made:
        made["anyOf"][-1]["additionalProperties"] = made.pop("additionalProperties")


class _Generator(GenerateJsonSchema):
    """Knows what the validators that come first accept besides what they make of it."""

    def function_before_schema(self, schema: Any) -> JsonSchemaValue:
        """The schema of what goes into the validator."""
        inner = super().function_before_schema(schema)
        function = schema["function"]["function"]
        widen = _WIDER.get(getattr(function, "__name__", ""))
        return inner if widen is None else widen(inner)

    def encode_default(self, dft: Any) -> Any:
        """Durations as people write them."""
        if not isinstance(dft, timedelta):
            return super().encode_default(dft)
        seconds = int(dft.total_seconds())
        return next((f"{seconds // size}{unit}" for unit, size in _UNITS if seconds and seconds % size == 0), f"{seconds}s")


def _or_one(inner: JsonSchemaValue) -> JsonSchemaValue:
    """One where several may stand."""
    return {"anyOf": [inner["items"], inner]} if "items" in inner else inner


def _or_text(inner: JsonSchemaValue) -> JsonSchemaValue:
    return {"anyOf": [{"type": "string", "minLength": 1}, inner]}


def _or_list(inner: JsonSchemaValue) -> JsonSchemaValue:
    texts = {"type": "array", "items": {"type": "string"}}
    return {"anyOf": [{"type": "string"}, texts, inner]}


def _instead(made: Mapping[str, Any]) -> Callable[[JsonSchemaValue], JsonSchemaValue]:
    return lambda _: dict(made)


_WIDER: Mapping[str, Callable[[JsonSchemaValue], JsonSchemaValue]] = {
    "_listed": _or_one,
    "_one_or_more": _or_one,
    "_phrase_alone": _or_text,
    "_title_alone": _or_text,
    "_by_language": _or_list,
    "_duration": _instead({"type": ["string", "number"], "pattern": r"^[0-9]+(\.[0-9]+)?[smhdw]$", "examples": ["90s", "15m", "6h", "2d"]}),
    "_clock": _instead({"type": ["string", "integer"], "examples": ["07:30"]}),
    "_quiet": _instead({"type": "string", "examples": ["22:00-07:00", "mon-fri 22:00-07:00", "sat-sun"]}),
}
"""By the validator's name."""


def main(folder: Path) -> None:
    """Write them all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
