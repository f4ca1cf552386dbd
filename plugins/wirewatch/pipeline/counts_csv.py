"""Reading hourly counts from CSV files, as somebody else counted them."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wirewatch.errors import ConfigError, Problem
from wirewatch.spikes.baseline import covered
from wirewatch.spikes.series import Floats, Panel, Series

COLUMNS = ("timestamp", "topic", "stories", "publishers", "articles", "total_stories", "coverage")
SERIES = ("stories", "publishers", "articles")
_DAY = timedelta(days=1)
_MAX_STEPS = 2_000_000
_SMALL, _MISSING, _LONG_GAP = 3.0, 0.1, 12
_MANY = 8
"""Topics whose sum stands for all coverage where the file does not say."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A count that became known only later: entries that a resumed feed still listed."""

    known: int
    """Step from which on it is known."""
    step: int
    topic: int
    name: str
    value: float
    """nan: only the coverage of its step is revised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the file, for scores row by row."""

    timestamp: str
    topic: int
    step: int
    at: datetime
    value: float
    """Of the column `stories` or `value`; nan where it is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Counts as they were first known, and what was revised later."""

    panel: Panel
    series: tuple[Series, ...]
    revisions: tuple[Revision, ...] = ()
    rows: tuple[Row, ...] = ()
    values: bool = False
    """The file has a column `value`: whoever wrote it may ask for falls as well."""
    measures: bool = False
    """There are values that are no counts, which can be scored but not judged."""


@dataclass(slots=True)
class _Read:
    """A line that was understood."""

    text: str
    at: datetime
    topic: str
    values: dict[str, float]
    plain: bool
    """From a column `value`."""


def read_counts(files: Sequence[Path], *, interval: timedelta) -> Table:
    """The counts of CSV files with the columns timestamp, topic, stories and more (`COLUMNS`), or timestamp and value.

    An empty cell is unknown. An interval that no topic has a row for is unknown, unless the file plainly leaves zeros out; where only
    some topics have rows, the others had nothing. Several rows of a topic in one interval add up; the same timestamp again revises the
    row, known from where it stands in the file. Counts in an interval that nobody covered (coverage 0) are known when coverage is back.
    Raises `ConfigError` with every problem.
    """
    problems: list[Problem] = []
    found: list[_Read] = []
    for file in files:
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                found += _lines(file, lines, problems)
        except (OSError, UnicodeDecodeError) as error:
            problems.append(_problem(file, None, str(error.strerror) if isinstance(error, OSError) else "not UTF-8"))
    if not problems and not found:
        problems.append(_problem(files[0], None, "no rows"))
    if problems:
        raise ConfigError(problems)
    return _table(found, interval, files)


def _problem(file: Path | str, line: int | None, message: str) -> Problem:
    return Problem(file=str(file), line=line, key="", message=message)


def _lines(file: Path, lines: Iterator[str], problems: list[Problem]) -> Iterator[_Read]:
    reader = csv.reader(lines)
    header = [name.strip().casefold() for name in next(reader, [])]
    plain = "value" in header and "stories" not in header
    if plain:
        header[header.index("value")] = "stories"
    lacking = [name for name in ("timestamp", "stories") if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    if lacking or unknown or len(set(header)) < len(header):
        what = f"no column {', '.join(lacking)}" if lacking else f"unknown column {unknown[0]!r}" if unknown else "a column twice"
        problems.append(_problem(file, 1, f"{what}; columns are {', '.join(COLUMNS)} (or timestamp, value)"))
        return
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.append(_problem(file, reader.line_num, str(error)))
            continue
        if not any(cell.strip() for cell in cells):
            continue
        try:
            if len(cells) != len(header):
                raise ValueError(f"{len(cells)} cells where the header has {len(header)}")
            yield _line(dict(zip(header, (cell.strip() for cell in cells), strict=True)), file.stem, plain)
        except ValueError as error:
            problems.append(_problem(file, reader.line_num, str(error)))


def _line(cells: Mapping[str, str], stem: str, plain: bool) -> _Read:
    text = cells["timestamp"]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"timestamp {text!r} is not a time such as 2026-11-24T06:00:00Z") from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    topic = cells.get("topic", stem)
    if not topic:
        raise ValueError("no topic")
    values = {name: _number(name, cells[name], signed=plain and name == "stories") for name in COLUMNS[2:] if name in cells}
    return _Read(text, at, topic, values, plain)


def _number(name: str, text: str, *, signed: bool) -> float:
    if not text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} {text!r} is not a number") from None
    if signed and math.isfinite(value):
        return value
    if not math.isfinite(value) or value < 0 or (name == "coverage" and value > 1):
        raise ValueError(f"{name} {text!r} is not {'between 0 and 1' if name == 'coverage' else 'a count'}")
    return value


