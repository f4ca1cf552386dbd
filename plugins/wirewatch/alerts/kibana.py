"""Links to the dashboards in Kibana, with topic and time; pure.

Kibana keeps both in the address, written in Rison (https://github.com/Nanonid/rison): `_g` has the time range, `_a` the query.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import quote

from wirewatch.alerts.text import safe_url
from wirewatch.model import Incident

Board = Literal["newsroom", "topic", "incidents", "feeds", "pipeline"]

BEFORE, AFTER = timedelta(days=7), timedelta(days=1)
"""Of an incident: its topic's usual week, and what came of it."""


def dashboard_link(
    kibana_url: str | None, board: Board, *, topic: str | None = None, start: datetime | None = None, end: datetime | None = None
) -> str | None:
    """Where Kibana shows a dashboard, for a topic and from `start` to `end` (now, where there is none); None without a usable address.

    `kibana_url` is Kibana's address with its space, if it has one; what follows `/app/` in it is left out.
    """
    base = safe_url(kibana_url)
    if base is None:
        return None
    states = {
        "_g": None if start is None else f"(time:(from:{_rison(_time(start))},to:{_rison(_time(end) if end else 'now')}))",
        "_a": None if topic is None else f"(query:(language:kuery,query:{_rison(f'topic : {_kql(topic)}')}))",
    }
    # Parentheses and apostrophes end an address in some mail programs.
    asked = "&".join(f"{name}={quote(state, safe='')}" for name, state in states.items() if state)
    root = base.partition("/app/")[0].removesuffix("/app").rstrip("/")
    return f"{root}/app/dashboards#/view/wirewatch-{board}{'?' if asked else ''}{asked}"


def incident_dashboard(kibana_url: str | None, incident: Incident) -> str | None:
    """Where Kibana shows an incident's topic, over the days around it."""
    return dashboard_link(kibana_url, "topic", topic=incident.topic, start=incident.began_at - BEFORE, end=incident.last_spike_at + AFTER)


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def _rison(text: str) -> str:
    return "'" + text.replace("!", "!!").replace("'", "!'") + "'"


def _kql(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
