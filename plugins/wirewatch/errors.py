"""Every error that Wirewatch raises on purpose.

::

    WirewatchError
    ├── TransientError            try again later: the task is retried
    │   ├── StoreUnavailable      Elasticsearch does not answer, or is too busy
    │   ├── FetchFailed           a feed or page could not be fetched this time
    │   └── DeliveryDeferred      a mail server or channel said "not now"
    └── PermanentError            trying again cannot help: the task fails at once
        ├── ConfigError           config/ is wrong; carries every problem with its place
        ├── FetchRefused          an address, size or answer that we refuse, or a definite no
        ├── ParseError            bytes that are not what they should be (a feed, a page)
        │   └── NotAFeed          a page where a feed should be; carries the feeds that it advertises
        ├── StoreRejected         Elasticsearch refuses a document or query
        ├── Conflict              someone else changed the document first
        ├── DeliveryRefused       a channel refuses this message for good
        └── SetupError            the machine or an installation lacks something
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


class WirewatchError(Exception):
    """The root of the tree; `str()` of it is one line fit for an operator."""


class TransientError(WirewatchError):
    """Trying again later may help."""


class PermanentError(WirewatchError):
    """Trying again cannot help."""


class StoreUnavailable(TransientError):
    """Elasticsearch does not answer, or is too busy."""


class FetchFailed(TransientError):
    """A feed or page could not be fetched this time; `outcome` names why (see `http.Outcome`)."""

    def __init__(self, url: str, outcome: str, detail: str = "", *, status: int | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(f"{url}: {outcome}" + (f": {detail}" if detail else ""))
        self.url = url
        self.outcome = outcome
        self.detail = detail
        self.status = status
        self.retry_after_s = retry_after_s


class DeliveryDeferred(TransientError):
    """A mail server or channel said "not now"."""


class ConfigError(PermanentError):
    """config/ is wrong; carries every problem with its place."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in config/, printed as ``config/topics/energy.yaml:14 topics[2].rule.any: unknown key "keyword"``."""

    file: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place} {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class FetchRefused(PermanentError):
    """An address, size or answer that we refuse, or a definite no from the server; `outcome` names why."""

    def __init__(self, url: str, outcome: str, detail: str = "", *, status: int | None = None) -> None:
        super().__init__(f"{url}: {outcome}" + (f": {detail}" if detail else ""))
        self.url = url
        self.outcome = outcome
        self.detail = detail
        self.status = status


class ParseError(PermanentError):
    """Bytes that are not what they should be (a feed, a page)."""


class NotAFeed(ParseError):
    """A page where a feed should be; carries the absolute addresses of the feeds that it advertises."""

    def __init__(self, message: str, advertised: tuple[str, ...] = ()) -> None:
        super().__init__(message, advertised)
        self.advertised = advertised

    def __str__(self) -> str:
        return str(self.args[0])


class StoreRejected(PermanentError):
    """Elasticsearch refuses a document or query; `refused`: of several documents, the ids of those, whose neighbours are written."""

    def __init__(self, message: str, *, refused: Collection[str] = ()) -> None:
        super().__init__(message)
        self.refused = frozenset(refused)


class Conflict(PermanentError):
    """Someone else changed the document first; read it again and decide again."""


class DeliveryRefused(PermanentError):
    """A channel refuses this message for good."""


class SetupError(PermanentError):
    """The machine or an installation lacks something; the message says what to do."""
