"""The settings of config/wirewatch.yaml: every key with its default, unit and bounds."""

from __future__ import annotations

import re
from datetime import timedelta
from email.utils import parseaddr
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from wirewatch.model import Severity

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def _duration(value: object) -> object:
    """Accept `90s`, `15m`, `6h`, `2d` and plain seconds."""
    if isinstance(value, str) and value[-1:] in _UNITS and value[:-1].replace(".", "", 1).isdigit():
        return timedelta(seconds=float(value[:-1]) * _UNITS[value[-1]])
    if isinstance(value, int | float) and not isinstance(value, bool):
        return timedelta(seconds=value)
    if isinstance(value, timedelta):
        return value
    raise ValueError("a duration such as 90s, 15m, 6h or 2d is needed")


Duration = Annotated[timedelta, BeforeValidator(_duration)]


class Model(BaseModel):
    """Strict: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Polling(Model):
    """How feeds are polled."""

    min_interval: Duration = Field(timedelta(minutes=5), description="No feed is polled more often.")
    max_interval: Duration = Field(timedelta(hours=6), description="Every feed that works is polled at least this often.")
    default_interval: Duration = Field(timedelta(minutes=15), description="Until a feed's rhythm is known.")
    timeout: Duration = Field(timedelta(seconds=30), description="For one answer, all redirects together.")
    max_bytes: int = Field(10_000_000, gt=0, description="Of a feed, unpacked.")
    max_entries: int = Field(2_000, gt=0, description="Of a feed; more are cut off and reported.")
    host_delay: Duration = Field(timedelta(seconds=1), description="Between two requests to one host.")
    concurrency: int = Field(200, gt=0, description="Requests under way in one task.")
    slots: int = Field(4, ge=1, le=64, description="Mapped tasks that share the work.")
    allow_hosts: tuple[str, ...] = Field(
        (), description="Hosts (`name`, `name:port`, `*.name:port`) that may be private or loopback addresses."
    )


class Articles(Model):
    """How pages are fetched and kept."""

    timeout: Duration = Field(timedelta(seconds=30), description="For one answer, all redirects together.")
    max_bytes: int = Field(8_000_000, gt=0, description="Of a page, unpacked.")
    host_delay: Duration = Field(timedelta(seconds=1), description="Between two requests to one host.")
    concurrency: int = Field(32, gt=0, description="Requests under way in one task.")
    slots: int = Field(4, ge=1, le=64, description="Mapped tasks that share the work.")
    obey_robots: bool = Field(True, description="Whether robots.txt decides which pages may be fetched.")
    max_attempts: int = Field(6, ge=1, description="Fetches of one page before its state is final.")
    lateness: Duration = Field(
        timedelta(hours=48),
        description="Entries older than this when found are kept, never counted, unless an outage of their feed explains it.",
    )
    retention_months: int = Field(24, ge=1, description="Whole months of articles and polls that are kept besides the running one.")
    extract_timeout: Duration = Field(timedelta(seconds=10), description="CPU time after which a page that is not read is cut off.")
    keep_pages: str = Field(
        "",
        description="Folder or object store (`s3://connection@bucket/pages`) in which downloaded pages are kept, compressed, so that"
        " `wirewatch process --again` can read them anew; empty: none are kept.",
    )
    min_words: int = Field(40, ge=0, description="Below this an extracted text is not taken for the article.")


class Detection(Model):
    """When a topic is exceptional."""

    false_mails_per_week: float = Field(
        1.0, gt=0, le=50, description="Expected number of false alert mails a recipient gets in a week, however many topics there are."
    )
    history: Duration = Field(timedelta(weeks=8), description="How far back the expectation is learned from.")
    cool_down: Duration = Field(timedelta(hours=12), description="A topic that flares again within it reopens its incident.")
    calm: Duration = Field(timedelta(hours=6), description="An incident closes after so long without a spike.")
    min_stories: int = Field(3, ge=1, description="Stories that make a spike; one story alone needs `min_publishers`.")
    min_publishers: int = Field(5, ge=2, description="Publishers that must have taken up one story before it alone is a spike.")
    panel_age: Duration = Field(timedelta(days=2), description="A feed joins the coverage panel after it.")
    blind_coverage: float = Field(0.5, ge=0, le=1, description="Below it, for `blind_for`, the operators are told.")
    blind_for: Duration = Field(timedelta(hours=2), description="How long coverage may be below `blind_coverage`.")
    group_window: Duration = Field(timedelta(hours=72), description="Near-duplicates further apart are different stories.")


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MIN = 24 * 60
_QUIET = re.compile(r"(?:(?P<days>[a-z]{3}(?:[-,][a-z]{3})*)(?: |$))?(?:(?P<start>\d\d?:\d\d)-(?P<end>\d\d?:\d\d))?$")


class Quiet(Model):
    """A stretch of the week in which a recipient gets nothing but what is critical, by the clock on the recipient's wall."""

    days: tuple[int, ...]
    """On which it begins; 0 is Monday."""
    start_min: int
    """Minutes after midnight."""
    length_min: int


