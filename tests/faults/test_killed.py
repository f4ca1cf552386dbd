"""SIGKILL at every write: before it, after it before anybody knows, and with half of a bulk request written."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable

import pytest
from tests.faults.report import Report
from tests.faults.world import MINUTE, PATIENCE, World, shown

EVERY = int(os.environ.get("FAULTS_EVERY", "1"))
"""Only every so manieth boundary: the quick form."""
FIRST = int(os.environ.get("FAULTS_FIRST", "1"))
"""The first boundary that is tried."""
STARTS = {"before": (0, "before"), "middle": (1, "in the middle of"), "after": (2, "after")}
"""In the quick form the three ways to die take different boundaries."""


def may_repeat(done: dict[str, str], kill: str) -> bool:
    """Whether the death came after the server took a message and before that was recorded."""
    if done["died"] == "mail":
        return kill != "before"
    return kill == "before" and done["following"] == "mail"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kill", list(STARTS))
def test_killed_at_every_write(worlds: Callable[[], World], report: Report, kill: str) -> None:
    """One process does all steps and dies at its n-th write; the next ones find what it left."""
    at = FIRST + STARTS[kill][0] % EVERY
    died: set[str] = set()
    while True:
        world = worlds()
        world.breaks()
        world.passes(8 * MINUTE)
        code, done = world.run(kill_at=at, kill=kill)
        if code == 0:
            break
        assert code == -signal.SIGKILL, done
        died.add(done["died"])
        world.allowed_repeats = int(may_repeat(done, kill))
        # The DAGs run by themselves: messages that a dead run planned go out before it is run again.
        world.run("notify")
        world.settles(2)
        verdict = world.verdict()
        assert not verdict.wrong, f"killed {kill} write {at} ({done['died']})\n{shown(verdict)}"
        assert verdict.repeated == world.allowed_repeats, "a message that was taken, and not recorded, comes again"
        report.add(f"SIGKILL of a task {STARTS[kill][1]} every write", verdict)
        at += EVERY
    assert at > 25, f"only {at} boundaries: {done}"
    if EVERY == 1:
        assert {"mail"} <= died


def test_killed_again_and_again(world: World, report: Report) -> None:
    """Each process gets one write further than the one before, until one lives."""
    world.breaks()
    world.passes(8 * MINUTE)
    kills = 0
    for at in range(1, 60):
        code, done = world.run(kill_at=at, kill=("before", "middle", "after")[at % 3])
        if code == 0:
            break
        kills += 1
        world.allowed_repeats += int(may_repeat(done, ("before", "middle", "after")[at % 3]))
        world.passes(11 * MINUTE)
    assert kills > 6
    world.settles(2)
    verdict = world.verdict()
    assert not verdict.wrong, shown(verdict)
    report.add("SIGKILL of task after task, each one write further", verdict)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("place", ["before", "after"])
def test_frozen_at_every_write(worlds: Callable[[], World], report: Report, place: str) -> None:
    """A worker is stopped at its n-th write until its leases have run out and another has done the work; then it goes on."""
    for at in itertools.count(FIRST + STARTS[place][0] % EVERY, EVERY):
        world = worlds()
        world.breaks()
        world.passes(8 * MINUTE)
        frozen = world.order(kill_at=at, kill=place, instead="freeze", jump_s=PATIENCE.total_seconds())
        (_, done), _ = world.together(frozen, world.order(off=PATIENCE))
        if not done["met"]:
            break
        # Nothing tells the mail server that who speaks has slept between the first and the last word.
        world.allowed_repeats = int(done["met"] == "mail" or (place == "before" and ["", *done["boundaries"]][at - 1] == "mail"))
        world.passes(PATIENCE)
        world.settles(2)
        verdict = world.verdict()
        assert not verdict.wrong, f"frozen {place} write {at} ({done['met']})\n{shown(verdict)}"
        report.add("a worker is stopped at every write, past its leases, and goes on", verdict)
    assert at > 25


def test_overtaken_at_every_write(worlds: Callable[[], World], report: Report) -> None:
    """A run that sends is stopped before its n-th write, another does all its work at the same moment, and then the first goes on."""
    for at in itertools.count(2 + FIRST, EVERY):
        world = worlds()
        world.breaks()
        world.passes(8 * MINUTE)
        world.run("poll", "process", "detect")
        world.passes(MINUTE)
        stopped = world.order("notify", kill_at=at, kill="before", instead="freeze")
        (_, done), _ = world.together(stopped, world.order("notify"))
        if not done["met"]:
            break
        world.settles(2)
        verdict = world.verdict()
        assert not verdict.wrong, f"overtaken before write {at} ({done['met']})\n{shown(verdict)}"
        report.add("a run that sends is stopped at every write, and overtaken by another", verdict)
    assert at > 5, done


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("hours", [2, -2])
def test_the_clock_jumps_at_every_write(worlds: Callable[[], World], report: Report, hours: int) -> None:
    """A clock is set while a step holds its leases, and set right later."""
    for at in itertools.count(FIRST, 2 * EVERY):
        world = worlds()
        world.breaks()
        world.passes(8 * MINUTE)
        _, done = world.run(kill_at=at, kill="after", instead="jump", jump_s=hours * 3600)
        if not done["met"]:
            break
        for _ in range(6):
            world.passes(30 * MINUTE)
            world.run()
        verdict = world.verdict(at_publication=False)
        if hours > 0 and verdict.wrong:
            # By a clock that is ahead nothing was polled for two hours, and the operators are told.
            verdict = world.verdict(incidents={"ties": 1, "blindness": 1}, at_publication=False)
        assert not verdict.wrong, f"after write {at} ({done['met']})\n{shown(verdict)}"
        report.add(f"the clock jumps by {hours:+d} hours while leases are held", verdict)
    assert at > 25
