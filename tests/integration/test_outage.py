"""Elasticsearch out of reach: the operators get a mail at once, without it, one an outage, and one when it is back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.conftest import free_port

from wirewatch.errors import StoreUnavailable
from wirewatch.pipeline import outage
from wirewatch.store import elastic
from wirewatch.wiring import local

NOW = datetime(2026, 11, 24, 14, 20, tzinfo=UTC)
SETTINGS = """
alerts:
  sender: watch@example.org
  recipients:
    operators: {mail: [ops@example.org]}
    desk: {mail: [desk@example.org]}
  default_notify: [desk]
"""


class Mailbox:
    """Keeps recipient and subject of every message."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd calls it so
        content = envelope.content
        assert isinstance(content, bytes)
        self.got.append((envelope.rcpt_tos[0], str(message_from_bytes(content)["Subject"])))
        return "250 taken"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of settings; nothing of this test is remembered elsewhere."""
    monkeypatch.setattr(outage, "stamp", lambda prefix: tmp_path / f"{prefix}.stamp")
    monkeypatch.setattr(elastic, "BACKOFF_S", ())
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "wirewatch.yaml").write_text(SETTINGS, encoding="utf-8")
    return folder


async def detection(config: Path, now: datetime) -> None:
    async with local.ports(config, clock=lambda: now, alarm=True):
        pass


def test_the_operators_are_told_once_and_when_it_is_back(
    config: Path, monkeypatch: pytest.MonkeyPatch, elasticsearch_url: str, documents: Any, prefix: str
) -> None:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    monkeypatch.setenv("ELASTICSEARCH_URL", f"http://user:secret@127.0.0.1:{free_port()}")
    monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{controller.port}")
    monkeypatch.setenv("WIREWATCH_INDEX_PREFIX", prefix)
    with pytest.raises(StoreUnavailable):
        asyncio.run(detection(config, NOW))
    assert box.got == []  # no mail server either: the next run says so
    controller.start()
    try:
        for minutes in (5, 10):
            with pytest.raises(StoreUnavailable):
                asyncio.run(detection(config, NOW + timedelta(minutes=minutes)))
        assert [who for who, _ in box.got] == ["ops@example.org"]
        assert "Elasticsearch is out of reach" in box.got[0][1]
        monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
        for minutes in (15, 20):
            asyncio.run(detection(config, NOW + timedelta(minutes=minutes)))
        assert [subject for _, subject in box.got[1:]] == ["[Operations] Wirewatch reaches Elasticsearch again"]
    finally:
        controller.stop()


def test_a_wrong_rule_does_not_hide_whom_to_tell(config: Path) -> None:
    (config / "topics").mkdir()
    (config / "topics" / "bad.yaml").write_text("topics: [{id: nothing}]", encoding="utf-8")
    found = outage.settings_here(config)
    assert found is not None
    assert found.alerts.recipients["operators"].mail == ("ops@example.org",)
    (config / "wirewatch.yaml").write_text("alerts: [", encoding="utf-8")
    assert outage.settings_here(config) is None
