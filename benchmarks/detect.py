"""Events found at equal false alarms, against other detectors and against one that knows the truth: `python benchmarks/detect.py`.

    python benchmarks/detect.py [--topics 10 400 5000] [--seeds N] [--first SEED] [--against NAME...]

Hourly counts of so many topics at 0.2, 1, 5 and 50 stories a day (a quarter of them each), with a newsroom's day and week and
var = mean + 0.3 mean²: eight weeks to learn from, then 30 days (7 for more than 1,000 topics) of nothing but noise, and the same days
with one event of six hours in each topic, which brings 3, 5 or 10 times the rate on top, at least 3, 5 or 10 an hour. All detectors see
the same counts and ask for three stories; all coverage brings three times what the topics do.

- **wirewatch** learns and judges as the watch does: `learn`, `update` every day, `survey`.
- **the truth**: negative binomial tails of the true means and noise, over windows of 1, 3, 6 and 24 hours: what could be reached.
- **ElastAlert 2**: `type: spike`, `spike_type: up`, `timeframe: 24 hours`: the last 24 hours against the 24 before
  (https://elastalert2.readthedocs.io/en/latest/ruletypes.html#spike; there 3 is a usual `spike_height`).
- **EARS C1, C2, C3**: (count - mean) / deviation of the seven days before (C1), or of those that ended two days ago (C2), at the same
  hour of the day; C3 sums what the last three C2 exceed 1 by (Hutwagner et al. 2003; alert above 3, C3 above 2).
- **z-score**: of the last 28 days' hours (alert above 3).

False alarms are episodes in the noise that are 18 hours apart, as incidents are. `as usual` is each detector at its own usual threshold;
`equal` at the threshold that raises no more false alarms over all seeds than Wirewatch does at its default setting, with one recipient
for all topics. Recall is the share of events with an alert before they end; ± is a 95 % interval over seeds (t). Base rates are never
pooled for recall.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

sys.path[:0] = [str(Path(__file__).parents[1])]

from tests.situations import DAY, PHI, START, Floats, draw, rhythm

from wirewatch.config.settings import Detection
from wirewatch.spikes.baseline import Baseline, learn, update
from wirewatch.spikes.detect import survey
from wirewatch.spikes.series import Panel, Series
from wirewatch.spikes.tails import log_tail, trailing

RATES = (0.2, 1.0, 5.0, 50.0)
"""Stories a day."""
TIMES = (3, 5, 10)
LEARNED, JUDGED, JUDGED_MANY = 56, 30, 7
"""Days; of more than 1,000 topics fewer are judged."""
EVENT_H = 6
"""Hours of the one event in each topic."""
GAP_H = 18
LEAST = 3
SEEDS = {10: 40, 400: 4, 5000: 2}
OURS, TRUTH = "wirewatch", "the truth"
USUAL = {OURS: 0.5, TRUTH: None, "ElastAlert 2": 3.0, "EARS C1": 3.0, "EARS C2": 3.0, "EARS C3": 2.0, "z-score": 3.0}


Evidence = tuple[Floats, dict[int, Floats]]
"""In the noise (k, hours judged), and by times that during events (k, 1, hours)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Counts of many topics."""

    rates: Floats
    """(k,) stories a day."""
    mean: Floats
    """(k, n) true means without events."""
    counts: Floats
    total: Floats
    """(n,) of all coverage: three times what the topics have without events, and what events bring."""
    begins: NDArray[np.int64]
    """(k, 1) hours in which events begin; without columns: noise only."""
    judged: int
    """Days."""
    learned: list[Baseline]
    """From the days before those that are judged, once somebody has: they are the same with and without events."""


def world(seed: int, topics: int, times: int | None, learned: list[Baseline] | None = None) -> World:
    """The same noise for the same seed, with or without events."""
    rng = np.random.default_rng((seed, topics))
    judged = JUDGED if topics <= 1000 else JUDGED_MANY
    n = (LEARNED + judged) * DAY
    rates = np.array([RATES[place % len(RATES)] for place in range(topics)])
    mean = rates[:, None] / DAY * rhythm(rng, n)
    counts = draw(rng, mean)
    rest = rng.poisson(2 * mean.sum(axis=0)).astype(np.float64)
    begins = np.zeros((topics, 0), dtype=np.int64)
    if times is not None:
        begins = LEARNED * DAY + rng.integers(0, judged * DAY - EVENT_H, (topics, 1))
        place = np.arange(topics)[:, None, None]
        hours = begins[:, :, None] + np.arange(EVENT_H)
        counts = counts.copy()
        counts[place, hours] += draw(rng, np.maximum(times * mean[place, hours], times))
    total, held = counts.sum(axis=0) + rest, [] if learned is None else learned
    return World(rates=rates, mean=mean, counts=counts, total=total, begins=begins, judged=judged, learned=held)


# ---------------------------------------------------------------- detectors: (k, hours judged) evidence


def wirewatch(seen: World) -> Floats:
    """The score of every judged hour."""
    k, n = seen.counts.shape
    names = [str(place) for place in range(k)]

    def cut(begin: int, end: int) -> tuple[Panel, list[Series]]:
        panel = Panel(start=START + begin * timedelta(hours=1), coverage=np.ones(end - begin), stories=seen.total[begin:end])
        return panel, [Series(topic=name, stories=row[begin:end]) for name, row in zip(names, seen.counts, strict=True)]

    found = np.zeros((k, n - LEARNED * DAY))
    baselines: list[Baseline] = []
    for day in range(LEARNED, LEARNED + seen.judged):
        now = START + timedelta(days=day)
        if day == LEARNED:
            if not seen.learned:
                seen.learned.extend(learn(*cut(0, day * DAY), now=now))
            baselines = seen.learned
        elif (day - LEARNED) % 7 == 0:
            baselines = learn(*cut((day - LEARNED) * DAY, day * DAY), now=now)
        else:
            baselines = update(baselines, *cut((day - 2) * DAY, day * DAY), now=now)
        panel, series = cut((day - 2) * DAY, (day + 1) * DAY)
        judged = survey(baselines, panel, series, settings=Detection(), topics=k, now=panel.end)
        found[:, (day - LEARNED) * DAY : (day - LEARNED + 1) * DAY] = judged.score[:, 2 * DAY :]
    return found


def truth(seen: World) -> Floats:
    """How improbable the least probable window is."""
    return improbable(seen.counts, seen.mean)[:, LEARNED * DAY :]


def improbable(counts: Floats, means: Floats) -> Floats:
    """Of every hour, by the true means."""
    found = np.zeros(counts.shape)
    for width in (1, 3, 6, 24):
        count, mean = trailing(counts, width), trailing(means, width)
        tail = -log_tail(count, mean, mean + PHI * trailing(means**2, width))
        found = np.maximum(found, np.where((count >= LEAST) & (count > mean), tail, 0.0))
    return found


def elastalert(seen: World) -> Floats:
    """How many times the 24 hours before."""
    now = trailing(seen.counts, DAY)
    before = np.concatenate([np.ones((len(now), DAY)), now[:, :-DAY]], axis=1)
    found = np.where(now >= LEAST, now / np.maximum(before, 0.5), 0.0)
    return found[:, LEARNED * DAY :]


def ears(seen: World, *, lag: int) -> Floats:
    """Deviations from the same hour of seven days."""
    days = [np.roll(seen.counts, (lag + back) * DAY, axis=1) for back in range(1, 8)]
    mean, deviation = np.mean(days, axis=0), np.std(days, axis=0, ddof=1)
    found = np.where(seen.counts >= LEAST, (seen.counts - mean) / np.maximum(deviation, 0.2), 0.0)
    return found[:, LEARNED * DAY :]


def ears_c3(seen: World) -> Floats:
    """What the last three deviations exceed 1 by."""
    above = np.maximum(ears(seen, lag=2) - 1, 0.0)
    found: Floats = above + np.pad(above, ((0, 0), (1, 0)))[:, :-1] + np.pad(above, ((0, 0), (2, 0)))[:, :-2]
    return found


def z_score(seen: World) -> Floats:
    """Deviations from all hours of 28 days."""
    width = 28 * DAY
    mean = trailing(seen.counts, width) / width
    deviation = np.sqrt(np.maximum(trailing(seen.counts**2, width) / width - mean**2, 0.0))
    mean, deviation = (np.pad(each, ((0, 0), (1, 0)))[:, :-1] for each in (mean, deviation))
    found = np.where(seen.counts >= LEAST, (seen.counts - mean) / np.maximum(deviation, 0.2), 0.0)
    return found[:, LEARNED * DAY :]


DETECTORS: dict[str, Callable[[World], Floats]] = {
    OURS: wirewatch,
    TRUTH: truth,
    "ElastAlert 2": elastalert,
    "EARS C1": partial(ears, lag=0),
    "EARS C2": partial(ears, lag=2),
    "EARS C3": ears_c3,
    "z-score": z_score,
}


# ---------------------------------------------------------------- what came of it


def episodes(evidence: Floats, threshold: float) -> int:
    """Alerts in a row, and those less than `GAP_H` apart, are one."""
    alert = evidence >= threshold
    before = trailing(alert.astype(np.float64), GAP_H) - alert
    return int(np.count_nonzero(alert & (before <= 0)))


def study(job: tuple[int, int, Sequence[str]]) -> tuple[int, dict[str, Evidence]]:
    """One seed, by detector."""
    seed, topics, names = job
    detectors = {name: DETECTORS[name] for name in names}
    noise = world(seed, topics, None)
    found: dict[str, tuple[Floats, dict[int, Floats]]] = {
        name: (detect(noise).astype(np.float32), {}) for name, detect in detectors.items()
    }
    for times in TIMES:
        eventful = world(seed, topics, times, noise.learned)
        hours = eventful.begins[:, :, None] - LEARNED * DAY + np.arange(EVENT_H)
        for name, detect in detectors.items():
            found[name][1][times] = detect(eventful)[np.arange(topics)[:, None, None], hours].astype(np.float32)
    return seed, found


def matched(noise: Sequence[Floats], alarms: int) -> float:
    """The lowest threshold with no more false alarms than that."""
    values = np.unique(
        np.concatenate([np.partition(each.ravel(), -min(each.size, 40 * (alarms + 10)))[-40 * (alarms + 10) :] for each in noise])
    )
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if sum(episodes(each, float(values[middle])) for each in noise) <= alarms:
            high = middle
        else:
            low = middle + 1
    return float(values[low]) if low < len(values) else float(values[-1]) * 1.0001 + 1e-9


def interval(values: Sequence[float]) -> str:
    """Mean and half of its 95 % interval."""
    known = np.array([each for each in values if np.isfinite(each)])
    if len(known) < 2:
        return f"{known.mean():.3f}" if len(known) else "–"
    half = student.ppf(0.975, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known))
    return f"{known.mean():.3f} ± {half:.3f}"


def report(topics: int, seeds: Sequence[int], processes: int, names: Sequence[str]) -> None:
    """Print the tables of one number of topics."""
    began = time.monotonic()
    with Pool(processes) as pool:
        results = dict(pool.imap_unordered(study, [(seed, topics, names) for seed in seeds]))
    rates = np.array([RATES[place % len(RATES)] for place in range(topics)])
    alarms = sum(episodes(found[OURS][0], 0.5) for found in results.values())
    judged = next(iter(results.values()))[OURS][0].shape[1] // DAY
    month = f"{alarms / len(seeds):.1f} false alarms of wirewatch in {judged} days"
    print(f"\n### {topics} topics, {len(seeds)} seeds: {month} ({time.monotonic() - began:.0f} s)\n")
    print("| detector | threshold | false alarms | times | " + " | ".join(f"{rate:g} a day" for rate in RATES) + " | delay, h |")
    print("|---|---|---|---|" + "---|" * (len(RATES) + 1))
    shares: dict[tuple[str, int, float], float] = {}
    for name in names:
        noise = [found[name][0] for found in results.values()]
        equal = 0.5 if name == OURS else matched(noise, alarms)
        usual = USUAL[name]
        for kind, threshold in (("usual", usual), ("equal", equal)):
            if threshold is None or (name == OURS and kind == "equal"):
                continue
            false = sum(episodes(each, threshold) for each in noise) / len(noise)
            for times in TIMES:
                cells, delays = [], []
                for rate in RATES:
                    recalls = []
                    for found in results.values():
                        hits = found[name][1][times][rates == rate] >= threshold
                        recalls.append(float(hits.any(axis=2).mean()) if hits.size else np.nan)
                        delays += (hits.argmax(axis=2)[hits.any(axis=2)] + 1).ravel().tolist()
                    cells.append(interval(recalls))
                    if kind == "equal" or name == OURS:
                        shares[name, times, rate] = float(np.nanmean(recalls))
                delay = f"{np.median(delays):.0f}" if delays else "–"
                print(f"| {name} | {kind} {threshold:.3g} | {false:.1f} | {times} | {' | '.join(cells)} | {delay} |", flush=True)
    if TRUTH not in names:
        return
    ratios = [f"{shares[OURS, 3, rate] / max(shares[TRUTH, 3, rate], 1e-9):.3f} at {rate:g}" for rate in RATES]
    print(f"\nShare of what the truth finds of events of 3 times the rate: {', '.join(ratios)} a day.", flush=True)
    few = max(alarms, len(seeds) // 10)
    if few > alarms:
        # Where hardly an alarm is raised, how many fewer it might have been cannot be seen: both once more where some are.
        ours, best = ({rate: _recall(results, name, few, rates == rate) for rate in RATES} for name in (OURS, TRUTH))
        both = [f"{ours[rate]:.3f} of {best[rate]:.3f} at {rate:g}" for rate in RATES]
        print(f"Where both raise {few} false alarms in all seeds: {', '.join(both)} a day.", flush=True)


def _recall(results: dict[int, dict[str, Evidence]], name: str, alarms: int, rows: NDArray[np.bool_]) -> float:
    """The share of events of 3 times the rate that is found where no more false alarms are raised over all seeds."""
    threshold = matched([found[name][0] for found in results.values()], alarms)
    return float(np.mean([(found[name][1][3][rows] >= threshold).any(axis=2).mean() for found in results.values()]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--topics", type=int, nargs="*", default=list(SEEDS))
    parser.add_argument("--seeds", type=int, default=None)
    parser.add_argument("--first", type=int, default=None)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--against", nargs="*", choices=[name for name in DETECTORS if name != OURS], default=None)
    options = parser.parse_args(arguments)
    first = secrets.randbelow(10**6) if options.first is None else options.first
    names = list(DETECTORS) if options.against is None else [OURS, *options.against]
    print(f"first seed {first}")
    for topics in options.topics:
        count = options.seeds or SEEDS.get(topics, 4)
        report(topics, range(first, first + count), 1 if topics > 1000 else options.processes, names)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
