"""Are polls on time, and few? 30 days of 1,000 invented feeds with bursts, nights and weekends, on a simulated clock.

The schedule under test is the real one (`feeds.schedule`); servers and store are left out. Run `python benchmarks/polling_sim.py`.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import sys
from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from wirewatch.config.settings import Polling
from wirewatch.feeds.schedule import after_success, interval_of, learn
from wirewatch.model import Feed, FeedState

START = datetime(2026, 3, 2, tzinfo=UTC)
BEFORE_S = -30 * 86400.0
LISTED = 20
"""Entries that every feed lists."""
RESULTS = Path(__file__).parent / "RESULTS.md"


@dataclass(slots=True)
class Figures:
    """What a run showed."""

    feeds: int
    days: float
    entries: int = 0
    polls: int = 0
    missed: int = 0
    too_fast: int = 0
    """Missed, but more than `LISTED` came within the shortest interval: no polling at that pace could have had them."""
    delays_min: list[float] | None = None


def published(chance: random.Random, days: float) -> list[float]:
    """Times (seconds; below zero: before the first poll) at which a feed brings entries: its own rate, nights, weekends, bursts.

    Log-normal, 8 a day in the median, 400 at most; bursts of 3 to 12 times as much for up to three hours, every fourth day and
    without notice.
    """
    per_day = min(400.0, chance.lognormvariate(math.log(8), 1.4))
    zone_h = chance.choice((-8, -5, 0, 1, 3, 8, 9))
    night, weekend = chance.uniform(0.02, 0.4), chance.uniform(0.1, 1.0)
    at_once = chance.random() < 0.15
    bursts = []
    at = BEFORE_S + chance.expovariate(1 / (4 * 86400))
    while at < days * 86400:
        bursts.append((at, at + chance.uniform(0.5, 3) * 3600, chance.uniform(3, 12)))
        at += chance.expovariate(1 / (4 * 86400))
    highest = per_day / 86400 * 1.5 * 12
    found: list[float] = []
    at = BEFORE_S
    while True:
        at += chance.expovariate(highest)
        if at >= days * 86400:
            return sorted(found)
        local = (at / 3600 + zone_h) % 24
        weekday = int(at // 86400) % 7
        rate = per_day / 86400 * (1.5 if 7 <= local < 22 else night) * (weekend if weekday >= 5 else 1.0)
        rate *= max((factor for begin, end, factor in bursts if begin <= at < end), default=1.0)
        if chance.random() < rate / highest:
            # Some houses put out several pieces at the same minute.
            found += [at + n for n in range(chance.randrange(2, 6) if at_once and chance.random() < 0.2 else 1)]


def simulate(feeds: int, days: float, seed: int) -> Figures:
    """Poll all feeds by the schedule for so many days."""
    polling = Polling()
    shortest_s = polling.min_interval.total_seconds()
    figures = Figures(feeds=feeds, days=days, delays_min=[])
    assert figures.delays_min is not None
    for number in range(feeds):
        times = published(random.Random(f"{seed}/{number}"), days)
        figures.entries += sum(each >= 0 for each in times)
        feed = Feed(id=f"feed-{number}", url="")
        state = FeedState(feed=feed.id, url="", configured_url="", slot=0)
        now_s, seen, first = random.Random(number).uniform(0, 900), 0, True
        while now_s < days * 86400:
            out = bisect_right(times, now_s)
            oldest = max(seen, out - LISTED)
            for missed in range(seen, oldest if not first else seen):
                newer = bisect_right(times, times[missed] + shortest_s) - missed - 1
                figures.missed += 1
                figures.too_fast += newer >= LISTED
            if not first:
                figures.delays_min += [(now_s - times[each]) / 60 for each in range(oldest, out)]
            state = polled(state, feed, polling, now_s, out - oldest, times[max(0, out - LISTED) : out])
            assert state.next_attempt_at is not None
            figures.polls += 1
            seen, first = out, False
            now_s = (state.next_attempt_at - START).total_seconds()
    return figures


def polled(state: FeedState, feed: Feed, polling: Polling, now_s: float, new: int, listed: list[float]) -> FeedState:
    """The state after a successful poll, with the schedule's own arithmetic."""
    now = START + timedelta(seconds=now_s)
    dates = [START + timedelta(seconds=each) for each in listed] if new or state.last_success_at is None else []
    state = learn(state, now=now, new=new, listed=len(listed), dates=dates)
    interval = interval_of(state, feed, polling, now)
    return replace(
        state,
        first_success_at=state.first_success_at or now,
        last_new_at=now if new or state.last_success_at is None else state.last_new_at,
        last_success_at=now,
        next_attempt_at=after_success(now, interval, (), feed.id),
    )


def main() -> int:
    """Print the figures, and append them to RESULTS.md with `--record`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="append to benchmarks/RESULTS.md")
    given = parser.parse_args()
    began = perf_counter()
    found = simulate(given.feeds, given.days, given.seed)
    delays = sorted(found.delays_min or [0.0])
    against = found.feeds * found.days * 144
    rows = [
        ("entries", f"{found.entries:,}"),
        ("missed where at most 20 came within the shortest interval", f"{found.missed - found.too_fast:,}"),
        ("missed where more came", f"{found.too_fast:,}"),
        ("polls", f"{found.polls:,}"),
        ("of those of polling all every 10 minutes", f"{found.polls / against:.3f}"),
        ("median delay", f"{statistics.median(delays):.1f} min"),
        ("95th percentile", f"{delays[int(0.95 * len(delays))]:.1f} min"),
    ]
    lines = [f"| {name} | {value} |" for name, value in rows]
    head = f"### Polling on time: {found.feeds:,} feeds, {found.days:g} days, seed {given.seed}"
    text = "\n".join([head, "", "| | |", "|---|---|", *lines, ""])
    print(text)
    print(f"simulated in {perf_counter() - began:.0f} s", file=sys.stderr)
    if given.record:
        with RESULTS.open("a", encoding="utf-8") as results:
            results.write(f"\n{text}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
