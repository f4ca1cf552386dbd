"""What the environment says."""

from __future__ import annotations

import pytest

from wirewatch.config import Settings
from wirewatch.errors import SetupError
from wirewatch.wiring import local
from wirewatch.wiring.build import Cluster


def test_a_mail_server_with_everything() -> None:
    found = local.mail_channel("smtp://user%40example.org:p%3Aw@mail.example.org:587?starttls=1", "watch@example.org")
    assert (found.host, found.port, found.user, found.password) == ("mail.example.org", 587, "user@example.org", "p:w")
    assert (found.starttls, found.ssl, found.sender) == (True, False, "watch@example.org")
    assert "p:w" not in repr(found)


@pytest.mark.parametrize(("url", "port", "ssl"), [("smtp://mail", 25, False), ("smtps://mail", 465, True)])
def test_default_ports(url: str, port: int, ssl: bool) -> None:
    found = local.mail_channel(url, "a@b")
    assert (found.port, found.ssl) == (port, ssl)


@pytest.mark.parametrize("url", ["mail.example.org", "http://mail", "smtp://", "smtp://mail:99999"])
def test_no_mail_server(url: str) -> None:
    with pytest.raises(SetupError, match="SMTP_URL"):
        local.mail_channel(url, "a@b")


def test_without_a_server_messages_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMTP_URL", raising=False)
    assert local.channels(Settings()) == {}


def test_the_cluster_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ELASTICSEARCH_URL", "ELASTICSEARCH_API_KEY", "ELASTICSEARCH_CA", "WIREWATCH_INDEX_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    assert local.cluster("desk") == Cluster(url="http://127.0.0.1:9200", prefix="desk")
    monkeypatch.setenv("ELASTICSEARCH_API_KEY", "secret")
    monkeypatch.setenv("WIREWATCH_INDEX_PREFIX", "other")
    found = local.cluster("desk")
    assert (found.prefix, found.api_key) == ("other", "secret")
    assert "secret" not in repr(found)
