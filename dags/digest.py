"""
### Tell the operators once a day how the watch has been

**plan_digest** plans one note about the last 24 hours: feeds that answered, coverage, incidents. Running it again on the same day
plans nothing more. **wake** wakes `notify`, which sends it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import CronTriggerTimetable, dag, task

from wirewatch.wiring.airflow import DEFAULTS, PLANNED, ports, total


@dag(
    schedule=CronTriggerTimetable("0 6 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    default_args=DEFAULTS | {"execution_timeout": timedelta(minutes=10)},
    tags=["wirewatch", "alerts"],
    doc_md=__doc__,
)
def digest() -> None:
    @task(multiple_outputs=False)
    async def plan_digest() -> dict[str, int]:
        """Plan the note about the last 24 hours."""
        from wirewatch.pipeline.digest import digest as work

        async with ports() as found:
            return await work(found)

    @task(multiple_outputs=False, outlets=[PLANNED])
    def wake(summary: dict[str, int]) -> dict[str, int]:
        """Wake `notify` where the note is new."""
        return total([summary], "planned")

    wake(plan_digest())  # type: ignore[arg-type]  # at run time it is what the task returned


digest()
