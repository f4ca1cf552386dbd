"""
### Try rules on what is stored

The topic lab of the Wirewatch page starts this DAG. **try_rules** reads the articles of the last days, says what the rules of one
trial would have matched, and walks through the hours to find the alerts that they would have raised. It changes no article and no
topic: its result is the trial's, and the page shows it. What is wrong with the rules fails the task, and the page says so too.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from wirewatch.wiring.airflow import DEFAULTS, documents


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    default_args=DEFAULTS | {"execution_timeout": timedelta(minutes=30)},
    params={"trial": Param("", type="string", description="Id of the trial, as the topic lab gives it.")},
    tags=["wirewatch", "topics"],
    doc_md=__doc__,
)
def try_topics() -> None:
    @task(multiple_outputs=False)
    async def try_rules(params: dict[str, Any] | None = None) -> dict[str, int]:
        """Try the rules of one trial, and store what came of it."""
        from wirewatch.pipeline.tryout import run
        from wirewatch.wiring.build import utc_now

        async with documents() as found:
            return await run(found, str((params or {}).get("trial", "")), now=utc_now())

    try_rules()


try_topics()
