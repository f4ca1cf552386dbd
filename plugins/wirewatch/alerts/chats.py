"""Channels besides mail: a webhook of our own form, and everything that Apprise knows (Slack, Teams, Matrix, ntfy …).

The address of such a channel is a secret: it stands in an Airflow connection or the environment, and in no message, log or error.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from wirewatch.alerts.channels import Channel
from wirewatch.alerts.message import MAX_SUBJECT, Message
from wirewatch.alerts.plan import incident_of, incidents_of
from wirewatch.alerts.text import clean, disarmed, safe_url
from wirewatch.errors import DeliveryDeferred, DeliveryRefused
from wirewatch.model import Incident, Notification

TIMEOUT_S = 20.0
_SECRET_CHARS = 6
"""Parts of an address that are shorter say nothing."""
_LATER = frozenset((408, 409, 423, 425, 429))
"""Answers below 500 that say "not now" (RFC 9110, RFC 6585)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedChannel:
    """A channel that config/ names, whose address is looked up when there is something to send."""

    name: str
    find: Callable[[str], Awaitable[str | None]]
    """The secret address of a name."""
    help: str = ""
    """Where to put it."""

    async def send(self, notification: Notification, message: Message) -> None:
        """See `Channel.send`."""
        address = await self.find(self.name)
        if not address:
            # Somebody may be about to set it up.
            raise DeliveryDeferred(f"channel {self.name} has no address: {self.help}")
        channel = await asyncio.to_thread(channel_at, self.name, address)
        await channel.send(notification, message)


def channel_at(name: str, address: str) -> Channel:
    """The channel at a secret address: Apprise where it knows what that is (`slack://…`, a Slack webhook's own https address), else a
    webhook at an http(s) address; raises `DeliveryDeferred`, without the address in it, for anything else.
    """
    apprise = _apprise()
    address = address.strip()
    if apprise.Apprise.instantiate(address, suppress_exceptions=True) is not None:
        return AppriseChannel(name=name, address=address)
    parts = urlsplit(address)
    if parts.scheme in ("http", "https") and parts.hostname:
        return WebhookChannel(name=name, address=address)
    raise DeliveryDeferred(f"channel {name}: its address is neither http(s) nor one that Apprise understands")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChannel:
    """A POST of JSON to an address; the same message always has the same `Idempotency-Key`."""

    name: str
    address: str = field(repr=False)
    timeout_s: float = TIMEOUT_S

    async def send(self, notification: Notification, message: Message) -> None:
        """See `Channel.send`."""
        where = f"channel {self.name} ({urlsplit(self.address).hostname})"
        headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": notification.id, "User-Agent": "Wirewatch"}
        body = json.dumps(document(notification, message), ensure_ascii=False).encode()
        try:
            timeout = aiohttp.ClientTimeout(total=self.timeout_s)
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self.address, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                status = answer.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            # What the error says may hold the address.
            raise DeliveryDeferred(f"{where}: {type(error).__name__}") from error
        if 200 <= status < 300:
            return
        if status >= 500 or status in _LATER:
            raise DeliveryDeferred(f"{where}: answered {status}")
        raise DeliveryRefused(f"{where}: answered {status}")


def document(notification: Notification, message: Message) -> Mapping[str, Any]:
    """What a webhook gets: the message in words, and its incidents (one, or those of a roundup) in figures."""
    one = incident_of(notification)
    return {
        "id": notification.id,
        "event": notification.event,
        "about": notification.about,
        "topic": notification.topic,
        "recipient": notification.recipient,
        "planned_at": notification.planned_at.isoformat(),
        "subject": clean(message.subject, MAX_SUBJECT),
        "text": message.text,
        "link": message.link,
        "incidents": [_figures(each) for each in ([one] if one else [*incidents_of(notification)])],
    }


def _figures(incident: Incident) -> dict[str, Any]:
    evidence = incident.evidence
    return {
        "id": incident.id,
        "topic": incident.topic,
        "topic_name": incident.topic_name,
        "state": incident.state.value,
        "severity": incident.severity.value,
        "began_at": incident.began_at.isoformat(),
        "closed_at": incident.closed_at.isoformat() if incident.closed_at else None,
        "series": incident.series,
        "window_h": incident.window_h,
        "observed": incident.observed,
        "expected": incident.expected,
        "score": incident.score,
        "stories": evidence.stories if evidence else None,
        "publishers": evidence.publishers if evidence else None,
        "headlines": [
            {"title": clean(each.title, 300), "url": safe_url(each.url), "publisher": each.publisher_name, "at": each.at.isoformat()}
            for each in (evidence.headlines if evidence else ())
        ],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseChannel:
    """Any service that Apprise knows. It says only whether a message went, so one that did not is always tried again."""

    name: str
    address: str = field(repr=False)
    timeout_s: float = TIMEOUT_S

    async def send(self, notification: Notification, message: Message) -> None:
        """See `Channel.send`."""
        await asyncio.to_thread(self._deliver, notification, message)

    def _deliver(self, notification: Notification, message: Message) -> None:
        apprise = _apprise()
        # Nothing of it is kept on this machine's disk.
        asset = apprise.AppriseAsset(app_id="Wirewatch", storage_mode=apprise.PersistentStoreMode.MEMORY, async_mode=False)
        service = apprise.Apprise(asset=asset)
        service.add(self.address)
        kinds = apprise.NotifyType
        result = service.notify(
            title=disarmed(clean(message.subject, MAX_SUBJECT)),
            body=message.brief,
            body_format=apprise.NotifyFormat.TEXT,
            notify_type=kinds.WARNING if message.urgent else kinds.SUCCESS if notification.event == "closed" else kinds.INFO,
            timeout=self.timeout_s,
            log_level=logging.WARNING,
        )
        if not result:
            said = next((clean(entry.message, 200) for entry in result.logs()), "the service did not take the message")
            raise DeliveryDeferred(f"channel {self.name}: {_without(self.address, said)}")


def _without(address: str, text: str) -> str:
    """`text` without any part of a secret address, were it quoted there."""
    for part in sorted(re.split(r"[/:@?&=#]+", address), key=len, reverse=True):
        if len(part) >= _SECRET_CHARS:
            text = text.replace(part, "…")
    return text


@cache
def _apprise() -> Any:
    """The library, which takes a moment to import. Its log stays with it: it would name addresses."""
    import apprise

    log = logging.getLogger("apprise")
    log.propagate = False
    log.addHandler(logging.NullHandler())
    return apprise
