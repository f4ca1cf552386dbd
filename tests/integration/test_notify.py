"""Messages over a real mail server: every planned one arrives, and none twice but after a lost answer."""

from __future__ import annotations

import asyncio
import contextlib
import ssl as tls
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from ipaddress import ip_address
from pathlib import Path
from random import Random
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.conftest import LoopDocuments, free_port
from tests.samples import ALERTS, NOW, incident
from tests.watched import World

from wirewatch.alerts.channels import Channel, MailChannel
from wirewatch.alerts.plan import plan
from wirewatch.config import Bundle, Settings
from wirewatch.config.settings import Alerts
from wirewatch.errors import DeliveryDeferred, StoreUnavailable
from wirewatch.http import Answer
from wirewatch.model import Delivery, Notification
from wirewatch.pipeline.detect import detect
from wirewatch.pipeline.notify import notify
from wirewatch.pipeline.ports import Ports
from wirewatch.store import notifications as store
from wirewatch.store.base import Documents
from wirewatch.store.elastic import ElasticDocuments

TAKEN_UNHEARD = ("hang up", "hang")
"""What a server may do after it has taken a message that its sender never hears of."""


@dataclass
class Server:
    """A mail server that answers as it is told, then takes what comes."""

    answers: list[str] = field(default_factory=list)
    """For the next messages after DATA: an answer, `hang up` or `hang`."""
    refused: str = ""
    """A recipient that does not exist."""
    hangs_s: float = 1.5
    got: list[str] = field(default_factory=list)
    """Message-IDs taken."""
    raw: list[bytes] = field(default_factory=list)
    """The messages."""
    unheard: set[str] = field(default_factory=set)
    """Message-IDs that were taken without an answer."""
    port: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the name that aiosmtpd calls
        answer = self.answers.pop(0) if self.answers else "250 taken"
        content = envelope.content
        assert isinstance(content, bytes)
        if answer.startswith("250") or answer in TAKEN_UNHEARD:
            self.got.append(str(message_from_bytes(content)["Message-ID"]))
            self.raw.append(content)
        if answer in TAKEN_UNHEARD:
            self.unheard.add(self.got[-1])
        if answer == "hang up":
            assert server.transport is not None
            server.transport.close()
        if answer == "hang":
            await asyncio.sleep(self.hangs_s)
        return answer

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refused and address == self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 fine"


