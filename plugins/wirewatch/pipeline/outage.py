"""Elasticsearch out of reach: the one thing that the operators are told of without it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from wirewatch.alerts.channels import Channel
from wirewatch.alerts.plan import plan_note
from wirewatch.alerts.text import clean
from wirewatch.config import Settings, load, load_files, settings_path
from wirewatch.errors import ConfigError, DeliveryDeferred, DeliveryRefused, StoreUnavailable
from wirewatch.logs import logger
from wirewatch.model import Severity
from wirewatch.pipeline.blindness import NAME, OPERATORS
from wirewatch.pipeline.ports import Clock

_LOG = logger(__name__)
_SETTINGS = "wirewatch.yaml"


def stamp(prefix: str) -> Path:
    """Where this machine remembers since when it cannot reach Elasticsearch, for nobody is to be told in every run."""
    return Path(tempfile.gettempdir()) / f"wirewatch-{os.getuid()}-{prefix}.out-of-reach"


def settings_here(config: Path | None = None) -> Settings | None:
    """The settings of config/ on this machine, as those that are published are out of reach too; None where there are none."""
    folder = config or settings_path()
    try:
        return load(folder).settings
    except ConfigError:
        pass
    try:
        # Some rule is wrong; who is to be told may still be known.
        return load_files({_SETTINGS: (folder / _SETTINGS).read_text(encoding="utf-8")}, root=str(folder)).settings
    except (ConfigError, OSError, ValueError):
        return None


@asynccontextmanager
async def alarm(
    settings: Callable[[], Settings | None],
    channels: Callable[[Settings], Mapping[str, Channel]],
    *,
    remembered: Path,
    clock: Clock,
) -> AsyncIterator[None]:
    """Mail the operators where what is done inside cannot reach Elasticsearch, once an outage, and again when it can; the error goes on.

    Where no mail server takes a message, the next run tries again.
    """
    try:
        yield
    except StoreUnavailable as error:
        now = clock()
        if _since(remembered) is None:
            lines = (
                f"Elasticsearch does not answer, or is too busy: {clean(str(error), 300)}",
                "Nothing is polled, read, counted or alerted meanwhile. When it is back, feeds fill in what they still list.",
            )
            if await _send(settings(), channels, "opened", lines, since=now, now=now):
                _remember(remembered, now)
        raise
    since = _since(remembered)
    if since is not None:
        lines = (f"Elasticsearch was out of reach since {since:%Y-%m-%d %H:%M} UTC.", "What feeds still list is counted, and found late.")
        if await _send(settings(), channels, "closed", lines, since=since, now=clock()):
            _forget(remembered)


async def _send(
    settings: Settings | None,
    channels: Callable[[Settings], Mapping[str, Channel]],
    event: str,
    lines: Sequence[str],
    *,
    since: datetime,
    now: datetime,
) -> bool:
    """Whether at least one operator was reached."""
    from wirewatch.alerts.render import render

    if settings is None:
        _LOG.error("Elasticsearch is out of reach, and there are no settings here that say whom to tell")
        return False
    over = event == "closed"
    payload = {
        "title": "Wirewatch reaches Elasticsearch again" if over else f"{NAME}: Elasticsearch is out of reach",
        "badge": "Operations",
        "level": "calm" if over else str(Severity.CRITICAL),
        "lines": list(lines),
    }
    about = f"elasticsearch-{since:%Y%m%dT%H%M%S}"
    found = channels(settings)
    reached = False
    for message in plan_note(about, event, settings=settings.alerts, notify=OPERATORS, now=now, payload=payload):
        channel = found.get(message.channel)
        if channel is None:
            _LOG.error("Elasticsearch is out of reach, and no mail server is set up to say so", recipient=message.recipient)
            continue
        try:
            await channel.send(message, render(message, settings=settings.alerts, now=now))
            reached = True
        except (DeliveryDeferred, DeliveryRefused) as error:
            _LOG.error("Elasticsearch is out of reach, and saying so failed", recipient=message.recipient, error=str(error))
    return reached


def _since(file: Path) -> datetime | None:
    try:
        return datetime.fromisoformat(file.read_text(encoding="ascii")).astimezone(UTC)
    except (OSError, ValueError):
        return None


def _remember(file: Path, now: datetime) -> None:
    with contextlib.suppress(OSError):
        file.write_text(now.isoformat(), encoding="ascii")


def _forget(file: Path) -> None:
    file.unlink(missing_ok=True)
