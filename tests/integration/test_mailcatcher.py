"""The mail catcher as its own process: what is sent can be opened."""

from __future__ import annotations

import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "wirewatch.embedded.mailcatcher", "--dir", str(tmp_path / "mail"), "--port", str(port)]
    process = subprocess.Popen(command)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield port, tmp_path / "mail"
    process.terminate()
    assert process.wait(10) == 0


def _mail() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "watch@example.org", "desk@example.org", "Überfall <b>auf</b> 북한"
    message["Message-ID"] = "<a@example.org>"
    message.set_content("plain")
    message.add_alternative('<html><body class="x"><p>rich</p><img src="cid:chart"></body></html>', subtype="html")
    message.get_payload()[1].add_related(b"\x89PNG", "image", "png", cid="<chart>")  # type: ignore[union-attr, index]
    return message


def test_a_message_becomes_files_that_open(server: tuple[int, Path]) -> None:
    port, folder = server
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(_mail())
        client.send_message(_mail())
    names = sorted(path.name for path in folder.glob("*.eml"))
    assert names == ["0001-überfall-b-auf-b-북한.eml", "0002-überfall-b-auf-b-북한.eml"]
    shown = (folder / names[0]).with_suffix(".html").read_text()
    assert '<body class="x"><div' in shown
    assert "Überfall &lt;b&gt;auf&lt;/b&gt;" in shown
    assert "data:image/png;base64,iVBORw==" in shown
    listed = (folder / "index.html").read_text()
    assert listed.count("<tr>") == 2
    assert "<b>auf</b>" not in listed


def test_a_message_without_html_is_shown_as_text(server: tuple[int, Path]) -> None:
    port, folder = server
    message = EmailMessage()
    message["From"], message["To"] = "watch@example.org", "desk@example.org"
    message.set_content("a < b")
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(message)
    assert "<pre>a &lt; b" in (folder / "0001-no-subject.html").read_text()
