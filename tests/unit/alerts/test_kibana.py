"""Links to the dashboards, read back as Kibana reads them."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.samples import ALERTS, NOW, incident

from wirewatch.alerts.kibana import dashboard_link, incident_dashboard
from wirewatch.alerts.plan import plan
from wirewatch.alerts.render import render
from wirewatch.dashboards.boards import BOARDS, TOPIC
from wirewatch.dashboards.build import board_id


def read(link: str | None) -> tuple[str, str, dict[str, str]]:
    """Where a link leads, the dashboard, and the states in its address."""
    assert link is not None
    parts = urlsplit(link)
    path, _, asked = parts.fragment.partition("?")
    states = {name: values[0] for name, values in parse_qs(asked, strict_parsing=bool(asked)).items()}
    return f"{parts.scheme}://{parts.netloc}{parts.path}", path, states


def test_an_incident_opens_its_topic_over_the_days_around_it() -> None:
    found = read(incident_dashboard("https://kibana.example/s/press", incident(began_at=NOW - timedelta(minutes=30), last_spike_at=NOW)))
    assert found == (
        "https://kibana.example/s/press/app/dashboards",
        f"/view/{board_id(TOPIC)}",
        {
            "_g": "(time:(from:'2026-11-17T06:10:00.000Z',to:'2026-11-25T06:40:00.000Z'))",
            "_a": "(query:(language:kuery,query:'topic : \"russia-north-korea\"'))",
        },
    )


def test_a_mail_leads_to_the_topic_of_its_incident() -> None:
    settings = ALERTS.model_copy(update={"kibana_url": "https://kibana.example/s/press"})
    message = render(plan(incident(), "opened", settings=settings, topic_notify=("desk",), now=NOW)[0], settings=settings, now=NOW)
    link = incident_dashboard(settings.kibana_url, incident()) or ""
    assert link in message.text
    assert f'href="{link.replace("&", "&amp;")}"' in message.html


def test_a_topic_of_any_name_stays_one_value() -> None:
    _, _, states = read(dashboard_link("http://localhost:5601", "topic", topic='watch/o\'neill! "x"'))
    assert states["_a"] == """(query:(language:kuery,query:'topic : "watch/o!'neill!! \\"x\\""'))"""


@pytest.mark.parametrize("url", ["http://localhost:5601", "http://localhost:5601/", "http://localhost:5601/app/dashboards#/list?x=1"])
def test_any_address_of_kibana_will_do(url: str) -> None:
    assert dashboard_link(url, "newsroom") == "http://localhost:5601/app/dashboards#/view/wirewatch-newsroom"


def test_every_board_can_be_linked() -> None:
    ids = {board_id(board) for board in BOARDS}
    for board in ("newsroom", "topic", "incidents", "feeds", "pipeline"):
        assert read(dashboard_link("http://localhost:5601", board))[1] == f"/view/wirewatch-{board}"
        assert f"wirewatch-{board}" in ids


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "//elsewhere"])
def test_what_is_no_address_is_no_link(url: str | None) -> None:
    assert dashboard_link(url, "newsroom") is None
