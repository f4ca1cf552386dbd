"""The comparison of what is stored, counted, raised and mailed with the ledger of what was published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from wirewatch.model import Article, Delivery, FeedState, Incident, Notification, Status
from wirewatch.spikes.incidents import to_tell

if TYPE_CHECKING:
    from tests.faults.world import World

HOUR = timedelta(hours=1)


@dataclass
class Audit:
    """The comparison, difference by difference."""

    world: World
    wrong: list[str] = field(default_factory=list)

    def stored(self, articles: Sequence[Article], addresses: Sequence[Mapping[str, Any]]) -> None:
        """Every published piece is one article, read and tagged; nothing else is there."""
        room = self.world.room
        by_url: Counter[str] = Counter(article.url for article in articles)
        for told in room.ledger.values():
            count = by_url.pop(room.url(told), 0)
            if count != 1:
                self.wrong.append(f"{told.id} is stored {count} times")
        self.wrong += [f"{url} was never published" for url in by_url]
        registered = {entry["url"] for entry in addresses}
        for article in articles:
            if article.url.rpartition("/")[2] not in room.ledger:
                continue
            told = room.ledger[article.url.rpartition("/")[2]]
            if article.status is not Status.READY:
                self.wrong.append(f"{told.id} is {article.status} ({article.failure})")
            if article.topics != ((told.topic,) if told.topic else ()):
                self.wrong.append(f"{told.id} is about {article.topics}")
            if article.story_id is None:
                self.wrong.append(f"{told.id} has no story")
            if article.url not in registered:
                self.wrong.append(f"{told.id} has no address")

    def counted(self, articles: Sequence[Article], counts: Sequence[Mapping[str, Any]], at_publication: bool) -> int:
        """Every piece counts once, in the hour in which it came out, and the stored counts add up to the ledger."""
        room = self.world.room
        ledger = {room.url(told): told for told in room.ledger.values()}
        hours: Counter[tuple[str, str]] = Counter()
        for article in articles:
            if article.url not in ledger:
                continue
            told = ledger[article.url]
            if article.counted_at is None:
                self.wrong.append(f"{told.id} never counts")
                continue
            if at_publication and article.counted_at != told.at:
                self.wrong.append(f"{told.id}, out at {told.at}, counts at {article.counted_at}")
            if told.topic:
                hours[told.topic, _hour(article.counted_at if not at_publication else told.at)] += 1
        kept: Counter[tuple[str, str]] = Counter()
        stories: Counter[str] = Counter()
        past = {(row["topic"], row["hour"]): row for _, _, row in self.world.stage.past["counts"]}
        for row in counts:
            before = past.get((row["topic"], row["hour"]), {})
            kept[row["topic"], _hour(datetime.fromisoformat(row["hour"]))] += row.get("articles", 0) - before.get("articles", 0)
            stories[row["topic"]] += row.get("stories", 0) - before.get("stories", 0)
        for key in sorted(hours.keys() | kept.keys()):
            if hours[key] != kept[key]:
                self.wrong.append(f"{key}: {hours[key]} articles were published, {kept[key]} are counted")
        for topic in ("ties", "trade"):
            told_stories = {told.story for told in ledger.values() if told.topic == topic}
            if stories[topic] != len(told_stories):
                self.wrong.append(f"{topic}: {len(told_stories)} stories were published, {stories[topic]} are counted")
        return sum(article.counted_at is not None for article in articles)

    def raised(self, incidents: Sequence[Incident], wanted: Mapping[str, int]) -> None:
        """As many incidents as there are to be, each opened once, with nothing left untold."""
        found = Counter(incident.topic for incident in incidents)
        if found != Counter(wanted):
            self.wrong.append(f"incidents: {dict(found)} instead of {dict(wanted)}")
        for incident in incidents:
            opened = sum(event.what == "opened" for event in incident.events)
            if opened != 1:
                self.wrong.append(f"{incident.id} was opened {opened} times")
            if due := to_tell(incident, self.world.now):
                self.wrong.append(f"{incident.id} has something that nobody was told of: {due}")

    def mailed(self, messages: Sequence[Notification]) -> tuple[int, int]:
        """Every planned message arrived, and only what may be repeated was, under its Message-ID."""
        got = Counter(id for _, id in self.world.mail.got)
        planned = {message.message_id: message for message in messages if message.state is not Delivery.GATHERED}
        per_event = Counter((message.address, message.about, message.event) for message in planned.values())
        self.wrong += [f"{key} was planned {count} times" for key, count in per_event.items() if count > 1 and key[2] == "opened"]
        for message in planned.values():
            if message.state is not Delivery.SENT:
                self.wrong.append(f"the message {message.event} to {message.address} is {message.state}: {message.problem}")
            if not got[message.message_id]:
                self.wrong.append(f"the message {message.event} to {message.address} never arrived")
        self.wrong += [f"a message arrived that nobody planned: {id}" for id in got if id not in planned]
        repeated = sum(count - 1 for count in got.values())
        if repeated > self.world.allowed_repeats:
            self.wrong.append(f"{repeated} messages came again, where {self.world.allowed_repeats} may")
        return sum(message.message_id in got for message in planned.values()), repeated

    def calm(self, feeds: Sequence[FeedState], shared: Sequence[Mapping[str, Any]]) -> None:
        """Everything works again without anybody's help."""
        now = self.world.now
        for feed in feeds:
            if feed.failures or not feed.active or feed.next_attempt_at is None or feed.next_attempt_at > now + HOUR:
                self.wrong.append(f"feed {feed.feed} is not well: {feed.problem}, next at {feed.next_attempt_at}")
            if feed.attempts:
                self.wrong.append(f"feed {feed.feed} is still claimed")
        for entry in shared:
            if entry.get("kind") == "lease" and entry.get("until") and datetime.fromisoformat(entry["until"]) > now + HOUR:
                self.wrong.append(f"a lease holds until {entry['until']}")


def _hour(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H")
