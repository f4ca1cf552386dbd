"""Rules as people write them on the page: checked at once, example by example; published only where all of it is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from wirewatch.config import Bundle, Example, load_files
from wirewatch.config.overlay import Written, combined, ids_of, name_of
from wirewatch.config.source import Source, read
from wirewatch.errors import ConfigError, Conflict, Problem
from wirewatch.model import Evidence, Topic
from wirewatch.pipeline import check as checking
from wirewatch.store import config as shared
from wirewatch.store import lab, labels
from wirewatch.store.base import Documents
from wirewatch.topics.compile import compile_topics

MAX_CHARS = 100_000
"""Of one text; longer ones belong into files."""
MAX_TOPICS = 500
"""Of one text, templates spelled out: more would keep everybody waiting who asks for a page."""
_ROOT = "config/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How one example comes out."""

    example: Example
    ok: bool
    topic: str | None
    """Of those that it is about: the one that matched, or came near."""
    score: int | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What there is to say of a text."""

    problems: tuple[Problem, ...] = ()
    """It cannot take effect."""
    warnings: tuple[Problem, ...] = ()
    topics: tuple[Topic, ...] = ()
    examples: tuple[Tried, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether it may be tried: what others have too is no matter then."""
        return bool(self.topics)

    @property
    def fit(self) -> bool:
        """Whether it may be published."""
        return not self.problems and all(each.ok for each in self.examples)


def bundle_of(files: Mapping[str, str], key: str, text: str, watched: Bundle) -> Bundle:
    """A bundle of the topics of one text alone, over the concepts and settings of the files; raises `ConfigError`.

    Its rules may name all other topics that are `watched`.
    """
    name = name_of(key)
    if len(text) > MAX_CHARS:
        raise ConfigError([Problem(file=name, line=None, key="", message=f"longer than {MAX_CHARS} characters: put it into a file")])
    _bounded(read(name, text), files)
    kept = {each: body for each, body in files.items() if not each.startswith("topics/") and each != "feeds.yaml"}
    own = ids_of(watched, key)
    others = [topic for topic in watched.topics if topic.id not in own]
    return load_files({**kept, name: text}, root=_ROOT.rstrip("/"), besides=others)


def _bounded(source: Source, files: Mapping[str, str]) -> None:
    """Raise `ConfigError` where templates make more topics than a page should."""
    entries = source.data.get("topics") if isinstance(source.data, dict) else None
    made = 0
    for place, entry in enumerate(entries if isinstance(entries, list) else ()):
        pairs = entry.get("for_each_pair") if isinstance(entry, dict) else None
        rows = entry.get("for_each") if isinstance(entry, dict) else None
        if isinstance(pairs, list):
            made += len(pairs) * (len(pairs) - 1) // 2
        elif isinstance(rows, str):
            made += files.get(rows, "").count("\n")
        else:
            made += 1
        if made > MAX_TOPICS:
            raise ConfigError([source.problem(("topics", place), f"makes more than {MAX_TOPICS} topics: put it into a file")])


def check(files: Mapping[str, str], key: str, text: str, watched: Bundle) -> Checked:
    """Everything about a text beside all that is `watched`, the text itself among it or not."""
    try:
        bundle = bundle_of(files, key, text, watched)
    except ConfigError as error:
        return Checked(problems=tuple(error.problems))
    if not bundle.topics:
        return Checked(problems=(Problem(file=name_of(key), line=1, key="topics", message="there is no topic in it"),))
    taken = _taken_by_others(watched, key)
    double = [id for id in (topic.id for topic in bundle.topics) if id in taken]
    lines = read(name_of(key), text)
    return Checked(
        problems=tuple(_duplicate(lines, id, taken[id]) for id in double),
        warnings=tuple(each for each in checking.warnings(bundle) if each.file == name_of(key)),
        topics=bundle.topics,
        examples=_examples(bundle),
    )


def _duplicate(source: Source, id: str, where: str) -> Problem:
    entries = source.data["topics"]
    place = next((at for at, entry in enumerate(entries) if entry.get("id") == id), 0)
    return source.problem(("topics", place, "id"), f'duplicate topic "{id}": {where} has it too')


def _examples(bundle: Bundle) -> tuple[Tried, ...]:
    # Not kept: whoever types makes a new one with every pause.
    matcher = compile_topics(bundle.topics, bundle.concepts)
    tried = []
    for example in bundle.examples:
        found = checking.matched(matcher, example)
        best = max(found or checking.nearly(matcher, example), key=lambda each: each.score, default=None)
        tried.append(
            Tried(
                example=example,
                ok=bool(found) is example.matches,
                topic=best.topic if best else None,
                score=best.score if best else None,
                evidence=best.evidence if best else (),
            )
        )
    return tuple(tried)


