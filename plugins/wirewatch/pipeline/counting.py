"""From stored articles to stored counts: only the hours that may have changed, each article read a bounded number of times."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from wirewatch.model import Counts, Sighting
from wirewatch.pipeline.ports import Ports
from wirewatch.spikes.counts import Cell, hour_of, tally, touched
from wirewatch.store import counts as store
from wirewatch.store.counts import HOUR

MARGIN = timedelta(minutes=15)
"""Articles written so long before the last run are looked at again: clocks differ, and writes take time to be seen."""
SKEW = timedelta(hours=3)
"""What a machine whose clock is two hours off wrote is not passed over either: counted again, but judged again only where it differs."""
_AT_ONCE = 96
"""Hours counted together."""
_ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Recounted:
    """What a run of counting found."""

    hours: set[datetime]
    """Counted again."""
    quiet: set[datetime] = field(default_factory=set)
    """Of these, hours in which nothing was new: they were looked at only because clocks may be wrong."""
    rows: list[Counts] = field(default_factory=list)
    """Hours of topics that differ from what was stored, still to be saved."""
    saved: int = 0
    """Older ones that have been saved already."""
    totals: dict[datetime, Cell] = field(default_factory=dict)
    """Of everything, for each of `hours` that has anything."""


async def recount(ports: Ports, run: store.Run, *, keep_from: datetime) -> Recounted:
    """Count the hours touched since the last complete run (all, where there was none).

    Hours before `keep_from` are saved at once, to bound memory; the others are returned, to be judged and saved by the caller.
    """
    changed = await store.changed(ports.documents, None if run.done_at is None else run.done_at - SKEW)
    stories = {each.story for each in changed}
    mates = changed if run.done_at is None else await store.of_stories(ports.documents, stories)
    found = Recounted(hours=touched(changed, mates))
    hashes = {topic.id: topic.hash for topic in ports.bundle.topics}
    for batch in _batches(found.hours):
        rows = await _count(ports, batch, found, hashes, run.until)
        old = [row for row in rows if row.hour < keep_from]
        found.saved += await store.save_counts(ports.documents, old)
        found.rows += [row for row in rows if row.hour >= keep_from]
    if run.done_at is not None:
        lately = await store.changed(ports.documents, run.done_at - MARGIN)
        found.quiet = found.hours - touched(lately, mates) - {row.hour for row in found.rows}
    return found


async def _count(ports: Ports, hours: Collection[datetime], found: Recounted, hashes: Mapping[str, str], until: datetime) -> list[Counts]:
    """Count some hours: the rows that differ from what is stored."""
    inside = await store.in_hours(ports.documents, hours)
    # What came later cannot matter; what came before decides which hour has the story.
    before = await store.of_stories(ports.documents, {each.story for each in inside}, before=max(hours))
    counted = tally([*inside, *before], hours)
    found.totals |= counted.totals
    stored = {(row.topic, row.hour): row for row in await store.counts_in(ports.documents, hours)}
    rows: list[Counts] = []
    for row in counted.rows(until):
        known = stored.pop((row.topic, row.hour), None)
        if known is None or not same(row, known):
            rows.append(row if known is None else replace(row, expected=known.expected, upper=known.upper, score=known.score))
    rows += [store.zeroed(row, hashes.get(row.topic, row.hash), until) for row in stored.values() if row.stories or row.articles]
    return rows


def same(first: Counts, second: Counts) -> bool:
    """Whether two rows count the same."""
    return (first.hash, first.stories, first.publishers, first.articles) == (
        second.hash,
        second.stories,
        second.publishers,
        second.articles,
    )


async def rebuild(ports: Ports, progress: Callable[[int, int], None] = lambda *_: None) -> int:
    """Count everything anew and store what differs; returns how many hours of topics did. `progress` gets hours done, and all hours.

    What was expected of an hour stays with it. It may be stopped and begun again.
    """
    run = await store.begin(ports.documents, ports.clock())
    every = {hour_of(each.at) for each in await store.changed(ports.documents, None)}
    every |= {row.hour for row in await store.counts_between(ports.documents, _ALWAYS, run.now + HOUR)}
    found = Recounted(hours=every)
    hashes = {topic.id: topic.hash for topic in ports.bundle.topics}
    done = saved = 0
    for batch in _batches(every):
        saved += await store.save_counts(ports.documents, await _count(ports, batch, found, hashes, run.until))
        done += len(batch)
        progress(done, len(every))
    return saved


async def settle(ports: Ports, gone: Sequence[Sighting]) -> int:
    """Count anew, at once, the hours that sightings which count no more were in, or moved their story to; returns how many differed."""
    run = await store.begin(ports.documents, ports.clock())
    await ports.documents.refresh(store.ARTICLES)
    hours = touched(gone, await store.of_stories(ports.documents, {each.story for each in gone}))
    found = Recounted(hours=hours)
    hashes = {topic.id: topic.hash for topic in ports.bundle.topics}
    saved = 0
    for batch in _batches(hours):
        saved += await store.save_counts(ports.documents, await _count(ports, batch, found, hashes, run.until))
    return saved


async def differences(ports: Ports) -> list[tuple[Counts | None, Counts | None]]:
    """What is stored against a count of everything anew: pairs that differ, either of which may be missing. Changes nothing."""
    every = await store.changed(ports.documents, None)
    counted = {(row.topic, row.hour): row for row in tally(every).rows(ports.clock())}
    last = max((hour_of(each.at) for each in every), default=_ALWAYS)
    kept = await store.counts_between(ports.documents, _ALWAYS, max(last, ports.clock()) + HOUR)
    stored = {(row.topic, row.hour): row for row in kept if row.stories or row.publishers or row.articles}
    return [
        (stored.get(key), counted.get(key))
        for key in sorted(stored.keys() | counted.keys())
        if key not in stored or key not in counted or not same(stored[key], counted[key])
    ]


def _batches(hours: Collection[datetime]) -> Iterator[Sequence[datetime]]:
    ordered = sorted(hours)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
