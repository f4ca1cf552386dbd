"""The situations in which the watch must speak or be silent, with fresh seeds: `python benchmarks/situations.py [--seeds N]`.

Every situation of tests/situations.py is written as a CSV file in the forms that somebody else's counts come in, read back, and walked
through as `wirewatch backtest --counts` does. Prints a row for each with how many seeds went as they should, and what went wrong
otherwise. Without `--first` the seeds are fresh ones; the first is printed, so that a run can be repeated.

`--topics 400` (no situations then, unless `--only` names some): so many noisy topics of 0.03 to 10 stories an hour, silent for 30 days, and
with an event of six hours in each, of 3, 5 and 10 times the rate: false incidents, and how many events are found before they end, how soon;
beside it what somebody would find who knows the true means, at as many false alarms (the truth of benchmarks/detect.py).
"""

from __future__ import annotations

import argparse
import csv
import math
import secrets
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone
from multiprocessing import Pool
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1])]

from benchmarks.detect import improbable, matched
from tests.situations import SITUATIONS, TOLD_ONLY, Floats, Situation, at, eventful, noisy

from wirewatch.config.settings import Detection
from wirewatch.pipeline.backtest import Backtest, backtest
from wirewatch.pipeline.counts_csv import COLUMNS, read_counts

HOUR = timedelta(hours=1)
WEEKS = (8, 5, 11)
ALERT = 0.5
TOLD, BARE = "told", "bare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One situation walked through."""

    name: str
    form: str
    seed: int
    weeks: int
    problem: str
    """Empty: it went as it should."""
    before: int
    """Incidents before the hour from which it is judged."""


def write(situation: Situation, path: Path, *, form: str, shift: int = 0) -> None:
    """The counts as a CSV file: with all that is known (`told`), or only timestamp, topic and stories (`bare`), `shift` hours off UTC."""
    table = situation.table
    panel, zone = table.panel, timezone(timedelta(hours=shift))
    revised = {(each.step, each.topic, each.name): each.value for each in table.revisions}
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS if form == TOLD else COLUMNS[:3])
        for step in range(panel.n):
            when = panel.at(step).astimezone(zone)
            for place, series in enumerate(table.series):
                counts = [
                    math.nan if values is None else revised.get((step, place, name), values[step])
                    for name, values in (("stories", series.stories), ("publishers", series.publishers), ("articles", series.articles))
                ]
                if form == BARE and math.isnan(counts[0]):
                    continue
                whole = [*counts, panel.stories[step], panel.coverage[step]] if form == TOLD else counts[:1]
                writer.writerow([when.isoformat(), series.topic, *("" if math.isnan(each) else f"{each:g}" for each in whole)])


def problem_of(situation: Situation, found: Backtest) -> str:
    """What is wrong with what was raised; empty: nothing."""
    raised = [each for each in found.incidents if each.opened_at > at(situation.judged_from)]
    told = "; ".join(
        f"{each.topic} {(each.opened_at - at(0)) / HOUR:.0f}: {each.observed:g}/{each.expected:.1f} {each.window_h} h {each.series}"
        for each in raised[:3]
    )
    least, most = situation.incidents
    if not least <= len(raised) <= most:
        return f"{len(raised)} raised: {told}"
    if situation.within is not None and not at(situation.within[0]) < raised[0].opened_at <= at(situation.within[1]):
        return f"not within {situation.within}: {told}"
    return f"not marked as late: {told}" if situation.found_late and not raised[0].found_late else ""


