"""
### Send the messages that wait

**send** decides what of the planned messages goes out now: quiet hours and the throttle that config/wirewatch.yaml sets hold some back, and
what was held back comes in one message. Each that goes is sent over its channel (mail: the connection `smtp_default`; others:
`wirewatch_<name>`) and recorded. A server that says "not now" is asked again later, with growing patience; one that refuses for good leaves
the message as failed, with the reason. A message is never dropped, and never sent twice on purpose. What nobody has acknowledged in time is
told to the second recipient.

Woken by `detect_spikes`; also runs by itself every `WIREWATCH_NOTIFY_EVERY` (`1m`), for messages that were put off.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import AssetOrTimeSchedule, DeltaTriggerTimetable, dag, task

from wirewatch.wiring.airflow import DEFAULTS, PLANNED, every, measured, ports, within


@dag(
    schedule=AssetOrTimeSchedule(timetable=DeltaTriggerTimetable(every("WIREWATCH_NOTIFY_EVERY", timedelta(minutes=1))), assets=[PLANNED]),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    default_args=DEFAULTS | {"execution_timeout": timedelta(minutes=10)},
    tags=["wirewatch", "alerts"],
    doc_md=__doc__,
)
def notify() -> None:
    @task(multiple_outputs=False)
    async def send() -> dict[str, int]:
        """Send every message that is due."""
        from wirewatch.pipeline.notify import notify as work

        async with ports() as found:
            return measured("notify", await work(found, deadline=within(timedelta(minutes=5))))

    send()


notify()
