"""What goes wrong around the watch: names, feeds, clocks, the mail server, configuration, and too much of everything at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.faults.between import Fault
from tests.faults.newsroom import OUTLETS, piece
from tests.faults.report import Report
from tests.faults.step import STEPS
from tests.faults.world import (
    DAY,
    HOUR,
    MINUTE,
    PATIENCE,
    Stage,
    World,
    deleted,
    differing,
    digests,
    files,
    polled_before,
    rebuilt,
    shown,
    unaliased,
    write_files,
)

STEPS_OF_AIRFLOW = ("publish", "poll", "process", "detect", "notify")


def settled(
    world: World,
    report: Report,
    fault: str,
    *,
    incidents: dict[str, int] | None = None,
    at_publication: bool = True,
    but: str = "",
) -> None:
    """The fault is over: everything is as the ledger says; `but` what a person took away on purpose."""
    verdict = world.verdict(incidents=incidents, at_publication=at_publication)
    assert not [each for each in verdict.wrong if not but or but not in each], shown(verdict)
    report.add(fault, verdict)


def test_no_names(world: World, report: Report) -> None:
    """The name server is away for two hours while a story breaks."""
    world.breaks()
    for _ in range(12):
        world.passes(10 * MINUTE)
        code, done = world.run(no_dns=True)
        assert code == 0
        assert not done["failed"], "a feed that fails, fails no task"
    world.settles(3)
    settled(world, report, "DNS is gone for two hours", incidents={"ties": 1, "blindness": 1})


def test_names_go_between_feeds_and_pages(world: World, report: Report) -> None:
    """Entries are known, and no page can be fetched for an hour."""
    world.breaks()
    world.passes(8 * MINUTE)
    world.run("poll")
    for _ in range(6):
        world.passes(10 * MINUTE)
        world.run(no_dns=True)
    for _ in range(8):
        world.passes(30 * MINUTE)
        world.run()
    verdict = world.verdict()
    assert not verdict.wrong, shown(verdict)
    report.add("DNS is gone after the feeds were read", verdict)


def test_every_feed_is_down_for_a_day(world: World, report: Report) -> None:
    """All answer 503 for a day in which a story breaks; then they list what they published."""
    world.room.down = lambda request: True
    start = world.now
    world.publish(*(piece(f"day-{number}", OUTLETS[number % 12], start + number * 29 * MINUTE + MINUTE) for number in range(48)))
    world.breaks(at=start + 9 * HOUR)
    for _ in range(24):
        world.passes(HOUR)
        code, done = world.run("poll", "detect", "notify")
        assert code == 0, done
        assert not done["failed"], done
    world.room.down = lambda request: False
    for _ in range(8):
        world.passes(30 * MINUTE)
        world.run()
    settled(world, report, "every feed is down for a day", incidents={"ties": 1, "blindness": 1})


def test_some_outlets_drop_requests(world: World, report: Report) -> None:
    """Every third request to the press fails, feeds and pages alike."""
    world.room.down = lambda request: world.room.asked % 3 == 0
    world.breaks()
    for _ in range(3):
        world.passes(10 * MINUTE)
        world.run()
    world.room.down = lambda request: False
    for _ in range(8):
        world.passes(30 * MINUTE)
        world.run()
    settled(world, report, "a third of all requests to outlets fails")


CLOCKS = {"two hours ahead": 2 * HOUR, "two hours behind": -2 * HOUR}


@pytest.mark.parametrize("way", list(CLOCKS))
@pytest.mark.parametrize("step", [*STEPS, "all"])
def test_a_clock_is_wrong(world: World, report: Report, way: str, step: str) -> None:
    """One machine's clock is wrong, and every other run of some steps is on it; then it is set right."""
    world.breaks(key="first")
    for turn in range(6):
        world.passes(20 * MINUTE)
        for each in STEPS:
            wrong = turn % 2 == 1 and step in (each, "all")
            world.run(each, off=CLOCKS[way] if wrong else timedelta(0))
        world.publish(*(piece(f"turn-{turn}-{number}", OUTLETS[number], world.now + (number + 1) * MINUTE) for number in range(4)))
    for _ in range(8):
        world.passes(30 * MINUTE)
        world.run()
    # By a clock that is ahead nobody has polled for two hours, and the operators are told so, once.
    blind = way == "two hours ahead" and any("blindness" in each for each in world.verdict(at_publication=False).wrong)
    incidents = {"ties": 1, "blindness": 1} if blind else {"ties": 1}
    settled(world, report, f"the clock of one machine is {way}", incidents=incidents, at_publication=False)


