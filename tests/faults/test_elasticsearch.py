"""Elasticsearch that is busy, full, slow, cut off, or gone."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import signal
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.conftest import free_port
from tests.faults.between import Fault
from tests.faults.report import Report
from tests.faults.step import STEPS
from tests.faults.world import MINUTE, PATIENCE, Stage, World, shown

from wirewatch.embedded import elasticsearch as embedded
from wirewatch.errors import StoreUnavailable
from wirewatch.store.elastic import ElasticDocuments


def settled(world: World, report: Report, fault: str) -> None:
    """The fault is over: everything is as the ledger says after a while."""
    assert world.stage.between.happened, "nothing has happened"
    world.stage.between.spoil()
    world.settles(3)
    verdict = world.verdict()
    assert not verdict.wrong, shown(verdict)
    report.add(fault, verdict)


WRITES = "^(PUT|POST) .*(_bulk|_doc|_create)"
SHORT = {
    "Elasticsearch answers 429 to a third of all requests": Fault(do="429", share=0.33),
    "Elasticsearch answers 503 to a third of all requests": Fault(do="503", share=0.33),
    "half of every bulk request is refused": Fault(do="half", match="_bulk"),
    "the connection breaks before a third of the requests": Fault(do="reset", share=0.33),
    "the connection breaks in the middle of bulk requests": Fault(do="torn", match="_bulk", share=0.5),
    "the connection breaks before the answer to a third of the writes": Fault(do="lost", match=WRITES, share=0.33),
}


@pytest.mark.parametrize("fault", list(SHORT))
def test_trouble_in_between(world: World, report: Report, fault: str) -> None:
    """Two rounds under it, with impatient clients: some requests pass at the second try, some tasks fail and are run again."""
    told = SHORT[fault]
    world.stage.between.spoil(Fault(do=told.do, match=told.match, share=told.share))
    world.breaks()
    for _ in range(2):
        world.passes(8 * MINUTE)
        # A lost answer to the record of a sent message leaves it to be sent again.
        before = len(world.mail.got)
        _, done = world.run()
        assert all(said.startswith("StoreUnavailable") for said in done["failed"].values()), "these are reasons to try again"
        if told.do in ("lost", "reset", "429", "503"):
            world.allowed_repeats += len(world.mail.got) - before
    settled(world, report, fault)


EACH = {"lost": "three answers to writes are lost", "half": "half of three bulk requests is refused", "429": "three writes are refused 429"}


@pytest.mark.parametrize("do", list(EACH))
def test_every_single_request(worlds: Callable[[], World], report: Report, do: str) -> None:
    """The n-th write goes wrong for so long that its task fails."""
    step = int(os.environ.get("FAULTS_EVERY", "1")) * 3
    for place in itertools.count(0, step):
        world = worlds()
        world.breaks()
        world.passes(8 * MINUTE)
        world.stage.between.spoil(Fault(do=do, match=WRITES, after=place, times=3))
        world.run()
        if not world.stage.between.happened:
            break
        world.allowed_repeats = 2 if do != "half" else 0
        settled(world, report, f"{EACH[do]}, from each {step}th write on")
    assert place > 20


def kinds(world: World) -> list[str]:
    """Patterns of every kind of request that the watch makes."""
    world.breaks(key="asked")
    world.passes(8 * MINUTE)
    world.stage.between.spoil()
    world.run("publish", *STEPS)
    asked = {each.replace(world.prefix, "@") for each in world.stage.between.asked}
    shapes = {re.sub(r"-20\d\d(-\d\d)?|(?<=_doc/).*|(?<=_create/).*", "~", each) for each in asked}
    return sorted(f"^{re.escape(each)}$".replace("@", "test-[0-9a-f]+").replace("\\~", ".*").replace("~", ".*") for each in shapes)


HARM = {
    "429": "answered 429",
    "503": "answered 503",
    "reset": "cut off before it is done",
    "lost": "cut off before its answer",
    "short": "cut off in the middle of its answer",
    "cut": "answered with half of an answer that looks whole",
    "page": "answered by a gateway's own page",
    "slow": "answered after the client has given up",
}


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("do", list(HARM))
def test_every_kind_of_request(worlds: Callable[[], World], report: Report, do: str) -> None:
    """Each kind of request goes wrong until its task fails, whatever it is: reads, writes, searches, looks at the indices."""
    every = int(os.environ.get("FAULTS_EVERY", "1"))
    found = kinds(worlds())
    assert len(found) > 15, found
    for kind in found[list(HARM).index(do) % every :: every]:
        world = worlds()
        world.breaks()
        world.passes(8 * MINUTE)
        world.stage.between.spoil(Fault(do=do, match=kind, times=1 if do in ("cut", "page") else 3, seconds=0.9))
        _, done = world.run("publish", *STEPS, timeout_s=0.6 if do == "slow" else 20.0)
        said = done["failed"].values()
        assert all(each.startswith("StoreUnavailable") for each in said), f"{kind}: these are reasons to try again: {done['failed']}"
        world.allowed_repeats = len(world.mail.got)
        settled(world, report, f"each kind of request is {HARM[do]}")


def test_writes_come_twice(worlds: Callable[[], World], report: Report) -> None:
    """Something on the way sends requests again, late: every write is done a second time, after others."""
    for seconds in (0.0, 0.05, 0.4):
        world = worlds()
        world.stage.between.spoil(Fault(do="twice", match=WRITES, seconds=seconds))
        world.breaks()
        for _ in range(2):
            world.passes(8 * MINUTE)
            _, done = world.run("publish", *STEPS)
            assert not done["failed"], done
        world.stage.servers.do(world.stage.between.rest())
        settled(world, report, "every write is delivered twice, the second time late")


def test_a_document_is_refused_for_good(world: World, report: Report) -> None:
    """Elasticsearch will not have the text of one page: the article stays as its feed told it, and its neighbours go on."""
    world.breaks()
    poison = world.room.ledger["news-else-2"]
    world.stage.between.spoil(Fault(do="poison", match="_bulk", text=poison.text[:60].encode()))
    for _ in range(3):
        world.passes(8 * MINUTE)
        _, done = world.run("publish", *STEPS)
        assert not done["failed"], done
    verdict = world.verdict()
    assert verdict.wrong == ("news-else-2 is partial (refused)",), shown(verdict)
    report.add("Elasticsearch refuses one page's text for good", verdict)


def test_slow_for_long(world: World, report: Report) -> None:
    """Every write is done, and answered after the client has given up (30 s in the field, shortened here)."""
    world.breaks()
    world.stage.between.spoil(Fault(do="slow", match=WRITES, seconds=0.9, share=0.5))
    for _ in range(2):
        world.passes(8 * MINUTE)
        world.run(timeout_s=0.6)
        world.allowed_repeats = len(world.mail.got)
    settled(world, report, "Elasticsearch is slower than the client waits")


def block(world: World, on: bool) -> None:
    """Do to the indices what Elasticsearch does when the disk is full, or take it back."""
    body = json.dumps({"index.blocks.read_only_allow_delete": True if on else None}).encode()
    address = f"{world.stage.url}/{world.prefix}-*/_settings"
    request = urllib.request.Request(address, data=body, method="PUT", headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200


BEFORE: dict[str, tuple[str, ...]] = {
    "poll": (),
    "process": ("poll",),
    "detect": ("poll", "process"),
    "notify": ("poll", "process", "detect"),
}


@pytest.mark.parametrize("step", list(BEFORE))
def test_full_disk(world: World, report: Report, step: str) -> None:
    """The indices become read-only before a step, for two rounds."""
    world.breaks()
    world.passes(8 * MINUTE)
    if BEFORE[step]:
        world.run(*BEFORE[step])
    block(world, True)
    for _ in range(2):
        _, done = world.run()
        assert done["failed"], "nothing can be written"
        assert all(said.startswith("StoreUnavailable") for said in done["failed"].values()), done["failed"]
        world.passes(2 * MINUTE)
    assert world.mail.got == [], "what cannot be claimed is not sent"
    block(world, False)
    world.stage.between.happened = 1
    settled(world, report, "the disk is full: indices are read-only")


def test_everything_at_once(worlds: Callable[[], World], report: Report) -> None:
    """All kinds of trouble, by chance, and deaths."""
    for seed in range(int(os.environ.get("FAULTS_SEEDS", "6"))):
        world = worlds()
        world.stage.between.chance.seed(seed)
        kinds = ("429", "503", "half", "reset", "torn", "lost")
        world.stage.between.spoil(*(Fault(do=do, match="_bulk" if do in ("half", "torn") else "", share=0.03) for do in kinds))
        world.breaks()
        for turn in range(4):
            world.passes(6 * MINUTE)
            before = len(world.mail.got)
            world.run(kill_at=7 + 5 * ((seed + turn) % 5), kill=("after", "middle", "before")[turn % 3])
            world.allowed_repeats += len(world.mail.got) - before
        settled(world, report, "refusals, broken connections and SIGKILL, all at once, by chance")


def test_the_certificate_has_run_out(tmp_path: Path, stage: Stage) -> None:
    """What a person must mend is a reason to wait, and says what it is."""
    key, certificate = expired(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def listen() -> asyncio.Server:
        return await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)

    async def ask(port: int) -> None:
        async with ElasticDocuments(url=f"https://127.0.0.1:{port}", ca=str(certificate), patience_s=()) as documents:
            await documents.ensure()

    server = stage.servers.do(listen())
    try:
        with pytest.raises(StoreUnavailable, match="expired"):
            asyncio.run(ask(server.sockets[0].getsockname()[1]))
    finally:
        server.close()


def expired(folder: Path) -> tuple[Path, Path]:
    """Key and certificate of 127.0.0.1, valid until yesterday."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=9))
        .not_valid_after(datetime.now(UTC) - timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(plain)
    (folder / "certificate.pem").write_bytes(made.public_bytes(Encoding.PEM))
    return folder / "key.pem", folder / "certificate.pem"


@pytest.fixture(scope="module")
def own_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, embedded.NodeInfo]]:
    """A node that may be killed."""
    home = tmp_path_factory.mktemp("node")
    yield home, embedded.start(home, port=free_port(), heap="384m", tied=True, brief=True)
    embedded.stop(home)