def walk(make: Callable[[np.random.Generator, int], Situation], job: tuple[int, int, str]) -> Outcome:
    """Make a situation, write it, read it and judge it."""
    seed, weeks, form = job
    situation = make(np.random.default_rng(seed), weeks)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "counts.csv"
        write(situation, path, form=form, shift=seed % 3 * 5 - 5)
        found = backtest(read_counts([path], interval=HOUR), Detection())
    before = sum(1 for each in found.incidents if each.opened_at <= at(situation.judged_from))
    return Outcome(name=make.__name__, form=form, seed=seed, weeks=weeks, problem=problem_of(situation, found), before=before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was raised among many topics."""

    seed: int
    times: float
    """Of the events; 0: there were none."""
    incidents: int
    allowed: int
    recall: float
    delay: float
    """Hours, median."""
    truth: Floats
    """By the true means: (k, hours judged), or (k, hours of the event)."""


def first_hours(scores: Floats, threshold: float) -> tuple[float, float]:
    """The share of events that are found before they end, and after how many hours, median."""
    hits = scores >= threshold
    found = hits.any(axis=1)
    return float(found.mean()), float(np.median(hits.argmax(axis=1)[found] + 1)) if found.any() else float("nan")


def crowd(job: tuple[int, int, float]) -> Found:
    """Many topics, with an event in each or without."""
    seed, topics, times = job
    situation = eventful(seed, times, topics=topics) if times else noisy(seed, topics=topics)
    found = backtest(situation.table, Detection())
    raised = sum(1 for each in found.incidents if each.opened_at > at(situation.judged_from))
    truth = improbable(np.stack([each.stories for each in situation.table.series]), situation.mean)
    if not times:
        recall, delay, truth = 0.0, float("nan"), truth[:, situation.judged_from :]
    else:
        during = [(event.topic, slice(event.begin, event.begin + event.hours)) for event in situation.events]
        recall, delay = first_hours(np.stack([found.scores[place] for place in during]), ALERT)
        truth = np.stack([truth[place] for place in during])
    return Found(
        seed=seed,
        times=times,
        incidents=raised,
        allowed=situation.incidents[1],
        recall=recall,
        delay=delay,
        truth=truth,
    )


def crowds(topics: int, seeds: Sequence[int], processes: int) -> None:
    """Print what is raised among many topics."""
    print(
        "| topics | seed | events of times the rate | incidents | allowed | found | median delay, h | by the truth | its delay, h |\n"
        "|---|---|---|---|---|---|---|---|---|",
        flush=True,
    )
    with Pool(processes) as pool:
        threshold = float("inf")
        for each in pool.imap(crowd, [(seed, topics, times) for seed in seeds for times in (0.0, 3.0, 5.0, 10.0)]):
            if not each.times:
                threshold, what = matched([each.truth], each.incidents), f"none | {each.incidents} | {each.allowed} | | | |"
            else:
                share, delay = first_hours(each.truth, threshold)
                what = f"{each.times:g} | | | {each.recall:.3f} | {each.delay:g} | {share:.3f} | {delay:g}"
            print(f"| {topics} | {each.seed} | {what} |", flush=True)


def _job(job: tuple[str, int, int, str]) -> Outcome:
    name, *rest = job
    return walk(next(each for each in SITUATIONS if each.__name__ == name), (rest[0], rest[1], rest[2]))  # type: ignore[arg-type]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 1 where something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=None)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--topics", type=int, default=0)
    options = parser.parse_args(arguments)
    first = secrets.randbelow(10**6) if options.first is None else options.first
    print(f"seeds {first} to {first + options.seeds - 1}", flush=True)
    if options.topics:
        crowds(options.topics, range(first, first + options.seeds), options.processes)
        if not options.only:
            return 0
    makers = [each for each in SITUATIONS if not options.only or each.__name__ in options.only]
    jobs = [
        (make.__name__, seed, WEEKS[seed % len(WEEKS)], form)
        for make in makers
        for seed in range(first, first + options.seeds)
        for form in ((TOLD, BARE) if make not in TOLD_ONLY else (TOLD,))
    ]
    rows: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    with Pool(options.processes) as pool:
        for outcome in pool.imap_unordered(_job, jobs, chunksize=2):
            rows[outcome.name, outcome.form].append(outcome)
            if outcome.problem:
                print(f"{outcome.name} {outcome.form} seed {outcome.seed} weeks {outcome.weeks}: {outcome.problem}", flush=True)
    print("\n| situation | form | right | of | incidents before |\n|---|---|---|---|---|")
    for name, form in [(each.__name__, form) for each in makers for form in (TOLD, BARE)]:
        outcomes = rows.get((name, form), [])
        if outcomes:
            right = [each for each in outcomes if not each.problem]
            print(f"| {name} | {form} | {len(right)} | {len(outcomes)} | {sum(each.before for each in outcomes)} |")
    return 1 if any(each.problem for outcomes in rows.values() for each in outcomes) else 0


if __name__ == "__main__":
    raise SystemExit(main())
