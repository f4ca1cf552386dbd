"""Incidents in the real store: one number, one incident; every change on what is there; every act of a person on record."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.samples import NOW, incident

from wirewatch.config import Settings
from wirewatch.errors import Conflict, StoreRejected
from wirewatch.model import Incident, IncidentState
from wirewatch.pipeline.incidents import change as act
from wirewatch.spikes.incidents import change, told
from wirewatch.store import incidents as store
from wirewatch.store.base import Documents
from wirewatch.store.documents import to_document

HOUR = timedelta(hours=1)


def first(**changes: object) -> Incident:
    return incident(**{"id": "ties#1", "topic": "ties", "episode": 1, **changes})


def test_a_new_incident_is_its_topics_latest(documents: Documents) -> None:
    async def work() -> None:
        assert await store.latest(documents, ["ties"]) == {}
        made, new = await store.create(documents, first())
        assert new
        assert (await store.latest(documents, ["ties", "none"]))["ties"] == made
        await store.create(documents, first(id="ties#2", episode=2))
        await store.point(documents, made.value)
        assert (await store.latest(documents, ["ties"]))["ties"].value.episode == 2

    asyncio.run(work())


def test_a_number_that_is_taken_adopts_what_is_there(documents: Documents) -> None:
    async def work() -> None:
        made, _ = await store.create(documents, first(observed=9.0))
        adopted, new = await store.create(documents, first(observed=3.0))
        assert (adopted.value.observed, new, adopted.seq_no) == (9.0, False, made.seq_no)

    asyncio.run(work())


def test_one_whose_maker_died_before_the_pointer_moved_is_found(documents: Documents) -> None:
    async def work() -> None:
        await documents.put(documents.index_for("incidents"), "ties#1", to_document(first()), create=True)
        assert (await store.latest(documents, ["ties"]))["ties"].id == "ties#1"
        await store.create(documents, first())
        await documents.put(documents.index_for("incidents"), "ties#2", to_document(first(id="ties#2", episode=2)), create=True)
        assert (await store.latest(documents, ["ties"]))["ties"].id == "ties#2"

    asyncio.run(work())


def test_a_change_is_applied_to_what_somebody_else_made_of_it(documents: Documents) -> None:
    async def work() -> None:
        known, _ = await store.create(documents, first())
        await store.change(documents, "ties#1", lambda each: change(each, "ack", who="kim", now=NOW))
        after = await store.change(documents, "ties#1", lambda each: told(each, each.untold, NOW, planned=True), known=known)
        assert (after.value.state, after.value.acknowledged_by, after.value.told_at) == (IncidentState.ACKNOWLEDGED, "kim", NOW)
        same = await store.change(documents, "ties#1", lambda each: each)
        assert same.seq_no == after.seq_no
        with pytest.raises(StoreRejected, match="no incident"):
            await store.change(documents, "ties#9", lambda each: each)

    asyncio.run(work())


def test_many_people_at_once_lose_nothing(documents: Documents) -> None:
    async def work() -> None:
        await store.create(documents, first())
        notes = (
            act(documents, Settings(), "ties#1", what="note", who=f"user-{number}", note=f"note {number}", now=NOW) for number in range(5)
        )
        await asyncio.gather(*notes)
        found = await store.get(documents, "ties#1")
        assert found is not None
        assert {event.note for event in found.value.events if event.what == "note"} == {f"note {number}" for number in range(5)}

    asyncio.run(work())


def test_detection_has_to_do_with_what_lives_or_is_untold(documents: Documents) -> None:
    async def work() -> None:
        old = {"state": IncidentState.CLOSED, "closed_at": NOW - 99 * HOUR, "closed_by": "detection", "reason": "calmed"}
        await store.create(documents, first(untold=()))
        await store.create(documents, first(id="a#1", topic="a", untold=(), **old))
        await store.create(documents, first(id="b#1", topic="b", untold=("closed",), **old))
        await store.create(documents, first(id="c#1", topic="c", untold=(), **{**old, "closed_at": NOW}))
        assert {each.id for each in await store.living(documents, NOW - 72 * HOUR)} == {"ties#1", "b#1", "c#1"}
        assert {each.id for each in await store.recent(documents, states=store.GOING_ON)} == {"ties#1"}
        assert [each.id for each in await store.recent(documents, topic="a")] == ["a#1"]

    asyncio.run(work())


def test_what_a_person_does_is_on_record_once(documents: Documents) -> None:
    async def work() -> None:
        await store.create(documents, first())
        for _ in range(2):
            closed = await act(documents, Settings(), "ties#1", what="close", who="kim", reason="false_alarm", note="old news", now=NOW)
        assert (closed.reason, closed.closed_by, [event.what for event in closed.events].count("closed")) == ("false_alarm", "kim", 1)
        await documents.refresh("audit", "labels")
        audit = await documents.find("audit", {"match_all": {}})
        assert [(hit.source["what"], hit.source["who"], hit.source["after"]["reason"]) for hit in audit] == [
            ("incident.close", "kim", "false_alarm")
        ]
        labels = await documents.find("labels", {"term": {"verdict": "false_alarm"}})
        assert [(hit.source["id"], hit.source["topic"], hit.source["note"]) for hit in labels] == [("ties#1", "ties", "old news")]
        assert labels[0].source["copy"]["topic_name"] == first().topic_name
        with pytest.raises(Conflict):
            await act(documents, Settings(), "ties#1", what="ack", who="kim", now=NOW)

    asyncio.run(work())
