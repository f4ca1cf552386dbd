"""
### Drop the months that retention does not keep, and take the day's snapshot

**expire** drops whole monthly indices of articles and of the log of polls that are older than `articles.retention_months` in
`config/wirewatch.yaml`. Counts, incidents, verdicts and the addresses of articles stay. Trigger it with `dry_run` to see in its
result what it would drop.

**keep_copies** takes a snapshot into the repository that `snapshots.repository` names, and deletes all but the newest; without a
repository it does nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, Param, TriggerRule, dag, task

from wirewatch.wiring.airflow import DEFAULTS, ports


@dag(
    schedule=CronTriggerTimetable("30 3 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    default_args=DEFAULTS | {"execution_timeout": timedelta(minutes=30)},
    params={"dry_run": Param(False, type="boolean", description="Only say what would be dropped.")},
    tags=["wirewatch", "operations"],
    doc_md=__doc__,
)
def maintain() -> None:
    @task(multiple_outputs=False, trigger_rule=TriggerRule.ALL_DONE)
    async def expire(params: dict[str, Any] | None = None) -> dict[str, list[str]]:
        """Drop expired months, or only name them."""
        from wirewatch.pipeline.maintain import expire as work

        async with ports() as found:
            return await work(found, dry_run=bool((params or {}).get("dry_run")))

    @task(multiple_outputs=False)
    async def keep_copies(params: dict[str, Any] | None = None) -> dict[str, object]:
        """Take the day's snapshot."""
        from wirewatch.pipeline.maintain import keep_copies as work

        async with ports() as found:
            return await work(found, dry_run=bool((params or {}).get("dry_run")))

    keep_copies() >> expire()


maintain()
