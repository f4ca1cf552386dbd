"""Group new articles into stories, count, expect, and decide what is exceptional.

One writer at a time, under a lease in Elasticsearch: parallel or repeated runs end in the same incidents. Messages are planned and
stored here; `notify` sends them, so a mail server that is down holds nothing up. Who may edit this DAG may change incidents on the
Wirewatch page.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import AssetOrTimeSchedule, DeltaTriggerTimetable, dag, task

from wirewatch.wiring import airflow as wiring


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=DeltaTriggerTimetable(wiring.every("WIREWATCH_DETECT_EVERY", timedelta(minutes=5))), assets=[wiring.READY]
    ),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=wiring.DEFAULTS,
    tags=["wirewatch", "spikes"],
    doc_md=__doc__,
)
def detect_spikes() -> None:
    """The tasks."""

    @task(execution_timeout=timedelta(minutes=15))
    async def detect() -> dict[str, int]:
        """Group, count, expect and decide."""
        from wirewatch.pipeline.detect import detect as detect_now

        async with wiring.ports() as ports:
            return await detect_now(ports)

    @task(outlets=[wiring.PLANNED], execution_timeout=timedelta(minutes=1))
    def wake_notify(summary: dict[str, int]) -> dict[str, int]:
        """Wake `notify` where messages were planned."""
        return wiring.total([summary], "planned")

    wake_notify(detect())  # type: ignore[arg-type]  # at run time it is what the task returned


detect_spikes()
