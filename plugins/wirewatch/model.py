"""The domain: frozen values that the packages hand to each other.

All datetimes are aware UTC. `None` means "not known" unless said otherwise. Stored types are written to
Elasticsearch field by field under the same names (`store.documents`), so renaming a field is a migration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

# ---------------------------------------------------------------- configuration


class PublisherKind(StrEnum):
    """What kind of house a publisher is."""

    WIRE = "wire"
    STATE = "state"
    COMMERCIAL = "commercial"
    PUBLIC = "public"
    BLOG = "blog"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """An owner of news domains: two domains of one owner are one publisher."""

    id: str
    name: str
    domains: tuple[str, ...] = ()
    """Registrable domains."""
    country: str | None = None
    """ISO 3166 alpha-2."""
    kind: PublisherKind = PublisherKind.UNKNOWN
    reliability: str | None = None
    """The desk's own grade, A (best) to F."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One feed that config/feeds.yaml lists."""

    id: str
    """Stable: the key in feeds.yaml."""
    url: str
    name: str = ""
    publisher: str | None = None
    """Id of a `Publisher`; None: the owner of the articles' domain."""
    language: str | None = None
    """ISO 639-1; a hint where pages do not say."""
    weight: float | None = None
    """Share in coverage; None: learned from what the feed usually brings."""
    min_interval: timedelta | None = None
    max_interval: timedelta | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Extra request headers; `${NAME}` is replaced from the environment when the request is made."""
    basic_auth: str | None = None
    """Name of an environment variable that holds `user:password`."""
    tags: tuple[str, ...] = ()


class Alert(StrEnum):
    """How a topic reaches people."""

    SPIKE = "spike"
    EACH = "each"
    DIGEST = "digest"
    NONE = "none"


class Sensitivity(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic to watch, with its rule already expanded from `for_each` and `for_each_pair`."""

    id: str
    name: str
    hash: str
    """Of everything that decides its matches (rule, concepts, language hints), not of its routing."""
    rule: Mapping[str, object]
    """The validated rule as plain data; `topics.compile` gives it meaning."""
    alert: Alert = Alert.SPIKE
    sensitivity: Sensitivity = Sensitivity.NORMAL
    single_publisher: bool = False
    """True: an incident may rest on one publisher."""
    notify: tuple[str, ...] = ()
    """Ids of recipients; the operators always see feeds and blindness."""


# ---------------------------------------------------------------- feeds


class Precision(StrEnum):
    SECOND = "second"
    DAY = "day"


