"""Ports from Airflow's connections, and the rules by which tasks are retried.

`elasticsearch_default`: schema, host and port; a login and password, or `api_key` in the extra; `ca_certs` (a file) and `index_prefix`
(default `$WIREWATCH_INDEX_PREFIX`, then `wirewatch`) in the extra. `smtp_default`: as Airflow's own `SmtpHook` reads it. Where there
is no `smtp_default`, messages wait. `wirewatch_…`: the address of a channel that config/ names, as password.

Every DAG file imports this: what is heavy is imported by the tasks.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.sdk import Asset, BaseHook, Connection, ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowSkipException

from wirewatch.errors import PermanentError, SetupError, TransientError

if TYPE_CHECKING:
    from wirewatch.alerts.channels import Channel
    from wirewatch.config import Settings
    from wirewatch.pipeline.ports import Ports
    from wirewatch.store.base import Documents
    from wirewatch.wiring.build import Cluster

ELASTICSEARCH = "elasticsearch_default"
SMTP = "smtp_default"

DISCOVERED = Asset("wirewatch/articles/discovered")
READY = Asset("wirewatch/articles/ready")
PLANNED = Asset("wirewatch/notifications/planned")
"""Each wakes the next DAG. What there is to do is always asked of Elasticsearch, for an event can be stranded.

Names without a scheme: for an address, Airflow loads all its providers to ask which of them knows it, in every process that reads a DAG.
"""

RETRY = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception=PermanentError, action=RetryAction.FAIL, reason="trying again cannot help"),
        RetryRule(exception=TransientError, action=RetryAction.RETRY, retry_delay=timedelta(seconds=15), reason="try again later"),
    ]
)
DEFAULTS: dict[str, Any] = {"owner": "wirewatch", "retries": 2, "retry_delay": timedelta(seconds=15), "retry_policy": RETRY}
"""For `default_args`: what no family of errors claims (a bug, a lost worker) is tried again as often as a `TransientError`."""


def every(variable: str, default: timedelta) -> timedelta:
    """The period that an environment variable sets, such as `20s`, `5m` or `1h`, at least one second; else `default`."""
    given = os.environ.get(variable, "").strip()
    if not given:
        return default
    units = {"s": 1, "m": 60, "h": 3600}
    try:
        return timedelta(seconds=max(1.0, float(given.rstrip("smh")) * units.get(given[-1], 1)))
    except ValueError as error:
        raise SetupError(f"{variable}={given}: a period such as 20s, 5m or 1h is needed") from error


def within(period: timedelta) -> datetime:
    """The moment at which a task that began now should begin nothing more."""
    return datetime.now(UTC) + period


def total(summaries: Sequence[Mapping[str, Any] | None], *wakes: str) -> dict[str, int]:
    """The sum of the summaries of a step's slots; raises Airflow's skip, so that nobody is woken, where all of `wakes` are 0."""
    found: dict[str, int] = {}
    for summary in summaries:
        for name, value in (summary or {}).items():
            if isinstance(value, int):
                found[name] = found.get(name, 0) + value
    if not any(found.get(name) for name in wakes):
        raise AirflowSkipException(f"nothing for the next step: {found}")
    return found


def measured(step: str, summary: dict[str, int]) -> dict[str, int]:
    """The summary of a step as it came, once Airflow's metrics have it: the counters `wirewatch.<step>.<figure>`.

    Where they go is Airflow's business (`[metrics]`: StatsD or OpenTelemetry); by default nowhere.
    """
    from airflow.sdk.observability import stats

    for name, value in summary.items():
        if isinstance(value, int) and value:
            stats.incr(f"wirewatch.{step}.{name}", value)
    return summary


@asynccontextmanager
async def ports(*, alarm: bool = False) -> AsyncIterator[Ports]:
    """The ports of one task, with the published rules and settings; `alarm`: the operators get a mail where the store is out of reach.

    Raises `StoreUnavailable`, or `SetupError` where nothing has been published.
    """
    from airflow.sdk import ObjectStoragePath

    from wirewatch.wiring.build import assemble, guarded

    where = cluster(await BaseHook.aget_connection(ELASTICSEARCH))
    try:
        smtp: Connection | None = await BaseHook.aget_connection(SMTP)
    except AirflowNotFoundException:
        smtp = None
    ways = partial(channels, smtp)
    async with (
        guarded(where, ways) if alarm else nullcontext(),
        assemble(where, bundle=None, channels=ways, store_of=ObjectStoragePath) as found,
    ):
        yield found


@asynccontextmanager
async def documents() -> AsyncIterator[Documents]:
    """The store alone, for somebody who waits for an answer: it gives up sooner than a task would.

    Raises `StoreUnavailable`, or `SetupError` where Airflow has no connection for it.
    """
    from wirewatch.store.elastic import ElasticDocuments

    try:
        where = cluster(await BaseHook.aget_connection(ELASTICSEARCH))
    except AirflowNotFoundException as error:
        raise SetupError(f"Airflow has no connection {ELASTICSEARCH}: add it, or set AIRFLOW_CONN_{ELASTICSEARCH.upper()}") from error
    async with ElasticDocuments(
        url=where.url, prefix=where.prefix, api_key=where.api_key, ca=where.ca, timeout_s=15, patience_s=(0.3, 0.7)
    ) as found:
        await found.ensure()
        yield found


def cluster(connection: Connection) -> Cluster:
    """How a connection says that Elasticsearch is reached."""
    from wirewatch.wiring.build import Cluster

    extra = connection.extra_dejson
    user = f"{quote(connection.login, safe='')}:{quote(connection.password or '', safe='')}@" if connection.login else ""
    return Cluster(
        url=f"{connection.schema or 'http'}://{user}{connection.host or '127.0.0.1'}:{connection.port or 9200}",
        prefix=os.environ.get("WIREWATCH_INDEX_PREFIX") or extra.get("index_prefix") or "wirewatch",
        api_key=extra.get("api_key") or None,
        ca=extra.get("ca_certs") or None,
    )


def channels(smtp: Connection | None, settings: Settings) -> Mapping[str, Channel]:
    """Mail where there is a connection for it, and the channels that config/ names."""
    from wirewatch.wiring.build import named_channels

    mail = {} if smtp is None else {"mail": mail_channel(smtp, settings.alerts.sender)}
    return {**mail, **named_channels(settings, _address)}


def mail_channel(smtp: Connection, sender: str) -> Channel:
    """The mail server of a connection."""
    from wirewatch.alerts.channels import MailChannel

    extra = smtp.extra_dejson
    ssl = not _is_true(extra.get("disable_ssl"))
    return MailChannel(
        host=smtp.host or "127.0.0.1",
        port=smtp.port or (465 if ssl else 25),
        user=smtp.login or None,
        password=smtp.password or None,
        ssl=ssl,
        starttls=not ssl and not _is_true(extra.get("disable_tls")),
        sender=extra.get("from_email") or sender,
    )


async def _address(name: str) -> str | None:
    """The address of a channel: the password (or `url` in the extra) of its connection, else its environment variable."""
    from wirewatch.wiring.build import connection_of, variable_of

    try:
        connection = await BaseHook.aget_connection(connection_of(name))
    except AirflowNotFoundException:
        return os.environ.get(variable_of(name))
    return connection.password or connection.extra_dejson.get("url") or os.environ.get(variable_of(name))


def _is_true(value: object) -> bool:
    return str(value).lower() in ("true", "1", "yes")
