"""Sending what was planned: at least once, never twice on purpose."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Literal

from wirewatch.alerts.plan import retry_at
from wirewatch.alerts.render import render
from wirewatch.errors import DeliveryDeferred, DeliveryRefused
from wirewatch.model import Notification
from wirewatch.pipeline.ports import Ports
from wirewatch.store import notifications as store
from wirewatch.store.base import Stored

_BATCH = 50
_PATIENCE = 3
"""Messages put off in a row after which a channel is left alone until the next run."""

Became = Literal["sent", "failed", "deferred", "taken"]


async def notify(ports: Ports, *, deadline: datetime | None = None) -> dict[str, int]:
    """Send every message that is due, oldest first; returns how many were `sent`, `failed` for good, `deferred`.

    Each is claimed before it is sent and recorded after, so two senders never send one message; only a death in between lets it
    be sent again, under the same Message-ID. No new message is begun after `deadline`.
    """
    became: dict[str, int] = {"sent": 0, "failed": 0, "deferred": 0}
    putting_off: dict[str, int] = {}
    tried: set[str] = set()
    while True:
        batch = [each for each in await store.due(ports.documents, ports.clock(), _BATCH) if each.id not in tried]
        for waiting in batch:
            tried.add(waiting.id)
            channel = waiting.value.channel
            if putting_off.get(channel, 0) >= _PATIENCE:
                continue
            if deadline is not None and ports.clock() >= deadline:
                return became
            outcome = await _send(ports, waiting)
            putting_off[channel] = putting_off.get(channel, 0) + 1 if outcome == "deferred" else 0
            if outcome != "taken":
                became[outcome] += 1
        if not batch:
            return became


async def _send(ports: Ports, waiting: Stored[Notification]) -> Became:
    claimed = await store.claim(ports.documents, waiting, ports.clock())
    if claimed is None:
        return "taken"
    value = claimed.value
    settings = ports.bundle.settings.alerts
    try:
        channel = ports.channels.get(value.channel)
        if channel is None:
            raise DeliveryDeferred(f"channel {value.channel!r} is not set up")
        message = await asyncio.to_thread(render, value, settings=settings, now=ports.clock())
        await channel.send(value, message)
    except DeliveryDeferred as error:
        if value.attempts < settings.max_attempts:
            await store.deferred(ports.documents, claimed, retry_at(value.attempts, ports.clock()), str(error))
            return "deferred"
        await store.failed(ports.documents, claimed, f"given up after {value.attempts} attempts: {error}")
        return "failed"
    except DeliveryRefused as error:
        await store.failed(ports.documents, claimed, str(error))
        return "failed"
    await store.sent(ports.documents, claimed, ports.clock())
    return "sent"