class Provenance(StrEnum):
    """Where a published time comes from."""

    PAGE = "page"
    FEED = "feed"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a feed, as the feed states it."""

    id: str
    """guid, atom:id or JSON Feed id; else the link; else a hash of title and summary."""
    url: str | None
    """Absolute http(s) address of the article."""
    title: str
    """Plain text."""
    summary: str = ""
    """Plain text."""
    content: str = ""
    """Plain text of the full content, where the feed carries it."""
    published_at: datetime | None = None
    published_precision: Precision | None = None
    updated_at: datetime | None = None
    authors: tuple[str, ...] = ()
    language: str | None = None
    categories: tuple[str, ...] = ()
    image: str | None = None
    enclosures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """What the bytes of a feed say."""

    title: str
    format: str
    """`rss20`, `rss10`, `rss090`, `rss091`, `atom10`, `atom03`, `json1`, ... as feedparser names versions."""
    entries: tuple[Entry, ...]
    link: str | None = None
    language: str | None = None
    ttl: timedelta | None = None
    """The longest the feed asks us to wait (ttl, sy:updatePeriod)."""
    skip_hours: tuple[int, ...] = ()
    """0..23, UTC."""
    skip_days: tuple[int, ...] = ()
    """0..6, Monday first."""
    problems: tuple[str, ...] = ()


class Health(StrEnum):
    NEW = "new"
    HEALTHY = "healthy"
    QUIET = "quiet"
    EMPTY = "empty"
    FAILING = "failing"
    LYING_304 = "lying_304"
    OVERLAP_LOST = "overlap_lost"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time, `start` included, `end` not."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What polling knows of a feed (index `-feeds`, id = feed id)."""

    feed: str
    url: str
    """Where it is polled now: the configured address, or where permanent redirects led."""
    configured_url: str
    slot: int
    """0..63, a hash of host and port: work is handed out by it."""
    active: bool = True
    """False: no longer in feeds.yaml, or retired."""
    paused: bool = False
    """Mirrors `-feed-controls` at the last sync, so that one query selects due feeds."""
    title: str = ""
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    entry_hashes: tuple[str, ...] = ()
    """Recent entries, newest first (bounded)."""
    next_attempt_at: datetime | None = None
    """None: final (retired)."""
    attempts: int = 0
    """Claims since the last recorded result."""
    interval_s: float | None = None
    failures: int = 0
    """Polls failed in a row."""
    health: Health = Health.NEW
    problem: str | None = None
    """One line on why the health is not healthy."""
    outcome: str | None = None
    """Of the last poll, see `http.Outcome`."""
    status: int | None = None
    redirects: int = 0
    """Polls in a row that were permanently redirected to `redirect_url`."""
    redirect_url: str | None = None
    ttl_s: float | None = None
    """The longest the feed asked us to wait, as it last said."""
    skip_hours: tuple[int, ...] = ()
    """Hours of the day (UTC) in which it asked not to be polled."""
    skip_days: tuple[int, ...] = ()
    """Days of the week (UTC, 0: Monday) on which it asked not to be polled."""
    listed: int | None = None
    """How many entries it lists."""
    gap_s: float | None = None
    """Usual time between two entries that it lists."""
    recent_per_h: float | None = None
    """Entries an hour in the last hours."""
    peak_per_h: float | None = None
    """How fast entries came lately, by the last few or by half of the list; fades while none come."""
    by_hour: tuple[float, ...] = ()
    """Entries by hour of the day (UTC) in the last weeks, the older ones faded; empty: no rhythm is known."""
    by_day: tuple[float, ...] = ()
    """Entries by day of the week (UTC, Monday first) in the last weeks, the older ones faded; `day_hours`: hours watched, alike."""
    day_hours: tuple[float, ...] = ()
    at_once: float | None = None
    """How many entries usually come within the same minute, as one of them finds it."""
    burst: float | None = None
    """How many times what is usual its entries came at their fastest; None: its list is too short to tell."""
    full_at: datetime | None = None
    """When a poll last brought a body: now and then one is asked for without validators."""
    lying_304: bool = False
    """It once answered 304 although it had changed: validators are not sent any more."""
    lost_at: datetime | None = None
    """When a poll last brought only new entries, so that some were probably missed."""
    health_since: datetime | None = None
    first_success_at: datetime | None = None
    last_success_at: datetime | None = None
    last_poll_at: datetime | None = None
    last_new_at: datetime | None = None
    """When a poll last brought something."""
    rate_per_h: float | None = None
    """Learned rhythm: entries an hour."""
    weight: float | None = None
    """Learned share in coverage: entries a day."""
    covered: tuple[Span, ...] = ()
    """Recent stretches that successful polls reach back over, oldest first, merged, bounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRecord:
    """One poll that brought something or failed (index `-polls`), or an aggregate of unchanged ones (`feed` None)."""

    at: datetime
    feed: str | None
    outcome: str
    polls: int = 1
    status: int | None = None
    entries: int = 0
    new: int = 0
    bytes: int = 0
    elapsed_ms: int = 0
    problem: str | None = None


# ---------------------------------------------------------------- articles


class Status(StrEnum):
    DISCOVERED = "discovered"
    READY = "ready"
    PARTIAL = "partial"
    DUPLICATE = "duplicate"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One place where a topic's words stand in an article."""

    field: str
    """`title`, `summary` or `text`."""
    start: int
    """Offset in characters into the stored field."""
    end: int
    words: str
    """Exactly `field[start:end]`."""
    concept: str | None = None
    """Concept id; None: a phrase of the rule itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicMatch:
    """That an article is about a topic, and why."""

    topic: str
    hash: str
    """The topic's hash at the time."""
    score: int
    """0..100."""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What a page says (`articles.extract`)."""

    title: str | None
    text: str
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    published_precision: Precision | None = None
    language: str | None = None
    site_name: str | None = None
    image: str | None = None
    canonical_url: str | None = None
    tags: tuple[str, ...] = ()
    quality: str = "ok"
    """`ok`, or why the text is not the article: `consent`, `paywall`, `bot_check`, `error_page`, `index_page`, `too_short`,
    `wrong_language`, `empty`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """That an article changed, and what its title was before."""

    at: datetime
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article (index `-articles`, id = article id, in the month of `first_seen_at`)."""

    id: str
    urls: tuple[str, ...]
    """Every address it was reached by, first one first."""
    url: str
    """The one to open: canonical if known, else the first."""
    canonical_url: str | None = None
    feeds: tuple[str, ...] = ()
    source: str
    """Registrable domain of `url`."""
    publisher: str
    """Owner: a `Publisher` id, else `source`."""
    publisher_name: str = ""
    country: str | None = None
    """Of the publisher, ISO 3166 alpha-2."""
    kind: PublisherKind = PublisherKind.UNKNOWN
    reliability: str | None = None
    title: str
    summary: str = ""
    text: str = ""
    feed_content: str = ""
    """Full text that the feed carried; stored, not searched: the fallback for `text`."""
    authors: tuple[str, ...] = ()
    language: str | None = None
    image: str | None = None
    tags: tuple[str, ...] = ()
    """The page's or feed's own keywords."""
    status: Status = Status.DISCOVERED
    failure: str | None = None
    """Why it is partial, failed or a duplicate."""
    duplicate_of: str | None = None
    slot: int = 0
    """0..63, a hash of host and port."""
    next_attempt_at: datetime | None = None
    """When to fetch (again); None: final."""
    attempts: int = 0
    published_at: datetime | None = None
    published_from: Provenance = Provenance.NONE
    published_precision: Precision | None = None
    first_seen_at: datetime
    indexed_at: datetime
    """Of the last write."""
    counted_at: datetime | None = None
    """Set once at creation; None: never counted."""
    timestamp: datetime
    """Stored as `@timestamp`, for charts: `counted_at`, else plausible `published_at`, else `first_seen_at`."""
    watched_since: datetime | None = None
    """Since when a feed that lists it has been read, the earliest of `feeds`: shares over time keep to a constant panel by it."""
    read_at: datetime | None = None
    """When it first was `ready` or `partial`: tagged, and found by searches."""
    revisions: tuple[Revision, ...] = ()
    bands: tuple[str, ...] = ()
    """Near-duplicate look-up keys (`stories`)."""
    fingerprint: str | None = None
    """Near-duplicate signature, base64 (`stories`); stored, not searched."""
    story_id: str | None = None
    """None: not grouped yet."""
    topics: tuple[str, ...] = ()
    """Ids of `topic_matches`, for filters."""
    topic_matches: tuple[TopicMatch, ...] = ()
    rules: str | None = None
    """Hash of the bundle that tagged it."""


# ---------------------------------------------------------------- spikes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """An article as counting sees it: who told which story when, and what it is about."""

    article: str
    story: str
    publisher: str
    at: datetime
    """Its `counted_at`."""
    topics: tuple[tuple[str, str], ...] = ()
    """Topic and the topic's hash at the time."""
    counts: bool = True
    """False: it is no longer to be counted (it turned out a duplicate, or unreadable), but may have been."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """One hour of one topic (index `-counts`, id = `topic|hour`)."""

    topic: str
    hash: str
    """The topic's hash that these hours were counted under."""
    hour: datetime
    stories: int = 0
    publishers: int = 0
    articles: int = 0
    expected: float | None = None
    """Stories expected in the full hour; None: not judged yet."""
    upper: float | None = None
    """Upper end of the expected band."""
    score: float | None = None
    """Surprise, 0..1; 0.5 is the alert threshold."""
    until: datetime
    """Inputs' cut-off: articles indexed up to then are counted; also the external version (epoch ms)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One hour of all coverage (index `-coverage`, id = hour)."""

    hour: datetime
    coverage: float
    """0..1; share of the panel's weight whose polls reach over the hour."""
    stories: int = 0
    publishers: int = 0
    articles: int = 0
    feeds: int = 0
    """Feeds in the panel."""
    until: datetime