@contextmanager
def serving(server: Server, **options: Any) -> Iterator[Server]:
    controller = Controller(server, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()


class Died(BaseException):
    """Stands for the end of the process."""


class NoHttp:
    """Sending mail asks nothing of the web."""

    async def get(self, url: str, **_: Any) -> Answer:
        raise AssertionError(url)


def ports(
    documents: Documents,
    channel: MailChannel | None,
    now: datetime = NOW,
    *,
    alerts: Alerts = ALERTS,
    more: Mapping[str, Channel] | None = None,
) -> Ports:
    return Ports(
        documents=documents,
        bundle=Bundle(settings=Settings(alerts=alerts), hash="h", source={}),
        clock=lambda: now,
        http=NoHttp(),
        cpu=ThreadPoolExecutor(1),
        channels={**({"mail": channel} if channel else {}), **(more or {})},
    )


def mail(server: Server, **options: Any) -> MailChannel:
    return MailChannel(host="127.0.0.1", port=server.port, sender=ALERTS.sender, timeout_s=options.pop("timeout_s", 5.0), **options)


def planned() -> tuple[Notification, ...]:
    return plan(incident(), "opened", settings=ALERTS, topic_notify=("desk", "pair"), now=NOW)


def went(done: dict[str, int]) -> tuple[int, int, int]:
    return done["sent"], done["failed"], done["deferred"]


async def states(documents: Documents) -> dict[str, Notification]:
    await documents.refresh("notifications")
    return {each.id: each for each in await store.about(documents, incident().id)}


def test_every_planned_message_arrives_once_however_often_it_is_run(documents: ElasticDocuments) -> None:
    async def work(server: Server) -> None:
        assert await store.create(documents, planned()) == 3
        assert await store.create(documents, planned()) == 0
        assert went(await notify(ports(documents, mail(server)))) == (3, 0, 0)
        assert went(await notify(ports(documents, mail(server)))) == (0, 0, 0)
        assert {each.state for each in (await states(documents)).values()} == {Delivery.SENT}

    with serving(Server()) as server:
        asyncio.run(work(server))
        assert sorted(server.got) == sorted(each.message_id for each in planned())


def test_two_senders_at_once_send_each_message_once(documents: ElasticDocuments) -> None:
    async def work(server: Server) -> None:
        await store.create(documents, planned())
        results = await asyncio.gather(*(notify(ports(documents, mail(server))) for _ in range(3)))
        assert sum(each["sent"] for each in results) == 3

    with serving(Server()) as server:
        asyncio.run(work(server))
        assert sorted(server.got) == sorted(each.message_id for each in planned())


def test_what_is_put_off_goes_later_and_what_is_refused_never(documents: ElasticDocuments) -> None:
    async def work(server: Server) -> None:
        await store.create(documents, planned())
        assert went(await notify(ports(documents, mail(server)))) == (1, 1, 1)
        assert went(await notify(ports(documents, mail(server)))) == (0, 0, 0)
        later = NOW + timedelta(minutes=1)
        assert went(await notify(ports(documents, mail(server), later))) == (1, 0, 0)
        found = sorted((each.state, each.problem or "") for each in (await states(documents)).values())
        assert [state for state, _ in found] == [Delivery.FAILED, Delivery.SENT, Delivery.SENT]
        assert "554 no such thing" in found[0][1]

    with serving(Server(answers=["451 later", "554 no such thing"])) as server:
        asyncio.run(work(server))
        assert len(set(server.got)) == len(server.got) == 2


def test_a_connection_lost_after_the_message_was_taken_repeats_it_under_the_same_id(documents: ElasticDocuments) -> None:
    async def work(server: Server) -> None:
        await store.create(documents, planned()[:1])
        assert (await notify(ports(documents, mail(server))))["deferred"] == 1
        assert (await notify(ports(documents, mail(server), NOW + timedelta(minutes=1))))["sent"] == 1

    with serving(Server(answers=["hang up"])) as server:
        asyncio.run(work(server))
        assert server.got == [planned()[0].message_id] * 2


def test_death_between_sending_and_recording_repeats_it_after_the_lease(documents: ElasticDocuments) -> None:
    class Dies(MailChannel):
        async def send(self, notification: Notification, message: Any) -> None:
            await super().send(notification, message)
            raise Died

    async def work(server: Server) -> None:
        await store.create(documents, planned()[:1])
        dying = Dies(host="127.0.0.1", port=server.port, sender=ALERTS.sender)
        with pytest.raises(Died):
            await notify(ports(documents, dying))
        assert (await notify(ports(documents, mail(server), NOW + timedelta(minutes=1))))["sent"] == 0
        assert (await notify(ports(documents, mail(server), NOW + timedelta(minutes=6))))["sent"] == 1

    with serving(Server()) as server:
        asyncio.run(work(server))
        assert server.got == [planned()[0].message_id] * 2


class Suspended(dict[str, Channel]):
    """Channels that are found after the machine has slept for a while."""

    now = NOW

    def get(self, name: str, default: Any = None) -> Any:
        self.now += timedelta(minutes=6)
        return super().get(name, default)


def test_who_slept_through_a_claim_leaves_the_message_to_others(documents: ElasticDocuments) -> None:
    with serving(Server()) as server:
        asyncio.run(store.create(documents, planned()[:1]))
        asleep = Suspended(mail=mail(server))
        assert went(asyncio.run(notify(replace(ports(documents, None), channels=asleep, clock=lambda: asleep.now)))) == (0, 0, 0)
        assert server.got == []
        assert went(asyncio.run(notify(ports(documents, mail(server), NOW + timedelta(minutes=6))))) == (1, 0, 0)
        assert len(server.got) == 1


def test_a_server_that_is_away_is_left_alone_after_some_messages(documents: ElasticDocuments) -> None:
    many = [replace(planned()[0], id=f"n{number}", message_id=f"<n{number}@newsdesk.example>") for number in range(6)]

    async def work() -> None:
        await store.create(documents, many)
        away = MailChannel(host="127.0.0.1", port=free_port(), sender=ALERTS.sender, timeout_s=2)
        assert went(await notify(ports(documents, away))) == (0, 0, 3)

    asyncio.run(work())


def test_a_message_is_given_up_after_the_last_attempt(documents: ElasticDocuments) -> None:
    async def work() -> None:
        last = replace(planned()[0], attempts=ALERTS.max_attempts - 1)
        await store.create(documents, [last])
        assert went(await notify(ports(documents, None))) == (0, 1, 0)
        assert f"given up after {ALERTS.max_attempts} attempts" in str((await states(documents))[last.id].problem)

    asyncio.run(work())


def test_without_the_store_nothing_is_sent(documents: ElasticDocuments) -> None:
    async def work(server: Server) -> None:
        async with ElasticDocuments(url=f"http://127.0.0.1:{free_port()}", prefix="x", timeout_s=1) as away:
            with pytest.raises(StoreUnavailable):
                await notify(ports(away, mail(server)))

    with serving(Server()) as server:
        asyncio.run(work(server))
        assert server.got == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")  # on loopback, in a test
def test_a_user_and_a_password_let_in(documents: ElasticDocuments) -> None:
    def let_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"watch", b"secret")
        return AuthResult(success=right, handled=False)

    async def work(server: Server) -> None:
        await store.create(documents, planned()[:1])
        with pytest.raises(DeliveryDeferred, match="refuses user 'watch'"):
            await mail(server, user="watch", password="wrong").send(planned()[0], _message())
        assert (await notify(ports(documents, mail(server, user="watch", password="secret"))))["sent"] == 1

    with serving(Server(), authenticator=let_in, auth_required=True, auth_require_tls=False) as server:
        asyncio.run(work(server))


