"""
### Read the articles that wait

1. **plan** finds the parts of the work that have pages to fetch.
2. **process** fetches the pages of one part, site by site and politely, extracts and judges their text, and tags it with the topics.
   A page that cannot be had now is tried again later; its article is tagged by headline and feed summary meanwhile.
3. **wake** wakes `detect_spikes` where articles became readable; skipped otherwise.

Woken by `poll_feeds`; also runs by itself every `WIREWATCH_PROCESS_EVERY` (`5m`), for pages whose time has come again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import AssetOrTimeSchedule, DeltaTriggerTimetable, dag, task

from wirewatch.wiring.airflow import DEFAULTS, DISCOVERED, READY, every, measured, ports, total, within


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=DeltaTriggerTimetable(every("WIREWATCH_PROCESS_EVERY", timedelta(minutes=5))), assets=[DISCOVERED]
    ),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    default_args=DEFAULTS | {"execution_timeout": timedelta(minutes=20)},
    tags=["wirewatch", "articles"],
    doc_md=__doc__,
)
def process_articles() -> None:
    @task(multiple_outputs=False)
    async def plan() -> list[dict[str, int]]:
        """The parts of the work that have pages to fetch."""
        from wirewatch.pipeline.handout import due_articles

        async with ports() as found:
            return await due_articles(found)

    @task(
        multiple_outputs=False,
        map_index_template="part {{ task.op_kwargs['slot'] + 1 }} of {{ task.op_kwargs['slots'] }}",
        max_active_tis_per_dagrun=8,
    )
    async def process(slot: int, slots: int) -> dict[str, int]:
        """Fetch, extract, judge and tag the articles of one part."""
        from wirewatch.pipeline.process import process as work

        async with ports() as found:
            return measured("process", await work(found, slot=slot, slots=slots, deadline=within(timedelta(minutes=8))))

    @task(multiple_outputs=False, outlets=[READY])
    def wake(summaries: list[dict[str, int]]) -> dict[str, int]:
        """Wake `detect_spikes` where articles became readable."""
        return total(summaries, "ready", "partial")

    wake(process.expand_kwargs(plan()))  # type: ignore[arg-type]  # at run time it is the list of what the parts returned


process_articles()