@contextmanager
def moved(stage: Stage, url: str) -> Iterator[None]:
    """Let worlds be on another node."""
    kept = stage.url, stage.between.target
    stage.url = stage.between.target = url
    try:
        yield
    finally:
        stage.url, stage.between.target = kept


@pytest.mark.timeout(400)
def test_the_node_is_killed_in_the_middle_of_a_bulk_request(own_node: tuple[Path, embedded.NodeInfo], stage: Stage, report: Report) -> None:
    """SIGKILL of Elasticsearch itself while it works on a request; it comes back on its data."""
    home, node = own_node
    with moved(stage, node.url):
        for place in (2, 6):
            world = World(stage)
            world.breaks()
            world.passes(8 * MINUTE)
            running = embedded.status(home)
            assert running is not None

            async def kill(pid: int = running.pid) -> None:
                await asyncio.sleep(0.004)
                os.kill(pid, signal.SIGKILL)

            stage.between.spoil(Fault(do="call", match="_bulk", after=place, times=1, hook=kill))
            _, done = world.run()
            assert done["failed"], done
            embedded.stop(home)
            embedded.start(home, port=int(node.url.rpartition(":")[2]), heap="384m", tied=True, brief=True)
            world.passes(PATIENCE)
            settled(world, report, "SIGKILL of Elasticsearch in the middle of a bulk request")
            world.drop()