def test_nothing_is_said_in_the_clear_where_starttls_is_wanted_and_not_offered() -> None:
    with serving(Server()) as server, pytest.raises(DeliveryDeferred):
        asyncio.run(mail(server, starttls=True).send(planned()[0], _message()))
    assert server.got == []


def test_a_server_that_hangs_is_given_up_in_time() -> None:
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        with pytest.raises(DeliveryDeferred):
            asyncio.run(MailChannel(host="127.0.0.1", port=port, sender=ALERTS.sender, timeout_s=0.5).send(planned()[0], _message()))
    assert threading.active_count() < 50


def test_a_server_that_hangs_after_the_message_is_given_up_and_gets_it_again_under_the_same_id(documents: ElasticDocuments) -> None:
    async def work(server: Server) -> None:
        await store.create(documents, planned()[:1])
        assert went(await notify(ports(documents, mail(server, timeout_s=0.4)))) == (0, 0, 1)
        assert went(await notify(ports(documents, mail(server), NOW + timedelta(minutes=1)))) == (1, 0, 0)

    with serving(Server(answers=["hang"])) as server:
        asyncio.run(work(server))
        assert server.got == [planned()[0].message_id] * 2


def test_a_mailbox_that_does_not_exist_fails_at_once_and_the_others_go_on(documents: ElasticDocuments) -> None:
    async def work(server: Server) -> None:
        await store.create(documents, planned())
        assert went(await notify(ports(documents, mail(server)))) == (2, 1, 0)
        found = {each.address: each for each in (await states(documents)).values()}
        assert found["one@newsdesk.example"].state is Delivery.FAILED
        assert "550 no such mailbox" in str(found["one@newsdesk.example"].problem)

    with serving(Server(refused="one@newsdesk.example")) as server:
        asyncio.run(work(server))
        assert len(server.got) == 2


