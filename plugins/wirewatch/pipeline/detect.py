"""Detection: group, count, expect, decide, and plan the messages; one run at a time, and any run may die at any line.

Counts and learned states are worked out from what is stored, so a run that is repeated writes the same. An incident is stored before
its messages are planned and says itself what nobody has been told of yet, so the next run plans what a dead one did not.
"""

from __future__ import annotations

import contextlib
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from wirewatch.errors import FetchFailed, FetchRefused
from wirewatch.logs import logger
from wirewatch.model import Alert, Incident, IncidentEvidence, IncidentState, Spike, Topic
from wirewatch.pipeline import blindness, counting, expecting
from wirewatch.pipeline.each import plan_stories
from wirewatch.pipeline.group import group
from wirewatch.pipeline.ports import Ports
from wirewatch.pipeline.telling import tell
from wirewatch.pipeline.witness import Witness
from wirewatch.spikes import incidents as life
from wirewatch.spikes.incidents import BLINDNESS, advance
from wirewatch.store import config as shared
from wirewatch.store import counts as counts_store
from wirewatch.store import incidents as store
from wirewatch.store.base import Stored

_LOG = logger(__name__)
LEASE = "detect"
LEASE_FOR = timedelta(minutes=5)
_MEMORY = timedelta(days=3)
"""Incidents closed longer ago have no part in a topic's present, unless it spikes again."""
_PING_S = 10.0
_PING_BYTES = 100_000


