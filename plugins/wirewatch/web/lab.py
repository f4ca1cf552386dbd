"""The topic lab: rules written, checked and tried on the page, kept as drafts, and published by who may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from wirewatch.alerts.text import clean
from wirewatch.config import Bundle
from wirewatch.config.overlay import ids_of
from wirewatch.errors import ConfigError, Problem
from wirewatch.pipeline import lab as work
from wirewatch.pipeline.topic_yaml import as_yaml
from wirewatch.store import config as published
from wirewatch.store import lab as store
from wirewatch.store.base import Documents
from wirewatch.web.access import Changer, Now, Publisher, Stored, area, may_publish
from wirewatch.web.articles import load as load_article
from wirewatch.web.rules import BLANK, as_example, key_of, rejecting
from wirewatch.web.text import Piece, pieces

router = area("lab")

DAG = "try_topics"
"""Runs the trials."""
_DAYS = 90
_TEXT = Field(max_length=work.MAX_CHARS)
_LONG = 1000

Key = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,100}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong, and where in the text."""

    line: int | None
    key: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTopic:
    """One topic that a text makes."""

    id: str
    name: str
    alert: str
    notify: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleView:
    """How one example comes out."""

    line: int | None
    matches: bool
    """Whether it should match."""
    ok: bool
    topic: str | None
    """That matched, or came near."""
    score: int | None
    title: tuple[Piece, ...]
    text: tuple[Piece, ...]
    """Its summary and text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """What there is to say of a text."""

    readable: bool
    """It may be tried."""
    fit: bool
    """It may be published."""
    problems: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    topics: tuple[RuleTopic, ...]
    examples: tuple[ExampleView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Who wrote a form of an entry, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One text of topics on the page."""

    key: str
    yaml: str
    """The draft, else what is published."""
    draft: Form | None
    live: Form | None
    topics: tuple[RuleTopic, ...]
    """In effect now."""
    left_out: tuple[Fault, ...]
    """Why it has no effect, if it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabPage:
    """All texts, those with drafts first."""

    may_publish: bool
    entries: tuple[EntryView, ...]
    recipients: tuple[str, ...]
    concepts: tuple[str, ...]
    """What rules may name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What to begin with."""

    key: str | None
    """Of the entry that already has the topic."""
    yaml: str
    from_file: str | None
    """The file of config/ that has the topic: there it is changed for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialView:
    """A trial and what came of it."""

    id: str
    state: str
    days: int
    by: str
    at: datetime
    dag: str
    """To be run with `{"trial": id}` as its parameters."""
    problem: str | None
    result: dict[str, Any] | None


class Draft(BaseModel):
    """A text to check or keep."""

    model_config = ConfigDict(extra="forbid")

    yaml: str = _TEXT
    key: str | None = Field(None, pattern=r"^[a-z0-9-]{1,100}$", description="Of the entry that it is a form of.")


class Saving(BaseModel):
    """A form of an entry to keep."""

    model_config = ConfigDict(extra="forbid")

    yaml: str = _TEXT
    over: AwareDatetime | None = Field(None, description="When the form was written that this one replaces.")


class Order(BaseModel):
    """Rules to try."""

    model_config = ConfigDict(extra="forbid")

    yaml: str = _TEXT
    key: str | None = Field(None, pattern=r"^[a-z0-9-]{1,100}$")
    days: int = Field(30, ge=1, le=_DAYS)


@router.get("/lab")
async def show_lab(documents: Stored, publish: Annotated[bool, Depends(may_publish)]) -> LabPage:
    """All drafts and topics that were published on the page."""
    async with _sentences():
        bundle, left_out = await _in_effect(documents)
        entries = await store.entries(documents)
    views = sorted((_entry(each, bundle, left_out) for each in entries.values()), key=lambda each: (each.draft is None, each.key))
    return LabPage(
        may_publish=publish,
        entries=tuple(views),
        recipients=tuple(bundle.settings.alerts.recipients),
        concepts=tuple(sorted(bundle.concepts)),
    )


