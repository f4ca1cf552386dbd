"""Poll the feeds that are due, and queue the articles that are new.

The rules and settings are published first where config/ has changed; a mistake in it fails that task with every problem and its place,
and polling goes on by the last good ones. Each slot asks its own hosts; what is due is asked of Elasticsearch, so a run that failed or
was skipped loses nothing. New articles wake `process_articles`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DeltaTriggerTimetable, dag, task

from wirewatch.wiring import airflow as wiring

SLOTS = list(range(4))


@dag(
    schedule=DeltaTriggerTimetable(wiring.every("WIREWATCH_POLL_EVERY", timedelta(minutes=1))),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=wiring.DEFAULTS,
    tags=["wirewatch", "feeds"],
    doc_md=__doc__,
)
def poll_feeds() -> None:
    """The tasks."""

    @task(execution_timeout=timedelta(minutes=2))
    async def publish_rules() -> dict[str, Any]:
        """Check config/ and make it what every task works by, where it has changed."""
        return await wiring.publish()

    @task(execution_timeout=timedelta(minutes=15), map_index_template="slot {{ task.op_kwargs['slot'] }}", trigger_rule="all_done")
    async def poll(slot: int) -> dict[str, int]:
        """Poll the due feeds of one slot's hosts."""
        from wirewatch.pipeline.poll import poll as poll_due

        async with wiring.ports() as ports:
            return await poll_due(ports, slot=slot, slots=len(SLOTS), deadline=wiring.within(timedelta(minutes=8)))

    @task(outlets=[wiring.DISCOVERED], execution_timeout=timedelta(minutes=1))
    def wake_processing(summaries: list[dict[str, int]]) -> dict[str, int]:
        """Wake `process_articles` where anything is new."""
        return wiring.total(summaries, "new")

    polled = poll.expand(slot=SLOTS)
    publish_rules() >> polled
    wake_processing(polled)  # type: ignore[arg-type]  # at run time it is the list of what the slots returned


poll_feeds()
