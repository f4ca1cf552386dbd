"""Quiet hours, storms and what nobody acknowledges, over a real mail server and the real store, whatever dies in between."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from tests.integration.test_notify import Server, mail, ports, serving
from tests.samples import ALERTS, headline, incident
from tests.watched import Died, Mortal

from wirewatch.alerts.plan import plan, plan_story
from wirewatch.config.settings import Alerts
from wirewatch.model import Delivery, Incident, IncidentState, Notification, Severity
from wirewatch.pipeline.incidents import change
from wirewatch.pipeline.notify import notify
from wirewatch.store import incidents as incident_store
from wirewatch.store import notifications as store
from wirewatch.store.documents import from_document
from wirewatch.store.elastic import ElasticDocuments

EVENING = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SETTINGS = Alerts.model_validate(
    {
        "sender": ALERTS.sender,
        "page_url": ALERTS.page_url,
        "recipients": {
            "desk": {
                "name": "Night desk",
                "mail": "desk@newsdesk.example",
                "quiet": "22:00-07:00",
                "escalate": {"after": "30m", "to": "duty"},
            },
            "duty": {"mail": "duty@newsdesk.example"},
        },
        "default_notify": ["desk"],
    }
)


def spiking(number: int, at: datetime, severity: Severity = Severity.MAJOR) -> Incident:
    return incident(id=f"t{number}#1", topic=f"t{number}", topic_name=f"Topic {number}", severity=severity, opened_at=at)


async def opens(documents: ElasticDocuments, value: Incident, at: datetime, recipient: str = "desk") -> tuple[Notification, ...]:
    await incident_store.create(documents, value)
    planned = plan(value, "opened", settings=SETTINGS, topic_notify=(recipient,), now=at)
    await store.create(documents, planned)
    return planned


async def stored(documents: Any) -> dict[str, Notification]:
    await documents.refresh("notifications")
    found = [from_document(Notification, hit.source) for hit in await documents.find("notifications", {"match_all": {}})]
    return {each.id: each for each in found}


def mails(server: Server) -> list[EmailMessage]:
    found = [message_from_bytes(raw, policy=policy.default) for raw in server.raw]
    assert all(isinstance(each, EmailMessage) for each in found)
    return found


def text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_quiet_hours_end_in_one_mail_that_says_what_has_closed_and_critical_breaks_through(documents: ElasticDocuments) -> None:
    async def work(server: Server) -> None:
        async def run(at: datetime) -> dict[str, int]:
            return await notify(ports(documents, mail(server), at, alerts=SETTINGS))

        await opens(documents, spiking(1, EVENING), EVENING)
        (grave,) = await opens(documents, spiking(2, EVENING, Severity.CRITICAL), EVENING)
        assert (await run(EVENING))["sent"] == 1
        assert server.got == [grave.message_id]
        await opens(documents, spiking(3, EVENING), EVENING + MINUTE)
        await change(documents, ports(documents, None).bundle.settings, "t3#1", what="close", who="kim", reason="known", now=EVENING)
        story = plan_story(headline(4), topic="t4", topic_name="Rare", settings=SETTINGS, notify=("desk",), now=EVENING)
        await store.create(documents, story)
        for minutes in (1, 11, 300):
            assert (await run(EVENING + minutes * MINUTE))["sent"] == (1 if minutes == 300 else 0)
        done = await run(MORNING)
        assert (done["sent"], done["gathered"]) == (1, 3)
        assert (await run(MORNING + MINUTE))["sent"] == 0

    with serving(Server()) as server:
        asyncio.run(work(server))
        said = mails(server)
        # The desk's night ends nothing for the duty editor, who has none.
        assert [str(each["To"]) for each in said if "Topic 2" in str(each["Subject"])] == ["desk@newsdesk.example", "duty@newsdesk.example"]
        (summary,) = [each for each in said if str(each["Subject"]).startswith("[After quiet hours]")]
        assert str(summary["Subject"]).startswith("[After quiet hours] 1 going on, 1 closed since, 1 new story")
        body = text(summary)
        assert "[Major] Topic 1" in body
        assert "[Closed] Topic 3" in body
        assert "Closed by kim: already known." in body
        assert "report 4" in body


def test_what_nobody_acknowledges_goes_to_the_second_until_somebody_does(documents: ElasticDocuments) -> None:
    noon = EVENING.replace(hour=12)

    async def work(server: Server) -> None:
        async def run(minutes: int) -> list[str]:
            before = len(server.got)
            await notify(ports(documents, mail(server), noon + minutes * MINUTE, alerts=SETTINGS))
            return [str(each["To"]) for each in mails(server)[before:]]

        await opens(documents, spiking(1, noon), noon)
        await opens(documents, spiking(2, noon), noon)
        assert sorted(await run(0)) == ["desk@newsdesk.example"] * 2
        settings = ports(documents, None).bundle.settings
        await change(documents, settings, "t2#1", what="ack", who="kim", now=noon + MINUTE)
        assert await run(29) == []
        assert await run(30) == ["duty@newsdesk.example"]
        assert await run(31) == []
        last = mails(server)[-1]
        assert str(last["Subject"]).startswith("[Major, not acknowledged] Topic 1")
        assert "Night desk was told Tue 24 Nov 12:00 UTC; nobody has acknowledged it since." in text(last)
        assert "Acknowledge: https://watch.newsdesk.example" in text(last)
        assert await run(600) == []

    with serving(Server()) as server:
        asyncio.run(work(server))


def test_a_storm_is_one_mail_that_lists_it_even_where_it_comes_in_waves(documents: ElasticDocuments) -> None:
    noon = EVENING.replace(hour=12)

    async def work(server: Server) -> None:
        for wave in range(2):
            at = noon + 12 * wave * MINUTE
            planned = [
                plan(spiking(wave * 100 + number, at), "opened", settings=SETTINGS, topic_notify=("desk",), now=at) for number in range(15)
            ]
            await store.create(documents, [each for messages in planned for each in messages])
            assert (await notify(ports(documents, mail(server), at, alerts=SETTINGS)))["sent"] == 1

    with serving(Server()) as server:
        asyncio.run(work(server))
        assert [str(each["Subject"]).strip()[:27] for each in mails(server)] == ["[Many alerts] 15 going on: "] * 2
        assert all(f"Topic {number}\n" in text(mails(server)[0]) for number in range(15))


def test_killed_between_any_two_writes_nothing_is_lost_and_nothing_told_twice(documents: ElasticDocuments) -> None:
    noon = EVENING.replace(hour=12)

    async def work(server: Server) -> None:
        planned: list[Notification] = []
        for number in range(SETTINGS.throttle.total + 2):
            planned += plan(spiking(number, noon), "opened", settings=SETTINGS, topic_notify=("desk",), now=noon)
        await store.create(documents, planned)
        deaths = 0
        while True:
            # Past the leases of whoever died: of the decision, and of a message under way.
            now = noon + timedelta(minutes=6 * deaths)
            try:
                await notify(ports(Mortal(documents, deaths), mail(server), now, alerts=SETTINGS))
                break
            except Died:
                deaths += 1
        assert deaths > 4
        states = await stored(documents)
        assert {states[each.id].state for each in planned} == {Delivery.GATHERED}
        (roundup,) = [each for each in states.values() if each.event == "roundup"]
        assert roundup.state is Delivery.SENT
        assert set(server.got) == {roundup.message_id}
        # Sent again only where the run died between the server's answer and its being recorded.
        assert len(server.got) <= 2

    with serving(Server()) as server:
        asyncio.run(work(server))
        assert all(f"Topic {number}\n" in text(mails(server)[-1]) for number in range(SETTINGS.throttle.total + 2))


def test_who_was_asked_second_is_told_of_the_end(documents: ElasticDocuments) -> None:
    from tests.watched import World

    from wirewatch.config import Settings
    from wirewatch.pipeline.detect import detect

    async def work() -> None:
        world = World(documents, settings=Settings(alerts=SETTINGS))
        await world.settle()
        await detect(world.ports())
        world.now += 5 * MINUTE
        await world.watch()
        await world.breaks("ties", reports=4)
        await detect(world.ports())
        told = list((await stored(documents)).values())
        assert [(each.recipient, each.event) for each in told] == [("desk", "opened")]
        await store.failed(documents, (await store.some(documents, [told[0].id]))[0], "no such mailbox")
        world.now += 31 * MINUTE
        assert (await notify(replace(world.ports(), channels={})))["escalated"] == 1
        await change(documents, world.settings, "ties#1", what="close", who="kim", reason="useful", now=world.now)
        await detect(world.ports())
        found = sorted((each.recipient, each.event) for each in (await stored(documents)).values())
        assert found == [("desk", "closed"), ("desk", "opened"), ("duty", "closed"), ("duty", "unacknowledged")]
        (incident_now,) = await world.incidents()
        assert incident_now.state is IncidentState.CLOSED

    asyncio.run(work())
