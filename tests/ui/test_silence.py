"""From a real mail to silence: its button leads to the incident, and once that is acknowledged there no more stories mail anybody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from playwright.sync_api import Browser, expect
from tests.conftest import free_port
from tests.ui.conftest import Desk, Watch, away
from tests.watched import NOW, World

from wirewatch.alerts.channels import MailChannel
from wirewatch.config import Settings, load_files
from wirewatch.config.settings import Alerts, Escalate, Recipient
from wirewatch.model import Incident, IncidentState
from wirewatch.pipeline.detect import detect
from wirewatch.pipeline.notify import notify
from wirewatch.store import config as published
from wirewatch.store import incidents
from wirewatch.store.elastic import ElasticDocuments


class Mailbox:
    """A mail server's mails."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the name that aiosmtpd calls
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.got.append(mail)
        return "250 taken"

    def told(self) -> list[tuple[str, str]]:
        """Whom of what topic."""
        return [(str(each["To"]), str(each["X-Wirewatch-Topic"])) for each in self.got]


@contextmanager
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()


def settings(watch: Watch) -> Settings:
    """The desk is told, and half an hour later others of what it has not acknowledged."""
    desk = Recipient(mail=("desk@news.example",), escalate=Escalate(after=timedelta(minutes=30), to=("world",)))
    return Settings(alerts=Alerts(page_url=watch.page(), recipients={"desk": desk, "world": Recipient(mail=("world@news.example",))}))


def within(watch: Watch, now: datetime, work: Callable[[World], Awaitable[None]]) -> None:
    """Do something in the store that the page shows, at a moment."""

    async def opened() -> None:
        async with ElasticDocuments(url=watch.elasticsearch, prefix=watch.prefix) as documents:
            await work(World(documents, settings=settings(watch), now=now))

    away(opened())


def look_and_tell(watch: Watch, now: datetime, port: int, *, reports: int) -> None:
    """More stories about both topics come, detection looks, and what is due is mailed."""

    async def work(world: World) -> None:
        await world.watch()
        for topic in ("ties", "trade"):
            await world.breaks(topic, reports=reports, key=f"{topic}-{now:%H%M}")
        await detect(world.ports())
        mail = MailChannel(host="127.0.0.1", port=port, sender="watch@news.example", timeout_s=10)
        await notify(replace(world.ports(), channels={"mail": mail}))

    within(watch, now, work)


def stored(watch: Watch, id: str) -> Incident:
    found: list[Incident] = []

    async def work(world: World) -> None:
        kept = await incidents.get(world.documents, id)
        assert kept is not None
        found.append(kept.value)

    within(watch, NOW, work)
    return found[0]


def test_what_is_acknowledged_mails_nobody_again(browser: Browser, watch: Watch) -> None:
    async def afresh(world: World) -> None:
        assert isinstance(world.documents, ElasticDocuments)
        await world.documents.drop()
        await world.documents.ensure()
        await published.publish(world.documents, load_files({"wirewatch.yaml": "{}"}), NOW)
        await world.settle()

    within(watch, NOW, afresh)
    with mailbox() as (box, port):
        look_and_tell(watch, NOW, port, reports=30)
        assert sorted(box.told()) == [("desk@news.example", "ties"), ("desk@news.example", "trade")]
        mail = next(each for each in box.got if each["X-Wirewatch-Topic"] == "ties")
        desk = Desk(browser, watch)
        desk.log_in()
        body = mail.get_body(("html",))
        assert body is not None
        desk.page.goto("about:blank")
        desk.page.set_content(body.get_content())
        with desk.page.context.expect_page() as opened:
            desk.page.get_by_role("link", name="Acknowledge").click()
        page = opened.value
        expect(page.get_by_role("textbox", name="Note")).to_be_focused()
        page.get_by_role("button", name="Acknowledge").last.click()
        expect(page.get_by_text("Acknowledged. Nobody is told again unless it escalates.")).to_be_visible()
        found = stored(watch, str(mail["X-Wirewatch-Incident"]))
        assert (found.state, found.acknowledged_by) == (IncidentState.ACKNOWLEDGED, "admin")
        for minutes in (20, 40):
            look_and_tell(watch, NOW + timedelta(minutes=minutes), port, reports=8)
        assert box.told()[2:] == [("world@news.example", "trade")], "the one that nobody acknowledged, and nothing of the other"
        assert stored(watch, found.id).closed_at is None, "it still goes on"
        page.reload()
        expect(page.get_by_text("acknowledged by admin", exact=True)).to_be_visible()
        assert desk.errors == []
        desk.context.close()