class Severity(StrEnum):
    NOTABLE = "notable"
    MAJOR = "major"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike:
    """That a topic is exceptional at `at`, by the window that says so most clearly."""

    topic: str
    at: datetime
    """End of the judged hours (the running hour counts in full)."""
    window_h: int
    """1, 3, 6 or 24."""
    series: str
    """`stories`, `publishers` or `uptake`."""
    observed: float
    expected: float
    upper: float
    score: float
    """0..1; above 0.5 alerts."""
    severity: Severity
    found_late: bool = False
    learning: bool = False
    """The topic is not known for long enough to be sure of what is usual."""


class IncidentState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEvent:
    """One thing that happened to an incident."""

    at: datetime
    what: str
    """`opened`, `escalated`, `acknowledged`, `snoozed`, `unsnoozed`, `closed`, `reopened`, `calmed`, `note`."""
    who: str
    """`detection` or a user."""
    note: str = ""
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A representative article of an incident."""

    article: str
    title: str
    url: str
    publisher: str
    publisher_name: str
    at: datetime
    language: str | None = None
    story: str | None = None
    copies: int = 0
    """Other articles of the same story."""
    words: tuple[str, ...] = ()
    """The matched words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEvidence:
    """Why an incident is one: DESIGN's evidence list."""

    stories: int
    publishers: int
    articles: int
    independent: int
    """Stories that are not copies: reports of their own."""
    copying: int = 0
    """Publishers that had no story before others: they only carry reports that others had first."""
    copied: int = 0
    """Stories that those carry."""
    first: Headline | None
    """Who had it first, as far as clocks' precision permits; None: cannot be said."""
    first_is_certain: bool
    top_publishers: tuple[tuple[str, int], ...] = ()
    """Publisher name and its articles, most first."""
    headlines: tuple[Headline, ...] = ()
    words: tuple[tuple[str, int], ...] = ()
    """Matched words and how many articles have them."""
    new_words: tuple[str, ...] = ()
    """New in the topic's vocabulary."""
    without_largest: bool = True
    """Would have fired without its largest publisher."""
    hours: tuple[tuple[datetime, int, float, float], ...] = ()
    """For the chart: hour, stories, expected, upper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One episode of one topic (index `-incidents`, id = `topic#episode`)."""

    id: str
    topic: str
    topic_name: str
    episode: int
    state: IncidentState
    severity: Severity
    peak: Severity
    """Highest severity it has had."""
    opened_at: datetime
    """When detection decided."""
    began_at: datetime
    """Start of the window that made it exceptional."""
    last_spike_at: datetime
    closed_at: datetime | None = None
    closed_by: str | None = None
    reason: str | None = None
    """`calmed`, or a person's `useful`, `known`, `false_alarm`, `data_fault`."""
    snoozed_until: datetime | None = None
    acknowledged_by: str | None = None
    window_h: int
    series: str
    observed: float
    expected: float
    upper: float
    score: float
    found_late: bool = False
    learning: bool = False
    """The topic was still being learned when it was opened."""
    notify: tuple[str, ...] = ()
    evidence: IncidentEvidence | None = None
    events: tuple[IncidentEvent, ...] = ()
    untold: tuple[str, ...] = ()
    """Events whose messages have yet to be planned, oldest first."""
    told_at: datetime | None = None
    """When messages about it were last planned."""


# ---------------------------------------------------------------- notifications


class Delivery(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    GATHERED = "gathered"
    """Another message to the same address tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One message to one address (index `-notifications`, id = hash of recipient, channel, subject of it and event)."""

    id: str
    recipient: str
    """Id of a recipient in config/wirewatch.yaml."""
    channel: str
    """`mail`, or the name of a channel in config/wirewatch.yaml."""
    address: str
    """A mail address; a channel's name, for its own address is a secret."""
    about: str
    """Incident id, or `digest:2026-11-24`, `blindness#3`, ..."""
    topic: str | None = None
    event: str
    """`opened`, `escalated`, `closed`, `reopened`, `unacknowledged`, `story`, `roundup`, `digest`."""
    message_id: str
    in_reply_to: str | None = None
    state: Delivery = Delivery.PENDING
    planned_at: datetime
    next_attempt_at: datetime | None = None
    attempts: int = 0
    sent_at: datetime | None = None
    """When the other side took it; when another message took its place."""
    problem: str | None = None
    payload: Mapping[str, object] = field(default_factory=dict)
    """What is needed to render it, as planned: the incident's document at that time."""
