"""The fault suite in short: deaths, a busy and unreliable Elasticsearch, and two of everything (`make test-faults` is the whole)."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.between import Fault
from tests.faults.fixtures import stage, worlds
from tests.faults.world import MINUTE, World, shown

__all__ = ["stage", "worlds"]


def test_killed_at_some_writes_over_a_bad_connection(worlds: Callable[[], World]) -> None:
    """One process after another dies, at later and later writes, while a tenth of all requests goes wrong."""
    world = worlds()
    world.breaks()
    kinds = ("429", "half", "lost", "torn")
    world.stage.between.spoil(*(Fault(do=do, match="_bulk" if do in ("half", "torn") else "", share=0.03) for do in kinds))
    for turn, at in enumerate((2, 4, 7, 11, 16)):
        world.passes(11 * MINUTE)
        before = len(world.mail.got)
        world.run(kill_at=at, kill=("before", "middle", "after")[turn % 3])
        world.allowed_repeats += len(world.mail.got) - before
    world.stage.between.spoil()
    world.settles(2)
    verdict = world.verdict()
    assert not verdict.wrong, shown(verdict)


def test_two_of_everything_and_one_dies_after_a_mail(worlds: Callable[[], World]) -> None:
    world = worlds()
    world.breaks()
    world.passes(8 * MINUTE)
    world.together(world.order(), world.order(kill_at=1, kill="after", kill_in="mail"))
    world.allowed_repeats = 1
    world.settles(2)
    verdict = world.verdict()
    assert not verdict.wrong, shown(verdict)
    assert (verdict.published, verdict.incidents, verdict.planned) == (14, 1, 2)
