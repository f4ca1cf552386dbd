"""What people write on the page beside the files of config/: more topic files, each of which may be left out; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wirewatch.config.bundle import Bundle
from wirewatch.config.loader import load_files
from wirewatch.errors import ConfigError, Problem
from wirewatch.model import Alert, Topic

_ROOT = "config"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One text of topics, as a file under config/topics/ would hold it."""

    key: str
    """Its name on the page: letters, digits and `-`."""
    text: str
    draft: bool = False
    """Tags and counts, but alerts nobody."""


def name_of(key: str) -> str:
    """The name that the text has among the files."""
    return f"topics/page/{key}.yaml"


def ids_of(bundle: Bundle, key: str) -> frozenset[str]:
    """The topics that a text made (each has examples, and an example knows its file)."""
    file = f"{_ROOT}/{name_of(key)}"
    return frozenset(id for example in bundle.examples if example.file == file for id in example.topics)


def combined(files: Mapping[str, str], written: Sequence[Written]) -> tuple[Bundle, dict[str, list[Problem]]]:
    """The bundle of the files with what was written on the page, and what of that is left out, by key, with its problems.

    The files win: a text that does not go with them is left out whole. Raises `ConfigError` where they are wrong by themselves.
    """
    kept = {name_of(each.key): each for each in written}
    refused: dict[str, list[Problem]] = {}
    while True:
        try:
            bundle = load_files({**files, **{name: each.text for name, each in kept.items()}}, root=_ROOT)
        except ConfigError as error:
            wrong = [(name, problem) for problem in error.problems if (name := problem.file.removeprefix(f"{_ROOT}/")) in kept]
            if not wrong:
                raise
            for name, problem in wrong:
                refused.setdefault(kept[name].key, []).append(problem)
            for name in {name for name, _ in wrong}:
                del kept[name]
            continue
        quiet = frozenset[str]().union(*(ids_of(bundle, each.key) for each in kept.values() if each.draft))
        topics = tuple(_drafted(topic) if topic.id in quiet else topic for topic in bundle.topics)
        return replace(bundle, topics=topics), refused


def _drafted(topic: Topic) -> Topic:
    return replace(topic, name=f"{topic.name} (draft)", alert=Alert.NONE)