def _quiet(value: object) -> object:
    """Accept `22:00-07:00`, `mon-fri 22:00-07:00` and `sat-sun`."""
    if not isinstance(value, str):
        return value
    match = _QUIET.match(value.strip().lower())
    if match is None or not match[0]:
        raise ValueError("hours such as 22:00-07:00, mon-fri 22:00-07:00 or sat-sun are needed")
    days = _weekdays(match["days"]) if match["days"] else tuple(range(7))
    start, end = _minutes(match["start"] or "00:00"), _minutes(match["end"] or "24:00")
    length = end - start if end > start else end - start + _DAY_MIN
    return Quiet(days=days, start_min=start, length_min=length)


def _weekdays(text: str) -> tuple[int, ...]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise ValueError(f"a day is one of {', '.join(_DAYS)}")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        found |= {(begin + step) % 7 for step in range((end - begin) % 7 + 1)}
    return tuple(sorted(found))


def _minutes(text: str) -> int:
    hours, minutes = (int(part) for part in text.split(":"))
    if minutes > 59 or hours * 60 + minutes > _DAY_MIN:
        raise ValueError(f"{text} is no time of the day")
    return hours * 60 + minutes


def _clock(value: object) -> object:
    """Accept `07:00`, as minutes after midnight."""
    if isinstance(value, str) and re.fullmatch(r"\d\d?:\d\d", value):
        return _minutes(value) % _DAY_MIN
    if isinstance(value, int):
        return value
    raise ValueError("a time of the day such as 07:00 is needed")


def _zone(value: object) -> object:
    try:
        ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'"{value}" is no time zone: a name such as Asia/Seoul is needed') from None
    return value


def _one_or_more(value: object) -> object:
    """One value where a list may stand."""
    return [value] if isinstance(value, str) else value


def _address(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", parseaddr(value)[1]):
        raise ValueError(f'"{value}" is not a mail address')
    return value


MailAddress = Annotated[str, BeforeValidator(_address)]
ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,40}$")]


class Escalate(Model):
    """Who hears of what a recipient does not acknowledge."""

    after: Duration = Field(timedelta(minutes=30), description="After the message went out.")
    to: Annotated[tuple[str, ...], BeforeValidator(_one_or_more)] = Field(min_length=1, description="Ids of recipients.")
    severity: Severity = Field(Severity.NOTABLE, description="From this severity on.")


