"""What the steps say while they work: events with the ids of the feed, article, incident or message they are about.

Airflow shows them in a task's log, with their fields, as it has set structlog up before any task runs. Elsewhere they go to standard
error, from the level in `$WIREWATCH_LOG` on: `debug`, `info` or `warning` (the default, which is what needs a person).
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import structlog

VARIABLE = "WIREWATCH_LOG"


def logger(name: str) -> Any:
    """A logger whose methods take what happened, and then fields: `log.info("feed failed", feed=…, outcome=…)`."""
    if not structlog.is_configured():
        _to_stderr()
    return structlog.get_logger(name)


def _to_stderr() -> None:
    level = logging.getLevelNamesMapping().get(os.environ.get(VARIABLE, "").upper(), logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Looked up at each event: standard error is another one under a progress bar and in tests.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