def test_a_retagged_article_of_a_machine_that_is_behind_is_counted_again(world: World, report: Report) -> None:
    """What was tagged anew by a clock that is behind must not be passed over by counting."""
    world.breaks()
    world.passes(8 * MINUTE)
    world.run()
    changed = files(world.room.port)
    changed["concepts/words.yaml"] = changed["concepts/words.yaml"].replace("[tariffs]", "[tariffs, harvest]")
    changed["topics/desk.yaml"] = changed["topics/desk.yaml"].replace("rejects: [Harvest]}}\n", "rejects: [Autumn]}}\n")
    write_files(world.config, changed)
    world.passes(20 * MINUTE)
    world.run(*STEPS_OF_AIRFLOW)
    world.passes(20 * MINUTE)
    world.run("retag", off=-2 * HOUR)
    for _ in range(3):
        world.passes(20 * MINUTE)
        world.run()
    assert asyncio.run(differing(world)) == []


CHANGES = {
    "summer time begins in Europe": datetime(2026, 3, 28, 20, 5, tzinfo=UTC),
    "summer time ends in Europe": datetime(2026, 10, 24, 20, 5, tzinfo=UTC),
}
"""A few hours before."""
DESKS = """    berlin: {mail: [berlin@news.example], timezone: Europe/Berlin, quiet: "01:30-05:00"}
    york: {mail: [york@news.example], timezone: America/New_York}
  digest_at: "02:30"
"""


@pytest.mark.parametrize("change", list(CHANGES))
def test_daylight_saving(stage: Stage, worlds: Callable[[], World], report: Report, change: str) -> None:
    """A story breaks, quiet hours begin and a digest is due in the hour that is left out or comes twice."""
    stage.learn(CHANGES[change])
    try:
        world = worlds()
        good = files(world.room.port, DESKS)
        good["topics/desk.yaml"] = good["topics/desk.yaml"].replace("[desk, world]", "[desk, world, berlin]")
        write_files(world.config, good)
        asyncio.run(polled_before(world))
        world.run("publish")
        world.breaks(at=world.now + 4 * HOUR + 40 * MINUTE)
        for _ in range(16):
            world.passes(HOUR)
            _, done = world.run("poll", "process", "detect", "digest", "notify")
            assert not done["failed"], done
        got = asyncio.run(digests(world))
        assert got == dict.fromkeys(("desk", "world", "operators", "berlin", "york"), 1), got
        settled(world, report, change)
    finally:
        stage.learn()


def test_smtp_is_down_for_an_hour(world: World, report: Report) -> None:
    """Messages wait, and go out once when the server is back; detection is not held up."""
    servers, mail = world.stage.servers, world.mail
    servers.do(mail.close())
    world.breaks()
    for _ in range(8):
        world.passes(8 * MINUTE)
        _, done = world.run()
        assert not done["failed"], done
    assert mail.got == []
    servers.do(mail.serve())
    world.settles(5)
    settled(world, report, "the mail server is down for an hour")


def test_the_mail_server_hangs(world: World, report: Report) -> None:
    """It takes connections and never greets; then it takes a message and never says so; then it works."""
    world.mail.mute = True
    try:
        world.breaks()
        for _ in range(3):
            world.passes(8 * MINUTE)
            _, done = world.run()
            assert not done["failed"], done
    finally:
        world.mail.mute = False
    assert world.mail.got == []
    world.mail.answers[:] = ["hang", "hang"]
    world.allowed_repeats = 2
    world.settles(6)
    settled(world, report, "the mail server takes connections or messages, and hangs")


ANSWERS = {"451": ["451 later"] * 6, "lost": ["lost", "lost"], "mixed": ["451 later", "lost", "421 closing", "250 taken"]}


@pytest.mark.parametrize("kind", list(ANSWERS))
def test_smtp_misbehaves(world: World, report: Report, kind: str) -> None:
    """It says "not now", or takes a message and breaks the connection before it says so."""
    answers = ANSWERS[kind]
    world.mail.answers[:] = answers
    world.allowed_repeats = answers.count("lost")
    world.breaks()
    for _ in range(4):
        world.passes(8 * MINUTE)
        world.run()
    world.settles(5)
    settled(world, report, "the mail server takes a message and breaks the connection" if "lost" in answers else "the mail server says 451")


def test_two_schedulers(worlds: Callable[[], World], report: Report) -> None:
    """Two and three runs of every step at the same moment, from different processes."""
    for turn in range(3):
        world = worlds()
        world.breaks()
        world.passes(8 * MINUTE)
        for step in ("poll", "process", "detect", "notify"):
            for code, done in world.together(*(world.order(step) for _ in range(2 + turn % 2))):
                assert code == 0, done
        world.passes(MINUTE)
        for code, done in world.together(*(world.order() for _ in range(3))):
            assert code == 0, done
        world.settles(2)
        settled(world, report, "two schedulers: every step runs twice at once")


def test_two_schedulers_and_deaths(worlds: Callable[[], World], report: Report) -> None:
    """Three runs at once, two of which die somewhere."""
    for turn in range(4):
        world = worlds()
        world.breaks()
        world.passes(8 * MINUTE)
        world.together(world.order(kill_at=5 + 6 * turn), world.order(), world.order(kill_at=9 + 5 * turn, kill="after"))
        world.allowed_repeats = 2
        world.settles(3)
        settled(world, report, "three runs at once, of which two die")


