"""What the steps say: on standard error outside of Airflow, from the level asked for on, with its fields."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SAY = """
from wirewatch.logs import logger
log = logger("wirewatch.test")
log.debug("article ready", article="a1")
log.info("feed failed", feed="bbc", outcome="timeout")
log.warning("message refused", message="m1")
"""


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (None, ["message refused"]),
        ("info", ["feed failed", "message refused"]),
        ("debug", ["article ready", "feed failed", "message refused"]),
        ("loud", ["message refused"]),
    ],
)
def test_what_is_said_outside_of_airflow(level: str | None, said: list[str]) -> None:
    env = {name: value for name, value in os.environ.items() if name != "WIREWATCH_LOG"} | ({"WIREWATCH_LOG": level} if level else {})
    done = subprocess.run([sys.executable, "-c", SAY], capture_output=True, text=True, env=env, check=True)
    assert done.stdout == "", "results alone go to standard output"
    assert [line.partition("] ")[2].strip() for line in done.stderr.splitlines()] == [
        {"article ready": "article ready article=a1", "feed failed": "feed failed feed=bbc outcome=timeout"}.get(
            each, "message refused message=m1"
        )
        for each in said
    ]


def test_airflow_has_set_it_up() -> None:
    """In a task nothing is set up anew: what Airflow does with events stays."""
    say = (
        """
import structlog, sys
structlog.configure(processors=[structlog.processors.JSONRenderer(sort_keys=True)], logger_factory=structlog.PrintLoggerFactory(sys.stdout))
"""
        + SAY
    )
    done = subprocess.run([sys.executable, "-c", say], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert '{"event": "feed failed", "feed": "bbc", "outcome": "timeout"}' in done.stdout.splitlines()
