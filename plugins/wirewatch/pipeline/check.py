"""Whether a bundle does what its authors say it does: every example of every topic, and parts of rules that nothing can meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from wirewatch.config import Bundle, Example
from wirewatch.config.source import Path, Source, read, walk
from wirewatch.errors import ConfigError, Problem
from wirewatch.model import TopicMatch
from wirewatch.pipeline.process import matcher_of
from wirewatch.store import config as shared
from wirewatch.store.base import Documents
from wirewatch.topics.languages import plain_texts
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


def matched(matcher: Matcher, example: Example) -> list[TopicMatch]:
    """The topics that an example is about and matches."""
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
    return [match for match in found if match.topic in example.topics]


def nearly(matcher: Matcher, example: Example) -> list[TopicMatch]:
    """The topics that an example is about and only mentions."""
    found = matcher.near_misses(title=example.title, summary=example.summary, text=example.text, language=example.language)
    return [match for match in found if match.topic in example.topics]


def _example(matcher: Matcher, example: Example) -> Problem | None:
    wanted = matched(matcher, example)
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
    near = nearly(matcher, example)
    return f"but only mentions it: {_why(near[0])}" if near else "but its rule does not hold"


def _why(match: TopicMatch) -> str:
    words = dict.fromkeys(" ".join(each.words.split()) for each in match.evidence)
    return f"score {match.score}, by {', '.join(list(words)[:_WORDS])}"


# ---------------------------------------------------------------- what nothing can meet


def warnings(bundle: Bundle) -> list[Problem]:
    """What a bundle may do without and its authors hardly mean; none of it stops the bundle.

    Conditions that no article can meet, parts that add nothing to others, `within` of a single part, and rules that match any article.
    """
    sources = {name: read(name, text) for name, text in bundle.source.items() if name.endswith((".yaml", ".yml"))}
    found: list[Problem] = []
    for name, source in sources.items():
        if name.startswith("topics/"):
            found.extend(_conditions(bundle, source))
            found.extend(_useless(source))
    return found + _everything(bundle, sources)


def _useless(source: Source) -> Iterator[Problem]:
    """Parts that never decide."""
    for place, node in _nodes(source.data):
        if "rule" not in place:
            continue
        if "within" in node and _parts(node) < 2 and "at_least" not in node:
            yield source.problem((*place, "within"), "`within` does nothing: there is only one part")
        for key in ("any", "all", "none", "phrases", "concepts"):
            members: list[Any] = node[key] if isinstance(node.get(key), list) else []
            for position, member in enumerate(members):
                earlier = members[:position]
                wider = next((each for each in earlier if _covers(each, member)), None)
                if wider is None and key in ("any", "phrases"):
                    wider = next((each for each in members[position + 1 :] if each != member and _covers(each, member)), None)
                if wider is not None:
                    yield source.problem((*place, key, position), f"adds nothing: {_named(wider)} holds whenever this does")


def _nodes(data: Any) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    yield from ((place, value) for place, value in walk(data) if isinstance(value, Mapping))


def _parts(node: Mapping[str, Any]) -> int:
    return sum(key in node for key in ("concept", "phrase", "concepts", "phrases", "any", "topic")) + len(node.get("all") or ())


def _covers(wide: Any, narrow: Any) -> bool:
    """Whether one member of a choice holds whenever another does, as far as can be told at a glance."""
    if isinstance(wide, str) and isinstance(narrow, str):
        return wide == narrow or (
            wide.endswith("*") and "=" not in narrow and narrow.rstrip("*").casefold().startswith(wide[:-1].casefold())
        )
    wide, narrow = ({"phrase": each} if isinstance(each, str) else each for each in (wide, narrow))
    if not isinstance(wide, Mapping) or not isinstance(narrow, Mapping):
        return False
    words = {key: wide[key] for key in ("concept", "phrase", "topic") if key in wide}
    return bool(words) and wide.keys() == words.keys() and all(narrow.get(key) == value for key, value in words.items())


def _named(node: Any) -> str:
    return str(next(iter(node.values())) if isinstance(node, Mapping) else node)


def _everything(bundle: Bundle, sources: Mapping[str, Source]) -> list[Problem]:
    """Topics that match what is made of nothing but the commonest words of a language."""
    matcher = matcher_of(bundle)
    told: dict[str, str] = {}
    for language, text in plain_texts().items():
        for match in matcher.match(title=text, summary="", text=text, language=language):
            told.setdefault(match.topic, f"matches almost any article in {language}: {_why(match)}")
    places = {str(node.get("id")): (source, place) for source in sources.values() for place, node in _nodes(source.data) if "id" in node}
    found = []
    for id, message in told.items():
        source, place = places.get(id, (None, ()))
        found.append(
            source.problem((*place, "rule"), f"{id} {message}")
            if source is not None
            else Problem(file="topics", line=None, key=id, message=f"{id} {message}")
        )
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