def test_a_step_runs_again_while_its_dead_twin_is_only_slow(world: World, report: Report) -> None:
    """A worker sleeps through its leases (a suspended machine) and goes on where it was."""
    world.breaks()
    world.passes(8 * MINUTE)
    # The first bulk that stores pages' results is answered late; meanwhile others have taken the work over.
    world.stage.between.spoil(Fault(do="slow", match="_bulk", after=3, times=1, seconds=3.0))
    slow = world.order("poll", "process", "detect", "notify")
    fast = world.order("poll", "process", "detect", "notify", off=PATIENCE, direct=True)
    world.together(slow, fast)
    world.allowed_repeats = 2
    world.stage.between.spoil()
    world.settles(4)
    settled(world, report, "a machine sleeps through its leases and wakes up", at_publication=False)


def told_again(world: World) -> None:
    """A first story is over and told; an operator lays hands on the indices; more is published."""
    world.publish(*(piece(f"more-{number}", OUTLETS[number], world.now + (number + 1) * MINUTE, "trade") for number in range(2)))
    for _ in range(4):
        world.passes(12 * MINUTE)
        _, done = world.run(*STEPS_OF_AIRFLOW)
        assert not done["failed"], done


GONE = ("urls", "feeds", "feed-controls", "config", "baselines", "coverage", "polls", "counts")


@pytest.mark.parametrize("kind", GONE)
def test_an_index_is_deleted(world: World, report: Report, kind: str) -> None:
    """An operator deletes an index, or all months of a kind; what it held of the past may be gone, nothing else is."""
    world.breaks()
    for _ in range(2):
        world.passes(8 * MINUTE)
        world.run(*STEPS_OF_AIRFLOW)
    asyncio.run(deleted(world, kind))
    world.passes(8 * MINUTE)
    world.run(*STEPS_OF_AIRFLOW)
    told_again(world)
    if kind == "counts":
        asyncio.run(rebuilt(world))
    told = "counts, and rebuilds it" if kind == "counts" else kind
    settled(world, report, f"an operator deletes an index (-{told})", but="has no address" if kind == "urls" else "")


@pytest.mark.parametrize("kind", ["feeds", "config", "articles"])
def test_an_alias_is_missing(world: World, report: Report, kind: str) -> None:
    """An operator takes an alias away, by which documents are searched and written."""
    world.breaks()
    world.passes(8 * MINUTE)
    world.run(*STEPS_OF_AIRFLOW)
    asyncio.run(unaliased(world, kind))
    world.passes(8 * MINUTE)
    world.run(*STEPS_OF_AIRFLOW)
    told_again(world)
    settled(world, report, "an operator takes an alias away")


def test_broken_configuration(world: World, report: Report) -> None:
    """A rule is broken while everything runs; the last good one goes on, the operators are told once, and it is repaired."""
    good = files(world.room.port)
    topics = world.config / "topics" / "desk.yaml"
    topics.write_text(good["topics/desk.yaml"].replace("concept: khasan", "concept: khasam"), encoding="utf-8")
    world.breaks()
    for _ in range(3):
        world.passes(8 * MINUTE)
        _, done = world.run(*STEPS_OF_AIRFLOW)
        assert list(done["failed"]) == ["publish"]
        assert "khasam" in done["failed"]["publish"], "the message names what is wrong"
    (world.config / "wirewatch.yaml").write_text("polling: [", encoding="utf-8")
    world.passes(8 * MINUTE)
    _, done = world.run(*STEPS_OF_AIRFLOW)
    assert list(done["failed"]) == ["publish"]
    # Half of the folder is there, as while it is being copied.
    write_files(world.config, good)
    for name in ("feeds.yaml", "topics/desk.yaml"):
        (world.config / name).unlink()
    world.passes(8 * MINUTE)
    _, done = world.run(*STEPS_OF_AIRFLOW)
    assert "feeds.yaml: is gone, and 12 feeds with it" in done["failed"]["publish"]
    world.passes(8 * MINUTE)
    told = [who for who, _ in world.mail.got if who.startswith("operators")]
    assert len(told) == 3, "once for each set of problems"
    write_files(world.config, good)
    world.settles(3, *STEPS_OF_AIRFLOW)
    settled(world, report, "configuration is broken while everything runs, and repaired")


def test_nothing_is_wrong(world: World, report: Report) -> None:
    """The measure itself: without faults all is as the ledger says, and what is missing would be seen."""
    world.breaks()
    world.passes(8 * MINUTE)
    world.run()
    world.settles(2)
    settled(world, report, "none")
    world.publish(piece("unseen", OUTLETS[3], world.now - 2 * DAY))
    assert any("unseen" in each for each in world.verdict().wrong)
