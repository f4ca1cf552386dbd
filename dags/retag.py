"""
### Apply changed rules to the articles that are stored

Trigger it after topics or concepts have changed and been published. **retag** tags the articles of one part anew, the latest first,
by the published rules; **wake** then lets `detect_spikes` count the hours again that changed. Until then a changed topic is learning:
it raises nothing. May be stopped and started again at any time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task

from wirewatch.wiring.airflow import DEFAULTS, READY, ports, total


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    default_args=DEFAULTS | {"execution_timeout": timedelta(hours=6)},
    tags=["wirewatch", "topics"],
    doc_md=__doc__,
)
def retag() -> None:
    @task(multiple_outputs=False)
    async def plan() -> list[dict[str, int]]:
        """All parts of the articles."""
        from wirewatch.pipeline.handout import all_articles

        async with ports() as found:
            return await all_articles(found)

    @task(
        multiple_outputs=False,
        map_index_template="part {{ task.op_kwargs['slot'] + 1 }} of {{ task.op_kwargs['slots'] }}",
        max_active_tis_per_dagrun=8,
    )
    async def retag(slot: int, slots: int) -> dict[str, int]:
        """Tag the articles of one part by the published rules."""
        from wirewatch.pipeline.retag import retag as work

        async with ports() as found:
            return await work(found, slot=slot, slots=slots)

    @task(multiple_outputs=False, outlets=[READY])
    def wake(summaries: list[dict[str, int]]) -> dict[str, int]:
        """Wake `detect_spikes` where any article has other topics now."""
        return total(summaries, "changed")

    wake(retag.expand_kwargs(plan()))  # type: ignore[arg-type]  # at run time it is the list of what the parts returned


retag()
