"""Elasticsearch that is busy, full, slow, cut off, or gone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import free_port
from tests.faults.between import Fault
from tests.faults.report import Report
from tests.faults.world import MINUTE, PATIENCE, World, shown

from wirewatch.embedded import elasticsearch as embedded


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
    for place in range(0, 34, step):
        world = worlds()
        world.breaks()
        world.passes(8 * MINUTE)
        world.stage.between.spoil(Fault(do=do, match=WRITES, after=place, times=3))
        world.run()
        world.allowed_repeats = 2 if do != "half" else 0
        settled(world, report, f"{EACH[do]}, from each {step}th write on")


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


@pytest.fixture
def own_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, embedded.NodeInfo]]:
    """A node that may be killed."""
    home = tmp_path_factory.mktemp("node")
    yield home, embedded.start(home, port=free_port(), heap="384m", tied=True, brief=True)
    embedded.stop(home)


@pytest.mark.timeout(400)
def test_the_node_is_killed_in_the_middle_of_a_bulk_request(
    own_node: tuple[Path, embedded.NodeInfo], worlds: Callable[[], World], report: Report
) -> None:
    """SIGKILL of Elasticsearch itself while it works on a request; it comes back on its data."""
    home, node = own_node
    world = worlds()
    stage = world.stage
    kept = stage.url, stage.between.target
    world.drop()
    try:
        stage.url = stage.between.target = node.url
        for place in (2, 6):
            world = World(stage)
            world.breaks()
            world.passes(8 * MINUTE)
            pid = embedded.status(home)
            assert pid is not None

            async def kill(pid: int = pid.pid) -> None:
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
    finally:
        stage.url, stage.between.target = kept
