"""
### Find the topics that spike

1. **detect** groups new articles into stories, counts them by topic and hour, compares the counts with what each topic usually has
   at this hour, opens, escalates and closes incidents, and plans the messages about them. One run at a time does this: a lease in
   Elasticsearch keeps out a second writer, wherever it runs.
2. **wake** wakes `notify` where a message was planned; skipped otherwise.

Who may edit this DAG may change incidents on the Wirewatch page.

Where Elasticsearch cannot be reached, **detect** mails the operators itself, by the settings in config/ on its machine.

Woken by `process_articles`; also runs by itself every `WIREWATCH_DETECT_EVERY` (`5m`), for what must be noticed without news:
topics that calm down, and a watch that has gone blind.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import AssetOrTimeSchedule, DeltaTriggerTimetable, dag, task

from wirewatch.wiring.airflow import DEFAULTS, PLANNED, READY, every, measured, ports, total


@dag(
    schedule=AssetOrTimeSchedule(timetable=DeltaTriggerTimetable(every("WIREWATCH_DETECT_EVERY", timedelta(minutes=5))), assets=[READY]),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    default_args=DEFAULTS | {"execution_timeout": timedelta(minutes=20)},
    tags=["wirewatch", "spikes"],
    doc_md=__doc__,
)
def detect_spikes() -> None:
    @task(multiple_outputs=False)
    async def detect() -> dict[str, int]:
        """Group, count, expect and decide; plan the messages."""
        from wirewatch.pipeline.detect import detect as work

        async with ports(alarm=True) as found:
            return measured("detect", await work(found))

    @task(multiple_outputs=False, outlets=[PLANNED])
    def wake(summary: dict[str, int]) -> dict[str, int]:
        """Wake `notify` where a message was planned."""
        return total([summary], "planned")

    wake(detect())  # type: ignore[arg-type]  # at run time it is what the task returned


detect_spikes()
