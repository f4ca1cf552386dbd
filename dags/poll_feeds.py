"""
### Poll the feeds that are due

1. **publish_config** takes over what has changed in `config/`. Where something in it is wrong, this task fails and its log says
   what and where; the operators get one mail, and the watch goes on by the last good configuration.
2. **plan** brings the list of feeds in line with the configuration and finds the parts of the work that have feeds due.
3. **poll** asks the feeds of one part, many at once, and stores their new entries.
4. **wake** wakes `process_articles` where there is anything new; skipped otherwise.

A feed that fails is recorded with the reason and tried again later; it fails no task. Set `WIREWATCH_POLL_EVERY` (`1m`) to run
more or less often: when a feed is due is decided feed by feed, by its own rhythm.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DeltaTriggerTimetable, TriggerRule, dag, task

from wirewatch.wiring.airflow import DEFAULTS, DISCOVERED, documents, every, measured, ports, total, within


@dag(
    schedule=DeltaTriggerTimetable(every("WIREWATCH_POLL_EVERY", timedelta(minutes=1))),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    default_args=DEFAULTS | {"execution_timeout": timedelta(minutes=10)},
    tags=["wirewatch", "feeds"],
    doc_md=__doc__,
)
def poll_feeds() -> None:
    @task(multiple_outputs=False)
    async def publish_config() -> dict[str, str | int]:
        """Make config/ what every task works by, where it has changed and is right."""
        from wirewatch.config import settings_path
        from wirewatch.pipeline.publish import publish
        from wirewatch.wiring.build import utc_now

        async with documents() as found:
            return await publish(found, settings_path(), utc_now())

    @task(multiple_outputs=False, trigger_rule=TriggerRule.ALL_DONE)
    async def plan() -> list[dict[str, int]]:
        """The parts of the work that have feeds due."""
        from wirewatch.pipeline.handout import due_feeds

        async with ports() as found:
            return await due_feeds(found)

    @task(
        multiple_outputs=False,
        map_index_template="part {{ task.op_kwargs['slot'] + 1 }} of {{ task.op_kwargs['slots'] }}",
        max_active_tis_per_dagrun=8,
    )
    async def poll(slot: int, slots: int) -> dict[str, int]:
        """Ask the feeds of one part and store what is new."""
        from wirewatch.pipeline.poll import poll as work

        async with ports() as found:
            return measured("poll", await work(found, slot=slot, slots=slots, deadline=within(timedelta(minutes=5))))

    @task(multiple_outputs=False, outlets=[DISCOVERED])
    def wake(summaries: list[dict[str, int]]) -> dict[str, int]:
        """Wake `process_articles` where there is anything new."""
        return total(summaries, "new")

    planned = plan()
    publish_config() >> planned
    wake(poll.expand_kwargs(planned))  # type: ignore[arg-type]  # at run time it is the list of what the parts returned


poll_feeds()
