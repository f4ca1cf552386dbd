"""Sending what was planned: at least once, never twice on purpose."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from wirewatch.alerts.plan import ROUNDUP, document_of, plan_roundup, retry_at
from wirewatch.alerts.release import Gathered, release
from wirewatch.alerts.render import render
from wirewatch.errors import DeliveryDeferred, DeliveryRefused
from wirewatch.logs import logger
from wirewatch.model import Delivery, IncidentState, Notification
from wirewatch.pipeline.chase import chase
from wirewatch.pipeline.ports import Ports
from wirewatch.store import config as shared
from wirewatch.store import incidents
from wirewatch.store import notifications as store
from wirewatch.store.base import Stored

_LOG = logger(__name__)
LEASE = "notify"
_LEASE_FOR = timedelta(minutes=1)
_BATCH = 500
_PATIENCE = 3
"""Messages put off in a row after which a channel is left alone until the next run."""
_FRESH = timedelta(minutes=2)
"""What was planned longer ago is told as it stands now."""

Became = Literal["sent", "failed", "deferred", "taken"]


async def notify(ports: Ports, *, deadline: datetime | None = None) -> dict[str, int]:
    """Send every message that is due; returns how many were `sent`, `failed` for good, `deferred`, `held` back, `gathered` into others,
    and how many new ones tell of what nobody has acknowledged (`escalated`).

    Each is claimed before it is sent and recorded after, so two senders never send one message; only a death in between lets it
    be sent again, under the same Message-ID. Channels work side by side. No new message is begun after `deadline`.
    """
    return await _Run(ports, deadline).go()


class _Run:
    """One run, with its tally."""

    def __init__(self, ports: Ports, deadline: datetime | None) -> None:
        self.ports, self.documents, self.deadline = ports, ports.documents, deadline
        self.done = dict.fromkeys(("sent", "failed", "deferred", "held", "gathered", "escalated"), 0)
        self.given_up: set[str] = set()
        self.putting_off: Counter[str] = Counter()

    async def go(self) -> dict[str, int]:
        self.done["escalated"] = await chase(self.ports, self.ports.clock())
        tried: set[str] = set()
        while not self._is_late():
            ready = [each for each in await self._release() if each.id not in tried]
            if not ready:
                break
            tried |= {each.id for each in ready}
            by_channel: dict[str, list[Stored[Notification]]] = {}
            for each in ready:
                by_channel.setdefault(each.value.channel, []).append(each)
            ends = await asyncio.gather(*(self._send_all(name, batch) for name, batch in by_channel.items()), return_exceptions=True)
            for end in ends:
                if end is not None:
                    raise end
        return self.done

    def _is_late(self) -> bool:
        return self.deadline is not None and self.ports.clock() >= self.deadline

    # ------------------------------------------------------------ deciding

    async def _release(self) -> list[Stored[Notification]]:
        """What of the messages that are due is to be sent now; nothing while another run decides."""
        holder = secrets.token_hex(8)
        now = self.ports.clock()
        if await shared.lease(self.documents, LEASE, holder, now, _LEASE_FOR) is None:
            return []
        try:
            for each in await store.waiting(self.documents, ROUNDUP):
                await self._seal(each, now)
            due = {each.id: each for each in await store.due(self.documents, now, _BATCH, but=self.given_up)}
            settings = self.ports.bundle.settings.alerts
            sent = await store.sent_since(self.documents, now - settings.throttle.window)
            released = release([each.value for each in due.values()], sent, settings=settings, now=now)
            for message, until, why in released.hold:
                self.done["held"] += await store.hold(self.documents, due[message.id], until, why)
            ready = [due[each.id] for each in released.send]
            leads = [await self._gather(group, due, now) for group in released.gather]
            return [*ready, *(lead for lead in leads if lead is not None)]
        finally:
            await shared.release(self.documents, LEASE, holder)

    async def _gather(self, group: Gathered, due: dict[str, Stored[Notification]], now: datetime) -> Stored[Notification] | None:
        """Let one message stand for several, and return it, if it can be sent at once.

        A roundup is stored before its members are struck off, and sent after: whoever finds one that waits goes on from there.
        """
        if group.lead is not None:
            for each in group.members:
                if each.id != group.lead.id:
                    self.done["gathered"] += await store.gathered(self.documents, due[each.id], now)
            return due[group.lead.id]
        roundup = plan_roundup(group.members, why=group.why, settings=self.ports.bundle.settings.alerts, now=now)
        await store.create(self.documents, [replace(roundup, next_attempt_at=now + _LEASE_FOR)])
        for stored in await store.some(self.documents, [roundup.id]):
            await self._seal(stored, now)
        return next(iter(await store.some(self.documents, [roundup.id])), None)

    async def _seal(self, roundup: Stored[Notification], now: datetime) -> None:
        """Strike off the messages that a roundup stands for; those that went out meanwhile are not in it any more."""
        payload: Any = roundup.value.payload
        if payload.get("sealed"):
            return
        members = []
        for each in await store.some(self.documents, payload["members"]):
            waits = each.value.state is Delivery.PENDING and not each.value.attempts
            if waits and await store.gathered(self.documents, each, now):
                self.done["gathered"] += 1
                members.append(each.value)
            elif each.value.state is Delivery.GATHERED:
                members.append(each.value)
        if not members:
            await store.gathered(self.documents, roundup, now)
            return
        settings = self.ports.bundle.settings.alerts
        content = plan_roundup(members, why=payload["why"], settings=settings, now=now).payload
        await store.rewritten(self.documents, roundup, {**content, "sealed": True}, now)

    # ------------------------------------------------------------ sending

    async def _send_all(self, channel: str, batch: Sequence[Stored[Notification]]) -> None:
        for waiting in batch:
            if channel in self.given_up or self._is_late():
                return
            outcome = await self._send(waiting)
            self.putting_off[channel] = self.putting_off[channel] + 1 if outcome == "deferred" else 0
            if self.putting_off[channel] >= _PATIENCE:
                self.given_up.add(channel)
            if outcome != "taken":
                self.done[outcome] += 1

    async def _send(self, waiting: Stored[Notification]) -> Became:
        claimed = await store.claim(self.documents, waiting, self.ports.clock())
        if claimed is None:
            return "taken"
        value, now = claimed.value, self.ports.clock()
        settings = self.ports.bundle.settings.alerts
        try:
            channel = self.ports.channels.get(value.channel)
            if channel is None:
                raise DeliveryDeferred(f"channel {value.channel!r} is not set up")
            current = await self._as_it_stands(value, now)
            message = await asyncio.to_thread(render, current, settings=settings, now=now)
            if value.next_attempt_at is not None and self.ports.clock() >= value.next_attempt_at:
                # The claim has run out while this process stood still: another may have sent it.
                return "taken"
            await channel.send(current, message)
        except DeliveryDeferred as error:
            if value.attempts < settings.max_attempts:
                again = retry_at(value.attempts, self.ports.clock())
                await store.deferred(self.documents, claimed, again, str(error))
                _LOG.info("message deferred", **_fields(value), error=str(error), next_attempt=again.isoformat())
                return "deferred"
            await store.failed(self.documents, claimed, f"given up after {value.attempts} attempts: {error}")
            _LOG.warning("message given up", **_fields(value), error=str(error), attempts=value.attempts)
            return "failed"
        except DeliveryRefused as error:
            await store.failed(self.documents, claimed, str(error))
            _LOG.warning("message refused", **_fields(value), error=str(error))
            return "failed"
        await store.sent(self.documents, claimed, self.ports.clock())
        _LOG.info("message sent", **_fields(value))
        return "sent"

    async def _as_it_stands(self, message: Notification, now: datetime) -> Notification:
        """A message that waited, with its incidents as they are now: what has closed or is in somebody's hands is told so."""
        if now - message.planned_at < _FRESH and message.event != ROUNDUP:
            return message
        payload: Any = dict(message.payload)
        lists = {key: list(payload[key]) for key in ("incidents", "joined") if key in payload}
        ids = {each["id"] for group in lists.values() for each in group} | ({payload["incident"]["id"]} if "incident" in payload else set())
        current = await incidents.some(self.documents, sorted(ids))
        documents = {id: document_of(each) for id, each in current.items()}
        if "incident" in payload:
            incident = current.get(payload["incident"]["id"])
            # A closing that was taken back meanwhile is told as it was: the reopening follows.
            if incident is not None and (message.event != "closed" or incident.state is IncidentState.CLOSED):
                payload["incident"] = documents[incident.id]
        for key, group in lists.items():
            payload[key] = [documents.get(each["id"], each) for each in group]
        return replace(message, payload=payload)


def _fields(message: Notification) -> dict[str, str]:
    """Which message it is, for the log."""
    ids = {"message": message.id, "message_id": message.message_id, "about": message.about, "what": message.event}
    return {**ids, "recipient": message.recipient, "channel": message.channel}
