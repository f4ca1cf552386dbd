"""The document store as the rest of Wirewatch sees it: one small protocol, implemented in `store.elastic`.

Repositories (`store.feeds`, `store.articles`, ...) say what is stored and asked in the words of the domain and are
written against this protocol; use cases are written against the repositories.

Every method may raise `StoreUnavailable` (try again) or `StoreRejected` (never right); more where it says so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A stored document with the place and version that a later write must cite."""

    index: str
    """The concrete index, never the alias."""
    id: str
    seq_no: int
    primary_term: int
    source: Mapping[str, Any]
    sort: tuple[Any, ...] = ()
    highlight: Mapping[str, Sequence[str]] | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored(Generic[T]):
    """A domain value with the place and version that a later write must cite."""

    value: T
    index: str
    id: str
    seq_no: int
    primary_term: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write of a bulk request.

    `op` is `create` (answers `exists` where the id is taken), `index` (overwrites; with `seq_no` and `primary_term`
    answers `conflict` where the document has changed; with `version` writes under an external version and answers
    `conflict` where a newer one is stored), `update` (as `index`, but `doc` has only the fields that change; answers `missing`
    where there is no document) or `delete`.
    """

    op: str
    index: str
    """Concrete index (partitioned kinds) or kind name resolved by `Documents.index_for`."""
    id: str
    doc: Body | None = None
    seq_no: int | None = None
    primary_term: int | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of a `Write`: `created`, `updated`, `exists`, `conflict`, `deleted` or `missing`."""

    id: str
    outcome: str
    seq_no: int | None = None
    primary_term: int | None = None


class Documents(Protocol):
    """Strictly mapped documents in kinds (`articles`, `feeds`, ... see `store.indices`)."""

    @property
    def prefix(self) -> str:
        """What all index names begin with."""

    def index_for(self, kind: str, at: datetime | None = None) -> str:
        """The concrete index that a document of `kind` belongs in; `at` chooses the partition of a partitioned kind."""

    async def get(self, index: str, id: str) -> Hit | None:
        """Read one document in real time from a concrete index (or an unpartitioned kind's)."""

    async def mget(self, keys: Sequence[tuple[str, str]], *, fields: Sequence[str] | None = None) -> list[Hit | None]:
        """Read many (concrete index, id) in real time, in the given order; with `fields`, only those of the source."""

    async def put(
        self, index: str, id: str, doc: Body, *, seq_no: int | None = None, primary_term: int | None = None, create: bool = False
    ) -> Written:
        """Write one document; raises `Conflict` where `seq_no` is stale, or `create` finds the id taken."""

    async def bulk(self, writes: Sequence[Write], *, refresh: bool = False) -> list[Written]:
        """Write many, in order, in requests of bounded size, retrying what is answered 429; raises `StoreRejected`
        after trying all when any document was refused for good, naming the first.
        """

    async def search(self, kind: str, body: Body) -> Mapping[str, Any]:
        """Search all of a kind (its alias); `body` is an Elasticsearch request body; the raw answer."""

    async def find(
        self, kind: str, query: Body, *, size: int = 100, sort: Sequence[Body] = (), fields: Sequence[str] | None = None
    ) -> list[Hit]:
        """Search all of a kind for at most `size` documents, with their versions; with `fields`, only those of the source."""

    def scan(self, kind: str, query: Body, *, fields: Sequence[str] | None = None, page: int = 1000) -> AsyncIterator[Hit]:
        """Every match, paged with a point in time and search_after, in no particular order."""

    async def count(self, kind: str, query: Body) -> int:
        """How many match."""

    async def refresh(self, *kinds: str) -> None:
        """Make everything written so far visible to searches of these kinds."""

    async def delete(self, index: str, id: str) -> bool:
        """Remove one document; False where it was not there."""

    async def partitions(self, kind: str) -> list[str]:
        """The concrete indices of a partitioned kind, oldest first."""

    async def drop_partition(self, index: str) -> bool:
        """Remove a partition with everything in it; False where it was not there."""

    async def ask(self, method: str, path: str, body: Body | bytes | None = None) -> Mapping[str, Any]:
        """One request of Elasticsearch's own: for looking after indices (`store.migrate`, `store.snapshots`), never for documents."""

    async def ensure(self) -> bool:
        """Make what is missing of templates and indices; True if anything was done."""

    async def drop(self) -> None:
        """Remove every index and template under the prefix."""

    async def versions(self) -> dict[str, int]:
        """The version of the mapping of every index under the prefix."""


async def put_over(documents: Documents, index: str, id: str, doc: Body, known: Hit | None) -> Written:
    """Write one document over what was read of it, or as a new one where nothing was; raises `Conflict` where that is not so any more."""
    if known is None:
        return await documents.put(index, id, doc, create=True)
    return await documents.put(index, id, doc, seq_no=known.seq_no, primary_term=known.primary_term)
