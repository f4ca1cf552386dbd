"""What the use cases need from outside: the store, the internet, the processors, the channels and the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wirewatch.alerts.channels import Channel
    from wirewatch.articles.kept import KeptPages
    from wirewatch.config import Bundle
    from wirewatch.http import Http
    from wirewatch.store.base import Documents

Clock = Callable[[], datetime]
"""Aware UTC now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Built once a task by `wiring`; tests build their own."""

    documents: Documents
    bundle: Bundle
    clock: Clock
    http: Http
    cpu: Executor
    """Processes for parsing and extraction."""
    pages: KeptPages | None = None
    """Where downloaded pages are kept; None: nowhere."""
    channels: Mapping[str, Channel] = field(default_factory=dict)
    """By channel name (`mail`, ...)."""
