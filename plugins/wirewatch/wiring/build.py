"""From addresses and secrets to `Ports`: what the wiring with and without Airflow shares."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

from wirewatch.alerts.channels import Channel
from wirewatch.alerts.chats import NamedChannel
from wirewatch.articles.kept import KeptPages, Place
from wirewatch.config import Bundle, Settings
from wirewatch.errors import SetupError
from wirewatch.http_client import HttpClient
from wirewatch.pipeline.ports import Clock, Ports
from wirewatch.store import config as published_config
from wirewatch.store.elastic import ElasticDocuments
from wirewatch.wiring.workers import workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """How Elasticsearch is reached."""

    url: str = field(repr=False)
    """May carry a login."""
    prefix: str = "wirewatch"
    api_key: str | None = field(default=None, repr=False)
    ca: str | None = None
    """File with the certificate authority."""


def utc_now() -> datetime:
    """The clock on the wall."""
    return datetime.now(UTC)


def guarded(
    cluster: Cluster, channels: Callable[[Settings], Mapping[str, Channel]], config: Path | None = None, clock: Clock = utc_now
) -> AbstractAsyncContextManager[None]:
    """What is done inside mails the operators where it cannot reach the cluster (`pipeline.outage`)."""
    from wirewatch.pipeline import outage

    return outage.alarm(partial(outage.settings_here, config), channels, remembered=outage.stamp(cluster.prefix), clock=clock)


def connection_of(name: str) -> str:
    """The Airflow connection whose password is the address of a channel."""
    return f"wirewatch_{name.replace('-', '_')}"


def variable_of(name: str) -> str:
    """The environment variable that is the address of a channel."""
    return f"WIREWATCH_CHANNEL_{name.replace('-', '_').upper()}"


def named_channels(settings: Settings, find: Callable[[str], Awaitable[str | None]]) -> dict[str, Channel]:
    """Every channel that a recipient names."""
    names = {name for recipient in settings.alerts.recipients.values() for name in recipient.channels}
    return {
        name: NamedChannel(
            name=name, find=find, help=f"it is the password of the Airflow connection {connection_of(name)}, or ${variable_of(name)}"
        )
        for name in sorted(names)
    }


def kept_pages(place: str, store_of: Callable[[str], Place] | None = None) -> KeptPages | None:
    """Where pages are kept: a folder, or an object store where `store_of` is given; None where nowhere.

    Raises `SetupError` for an object store that cannot be reached from here.
    """
    if not place:
        return None
    if "://" not in place:
        return KeptPages(Path(place).expanduser())
    if store_of is None:
        raise SetupError(f"articles.keep_pages: {place} is reached by Airflow's connections only; from here a folder is needed")
    return KeptPages(store_of(place))


@asynccontextmanager
async def assemble(
    cluster: Cluster,
    *,
    bundle: Bundle | None,
    channels: Callable[[Settings], Mapping[str, Channel]],
    clock: Clock = utc_now,
    store_of: Callable[[str], Place] | None = None,
) -> AsyncIterator[Ports]:
    """The ports of one task or command; `bundle` None takes the published one. `store_of` makes the path of an object store's address.

    Raises `StoreUnavailable`, or `SetupError` where nothing has been published.
    """
    async with ElasticDocuments(url=cluster.url, prefix=cluster.prefix, api_key=cluster.api_key, ca=cluster.ca) as documents:
        await documents.ensure()
        known = bundle or await published_config.published(documents)
        if known is None:
            raise SetupError("no configuration has been published: run `wirewatch check --publish`")
        settings = known.settings
        pages = kept_pages(settings.articles.keep_pages, store_of)
        agent = f"Wirewatch/{version('wirewatch')} (+{settings.contact})"
        async with HttpClient(user_agent=agent, allow_hosts=settings.polling.allow_hosts) as http:
            with workers() as cpu:
                yield Ports(documents=documents, bundle=known, clock=clock, http=http, cpu=cpu, pages=pages, channels=channels(settings))
