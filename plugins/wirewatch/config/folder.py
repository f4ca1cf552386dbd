"""The folder of configuration, and the files in it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from wirewatch.errors import ConfigError, Problem

_SINGLE = ("wirewatch.yaml", "feeds.yaml", "publishers.yaml")
_FOLDERS = {"topics": ".yaml", "concepts": ".yaml", "watchlists": ".csv"}
MAX_FILE_BYTES = 5_000_000


def settings_path() -> Path:
    """The folder to load: $WIREWATCH_CONFIG, else ./config, else the one beside the installed sources."""
    if given := os.environ.get("WIREWATCH_CONFIG"):
        return Path(given)
    here = Path("config")
    return here if (here / "wirewatch.yaml").is_file() else Path(__file__).resolve().parents[3] / "config"


def contents(path: Path) -> tuple[dict[str, str], list[Problem]]:
    """The text of every file by its name, and what cannot be read."""
    if not path.is_dir():
        raise ConfigError([Problem(file=str(path), line=None, key="", message="there is no such folder")])
    files: dict[str, str] = {}
    problems: list[Problem] = []
    for file in _files(path):
        name = file.relative_to(path).as_posix()
        try:
            raw = file.read_bytes()
            if len(raw) > MAX_FILE_BYTES:
                raise ValueError(f"larger than {MAX_FILE_BYTES} bytes")
            files[name] = raw.decode("utf-8-sig")
        except (OSError, ValueError) as error:
            what = "not UTF-8" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None) or str(error)
            problems.append(Problem(file=f"{path}/{name}", line=None, key="", message=what))
    return files, problems


def _files(path: Path) -> Iterable[Path]:
    yield from (path / name for name in _SINGLE if (path / name).exists())
    for folder, suffix in _FOLDERS.items():
        wanted = (suffix, ".yml") if suffix == ".yaml" else (suffix,)
        yield from sorted(file for file in (path / folder).rglob("*") if file.suffix in wanted and file.is_file())
