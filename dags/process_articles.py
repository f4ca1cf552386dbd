"""Download, extract, judge and tag the articles that wait.

An article whose page cannot be read is tagged from its feed's title and summary at once and tried again later. Each slot asks its own
hosts, one page at a time a host. Articles that can be read wake `detect_spikes`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import AssetOrTimeSchedule, DeltaTriggerTimetable, dag, task

from wirewatch.wiring import airflow as wiring

SLOTS = list(range(4))


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=DeltaTriggerTimetable(wiring.every("WIREWATCH_PROCESS_EVERY", timedelta(minutes=5))), assets=[wiring.DISCOVERED]
    ),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=wiring.DEFAULTS,
    tags=["wirewatch", "articles"],
    doc_md=__doc__,
)
def process_articles() -> None:
    """The tasks."""

    @task(execution_timeout=timedelta(minutes=25), map_index_template="slot {{ task.op_kwargs['slot'] }}")
    async def process(slot: int) -> dict[str, int]:
        """Read the pages of one slot's hosts."""
        from wirewatch.pipeline.process import process as process_due

        async with wiring.ports() as ports:
            return await process_due(ports, slot=slot, slots=len(SLOTS), deadline=wiring.within(timedelta(minutes=15)))

    @task(outlets=[wiring.READY], execution_timeout=timedelta(minutes=1))
    def wake_detection(summaries: list[dict[str, int]]) -> dict[str, int]:
        """Wake `detect_spikes` where there is anything to count."""
        return wiring.total(summaries, "ready", "partial", "duplicate")

    wake_detection(process.expand(slot=SLOTS))  # type: ignore[arg-type]  # at run time it is the list of what the slots returned


process_articles()
