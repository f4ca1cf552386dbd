"""Ports from the environment, for the `wirewatch` command: no Airflow here.

`ELASTICSEARCH_URL` (default http://127.0.0.1:9200), `ELASTICSEARCH_API_KEY`, `ELASTICSEARCH_CA` (a file),
`SMTP_URL` (`smtp://user:password@host:port?starttls=1`, or `smtps://…`), `WIREWATCH_CHANNEL_…` (the address of a channel, by
its name), `WIREWATCH_INDEX_PREFIX` (default: the one in wirewatch.yaml).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from wirewatch.alerts.channels import Channel, MailChannel
from wirewatch.articles.kept import Place
from wirewatch.config import Settings, load, settings_path
from wirewatch.errors import SetupError
from wirewatch.pipeline.ports import Clock, Ports
from wirewatch.wiring.build import Cluster, assemble, guarded, named_channels, utc_now, variable_of

DEFAULT_URL = "http://127.0.0.1:9200"


def cluster(prefix: str = "wirewatch") -> Cluster:
    """The cluster that the environment names."""
    return Cluster(
        url=os.environ.get("ELASTICSEARCH_URL") or DEFAULT_URL,
        prefix=os.environ.get("WIREWATCH_INDEX_PREFIX") or prefix,
        api_key=os.environ.get("ELASTICSEARCH_API_KEY") or None,
        ca=os.environ.get("ELASTICSEARCH_CA") or None,
    )


def mail_channel(url: str, sender: str) -> MailChannel:
    """The mail server of an `SMTP_URL`; raises `SetupError` for one that is none."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise SetupError(f"SMTP_URL: {error}") from error
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise SetupError("SMTP_URL: smtp://user:password@host:port or smtps://… is needed")
    ssl = parts.scheme == "smtps"
    return MailChannel(
        host=parts.hostname,
        port=port or (465 if ssl else 25),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        starttls=parse_qs(parts.query).get("starttls", ["0"])[-1] in ("1", "true", "yes"),
        ssl=ssl,
        sender=sender,
    )


def channels(settings: Settings) -> Mapping[str, Channel]:
    """Mail where `SMTP_URL` is set, and the channels that config/ names; without an address messages wait."""
    url = os.environ.get("SMTP_URL")
    mail: dict[str, Channel] = {"mail": mail_channel(url, settings.alerts.sender)} if url else {}
    return {**mail, **named_channels(settings, _address)}


def object_store(address: str) -> Place:
    """The path of an object store's address, with the credentials that its own library finds in the environment."""
    from upath import UPath

    # `s3://connection@bucket` names a connection of Airflow, which nobody has here.
    scheme, _, rest = address.partition("://")
    found: Place = UPath(f"{scheme}://{rest.partition('@')[2] or rest}")
    return found


async def _address(name: str) -> str | None:
    return os.environ.get(variable_of(name))


@asynccontextmanager
async def ports(
    config: Path | None = None, *, clock: Clock = utc_now, published: bool = False, alarm: bool = False
) -> AsyncIterator[Ports]:
    """The ports of one command: with the rules and settings of `config` (else the folder that `settings_path` finds), or,
    where `published` is true, with those that are published. `alarm`: the operators get a mail where the store is out of reach.

    Raises `ConfigError`, `SetupError` or `StoreUnavailable`.
    """
    bundle = load(config or settings_path())
    where = cluster(bundle.settings.index_prefix)
    watch = guarded(where, channels, config, clock) if alarm else nullcontext()
    async with watch, assemble(where, bundle=None if published else bundle, channels=channels, clock=clock, store_of=object_store) as found:
        yield found
