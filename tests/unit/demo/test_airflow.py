"""What Airflow's parts are told: connections from the command's variables, one home, one machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wirewatch.demo.airflow import Airflow, connections
from wirewatch.demo.summary import told


def test_connections_carry_what_the_command_reads() -> None:
    made = connections(
        {
            "ELASTICSEARCH_URL": "https://us%2Fer:p%40ss@es.example:9243",
            "ELASTICSEARCH_CA": "/ca.pem",
            "SMTP_URL": "smtp://me:secret@mail.example:587?starttls=1",
        }
    )
    assert {name: json.loads(text) for name, text in made.items()} == {
        "AIRFLOW_CONN_ELASTICSEARCH_DEFAULT": {
            "conn_type": "elasticsearch",
            "host": "es.example",
            "port": 9243,
            "schema": "https",
            "login": "us/er",
            "password": "p@ss",
            "extra": {"ca_certs": "/ca.pem"},
        },
        "AIRFLOW_CONN_SMTP_DEFAULT": {
            "conn_type": "smtp",
            "host": "mail.example",
            "port": 587,
            "login": "me",
            "password": "secret",
            "extra": {"disable_ssl": True, "disable_tls": False},
        },
    }


@pytest.mark.parametrize(
    ("url", "ssl_off", "tls_off"),
    [("smtp://127.0.0.1:1025", True, True), ("smtps://mail.example", False, True), ("smtp://m.example?starttls=true", True, False)],
)
def test_mail_is_encrypted_as_the_address_says(url: str, ssl_off: bool, tls_off: bool) -> None:
    extra = json.loads(connections({"SMTP_URL": url})["AIRFLOW_CONN_SMTP_DEFAULT"])["extra"]
    assert extra == {"disable_ssl": ssl_off, "disable_tls": tls_off}


def test_nothing_set_makes_no_connection() -> None:
    assert connections({}) == {}


def test_another_airflow_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", "/elsewhere")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://production")
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", "smtp://production")
    monkeypatch.delenv("SMTP_URL", raising=False)
    environment = Airflow(tmp_path, 8123, demo=True).environment()
    assert environment["AIRFLOW_HOME"] == str(tmp_path)
    assert environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == f"sqlite:///{tmp_path}/airflow.db"
    assert "AIRFLOW_CONN_SMTP_DEFAULT" not in environment
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert environment["AIRFLOW__API__BASE_URL"] == "http://localhost:8123"
    assert environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8123/execution/"


def test_only_the_demo_waits_and_hurries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WIREWATCH_POLL_EVERY", raising=False)
    demo = Airflow(tmp_path / "demo", 8123, demo=True).environment()
    watch = Airflow(tmp_path / "watch", 8123, demo=False).environment()
    assert (demo["AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION"], demo["WIREWATCH_POLL_EVERY"]) == ("True", "8s")
    assert watch["AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION"] == "False"
    assert "WIREWATCH_POLL_EVERY" not in watch


def test_logins_are_random_kept_and_private(tmp_path: Path) -> None:
    first = Airflow(tmp_path / "one", 8123, demo=False)
    assert Airflow(tmp_path / "one", 8123, demo=False).login == first.login
    assert Airflow(tmp_path / "two", 8123, demo=False).login != first.login
    first.environment()
    for name in ("secrets.json", "passwords.json"):
        assert (tmp_path / "one" / name).stat().st_mode & 0o077 == 0


def test_runs_are_told_in_one_line() -> None:
    runs = {"poll_feeds": {"success": 7, "running": 1}, "notify": {"success": 2, "failed": 1}}
    assert told(runs) == "poll_feeds 7, notify 3 (1 failed)"
