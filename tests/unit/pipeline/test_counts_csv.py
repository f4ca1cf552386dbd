"""Counts as somebody else wrote them: what is zero, what is unknown, and what was found later."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from wirewatch.config.settings import Detection
from wirewatch.errors import ConfigError
from wirewatch.pipeline.backtest import backtest
from wirewatch.pipeline.counts_csv import Table, read_counts
from wirewatch.pipeline.scores import row_scores

HOUR = timedelta(hours=1)
START = datetime(2026, 1, 5, tzinfo=UTC)


def read(path: Path, text: str | Iterable[str], interval: timedelta = HOUR) -> Table:
    file = path / "counts.csv"
    file.write_text(text if isinstance(text, str) else "\n".join(text) + "\n", encoding="utf-8")
    return read_counts([file], interval=interval)


def hour(step: int, zone: str = "Z") -> str:
    return f"{START + step * HOUR:%Y-%m-%dT%H:%M}{zone}"


def test_times_of_any_zone_fall_into_the_hours_of_utc(tmp_path: Path) -> None:
    table = read(tmp_path, "timestamp,topic,stories\n2026-01-05T09:00+09:00,a,3\n2026-01-04 20:00-05:00,a,0\n2026-01-05 02:59,a,5\n")
    assert table.panel.start == START
    assert table.series[0].stories.tolist() == [3, 0, 5]
    assert [row.timestamp for row in table.rows] == ["2026-01-05T09:00+09:00", "2026-01-04 20:00-05:00", "2026-01-05 02:59"]


def test_what_has_no_row_is_unknown_and_beside_other_topics_nothing(tmp_path: Path) -> None:
    table = read(tmp_path, f"timestamp,topic,stories\n{hour(0)},a,0\n{hour(0)},b,0\n{hour(1)},a,4\n{hour(3)},a,\n{hour(3)},b,2\n")
    assert table.panel.coverage.tolist() == [1, 1, 0, 1]
    first, second = (each.stories for each in table.series)
    assert np.isnan(first).tolist() == [False, False, True, True]
    assert second[[0, 1, 3]].tolist() == [0, 0, 2]


def test_a_file_that_leaves_zeros_out_has_them_all_the_same(tmp_path: Path) -> None:
    steps = [*range(2, 400, 5), *range(460, 800, 5)]
    table = read(tmp_path, ["timestamp,topic,stories", f"{hour(0)},b,1", *(f"{hour(step)},a,{1 + step % 2}" for step in steps)])
    first = next(each for each in table.series if each.topic == "a")
    assert first.stories[[2, 3, 4, 7]].tolist() == [1, 0, 0, 2]
    assert table.panel.coverage[396:398].tolist() == [1, 1]
    assert not table.panel.coverage[398:460].any()
    assert table.panel.coverage[460] == 1


def test_coverage_that_nobody_tells_is_whole_and_that_is_told_may_be_unknown(tmp_path: Path) -> None:
    header = "timestamp,topic,stories,coverage\n"
    assert read(tmp_path, f"{header}{hour(0)},a,3,\n{hour(1)},a,0,\n").panel.coverage.tolist() == [1, 1]
    table = read(tmp_path, f"{header}{hour(0)},a,3,1\n{hour(1)},a,50,\n{hour(2)},a,7,.5\n")
    assert table.panel.coverage.tolist() == [1, 0, 0.5]
    assert np.isnan(table.series[0].stories[1])
    assert table.revisions == ()


def test_what_an_outage_hid_is_known_when_coverage_is_back(tmp_path: Path) -> None:
    table = read(tmp_path, f"timestamp,topic,stories,coverage\n{hour(0)},a,1,1\n{hour(1)},a,9,0\n{hour(2)},a,0,0\n{hour(3)},a,1,1\n")
    assert [(each.known, each.step, each.value) for each in table.revisions] == [(3, 1, 9)]


def test_a_row_that_comes_again_revises_the_first(tmp_path: Path) -> None:
    table = read(tmp_path, f"timestamp,topic,stories\n{hour(0)},a,1\n{hour(1)},a,2\n{hour(0)},a,8\n")
    assert table.series[0].stories.tolist() == [1, 2]
    assert [(each.known, each.step, each.value) for each in table.revisions] == [(1, 0, 8)]


def test_a_value_is_the_stories_of_the_topic_that_the_file_is_named_for(tmp_path: Path) -> None:
    table = read(tmp_path, "timestamp,value\n2026-01-05 00:02:53,7\n2026-01-05 00:07:53,9\n", timedelta(minutes=5))
    assert table.series[0].topic == "counts"
    assert table.series[0].stories.tolist() == [7, 9]


def test_every_problem_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, f"timestamp,topic,stories\nsoon,a,1\n{hour(0)},a,-1\n{hour(1)},a\n")
    assert [(each.line, each.message.split(" ")[0]) for each in error.value.problems] == [(2, "timestamp"), (3, "stories"), (4, "2")]
    with pytest.raises(ConfigError, match="unknown column 'volume'"):
        read(tmp_path, "timestamp,stories,volume\n")


def test_values_that_are_no_counts_are_measures(tmp_path: Path) -> None:
    for value, measures in (("7", False), ("0.5", True), ("-3", True)):
        table = read(tmp_path, f"timestamp,value\n2026-01-05 00:00,{value}\n2026-01-05 01:00,9\n")
        assert (table.values, table.measures) == (True, measures)
    assert not read(tmp_path, f"timestamp,topic,stories\n{hour(0)},a,0.5\n").measures


def test_every_row_of_a_file_has_a_score_and_falls_have_theirs_where_values_are_asked_for(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    values = rng.poisson(40.0, 480)
    values[400:408] = 1
    for header, exceptional in (("timestamp,value", True), ("timestamp,stories", False)):
        table = read(tmp_path, [header, *(f"{START + step * HOUR:%Y-%m-%d %H:%M},{value}" for step, value in enumerate(values))])
        scores = row_scores(table, backtest(table, Detection()))
        assert len(scores) == len(values)
        assert [place for place, score in enumerate(scores) if score >= 0.5] == ([400] if exceptional else [])


def test_what_is_steadier_than_counts_is_scored_as_a_measure(tmp_path: Path) -> None:
    values = np.full(300, 45)
    values[200:203] = 70
    table = read(tmp_path, ["timestamp,value", *(f"{START + step * HOUR:%Y-%m-%d %H:%M},{value}.0" for step, value in enumerate(values))])
    assert not table.measures
    scores = row_scores(table, backtest(table, Detection()))
    assert [place for place, score in enumerate(scores) if score >= 0.5] == [200]
