"""What of the messages that wait goes out now, what is held back, and what is gathered into one; pure.

Messages are planned as things happen and decided on here when they are due, an address at a time: quiet hours hold back what is not
critical, the throttle what is too much, and what was held back comes together in one message. A message that has been tried before is
never gathered: the other side may have it already.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from wirewatch.alerts.phrases import zone
from wirewatch.alerts.plan import ROUNDUP, STORY, severity_of
from wirewatch.alerts.quiet import quiet_until
from wirewatch.config.settings import Alerts, Recipient, Throttle
from wirewatch.model import Notification, Severity

HELD = "held"
"""In the payload of a message that was held back, why: `quiet` or `many`."""
DIGEST = "digest"
ALONE = (ROUNDUP, DIGEST)
"""Messages that list several things already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Messages to one address that one stands for: `lead` where they are about one thing, else a roundup."""

    members: tuple[Notification, ...]
    why: str
    """`quiet`, `many` or `stories`."""

    @property
    def lead(self) -> Notification | None:
        """The latest message, where all are about the same: it says all that is to be said."""
        if len({each.about for each in self.members}) > 1:
            return None
        return max(self.members, key=lambda each: (each.planned_at, each.id))


@dataclass(slots=True, kw_only=True)
class Released:
    """What becomes of the messages that are due."""

    send: list[Notification] = field(default_factory=list)
    """In this order."""
    hold: list[tuple[Notification, datetime, str]] = field(default_factory=list)
    """Until when, and why."""
    gather: list[Gathered] = field(default_factory=list)


def release(due: Sequence[Notification], sent: Sequence[Notification], *, settings: Alerts, now: datetime) -> Released:
    """Decide about every message that is due; `sent` are those that went out within `throttle.window`."""
    found = Released()
    waiting: dict[tuple[str, str, str], list[Notification]] = defaultdict(list)
    gone: dict[tuple[str, str, str], list[Notification]] = defaultdict(list)
    for each in due:
        waiting[each.recipient, each.channel, each.address].append(each)
    for each in sent:
        if each.sent_at is not None and each.sent_at > now - settings.throttle.window:
            gone[each.recipient, each.channel, each.address].append(each)
    for place, messages in waiting.items():
        recipient = settings.recipients.get(place[0]) or Recipient()
        _decide(found, messages, gone[place], recipient, settings.throttle, now)
    found.send.sort(key=lambda each: (not is_urgent(each), each.planned_at, each.id))
    return found


def is_urgent(message: Notification) -> bool:
    """Whether a message breaks through quiet hours and the throttle."""
    return severity_of(message) is Severity.CRITICAL and message.event not in ("closed", *ALONE)


def _decide(
    found: Released, due: Sequence[Notification], sent: Sequence[Notification], recipient: Recipient, throttle: Throttle, now: datetime
) -> None:
    quiet = quiet_until(recipient.quiet, zone(recipient.timezone), now)
    urgent = [each for each in due if is_urgent(each)]
    others = [each for each in due if not is_urgent(each)]
    if quiet is not None:
        found.hold += [(each, quiet, "quiet") for each in others]
        others = []
    waiting = []
    for each in others:
        until = None if HELD in each.payload else _topic_free_at(each, sent, throttle)
        if each.attempts or each.event in ALONE:
            found.send.append(each)
        elif until is not None:
            found.hold.append((each, until, "many"))
        else:
            waiting.append(each)
    first_try = [each for each in urgent if not each.attempts]
    if len(first_try) > throttle.total:
        # A storm of critical ones is one message too, and nothing waits for it.
        found.send += [each for each in urgent if each.attempts]
        found.gather.append(Gathered(members=(*first_try, *waiting), why="many"))
        return
    found.send += urgent
    _rest(found, waiting, sent, throttle, now)


def _rest(found: Released, waiting: Sequence[Notification], sent: Sequence[Notification], throttle: Throttle, now: datetime) -> None:
    """What is neither urgent nor held back any more."""
    if not waiting:
        return
    stories = [each for each in waiting if each.event == STORY]
    alerts = [each for each in waiting if each.event != STORY]
    held = [str(each.payload[HELD]) for each in waiting if HELD in each.payload]
    room = throttle.total - len(sent)
    if not held and len(alerts) + bool(stories) > max(room, 0):
        free_at = max((each.sent_at for each in sent if each.sent_at), default=now) + throttle.gather
        if room <= 0 and now < free_at:
            found.hold += [(each, free_at, "many") for each in waiting]
        else:
            _gather(found, waiting, "many")
    elif held:
        _gather(found, waiting, "quiet" if "quiet" in held else "many")
    else:
        found.send += alerts
        _gather(found, stories, "stories")


def _gather(found: Released, members: Sequence[Notification], why: str) -> None:
    if len(members) == 1:
        found.send += members
    elif members:
        found.gather.append(Gathered(members=tuple(members), why=why))


def _topic_free_at(message: Notification, sent: Sequence[Notification], throttle: Throttle) -> datetime | None:
    """When a topic has fewer messages than it may have again; None where it has."""
    times = sorted(each.sent_at for each in sent if each.sent_at is not None and each.topic == message.topic is not None)
    return times[-throttle.per_topic] + throttle.window if len(times) >= throttle.per_topic else None