def _table(found: Sequence[_Read], interval: timedelta, files: Sequence[Path]) -> Table:
    topics = {topic: place for place, topic in enumerate(dict.fromkeys(each.topic for each in found))}
    first = min(each.at for each in found)
    start = _EPOCH + (first - _EPOCH) // _DAY * _DAY
    n = (max(each.at for each in found) - start) // interval + 1
    if n > _MAX_STEPS or n * len(topics) > 200 * _MAX_STEPS:
        message = f"{n} intervals of {interval} are more than can be judged: is a timestamp between {first} and the last one wrong?"
        raise ConfigError([_problem(files[0], None, message)])
    names = [name for name in SERIES if any(name in each.values for each in found)]
    counts = {name: np.full((len(topics), n), np.nan) for name in names}
    total, coverage = np.full(n, np.nan), np.full(n, np.nan)
    told_coverage = any(not math.isnan(each.values.get("coverage", math.nan)) for each in found)
    seen: dict[tuple[int, datetime], int] = {}
    latest: dict[int, int] = {}
    revisions: list[Revision] = []
    rows: list[Row] = []
    measures = False
    span: dict[int, tuple[int, int]] = {}
    for each in found:
        topic, step = topics[each.topic], (each.at - start) // interval
        value = each.values.get("stories", math.nan)
        measures |= each.plain and not math.isnan(value) and (value < 0 or value != int(value))
        rows.append(Row(timestamp=each.text, topic=topic, step=step, at=each.at, value=value))
        known = latest.get(topic, step)
        again = (topic, each.at) in seen
        seen[topic, each.at] = step
        latest[topic] = max(known, step)
        span[topic] = (min(span.get(topic, (step, step))[0], step), latest[topic])
        if again:
            revisions += [
                Revision(known=known, step=step, topic=topic, name=name, value=each.values[name]) for name in names if name in each.values
            ]
            continue
        for name in names:
            value = each.values.get(name, math.nan)
            if not math.isnan(value):
                held = counts[name][topic, step]
                counts[name][topic, step] = value if math.isnan(held) else held + value
        for column, name in ((total, "total_stories"), (coverage, "coverage")):
            value = each.values.get(name, math.nan)
            if not math.isnan(value) and not column[step] >= value:
                column[step] = value
    mine = np.zeros((len(topics), n), dtype=bool)
    mine[[row.topic for row in rows], [row.step for row in rows]] = True
    present = np.asarray(mine.any(axis=0))
    if not told_coverage and _leaves_zeros_out(counts["stories"], mine):
        present = _nothing_there(present)
        span = dict.fromkeys(range(len(topics)), (int(present.argmax()), n - 1))
    _fill(counts, span, mine, present)
    if told_coverage:
        for grid in (*counts.values(), total[None]):
            grid[:, np.isnan(coverage)] = np.nan
    coverage = np.where(present, np.nan_to_num(coverage, nan=0.0) if told_coverage else 1.0, 0.0)
    panel = Panel(start=start, step=interval, coverage=coverage, stories=_total(total, counts["stories"]))
    revisions += _filled_later(panel, counts)
    series = tuple(
        Series(
            topic=topic,
            stories=counts["stories"][place],
            publishers=counts["publishers"][place] if "publishers" in counts else None,
            articles=counts["articles"][place] if "articles" in counts else None,
        )
        for topic, place in topics.items()
    )
    return Table(
        panel=panel,
        series=series,
        revisions=tuple(sorted(revisions, key=lambda each: each.known)),
        rows=tuple(rows),
        values=all(each.plain for each in found),
        measures=measures,
    )


def _leaves_zeros_out(stories: Floats, mine: NDArray[np.bool_]) -> bool:
    """Whether rows are missing because there was nothing to count: no count is zero, most are small, and many are missing."""
    told = stories[np.isfinite(stories)]
    return bool(told.size and told.min() > 0 and np.median(told) <= _SMALL and mine.mean() < 1 - _MISSING)


def _nothing_there(present: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Intervals that are known where zeros are left out: all between the first row and the last, but for gaps unlike all others."""
    rows = np.flatnonzero(present)
    gaps = np.diff(rows)
    usual = float(np.quantile(gaps, 0.9)) if len(gaps) else 1.0
    known = np.zeros_like(present)
    known[rows[0] : rows[-1] + 1] = True
    for place in np.flatnonzero(gaps > max(_LONG_GAP, _LONG_GAP * usual)):
        known[rows[place] + 1 : rows[place + 1]] = False
    return known


def _fill(counts: Mapping[str, Floats], span: Mapping[int, tuple[int, int]], mine: NDArray[np.bool_], present: NDArray[np.bool_]) -> None:
    """Where an interval has rows of some topics only, the others had nothing (between their first and last row)."""
    for topic, (first, last) in span.items():
        inside = np.zeros(len(present), dtype=bool)
        inside[first : last + 1] = True
        for grid in counts.values():
            if np.isfinite(grid[topic]).any():
                grid[topic, inside & present & ~mine[topic]] = 0.0


def _total(told: Floats, stories: Floats) -> Floats:
    """Stories of all coverage: what the file says, else the sum over many topics."""
    if np.isfinite(told).any() or len(stories) < _MANY:
        return told
    complete = np.isfinite(stories).mean(axis=0) > 0.8
    return np.where(complete, np.nansum(stories, axis=0), np.nan)


def _filled_later(panel: Panel, counts: Mapping[str, Floats]) -> list[Revision]:
    """Counts of steps that nobody covered: found when coverage was back."""
    seen = covered(panel) > 0
    hidden = ~seen & (np.nan_to_num(counts["stories"], nan=0.0).sum(axis=0) > 0)
    found: list[Revision] = []
    for step in np.flatnonzero(hidden):
        back = np.flatnonzero(seen[step:])
        if not len(back):
            continue
        for name, grid in counts.items():
            found += [
                Revision(known=int(step + back[0]), step=int(step), topic=topic, name=name, value=float(grid[topic, step]))
                for topic in range(len(grid))
            ]
    return found