def asked(method: str, url: str, body: Any = None) -> Any:
    """One request of Elasticsearch."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


@pytest.mark.timeout(400)
def test_the_disk_is_full(own_node: tuple[Path, embedded.NodeInfo], stage: Stage, report: Report) -> None:
    """Elasticsearch's own guard of the disk finds too little room, blocks all writes, and lets them be when there is room again."""
    _, node = own_node
    marks = "cluster.routing.allocation.disk.watermark"
    wanted = dict.fromkeys((f"{marks}.low", f"{marks}.high", f"{marks}.flood_stage"), "900000gb") | {"cluster.info.update.interval": "10s"}

    def blocked(prefix: str) -> int:
        found = asked("GET", f"{node.url}/{prefix}-*/_settings/index.blocks.read_only_allow_delete")
        return sum(bool(each["settings"]) for each in found.values())

    def wait(until: Callable[[], bool]) -> None:
        for _ in range(120):
            if until():
                return
            time.sleep(0.5)
        raise AssertionError("Elasticsearch's guard has not moved")

    with moved(stage, node.url):
        world = World(stage)
        world.breaks()
        world.passes(8 * MINUTE)
        world.run("poll")
        try:
            asked("PUT", f"{node.url}/_cluster/settings", {"persistent": wanted})
            wait(lambda: blocked(world.prefix) > 5)
            for _ in range(2):
                _, done = world.run()
                assert done["failed"], "nothing can be written"
                assert all(said.startswith("StoreUnavailable") for said in done["failed"].values()), done["failed"]
                world.passes(2 * MINUTE)
        finally:
            asked("PUT", f"{node.url}/_cluster/settings", {"persistent": {**dict.fromkeys(wanted), "cluster.info.update.interval": "10s"}})
        wait(lambda: blocked(world.prefix) == 0)
        stage.between.happened = 1
        settled(world, report, "the disk of Elasticsearch is full, then has room again")
        world.drop()
