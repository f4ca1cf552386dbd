"""The settings of config/wirewatch.yaml: every key with its default, unit and bounds."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

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

    timeout: Duration = timedelta(seconds=30)
    max_bytes: int = Field(8_000_000, gt=0, description="Of a page, unpacked.")
    host_delay: Duration = timedelta(seconds=1)
    concurrency: int = Field(32, gt=0)
    slots: int = Field(4, ge=1, le=64)
    obey_robots: bool = Field(True, description="Whether robots.txt decides which pages may be fetched.")
    max_attempts: int = Field(6, ge=1, description="Fetches of one page before its state is final.")
    lateness: Duration = Field(
        timedelta(hours=48),
        description="Entries older than this when found are kept, never counted, unless an outage of their feed explains it.",
    )
    retention_months: int = Field(24, ge=1)
    extract_timeout: Duration = timedelta(seconds=10)
    min_words: int = Field(40, ge=0, description="Below this an extracted text is not taken for the article.")


class Detection(Model):
    """When a topic is exceptional."""

    false_mails_per_week: float = Field(
        1.0, gt=0, le=50, description="Expected number of false alert mails a recipient gets in a week, however many topics there are."
    )
    history: Duration = Field(timedelta(weeks=8), description="How far back the expectation is learned from.")
    cool_down: Duration = Field(timedelta(hours=12), description="A topic that flares again within it reopens its incident.")
    calm: Duration = Field(timedelta(hours=6), description="An incident closes after so long without a spike.")
    min_stories: int = Field(3, ge=1)
    min_publishers: int = Field(5, ge=2, description="Publishers that must have taken up one story before it alone is a spike.")
    panel_age: Duration = Field(timedelta(days=2), description="A feed joins the coverage panel after it.")
    blind_coverage: float = Field(0.5, ge=0, le=1, description="Below it, for `blind_for`, the operators are told.")
    blind_for: Duration = timedelta(hours=2)
    group_window: Duration = Field(timedelta(hours=72), description="Near-duplicates further apart are different stories.")


class Recipient(Model):
    """Someone who gets messages."""

    name: str = ""
    mail: tuple[str, ...] = Field((), description="Mail addresses.")
    timezone: str = "UTC"


class Alerts(Model):
    """Who is told, and how."""

    sender: str = "wirewatch@localhost"
    recipients: dict[str, Recipient] = Field(
        default_factory=dict, description="By id; topics name them under `notify`. `operators` also gets blindness and feed health."
    )
    default_notify: tuple[str, ...] = Field((), description="For topics that name nobody.")
    page_url: str = Field("http://localhost:8080/plugin/wirewatch", description="The Airflow page that mails link to.")
    kibana_url: str | None = None
    heartbeat_url: str | None = Field(None, description="Pinged after every healthy detection.")
    max_attempts: int = Field(12, ge=1)


class Settings(Model):
    """All of config/wirewatch.yaml."""

    contact: str = Field(
        "https://example.org/wirewatch-contact", description="Sent in the User-Agent: an address or page where a publisher reaches you."
    )
    index_prefix: str = Field("wirewatch", pattern=r"^[a-z][a-z0-9-]{0,40}$")
    polling: Polling = Polling()
    articles: Articles = Articles()
    detection: Detection = Detection()
    alerts: Alerts = Alerts()
