"""
### Plan the digests

**plan_digest** plans, for every recipient whose time has come (`alerts.digest_at` by the clock on the recipient's wall; weekly ones on
Mondays), one message about what was watched, what happened and, for the operators, how the feeds are. Running it again plans nothing
more. **wake** wakes `notify`, which sends them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import CronTriggerTimetable, dag, task

from wirewatch.wiring.airflow import DEFAULTS, PLANNED, ports, total


@dag(
    # Mornings come at half past in some countries.
    schedule=CronTriggerTimetable("0,30 * * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    default_args=DEFAULTS | {"execution_timeout": timedelta(minutes=10)},
    tags=["wirewatch", "alerts"],
    doc_md=__doc__,
)
def digest() -> None:
    @task(multiple_outputs=False)
    async def plan_digest() -> dict[str, int]:
        """Plan the digests whose time has come."""
        from wirewatch.pipeline.digest import digest as work

        async with ports() as found:
            return await work(found)

    @task(multiple_outputs=False, outlets=[PLANNED])
    def wake(summary: dict[str, int]) -> dict[str, int]:
        """Wake `notify` where one is new."""
        return total([summary], "planned")

    wake(plan_digest())  # type: ignore[arg-type]  # at run time it is what the task returned


digest()