@router.get("/lab/start")
async def start(
    documents: Stored,
    topic: Annotated[str | None, Query(max_length=500, description="Begin with this topic.")] = None,
    reject: Annotated[str | None, Query(max_length=200, description="An article that it should not match.")] = None,
) -> Start:
    """A text to begin with: a topic's own, with an article among its `rejects`, or an empty rule."""
    bundle, _ = await _in_effect(documents)
    example = None if reject is None else as_example(await load_article(documents, reject))
    if topic is None:
        return Start(key=None, yaml=BLANK, from_file=None)
    if all(each.id != topic for each in bundle.topics):
        raise HTTPException(404, f"There is no topic {topic!r} in the published configuration.")
    for entry in (await store.entries(documents)).values():
        if topic in ids_of(bundle, entry.key):
            return Start(key=entry.key, yaml=rejecting(entry.text, topic, example), from_file=None)
    text = await asyncio.to_thread(as_yaml, bundle, [topic])
    file = next((each.file for each in bundle.examples if topic in each.topics), None)
    return Start(key=None, yaml=rejecting(text, topic, example), from_file=file)


@router.post("/lab/check")
async def check(documents: Stored, draft: Draft) -> CheckView:
    """Check a text and run its examples; changes nothing."""
    bundle, _ = await _in_effect(documents)
    files = await work.published_files(documents)
    key = draft.key or "new"
    async with _turn:
        checked = await asyncio.to_thread(work.check, files, key, draft.yaml, bundle)
    return CheckView(
        readable=checked.readable,
        fit=checked.fit,
        problems=_faults(checked.problems, key),
        warnings=_faults(checked.warnings, key),
        topics=tuple(
            RuleTopic(id=each.id, name=clean(each.name, 200), alert=each.alert, notify=each.notify or bundle.settings.alerts.default_notify)
            for each in checked.topics
        ),
        examples=tuple(_example(each) for each in checked.examples),
    )


@router.post("/lab/entries")
async def create_entry(documents: Stored, now: Now, user: Changer, draft: Draft) -> EntryView:
    """Keep a new draft, under a key made of its first topic's id."""
    taken = {"new", *await store.entries(documents)}  # the page shows a new one under that name
    made = key_of(draft.yaml)
    key = next(name for n in range(1, len(taken) + 2) if (name := made if n == 1 else f"{made}-{n}") not in taken)
    async with _sentences(key):
        await work.save(documents, key, draft.yaml, over=None, who=user.id, now=now)
    return await _shown(documents, key)


@router.get("/lab/entries/{key}")
async def show_entry(documents: Stored, key: Key) -> EntryView:
    """One text with who wrote it, and whether it has effect."""
    return await _shown(documents, key)


@router.put("/lab/entries/{key}")
async def save_entry(documents: Stored, now: Now, user: Changer, key: Key, saving: Saving) -> EntryView:
    """Keep a text as the draft of an entry: it tags and counts, unless the entry is published already, and alerts nobody."""
    async with _sentences(key):
        await work.save(documents, key, saving.yaml, over=saving.over, who=user.id, now=now)
    return await _shown(documents, key)


@router.post("/lab/entries/{key}/discard")
async def discard_entry(documents: Stored, now: Now, user: Changer, key: Key) -> EntryView | None:
    """Take a draft away; answers with what is left, or null."""
    left = await work.discard(documents, key, who=user.id, now=now)
    return await _shown(documents, key) if left.live else None


@router.post("/lab/entries/{key}/publish")
async def publish_entry(documents: Stored, now: Now, user: Publisher, key: Key) -> EntryView:
    """Let a draft alert as its topics say; all its examples must come out right."""
    async with _sentences(key):
        await work.publish(documents, key, who=user.id, now=now)
    return await _shown(documents, key)


@router.post("/lab/entries/{key}/withdraw")
async def withdraw_entry(documents: Stored, now: Now, user: Publisher, key: Key) -> EntryView:
    """Take what is published back into a draft: its topics alert nobody any more."""
    await work.withdraw(documents, key, who=user.id, now=now)
    return await _shown(documents, key)


