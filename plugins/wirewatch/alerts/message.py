"""A rendered message, and the mail made of it; pure.

Whatever a feed put into a title ends up here, so headers are cleaned and built only through `email.message`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses

from wirewatch.alerts.text import clean
from wirewatch.errors import DeliveryRefused
from wirewatch.model import Notification

MAX_SUBJECT = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a person reads."""

    subject: str
    text: str
    """Plain text of the same content as `html`."""
    html: str
    """A whole document; shows `chart` as `cid:chart`."""
    at: datetime
    """When it was rendered."""
    brief: str = ""
    """The same in a few lines of plain text, for chats."""
    link: str | None = None
    """Where the page shows it."""
    chart: bytes | None = None
    """PNG."""
    chart_alt: str = ""
    urgent: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    """For mail filters: `X-Wirewatch-Topic` and the like."""


def address(text: str) -> Address:
    """`text` (`name <user@host>` or `user@host`) as an address; raises `DeliveryRefused` for anything else."""
    try:
        [(name, spec)] = getaddresses([clean(text)])
        user, at, host = spec.rpartition("@")
        if not at or not user or not host or clean(text) != text.strip():
            raise ValueError("not a mail address")
        return Address(display_name=name, addr_spec=spec)
    except (ValueError, IndexError) as error:
        raise DeliveryRefused(f"mail address {clean(text, 120)!r}: {clean(str(error), 120)}") from error


def compose(notification: Notification, message: Message, *, sender: str) -> EmailMessage:
    """The mail for one recipient: plain text, HTML and the chart inside it; raises `DeliveryRefused` for a bad address."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = address(sender)
    mail["To"] = address(notification.address)
    mail["Subject"] = clean(message.subject, MAX_SUBJECT)
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = clean(notification.message_id)
    if notification.in_reply_to:
        mail["In-Reply-To"] = clean(notification.in_reply_to)
        mail["References"] = clean(notification.in_reply_to)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if message.urgent:
        mail["Importance"] = "high"
    for name, value in message.headers.items():
        mail[name] = clean(value, 200)
    mail.set_content(message.text, charset="utf-8", cte="quoted-printable")
    mail.add_alternative(message.html, subtype="html", charset="utf-8", cte="quoted-printable")
    if mail["Subject"].isascii():
        # Folded at 78 characters, such a subject would begin on the header's second line, and some programs show that as a blank.
        mail.policy = SMTP.clone(max_line_length=MAX_SUBJECT + 20)
    if message.chart is not None:
        html = mail.get_payload()[1]  # type: ignore[index]  # a multipart's payload is the list of its parts
        if not isinstance(html, EmailMessage):
            raise TypeError("the HTML part is missing")
        html.add_related(message.chart, "image", "png", cid="<chart>", disposition="inline", filename="chart.png")
    return mail
