"""A mail server that keeps what it gets as files a person can open: `python -m wirewatch.embedded.mailcatcher --dir D --port P`.

Each message becomes `0001-subject.eml` and `0001-subject.html` (the HTML part with its pictures inside); `index.html` lists them.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import re
import signal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import escape
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

_MAX_BYTES = 20_000_000
_HEADERS = ("From", "To", "Date", "Subject", "Message-ID", "In-Reply-To")


class Folder:
    """Writes the messages that the server takes; an `aiosmtpd` handler."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802, ARG002 - the handler's protocol
        """Keep one message; 250 is answered when it is on disk."""
        try:
            self._keep(envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode())
        except OSError as error:
            return f"451 cannot write: {error.strerror}"
        return "250 kept"

    def _keep(self, raw: bytes) -> None:
        message = message_from_bytes(raw, policy=default)
        number = 1 + max((int(path.name[:4]) for path in self._folder.glob("[0-9][0-9][0-9][0-9]-*.eml")), default=0)
        subject = re.sub(r"[^\w]+", "-", str(message["subject"] or "no subject")).strip("-").lower()[:60]
        stem = f"{number:04d}-{subject}"
        (self._folder / f"{stem}.html").write_text(page(message), encoding="utf-8")
        partial = self._folder / f"{stem}.part"
        partial.write_bytes(raw)
        partial.rename(self._folder / f"{stem}.eml")
        self._list()

    def _list(self) -> None:
        rows = []
        for path in sorted(self._folder.glob("*.eml"), reverse=True):
            message = message_from_bytes(path.read_bytes(), policy=default)
            cells = (message["date"], message["to"], f'<a href="{escape(path.stem)}.html">{escape(str(message["subject"]))}</a>')
            rows.append("<tr><td>" + "</td><td>".join((escape(str(cells[0])), escape(str(cells[1])), cells[2])) + "</td></tr>")
        (self._folder / "index.html").write_text(_LIST.format(rows="\n".join(rows)), encoding="utf-8")


def page(message: EmailMessage) -> str:
    """A message as one HTML page: its headers, then its HTML part with pictures inside, else its text."""
    shown = [(name, message[name]) for name in _HEADERS if message[name]]
    headers = "".join(f"<b>{name}:</b> {escape(str(value))}<br>" for name, value in shown)
    html = message.get_body(("html",))
    if html is None:
        text = message.get_body(("plain",))
        body = f"<pre>{escape(text.get_content() if text else '')}</pre>"
    else:
        body = html.get_content()
        for part in message.walk():
            content_id = str(part.get("content-id", "")).strip("<>")
            if content_id:
                data = base64.b64encode(bytes(part.get_payload(decode=True) or b"")).decode()
                body = body.replace(f"cid:{content_id}", f"data:{part.get_content_type()};base64,{data}")
    head = f'<div style="font:13px/1.5 system-ui,sans-serif;background:#eef1f5;color:#333;padding:8px 16px">{headers}</div>'
    placed, count = re.subn(r"(<body[^>]*>)", lambda match: match[1] + head, body, count=1)
    return placed if count else f'<!doctype html><meta charset="utf-8"><body>{head}{body}</body>'


_LIST = """<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="5"><title>Mail</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;margin:2rem}}td{{padding:.3rem 1rem .3rem 0}}</style>
<h1>Mail</h1><table>{rows}</table>"""


async def serve(folder: Path, port: int) -> None:
    """Take mail on 127.0.0.1 until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    handler = Folder(folder)
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="localhost", enable_SMTPUTF8=True, data_size_limit=_MAX_BYTES, loop=loop), "127.0.0.1", port
    )
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with server:
        await stopped.wait()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m wirewatch.embedded.mailcatcher", description="Keep all mail as files.")
    parser.add_argument("--dir", type=Path, required=True, help="where the messages go")
    parser.add_argument("--port", type=int, default=1025)
    given = parser.parse_args()
    asyncio.run(serve(given.dir, given.port))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