@router.get("/lab/entries/{key}/yaml", response_class=Response)
async def download(documents: Stored, key: Key) -> Response:
    """The text as a file for config/topics/."""
    entry = await _load(documents, key)
    return Response(entry.text, media_type="application/yaml", headers={"Content-Disposition": f'attachment; filename="{key}.yaml"'})


@router.post("/lab/trials")
async def order_trial(documents: Stored, now: Now, user: Changer, order: Order) -> TrialView:
    """Keep rules to be tried; a run of the DAG `try_topics` with `{"trial": id}` does it."""
    return _trial(await store.order(documents, key=order.key or "", yaml=order.yaml, days=order.days, by=user.id, now=now))


@router.get("/lab/trials/{trial}")
async def show_trial(documents: Stored, trial: Annotated[str, Path(pattern="^[0-9a-f]{20}$")]) -> TrialView:
    """How a trial stands, and what came of it."""
    found = await store.trial(documents, trial)
    if found is None:
        raise HTTPException(404, "There is no such trial: they are kept for two weeks.")
    return _trial(found)


# ---------------------------------------------------------------- parts

_turn = asyncio.Semaphore(1)
"""One text is checked at a time: whoever types asks often, and others want their pages."""


@asynccontextmanager
async def _sentences(key: str = "") -> AsyncIterator[None]:
    """What is wrong with a text as an answer to whoever wrote it."""
    try:
        yield
    except ConfigError as error:
        if not key:
            raise
        faults = _faults(error.problems, key)
        said = "; ".join(f"line {each.line}: {each.message}" if each.line else each.message for each in faults[:5])
        raise HTTPException(422, said) from error


async def _in_effect(documents: Documents) -> tuple[Bundle, Mapping[str, Sequence[Problem]]]:
    found = await published.in_effect(documents)
    if found is None:
        raise HTTPException(409, "No configuration has been published yet.")
    return found


async def _load(documents: Documents, key: str) -> store.Entry:
    entry = (await store.entries(documents)).get(key)
    if entry is None:
        raise HTTPException(404, f"There is no draft or topic {key!r} on the page.")
    return entry


async def _shown(documents: Documents, key: str) -> EntryView:
    bundle, left_out = await _in_effect(documents)
    return _entry(await _load(documents, key), bundle, left_out)


def _entry(entry: store.Entry, bundle: Bundle, left_out: Mapping[str, Sequence[Problem]]) -> EntryView:
    own = ids_of(bundle, entry.key)
    default = bundle.settings.alerts.default_notify
    return EntryView(
        key=entry.key,
        yaml=entry.text,
        draft=Form(by=entry.draft.by, at=entry.draft.at) if entry.draft else None,
        live=Form(by=entry.live.by, at=entry.live.at) if entry.live else None,
        topics=tuple(
            RuleTopic(id=each.id, name=clean(each.name, 200), alert=each.alert, notify=each.notify or default)
            for each in bundle.topics
            if each.id in own
        ),
        left_out=_faults(left_out.get(entry.key, ()), entry.key),
    )


def _faults(problems: Sequence[Problem], key: str) -> tuple[Fault, ...]:
    return tuple(Fault(line=each.line, key=each.key, message=each.message) for each in work.at_lines(problems, key))


def _example(tried: work.Tried) -> ExampleView:
    example = tried.example

    def marked(field: str, text: str) -> tuple[Piece, ...]:
        return pieces(text, [(each.start, each.end) for each in tried.evidence if each.field == field], _LONG)

    return ExampleView(
        line=example.line,
        matches=example.matches,
        ok=tried.ok,
        topic=tried.topic,
        score=tried.score,
        title=marked("title", example.title),
        text=marked("summary", example.summary) + marked("text", example.text),
    )


def _trial(found: store.Trial) -> TrialView:
    return TrialView(
        id=found.id,
        state=found.state,
        days=found.days,
        by=found.by,
        at=found.at,
        dag=DAG,
        problem=found.problem,
        result=dict(found.result) if found.result is not None else None,
    )
