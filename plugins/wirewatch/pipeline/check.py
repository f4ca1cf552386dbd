"""Whether a bundle does what its authors say it does: every example of every topic, and parts of rules that nothing can meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from wirewatch.config import Bundle, Example
from wirewatch.config.source import Source, read, walk
from wirewatch.errors import ConfigError, Problem
from wirewatch.model import TopicMatch
from wirewatch.pipeline.process import matcher_of
from wirewatch.store import config as shared
from wirewatch.store.base import Documents
from wirewatch.topics.match import Matcher

_SHOWN = 70
"""Characters of an example that a message quotes."""
_WORDS = 4
"""Found words that a message quotes."""


def examples(bundle: Bundle) -> list[Problem]:
    """Every example that does not come out as its topic says, in the files' order."""
    matcher = matcher_of(bundle)
    return [problem for example in bundle.examples if (problem := _example(matcher, example)) is not None]


def checked(bundle: Bundle) -> Bundle:
    """The bundle, where all its examples come out as they should; raises `ConfigError` with every one that does not."""
    if problems := examples(bundle):
        raise ConfigError(problems)
    return bundle


async def publish(documents: Documents, bundle: Bundle, now: datetime) -> bool:
    """Make a bundle the one that every task works by; False where it already was, `ConfigError` where an example fails."""
    return await shared.publish(documents, checked(bundle), now)


def _example(matcher: Matcher, example: Example) -> Problem | None:
    found = matcher.match(
        title=example.title,
        summary=example.summary,
        text=example.text,
        language=example.language,
        publisher=example.publisher,
        country=example.country,
        kind=example.kind,
        url=example.url,
        at=example.at,
    )
    wanted = [match for match in found if match.topic in example.topics]
    if bool(wanted) is example.matches:
        return None
    if example.matches:
        message = f"{_quoted(example)} should match {_topics(example)}, {_instead(matcher, example)}"
    else:
        message = f"{_quoted(example)} should not match {wanted[0].topic}: {_why(wanted[0])}"
    return Problem(file=example.file, line=example.line, key=example.key, message=message)


def _quoted(example: Example) -> str:
    text = " ".join((example.title or example.summary or example.text).split())
    return f'"{text}"' if len(text) <= _SHOWN else f'"{text[:_SHOWN]}…"'


def _topics(example: Example) -> str:
    ids = example.topics
    return ids[0] if len(ids) == 1 else f"one of {len(ids)} topics ({ids[0]}, …)"


def _instead(matcher: Matcher, example: Example) -> str:
    near = matcher.near_misses(title=example.title, summary=example.summary, text=example.text, language=example.language)
    for match in near:
        if match.topic in example.topics:
            return f"but only mentions it: {_why(match)}"
    return "but its rule does not hold"


def _why(match: TopicMatch) -> str:
    words = dict.fromkeys(" ".join(each.words.split()) for each in match.evidence)
    return f"score {match.score}, by {', '.join(list(words)[:_WORDS])}"


# ---------------------------------------------------------------- what nothing can meet


def warnings(bundle: Bundle) -> list[Problem]:
    """Conditions that no article can meet; none of it stops a bundle."""
    sources = {name: read(name, text) for name, text in bundle.source.items() if name.endswith((".yaml", ".yml"))}
    found: list[Problem] = []
    for name, source in sources.items():
        if name.startswith("topics/"):
            found.extend(_conditions(bundle, source))
    return found


def _conditions(bundle: Bundle, source: Source) -> Iterator[Problem]:
    countries = {publisher.country for publisher in bundle.publishers}
    kinds = {publisher.kind.value for publisher in bundle.publishers} | {"unknown"}
    for place, value in walk(source.data):
        if "rule" not in place:
            continue
        for key, known in (("country", countries), ("kind", kinds)):
            if place[-1] == key and (missing := [each for each in _list(value) if each not in known]):
                yield source.problem(place, f"no publisher in publishers.yaml has the {key} {', '.join(missing)}: this can never hold")


def _list(value: Any) -> Sequence[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
