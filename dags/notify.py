"""Send the messages that wait.

Each is claimed before it is sent and recorded after; only a death in between can repeat one, under the same Message-ID. What a server
puts off is tried again, at most an hour later; what it refuses is kept as failed, with its answer.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import AssetOrTimeSchedule, DeltaTriggerTimetable, dag, task

from wirewatch.wiring import airflow as wiring


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=DeltaTriggerTimetable(wiring.every("WIREWATCH_NOTIFY_EVERY", timedelta(minutes=1))), assets=[wiring.PLANNED]
    ),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=wiring.DEFAULTS,
    tags=["wirewatch", "alerts"],
    doc_md=__doc__,
)
def notify() -> None:
    """The task."""

    @task(execution_timeout=timedelta(minutes=15))
    async def send() -> dict[str, int]:
        """Send every message that is due."""
        from wirewatch.pipeline.notify import notify as send_due

        async with wiring.ports() as ports:
            return await send_due(ports, deadline=wiring.within(timedelta(minutes=10)))

    send()


notify()
