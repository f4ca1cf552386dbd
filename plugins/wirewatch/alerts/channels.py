"""Handing a message over: the `Channel` protocol, and mail over SMTP."""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import ssl as tls
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Protocol

from wirewatch.alerts.message import Message, compose
from wirewatch.alerts.text import clean
from wirewatch.errors import DeliveryDeferred, DeliveryRefused
from wirewatch.model import Notification


class Channel(Protocol):
    """A way to people."""

    async def send(self, notification: Notification, message: Message) -> None:
        """Hand `message` over; returns when the other side has taken it.

        Raises `DeliveryDeferred` (not now: no connection, a 4xx answer, our credentials refused) or `DeliveryRefused` (this
        message never: a 5xx answer, an address that is none).
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class MailChannel:
    """Mail over SMTP, one connection a message."""

    host: str
    port: int = 25
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    starttls: bool = False
    """Upgrade a plain connection before anything is said; without an offer of it nothing is sent."""
    ssl: bool = False
    """TLS from the first byte."""
    sender: str = "wirewatch@localhost"
    timeout_s: float = 20.0
    """For each step of the conversation."""

    async def send(self, notification: Notification, message: Message) -> None:
        """See `Channel.send`."""
        mail = compose(notification, message, sender=self.sender)
        await asyncio.to_thread(self._deliver, mail)

    def _deliver(self, mail: EmailMessage) -> None:
        with self._connection() as server:
            try:
                server.send_message(mail)
            except smtplib.SMTPRecipientsRefused as error:
                code, answer = next(iter(error.recipients.values()))
                raise _by_code(self._where, code, answer) from error
            except smtplib.SMTPResponseException as error:
                raise _by_code(self._where, error.smtp_code, error.smtp_error) from error
            except smtplib.SMTPNotSupportedError as error:
                raise DeliveryRefused(f"{self._where}: {clean(str(error), 200)}") from error
            except (OSError, smtplib.SMTPException) as error:
                raise DeliveryDeferred(f"{self._where}: {_say(error)}") from error

    @property
    def _where(self) -> str:
        return f"mail server {self.host}:{self.port}"

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        """A server that has greeted us and let us in; whatever fails before that is no fault of a message."""
        try:
            server = self._open()
        except smtplib.SMTPAuthenticationError as error:
            raise DeliveryDeferred(f"{self._where} refuses user {self.user!r}: {error.smtp_code} {_say_bytes(error.smtp_error)}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryDeferred(f"{self._where}: {_say(error)}") from error
        try:
            yield server
        finally:
            # After the server has taken the message a failing goodbye must not look like a failed delivery.
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def _open(self) -> smtplib.SMTP:
        server: smtplib.SMTP
        if self.ssl:
            server = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_s, context=tls.create_default_context())
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)
        try:
            if self.starttls and not self.ssl:
                server.starttls(context=tls.create_default_context())
            if self.user:
                server.login(self.user, self.password or "")
        except BaseException:
            server.close()
            raise
        return server


def _by_code(where: str, code: int, answer: bytes | str) -> DeliveryDeferred | DeliveryRefused:
    text = f"{where}: {code} {_say_bytes(answer)}"
    return DeliveryRefused(text) if 500 <= code < 600 else DeliveryDeferred(text)


def _say_bytes(answer: bytes | str) -> str:
    return clean(answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer, 200)


def _say(error: Exception) -> str:
    return clean(str(error), 200) or type(error).__name__