def _taken_by_others(bundle: Bundle, key: str) -> dict[str, str]:
    """The topics that are in effect and not this text's own, and where they stand."""
    own = ids_of(bundle, key)
    return {id: each.file for each in bundle.examples for id in each.topics if id not in own}


# ---------------------------------------------------------------- what people do


async def save(documents: Documents, key: str, text: str, *, over: datetime | None, who: str, now: datetime) -> lab.Entry:
    """Keep a text as the draft under a key; it tags and counts from the next article on, where nothing is published under that key.

    `over` is when the form was written that this one replaces. Raises `ConfigError` where it cannot take effect (failing examples may
    wait), `Conflict` where somebody else has written another one since.
    """
    _, checked = await _checked(documents, key, text)
    if checked.problems:
        raise ConfigError(list(checked.problems))
    draft = lab.Text(yaml=text, by=who, at=now)

    def apply(found: lab.Entry) -> lab.Entry:
        last = found.draft or found.live
        if last is not None and last != draft and last.at != over:
            raise Conflict(f"{last.by} has saved another form meanwhile: open it again before you go on")
        return replace(found, draft=draft)

    return await _change(documents, key, "save", apply, who, now)


async def publish(documents: Documents, key: str, *, who: str, now: datetime) -> lab.Entry:
    """Let a draft alert as its topics say; raises `ConfigError` where anything in it is wrong, `Conflict` where there is no draft."""
    entry = (await lab.entries(documents)).get(key)
    if entry is None or entry.draft is None:
        raise Conflict(f"there is no draft {key!r}")
    draft = entry.draft
    bundle, checked = await _checked(documents, key, draft.yaml)
    if not checked.fit:
        raise ConfigError([*checked.problems, *checking.examples(bundle)])

    def apply(found: lab.Entry) -> lab.Entry:
        if found.draft != draft:
            raise Conflict("the draft has changed meanwhile: look at it again")
        return lab.Entry(key=key, live=replace(draft, by=who, at=now))

    return await _change(documents, key, "publish", apply, who, now)


async def discard(documents: Documents, key: str, *, who: str, now: datetime) -> lab.Entry:
    """Take a draft away; what is published stays."""

    def apply(found: lab.Entry) -> lab.Entry:
        if found.draft is None:
            raise Conflict(f"there is no draft {key!r}")
        return replace(found, draft=None)

    return await _change(documents, key, "discard", apply, who, now)


async def withdraw(documents: Documents, key: str, *, who: str, now: datetime) -> lab.Entry:
    """Take what is published back into a draft (an existing one stays): its topics alert nobody any more."""

    def apply(found: lab.Entry) -> lab.Entry:
        if found.live is None:
            raise Conflict(f"nothing is published as {key!r}")
        return lab.Entry(key=key, draft=found.draft or replace(found.live, by=who, at=now))

    return await _change(documents, key, "withdraw", apply, who, now)


async def _change(documents: Documents, key: str, what: str, apply: lab.Apply, who: str, now: datetime) -> lab.Entry:
    before, after = await lab.change(documents, key, apply, now)
    await labels.audit(documents, what=f"topic.{what}", id=key, who=who, now=now, before=lab.plain(before), after=lab.plain(after))
    return after


async def _checked(documents: Documents, key: str, text: str) -> tuple[Bundle, Checked]:
    files = await published_files(documents)
    others = [each.written() for each in (await lab.entries(documents)).values() if each.key != key]
    bundle, left_out = combined(files, [*others, Written(key=key, text=text)])
    if key in left_out:
        # By itself it may be right, and name a topic that names one of its own.
        return bundle, Checked(problems=tuple(left_out[key]))
    return bundle, check(files, key, text, bundle)


async def published_files(documents: Documents) -> Mapping[str, str]:
    """The published files of config/ by name; raises `Conflict` where nothing is published."""
    hash = await shared.published_hash(documents)
    files = await shared.files_of(documents, hash) if hash else None
    if files is None:
        raise Conflict("no configuration has been published yet")
    return files


def at_lines(problems: Sequence[Problem], key: str) -> list[Problem]:
    """The problems as somebody sees them who looks at one text: those of other files name them."""
    name = name_of(key)
    return [
        replace(each, file="")
        if each.file.removeprefix(_ROOT) == name
        else replace(each, line=None, message=f"{each.file}: {each.message}")
        for each in problems
    ]
