"""From the mail to the page: a spike is told, its link leads to the incident, and what is acknowledged there is told to nobody else."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import unquote

import httpx
from tests.watched import World

from wirewatch.alerts.message import Message
from wirewatch.config import Settings, load_files
from wirewatch.config.settings import Alerts, Escalate, Recipient
from wirewatch.model import IncidentState, Notification
from wirewatch.pipeline.detect import detect
from wirewatch.pipeline.notify import notify
from wirewatch.store import config as shared
from wirewatch.store.base import Documents
from wirewatch.store.elastic import ElasticDocuments
from wirewatch.web import User, create_app

PAGE = "https://airflow.example/plugin/wirewatch"
SETTINGS = Settings(
    alerts=Alerts(
        page_url=PAGE,
        recipients={
            "desk": Recipient(mail=("desk@news.example",), escalate=Escalate(after=timedelta(minutes=30), to=("world",))),
            "world": Recipient(mail=("world@news.example",)),
            "operators": Recipient(mail=("operators@news.example",)),
        },
    )
)


@dataclass
class Mailbox:
    """Takes every mail."""

    got: list[tuple[str, Message]] = field(default_factory=list)

    async def send(self, notification: Notification, message: Message) -> None:
        self.got.append((notification.recipient, message))

    def told(self) -> list[tuple[str, str]]:
        """Whom of what topic."""
        return [(recipient, topic_of(message)) for recipient, message in self.got]


def topic_of(message: Message) -> str:
    return message.headers["X-Wirewatch-Topic"]


async def acknowledge(documents: Documents, message: Message, now: datetime) -> None:
    """Follow the mail's button as the page does."""
    link = next(each for each in map(html.unescape, re.findall(r'href="([^"]+)"', message.html)) if each.endswith("do=ack"))
    assert link.startswith(f"{PAGE}#/incidents/")
    incident = unquote(link.removeprefix(f"{PAGE}#/incidents/").partition("?")[0])

    @asynccontextmanager
    async def opened() -> AsyncIterator[Documents]:
        yield documents

    async def mina() -> User:
        return User(id="mina", name="Mina")

    async def yes() -> bool:
        return True

    app = create_app(documents=opened, user=mina, may_change=yes, may_publish=yes, clock=lambda: now)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://page.test") as client:
        path = "/api/incidents/" + incident.replace("#", "%23")
        seen = await client.get(path)
        assert seen.json()["row"]["state"] == "open"
        answer = await client.post(path, json={"what": "ack", "note": "The desk has it."}, headers={"X-Requested-With": "wirewatch"})
        assert answer.status_code == 200, answer.text


def test_what_is_acknowledged_on_the_page_is_told_to_nobody_else(documents: ElasticDocuments) -> None:
    async def work() -> None:
        world, box = World(documents, settings=SETTINGS), Mailbox()

        async def tick(reports: int) -> None:
            for topic in ("ties", "trade"):
                await world.breaks(topic, reports=reports, key=f"{topic}-{world.now:%H%M}")
            await detect(world.ports())
            await notify(replace(world.ports(), channels={"mail": box}))

        await world.settle()
        await shared.publish(documents, load_files({"wirewatch.yaml": "{}"}), world.now)
        await tick(30)
        assert sorted(box.told()) == [("desk", "ties"), ("desk", "trade")]
        await acknowledge(documents, next(message for _, message in box.got if topic_of(message) == "ties"), world.now)
        found = {each.topic: each for each in await world.incidents()}
        assert (found["ties"].state, found["ties"].acknowledged_by) == (IncidentState.ACKNOWLEDGED, "mina")
        for _ in range(2):
            world.now += timedelta(minutes=20)
            await world.watch()
            await tick(8)
        assert box.told()[2:] == [("world", "trade")], "what nobody has acknowledged, and nothing of the other"
        assert [each.closed_at for each in await world.incidents()] == [None, None], "both still go on"

    asyncio.run(work())