async def detect(ports: Ports) -> dict[str, int]:
    """Run detection once; returns how many articles were `grouped`, hours `counted` anew, incidents `opened`, `escalated`, `closed`
    and `reopened`, messages `planned`, and how many alerting topics are `spiking`, and still `learning`.

    Under a lease: where another run has it, nothing is done (`busy` 1).
    """
    done = dict.fromkeys(("grouped", "counted", "opened", "escalated", "closed", "reopened", "planned", "spiking", "learning", "busy"), 0)
    holder = secrets.token_hex(8)
    if await shared.lease(ports.documents, LEASE, holder, ports.clock(), LEASE_FOR) is None:
        return done | {"busy": 1}
    try:
        return done | dict(await _Run(ports, holder).go())
    finally:
        await shared.release(ports.documents, LEASE, holder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What detection knows of a topic when it turns to its incident."""

    topic: str
    name: str
    notify: tuple[str, ...] = ()
    spikes: tuple[Spike, ...] = ()
    """Exceptional hours since the last run, oldest first."""
    fresh: bool = False
    """Its counts have changed."""


class _Run:
    """One run of detection, with its tally."""

    def __init__(self, ports: Ports, holder: str) -> None:
        self.ports, self.holder = ports, holder
        self.documents, self.settings = ports.documents, ports.bundle.settings.detection
        self.now = ports.clock()
        self.tally: Counter[str] = Counter()

    async def go(self) -> Counter[str]:
        """Do it all, in the order that lets another run go on from wherever this one ends."""
        self.tally["grouped"] = (await group(self.ports))["grouped"]
        run = await counts_store.begin(self.documents, self.now)
        recounted = await counting.recount(self.ports, run, keep_from=expecting.keep_from(self.now))
        if not await self._still_mine():
            return self.tally
        outlook = await expecting.look(self.ports, run, recounted)
        rows = [expecting.annotated(row, outlook.judged.get(row.topic)) for row in recounted.rows]
        self.tally["counted"] = recounted.saved + await counts_store.save_counts(self.documents, rows)
        sight = await blindness.look(self.ports, outlook.coverage, self.now)
        if not await self._still_mine():
            return self.tally
        living = await self._incidents(outlook, sight, {row.topic for row in recounted.rows})
        self.tally["planned"] = await tell(self.ports, living, sight.lines, self.now) + await plan_stories(self.ports, self.now)
        await counts_store.finish(self.documents, run)
        if sight.spike is None:
            await self._ping()
        return self.tally

    async def _still_mine(self) -> bool:
        """Prolong the lease; False where it has run out and another run has it: that one goes on."""
        return await shared.lease(self.documents, LEASE, self.holder, self.ports.clock(), LEASE_FOR) is not None

    # ------------------------------------------------------------ incidents

    async def _incidents(self, outlook: expecting.Outlook, sight: blindness.Sight, fresh: set[str]) -> list[Stored[Incident]]:
        """Give every topic that is exceptional, or has an incident, its due; returns the incidents that may have to be told of."""
        known = {each.id: each for each in await store.living(self.documents, self.now - _MEMORY)}
        topics = {topic.id: topic for topic in self.ports.bundle.topics}
        alerting = [topic.id for topic in topics.values() if topic.alert is Alert.SPIKE]
        spikes = {id: found for id in alerting if (found := outlook.spikes(id))}
        self.tally["spiking"] = len(spikes)
        self.tally["learning"] = sum(outlook.judged[id].learning for id in alerting)
        if sight.spike is not None:
            spikes[BLINDNESS] = (sight.spike,)
        latest = await store.latest(self.documents, sorted({each.value.topic for each in known.values()} | spikes.keys()))
        witness = Witness(self.ports, outlook, self.now)
        await witness.prepare({id: found for id, found in spikes.items() if id != BLINDNESS})
        for id in sorted(latest.keys() | spikes.keys()):
            seen = self._seen(id, topics.get(id), spikes.get(id, ()), fresh)
            after = await self._one(seen, latest.get(id), outlook, witness)
            if after is not None:
                known[after.id] = after
        return list(known.values())

    def _seen(self, id: str, topic: Topic | None, spikes: Sequence[Spike], fresh: set[str]) -> Seen:
        if id == BLINDNESS:
            return Seen(topic=id, name=blindness.NAME, notify=blindness.OPERATORS, spikes=tuple(spikes))
        if topic is None:
            return Seen(topic=id, name=id)
        return Seen(topic=id, name=topic.name, notify=topic.notify, spikes=tuple(spikes), fresh=id in fresh)

    async def _one(
        self, seen: Seen, before: Stored[Incident] | None, outlook: expecting.Outlook, witness: Witness
    ) -> Stored[Incident] | None:
        """A topic's latest incident after this run; None where it has none."""
        current = before.value if before else None
        ours = seen.topic == BLINDNESS
        spikes = [spike for spike in seen.spikes if life.belongs(current, spike)]
        if spikes and not ours and (current is None or current.state is IncidentState.CLOSED):
            spikes = witness.independent(seen.topic, spikes)
        chosen = life.strongest(spikes)
        began = min((spike.at - timedelta(hours=spike.window_h) for spike in spikes), default=None)
        last = max((spike.at for spike in spikes), default=None)
        settings = blindness.patience(self.settings) if ours else self.settings

        def step(incident: Incident | None) -> Incident | None:
            return advance(
                incident,
                chosen,
                now=self.now,
                settings=settings,
                topic=seen.topic,
                topic_name=seen.name,
                episode=incident.episode + 1 if incident else 1,
                notify=seen.notify,
                began_at=began,
                last_at=last,
                judged=ours or outlook.seeing,
            )[0]

        planned = step(current)
        if planned is None:
            return None
        moved = current is None or planned.id != current.id or len(planned.events) > len(current.events)
        evidence = planned.evidence
        if not ours and (moved or evidence is None or (seen.fresh and planned.state is not IncidentState.CLOSED)):
            evidence = await witness.evidence(planned, chosen)
        if before is None or planned.id != before.id:
            return await self._open(replace(planned, evidence=evidence))
        return await self._change(before, step, evidence)

    async def _open(self, incident: Incident) -> Stored[Incident]:
        stored, new = await store.create(self.documents, incident)
        self.tally["opened"] += new
        if new:
            _tell(stored.value, "opened")
        return stored

    async def _change(self, before: Stored[Incident], step: life.Step, evidence: IncidentEvidence | None) -> Stored[Incident]:
        seen: list[Incident] = [before.value]

        def apply(incident: Incident) -> Incident:
            seen[:] = [incident]
            after = step(incident)
            # Where a person's act in between makes it another episode's turn, the next run opens that.
            return incident if after is None or after.id != incident.id else replace(after, evidence=evidence)

        after = await store.change(self.documents, before.id, apply, known=before)
        for event in after.value.events[len(seen[0].events) :]:
            if event.what in life.TOLD:
                self.tally[event.what] += 1
                _tell(after.value, event.what)
        return after

    # ------------------------------------------------------------ outside

    async def _ping(self) -> None:
        """Tell whoever watches the watch that it is well; that nobody answers is no reason to fail."""
        url = self.ports.bundle.settings.alerts.heartbeat_url
        if url:
            with contextlib.suppress(FetchFailed, FetchRefused):
                await self.ports.http.get(url, timeout_s=_PING_S, max_bytes=_PING_BYTES)


def _tell(incident: Incident, what: str) -> None:
    fields = {"topic": incident.topic, "severity": str(incident.severity), "observed": incident.observed, "expected": incident.expected}
    _LOG.info(f"incident {what}", incident=incident.id, **fields, reason=incident.reason)