def test_whatever_the_server_does_every_planned_message_arrives_and_only_unheard_ones_twice(documents: ElasticDocuments) -> None:
    chance = Random(8)
    answers = [chance.choice(["250 taken", "451 later", "421 going down", "hang up", "hang up", "452 full"]) for _ in range(16)]
    many = [
        replace(
            message, id=f"{message.id}-{number}", message_id=f"<{number}.{message.message_id[1:]}", about=f"t#{number}", topic=f"t{number}"
        )
        for number in range(2)
        for message in planned()
    ]

    class Dying(MailChannel):
        async def send(self, notification: Notification, message: Any) -> None:
            await super().send(notification, message)
            sent.append(notification.message_id)
            if len(sent) in (1, 4):
                raise Died

    sent: list[str] = []

    async def work(server: Server) -> None:
        await store.create(documents, many)
        channel = Dying(host="127.0.0.1", port=server.port, sender=ALERTS.sender, timeout_s=5)
        for hours in range(24):
            with contextlib.suppress(Died):
                await notify(ports(documents, channel, NOW + timedelta(hours=hours)))
            await documents.refresh("notifications")
            if await documents.count("notifications", {"term": {"state": Delivery.SENT}}) == len(many):
                return
        raise AssertionError("they do not all arrive")

    with serving(Server(answers=answers)) as server:
        asyncio.run(work(server))
        assert set(server.got) == {each.message_id for each in many}
        twice = {id for id, times in Counter(server.got).items() if times > 1}
        assert twice == {sent[0], sent[3]} | server.unheard


def _authority(folder: Path) -> tuple[Path, tls.SSLContext]:
    """A certificate for 127.0.0.1 that signs itself, and a server's context that has it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted = folder / "ca.pem"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = folder / "key.pem"
    plain = serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, plain, serialization.NoEncryption()))
    context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, secret)
    return trusted, context


def test_a_password_is_said_over_starttls_alone_and_only_to_a_server_that_is_who_it_says(
    documents: ElasticDocuments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, context = _authority(tmp_path)
    encrypted: list[bool] = []

    def let_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        encrypted.append(session.ssl is not None)
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"watch", b"secret")
        return AuthResult(success=right, handled=False)

    async def work(server: Server) -> None:
        await store.create(documents, planned()[:1])
        channel = mail(server, user="watch", password="secret", starttls=True)
        with pytest.raises(DeliveryDeferred, match="certificate"):
            await channel.send(planned()[0], _message())
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        assert went(await notify(ports(documents, channel))) == (1, 0, 0)

    options: dict[str, Any] = {"authenticator": let_in, "auth_required": True, "require_starttls": True, "tls_context": context}
    with serving(Server(), **options) as server:
        asyncio.run(work(server))
        assert server.got == [planned()[0].message_id]
    assert encrypted == [True]


def test_tls_from_the_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted, context = _authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with serving(Server(), ssl_context=context) as server:
        asyncio.run(mail(server, ssl=True).send(planned()[0], _message()))
        assert server.got == [planned()[0].message_id]


def test_a_mail_server_that_is_down_for_an_hour_delays_no_detection(documents: ElasticDocuments, prefix: str) -> None:
    async def watched(world: World, channel: Any) -> list[tuple[str, list[Any]]]:
        """An hour, every twenty minutes of which a story breaks or grows, and mail is tried."""
        await world.settle()
        await detect(world.ports())
        for step, topic in enumerate(("ties", "ties", "trade")):
            world.now += timedelta(minutes=20)
            await world.watch()
            await world.breaks(topic, reports=4 + 8 * step, key=f"n{step}")
            await detect(replace(world.ports(), channels={"mail": NeverAsked()}))
            await notify(replace(world.ports(), channels={"mail": channel}))
        return [(each.id, [(event.what, event.at) for event in each.events]) for each in await world.incidents()]

    async def work(server: Server) -> None:
        twin = LoopDocuments(url=documents.url, prefix=f"{prefix}-twin")
        await twin.ensure()
        away = MailChannel(host="127.0.0.1", port=free_port(), sender=ALERTS.sender, timeout_s=1)
        down = World(documents)
        assert sorted(await watched(down, away)) == sorted(await watched(World(twin), mail(server)))
        assert len(server.got) >= 2
        before = list(server.got)
        told = await down.messages()
        assert {each.state for each in told} == {Delivery.PENDING}
        # The server is back.
        down.now += timedelta(hours=1)
        await notify(replace(down.ports(), channels={"mail": mail(server)}))
        assert sorted(server.got[len(before) :]) == sorted(each.message_id for each in told)

    with serving(Server()) as server:
        asyncio.run(work(server))


class NeverAsked:
    """Detection sends nothing itself."""

    async def send(self, notification: Notification, message: Any) -> None:
        raise AssertionError(notification.id)


def _message() -> Any:
    from wirewatch.alerts.render import render

    return render(planned()[0], settings=ALERTS, now=NOW)