class Recipient(Model):
    """Someone who gets messages: a person, a desk, a system."""

    name: str = Field("", description="For people.")
    mail: Annotated[tuple[MailAddress, ...], BeforeValidator(_one_or_more)] = Field((), description="Mail addresses.")
    channels: Annotated[tuple[ChannelName, ...], BeforeValidator(_one_or_more)] = Field(
        (),
        description="Names of other channels. The address of `asia-slack`, which is a secret, is the password of the Airflow connection "
        "`wirewatch_asia_slack`, or $WIREWATCH_CHANNEL_ASIA_SLACK: http(s) for a webhook, else as Apprise writes it (slack://…).",
    )
    timezone: Annotated[str, BeforeValidator(_zone)] = Field(
        "UTC", description="Of quiet hours, digests and times in messages: Asia/Seoul."
    )
    quiet: Annotated[tuple[Annotated[Quiet, BeforeValidator(_quiet)], ...], BeforeValidator(_one_or_more)] = Field(
        (), description="What is not critical waits until these hours are over, and then comes in one message."
    )
    severity: Severity = Field(Severity.NOTABLE, description="Incidents below it are not told.")
    escalate: Escalate | None = Field(None, description="Who is told next when nobody acknowledges.")
    digest: Annotated[tuple[Literal["daily", "weekly"], ...], BeforeValidator(_one_or_more)] = Field(
        ("daily",), description="Which digests; weekly ones come on Mondays."
    )

    @model_validator(mode="after")
    def _is_reached_at_times(self) -> Recipient:
        covered = {
            (day * _DAY_MIN + each.start_min + minute) % (7 * _DAY_MIN)
            for each in self.quiet
            for day in each.days
            for minute in range(each.length_min)
        }
        if len(covered) >= 7 * _DAY_MIN:
            raise ValueError("quiet all week: nothing but critical messages would ever arrive")
        return self


class Route(Model):
    """Who is told of what besides those whom a topic names."""

    topics: Annotated[tuple[str, ...], BeforeValidator(_one_or_more)] = Field(("*",), description="Ids; `*` stands for anything.")
    severity: Severity = Field(Severity.NOTABLE, description="From this severity on.")
    notify: Annotated[tuple[str, ...], BeforeValidator(_one_or_more)] = Field(min_length=1, description="Ids of recipients.")


class Throttle(Model):
    """How many messages one address gets; what is more comes together in one that lists it. Critical ones always go alone."""

    window: Duration = Field(timedelta(hours=1), description="Over which messages are counted.")
    per_topic: int = Field(4, ge=1, description="Messages about one topic in `window`.")
    total: int = Field(10, ge=1, description="Messages in `window`.")
    gather: Duration = Field(
        timedelta(minutes=10), description="Messages that list several come at most so often; so do those of topics with `alert: each`."
    )


class Alerts(Model):
    """Who is told, and how."""

    sender: str = Field("wirewatch@localhost", description="From whom mails come.")
    recipients: dict[str, Recipient] = Field(
        default_factory=dict, description="By id; topics name them under `notify`. `operators` also gets blindness and feed health."
    )
    default_notify: tuple[str, ...] = Field((), description="For topics that name nobody.")
    routes: tuple[Route, ...] = Field((), description="Who is told besides those whom a topic names.")
    throttle: Throttle = Field(Throttle(), description="How many messages one address gets.")
    digest_at: Annotated[int, BeforeValidator(_clock)] = Field(
        7 * 60, description="Local time of the recipient from which its digest is sent, such as 07:00."
    )
    page_url: str = Field("http://localhost:8080/plugin/wirewatch", description="The Airflow page that mails link to.")
    kibana_url: str | None = Field(None, description="Kibana, where mails and the page link to its dashboards.")
    heartbeat_url: str | None = Field(None, description="Pinged after every healthy detection.")
    max_attempts: int = Field(30, ge=1, description="Of one message, at growing intervals: 30 are made in about a day.")


class Snapshots(Model):
    """Where Elasticsearch keeps copies of what is stored."""

    repository: str | None = Field(None, description="Snapshot repository that the cluster knows; without it none are taken.")
    keep: int = Field(14, ge=1, description="Newest snapshots that are kept; one is taken a night.")


class Settings(Model):
    """All of config/wirewatch.yaml."""

    contact: str = Field(
        "https://example.org/wirewatch-contact", description="Sent in the User-Agent: an address or page where a publisher reaches you."
    )
    index_prefix: str = Field("wirewatch", pattern=r"^[a-z][a-z0-9-]{0,40}$", description="What the names of all indices begin with.")
    polling: Polling = Polling()
    articles: Articles = Articles()
    detection: Detection = Detection()
    alerts: Alerts = Alerts()
    snapshots: Snapshots = Snapshots()
