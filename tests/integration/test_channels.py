"""Channels besides mail, over real HTTP: what is sent, what a failure becomes, and that secrets stay secret."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from tests.conftest import free_port
from tests.integration.test_notify import Server, mail, ports, serving, went
from tests.samples import ALERTS, NOW, evidence, headline, incident

from wirewatch.alerts.channels import Channel
from wirewatch.alerts.chats import AppriseChannel, NamedChannel, WebhookChannel, channel_at
from wirewatch.alerts.plan import plan
from wirewatch.alerts.render import render
from wirewatch.config.settings import Alerts
from wirewatch.errors import DeliveryDeferred, DeliveryRefused
from wirewatch.model import Delivery, Notification
from wirewatch.pipeline.notify import notify
from wirewatch.store import notifications as store
from wirewatch.store.elastic import ElasticDocuments

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise, where Python has it

SECRET = "s3cret-token"
HOSTILE = "<!channel> @everyone <https://evil.example|click> `rm` \u202egnp.exe\r\nX: y"
SETTINGS = Alerts.model_validate(
    {
        "sender": ALERTS.sender,
        "recipients": {"desk": {"mail": "desk@newsdesk.example", "channels": ["hook", "chat"]}},
        "page_url": ALERTS.page_url,
    }
)


@dataclass
class Site:
    """A web server that answers as it is told."""

    statuses: list[int] = field(default_factory=list)
    got: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    port: int = 0
    wait_s: float = 0

    async def handle(self, request: web.Request) -> web.Response:
        self.keys.append(request.headers.get("Idempotency-Key"))
        self.got.append(json.loads(await request.text()))
        await asyncio.sleep(self.wait_s)
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, headers={"Location": "https://elsewhere.example/"} if status == 302 else None)


@asynccontextmanager
async def site(**changes: Any) -> AsyncIterator[Site]:
    found = Site(**changes)
    app = web.Application()
    app.router.add_post("/{path:.*}", found.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    found.port = free_port()
    await web.TCPSite(runner, "127.0.0.1", found.port).start()
    try:
        yield found
    finally:
        await runner.cleanup()


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """What reaches the root of all logs, where Airflow listens."""
    found: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name != "aiohttp.access":  # of the service itself
                found.append(record.getMessage())

    handler = Listening()
    logging.getLogger().addHandler(handler)
    yield found
    logging.getLogger().removeHandler(handler)


def message(channel: str = "hook") -> Notification:
    planned = plan(incident(), "opened", settings=SETTINGS, topic_notify=("desk",), now=NOW)
    return next(each for each in planned if each.channel == channel)


async def send(channel: Channel, notification: Notification | None = None) -> None:
    value = notification or message()
    await channel.send(value, render(value, settings=SETTINGS, now=NOW))


def hook(port: int, **options: Any) -> WebhookChannel:
    return WebhookChannel(name="hook", address=f"http://user:{SECRET}@127.0.0.1:{port}/{SECRET}?key={SECRET}", **options)


def test_a_webhook_gets_words_and_figures_under_one_key() -> None:
    async def work() -> None:
        async with site() as there:
            await send(hook(there.port))
            await send(hook(there.port))
        assert set(there.keys) == {message().id}
        got = there.got[0]
        (figures,) = got["incidents"]
        assert (got["event"], got["about"], figures["severity"], figures["stories"]) == ("opened", incident().id, "major", 9)
        assert got["subject"].startswith("[Major] Russia–North Korea ties")
        assert figures["headlines"][0]["url"] == "https://outlet1.example/kim"
        assert got["link"].startswith(ALERTS.page_url)

    asyncio.run(work())


@pytest.mark.parametrize(
    ("status", "error"), [(500, DeliveryDeferred), (429, DeliveryDeferred), (404, DeliveryRefused), (302, DeliveryRefused)]
)
def test_what_a_webhook_answers_decides(status: int, error: type[Exception]) -> None:
    async def work() -> None:
        async with site(statuses=[status]) as there:
            with pytest.raises(error, match=f"answered {status}") as caught:
                await send(hook(there.port))
        assert SECRET not in str(caught.value)

    asyncio.run(work())


@pytest.mark.parametrize("make", [lambda port: hook(port, timeout_s=0.3), lambda _: hook(free_port())])
def test_a_webhook_that_hangs_or_is_away_is_tried_later_and_its_address_kept_secret(make: Callable[[int], WebhookChannel]) -> None:
    async def work() -> None:
        async with site(wait_s=1.0) as there:
            channel = make(there.port)
            with pytest.raises(DeliveryDeferred) as caught:
                await send(channel)
        assert SECRET not in str(caught.value) + repr(channel)

    asyncio.run(work())


def test_apprise_carries_a_brief_in_which_the_news_commands_nothing() -> None:
    async def work() -> None:
        bad = headline(1, title=HOSTILE, publisher_name=HOSTILE)
        value = incident(topic_name=HOSTILE, evidence=evidence(headlines=(bad,), first=bad))
        planned = next(each for each in plan(value, "opened", settings=SETTINGS, topic_notify=("desk",), now=NOW) if each.channel == "chat")
        async with site() as there:
            channel = channel_at("chat", f"json://127.0.0.1:{there.port}/{SECRET}")
            assert isinstance(channel, AppriseChannel)
            await send(channel, planned)
        (got,) = there.got
        said = got["title"] + got["message"]
        assert "gnp.exe" in said
        assert not [each for each in ("<", ">", "@", "`", "\u202e", "\r") if each in said]
        assert "\n" not in got["title"]
        assert got["message"].splitlines()[-1].startswith(ALERTS.page_url)

    asyncio.run(work())


def test_a_service_that_does_not_take_it_is_tried_later(logged: list[str]) -> None:
    async def work() -> None:
        async with site(statuses=[500]) as there:
            with pytest.raises(DeliveryDeferred, match=r"channel chat: .*500") as caught:
                await send(channel_at("chat", f"json://127.0.0.1:{there.port}/{SECRET}"))
        assert SECRET not in str(caught.value) + str(logged)

    asyncio.run(work())


def test_an_address_decides_what_a_channel_is(logged: list[str]) -> None:
    assert isinstance(channel_at("a", "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"), AppriseChannel)
    assert isinstance(channel_at("a", f" https://example.org/{SECRET} "), WebhookChannel)
    for wrong in (f"ftp://{SECRET}", SECRET, "https://"):
        with pytest.raises(DeliveryDeferred, match="channel a: its address") as caught:
            channel_at("a", wrong)
        assert SECRET not in str(caught.value)
    assert SECRET not in str(logged)


def test_a_channel_that_fails_is_tried_again_then_shown_as_failed_and_the_others_go_on(documents: ElasticDocuments) -> None:
    async def work(server: Server) -> None:
        async with site(statuses=[503, 410]) as there:

            async def find(name: str) -> str | None:
                return f"http://127.0.0.1:{there.port}/{SECRET}" if name == "hook" else None

            named = {name: NamedChannel(name=name, find=find, help="put it into $CHAT") for name in ("hook", "chat")}

            async def run(minutes: int) -> tuple[int, int, int]:
                given = ports(documents, mail(server), NOW + timedelta(minutes=minutes), alerts=SETTINGS, more=named)
                return went(await notify(given))

            await store.create(documents, plan(incident(), "opened", settings=SETTINGS, topic_notify=("desk",), now=NOW))
            assert await run(0) == (1, 0, 2)
            assert await run(1) == (0, 1, 1)
        await documents.refresh("notifications")
        found = {each.channel: each for each in await store.about(documents, incident().id)}
        assert {name: each.state for name, each in found.items()} == {
            "mail": Delivery.SENT,
            "hook": Delivery.FAILED,
            "chat": Delivery.PENDING,
        }
        assert "answered 410" in str(found["hook"].problem)
        assert "put it into $CHAT" in str(found["chat"].problem)

    with serving(Server()) as server:
        asyncio.run(work(server))
