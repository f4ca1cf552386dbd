"""`wirewatch alerts test · list` over a real mail server and the real store."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import typer
from tests.conftest import free_port
from tests.integration.test_notify import Server, serving
from tests.samples import ALERTS, NOW, incident
from typer.testing import CliRunner, Result

from wirewatch.alerts.plan import plan
from wirewatch.cli import alerts
from wirewatch.errors import SetupError
from wirewatch.model import Delivery
from wirewatch.store import notifications as store
from wirewatch.store.elastic import ElasticDocuments

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise, where Python has it

SETTINGS = """alerts:
  sender: watch@newsdesk.example
  recipients:
    desk: {mail: desk@newsdesk.example, channels: [hook], timezone: Asia/Seoul}
    world: {mail: world@newsdesk.example}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "wirewatch.yaml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


def run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    alerts.register(app)
    return CliRunner().invoke(app, ["alerts", *(str(each) for each in arguments)])


def test_a_sample_goes_to_every_address_and_what_fails_is_said(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = f"http://127.0.0.1:{free_port()}/s3cret"
    monkeypatch.setenv("WIREWATCH_CHANNEL_HOOK", secret)
    with serving(Server()) as server:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{server.port}")
        result = run("test", "--config", config, "--json")
        assert result.exit_code == 1
        found = {each["address"]: each for each in map(json.loads, result.output.splitlines())}
        assert {address: each["sent"] for address, each in found.items()} == {
            "desk@newsdesk.example": True,
            "world@newsdesk.example": True,
            "hook": False,
        }
        assert "s3cret" not in result.output
        mail = message_from_bytes(server.raw[0], policy=policy.default)
        assert str(mail["Subject"]).startswith("[Notable] A sample of an alert")
        assert run("test", "world", "--config", config).output == "world (world@newsdesk.example): sent\n"
        # A sample is new each time, or a mail server might take it for a repetition.
        assert len(set(server.got)) == len(server.got) == 3


def test_without_a_mail_server_or_recipient_it_says_what_is_missing(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMTP_URL", raising=False)
    result = run("test", "world", "--config", config)
    assert (result.exit_code, "set SMTP_URL" in result.output) == (1, True)
    unknown = run("test", "nobody", "--config", config)
    assert isinstance(unknown.exception, SetupError)
    (config / "wirewatch.yaml").write_text("alerts: {}\n")
    assert run("test", "--config", config).exit_code == 2


def test_messages_are_listed_with_what_became_of_them(
    config: Path, documents: ElasticDocuments, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELASTICSEARCH_URL", documents.url)
    monkeypatch.setenv("WIREWATCH_INDEX_PREFIX", prefix)
    assert run("list", "--config", config).output == "No messages yet.\n"
    one, *others = plan(incident(), "opened", settings=ALERTS, topic_notify=("pair", "desk"), now=NOW)
    sent = replace(others[0], state=Delivery.SENT, sent_at=NOW)
    asyncio.run(store.create(documents, [replace(one, state=Delivery.FAILED, problem="554 no"), sent, others[1]]))
    result = run("list", "--config", config)
    assert sorted(line.split()[2] for line in result.output.splitlines() if incident().id in line) == ["failed", "sent", "waiting"]
    failed = run("list", "--failed", "--config", config)
    assert "554 no" in failed.output
    assert failed.output.count(incident().id) == 1
    rows = [json.loads(line) for line in run("list", "--config", config, "--json").output.splitlines()]
    assert {each["state"] for each in rows} == {"failed", "sent", "pending"}
