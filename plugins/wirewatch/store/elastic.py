"""`Documents` on Elasticsearch 9: the only module that knows its client."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatch
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from elastic_transport import ApiResponse, ConnectionTimeout, TransportError
from elastic_transport import ConnectionError as NoConnection
from elasticsearch import ApiError, AsyncElasticsearch, UnsupportedProductError
from elasticsearch.serializer import JsonSerializer
from pydantic_core import from_json

from wirewatch.errors import Conflict, StoreRejected, StoreUnavailable
from wirewatch.store import indices
from wirewatch.store.base import Body, Hit, Write, Written

T = TypeVar("T")

MAX_BULK_BYTES = 5_000_000
MAX_BULK_DOCUMENTS = 1_000
BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Waits before another try where Elasticsearch is too busy or cannot be reached; then the task fails and Airflow retries it."""

_JSON = {"content-type": "application/json", "accept": "application/json"}
_NDJSON = {"content-type": "application/x-ndjson", "accept": "application/json"}
_BUSY = frozenset({429, 502, 503, 504})
_PRODUCT = "x-elastic-product"
_NOT_OURS = "something else than Elasticsearch answers at {}"
_LOCKED_OUT = frozenset({401, 403})
"""A key that has run out or lacks a right: a person must mend it, and then what failed is tried again."""
_MAX_WINDOW = 10_000
"""Elasticsearch's default `index.max_result_window`."""


_JSON_OF = json.JSONEncoder(ensure_ascii=False).encode
"""`json.dumps` makes an encoder every time."""


class _Json(JsonSerializer):
    """The client's JSON, read several times as fast as by Python's own module."""

    def json_loads(self, data: bytes) -> Any:
        return from_json(data)


class ElasticDocuments:
    """Documents under one prefix in one cluster; an async context manager.

    Call `ensure` once before the first write: without the index templates Elasticsearch would guess mappings. `patience_s` are the
    waits before another try where Elasticsearch is too busy or cannot be reached (default `BACKOFF_S`).
    """

    def __init__(
        self,
        *,
        url: str,
        prefix: str = "wirewatch",
        api_key: str | None = None,
        ca: str | None = None,
        timeout_s: float = 30.0,
        patience_s: Sequence[float] | None = None,
    ) -> None:
        options: dict[str, Any] = {"request_timeout": timeout_s, "max_retries": 0, "retry_on_status": ()}
        options["serializers"] = {_Json.mimetype: _Json()}
        if api_key:
            options["api_key"] = api_key
        if ca:
            options["ca_certs"] = ca
        self.url = url
        self.address = _without_login(url)
        """Fit for messages: the login in an address is not for logs and pages."""
        self.names = indices.Names(prefix)
        self._patience_s = patience_s
        self._client = AsyncElasticsearch(url, **options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.close()

    # ------------------------------------------------------------ set-up

    @property
    def prefix(self) -> str:
        """See `Documents.prefix`."""
        return self.names.prefix

    async def ensure(self) -> bool:
        """Install the templates, make the indices that are missing, add new fields to those that lack them and aliases that somebody took
        away; True if anything was done.

        Raises `StoreRejected` where an index has a mapping that cannot become the wanted one: `store.migrate` moves it.
        """
        templates, standing = await asyncio.gather(self._templates(), self._standing())
        versions = {index: version for index, (version, _) in standing.items()}
        known = {item["name"]: _version(item["index_template"].get("template", {}).get("mappings", {})) for item in templates}
        missing = [kind for kind in indices.PARTITIONS if known.get(self.names.alias(kind), 0) < indices.VERSION]
        unmade = set(indices.KINDS) - set(indices.PARTITIONS) - {self.names.kind_of(index) for index in versions}
        older = [index for index, version in versions.items() if version < indices.VERSION]
        unnamed = self._unnamed({index: aliases for index, (_, aliases) in standing.items()})
        if not (missing or unmade or older or unnamed):
            return False
        # Side by side, since Elasticsearch takes what arrives together as one change of its state.
        bodies = {self.names.alias(kind): indices.template(self.names, kind) for kind in missing}
        put = self._client.indices.put_index_template
        await asyncio.gather(*(self._call(partial(put, name=alias, **body)) for alias, body in bodies.items()))
        await asyncio.gather(*(self._make(kind) for kind in unmade), *(self._widen(index) for index in older))
        if unnamed:
            await self._call(partial(self._client.indices.update_aliases, actions=unnamed))
        return True

    async def versions(self) -> dict[str, int]:
        """See `Documents.versions`."""
        return {index: version for index, (version, _) in (await self._standing()).items()}

    async def _standing(self) -> dict[str, tuple[int, frozenset[str]]]:
        """Every index under the prefix, with the version of its mapping and its aliases."""
        path = f"/{self.names.prefix}-*?features=aliases,mappings&filter_path=*.aliases,*.mappings._meta"
        found = await self.ask("GET", path)
        return {
            index: (_version(each.get("mappings", {})), frozenset(each.get("aliases", {})))
            for index, each in sorted(found.items())
            if self.names.kind_of(index)
        }

    def _unnamed(self, standing: Mapping[str, frozenset[str]]) -> list[dict[str, Any]]:
        """What gives indices the names back that somebody took away, without which searches pass over them in silence.

        Where two indices stand for one place, one is being moved: it has no names until it is whole.
        """
        places = Counter(self.names.place_of(index) for index in standing)
        actions: list[dict[str, Any]] = []
        for index, aliases in standing.items():
            place = self.names.place_of(index)
            if places[place] == 1:
                wanted = {place, self.names.alias(self.names.kind_of(index) or "")} - {index} - aliases
                actions += [{"add": {"index": index, "alias": alias}} for alias in sorted(wanted)]
        return actions

    async def ask(self, method: str, path: str, body: Body | bytes | None = None) -> Mapping[str, Any]:
        """See `Documents.ask`; with the patience and the errors of every other request."""
        headers = _NDJSON if isinstance(body, bytes) else _JSON
        answer = await self._call(partial(self._client.perform_request, method, path, headers=headers, body=body))
        plain: Mapping[str, Any] = answer.body
        return plain

    async def drop(self) -> None:
        """Remove every index and template under the prefix; what tests and the demo begin and end with."""
        answer = await self._call(lambda: self._client.indices.get(index=f"{self.names.prefix}-*", features="aliases"))
        if found := sorted(answer):
            await self._call(lambda: self._client.indices.delete(index=found, ignore_unavailable=True))
        if names := [item["name"] for item in await self._templates()]:
            await self._call(lambda: self._client.indices.delete_index_template(name=names))

    async def _templates(self) -> list[Mapping[str, Any]]:
        lenient = self._client.options(ignore_status=404)
        answer = await self._call(lambda: lenient.indices.get_index_template(name=f"{self.names.prefix}-*"))
        found: list[Mapping[str, Any]] = answer.get("index_templates", [])
        return found

    async def _make(self, kind: str) -> None:
        place = self.names.place(kind)
        body = indices.body(kind) | {"aliases": {place: {}}}
        try:
            await self._call(partial(self._client.indices.create, index=self.names.index(place), **body))
        except StoreRejected as error:
            if "resource_already_exists_exception" not in str(error):
                raise

    async def _widen(self, index: str) -> None:
        """Give an older index the fields that it lacks."""
        try:
            await self._call(partial(self._client.indices.put_mapping, index=index, **indices.mapping(self.names.kind_of(index) or "")))
        except StoreRejected as error:
            raise StoreRejected(f"{index} has an older mapping: `wirewatch elasticsearch migrate` moves it ({error})") from error

    # ------------------------------------------------------------ one document

    def index_for(self, kind: str, at: datetime | None = None) -> str:
        """See `Documents.index_for`."""
        return self.names.place(kind, at)

    async def get(self, index: str, id: str) -> Hit | None:
        """See `Documents.get`."""
        found = await self.mget([(index, id)])
        return found[0]

    async def mget(self, keys: Sequence[tuple[str, str]], *, fields: Sequence[str] | None = None) -> list[Hit | None]:
        """See `Documents.mget`."""
        found: list[Hit | None] = []
        for start in range(0, len(keys), MAX_BULK_DOCUMENTS):
            part = keys[start : start + MAX_BULK_DOCUMENTS]
            docs: list[dict[str, Any]] = [{"_index": self._place(index), "_id": id} for index, id in part]
            if fields is not None:
                docs = [{**doc, "_source": list(fields)} for doc in docs]
            found += await self._call(partial(self._read, docs))
        return found

    async def _read(self, docs: Sequence[Mapping[str, Any]]) -> list[Hit | None]:
        """Ask for documents once; raises `StoreUnavailable` where one cannot be read now (its index has only just been made)."""
        answer = self._own(await self._client.mget(docs=docs))
        return [self._got(item) for item in answer["docs"]]

    def _got(self, item: Mapping[str, Any]) -> Hit | None:
        if error := item.get("error"):
            if error.get("type") == "index_not_found_exception":
                return None
            raise StoreUnavailable(f"Elasticsearch: {item['_index']}/{item['_id']}: {_reason(error)}")
        return self._hit(item) if item.get("found") else None

    async def put(
        self, index: str, id: str, doc: Body, *, seq_no: int | None = None, primary_term: int | None = None, create: bool = False
    ) -> Written:
        """See `Documents.put`."""
        options: dict[str, Any] = self._guard(index) | ({"op_type": "create"} if create else {})
        if seq_no is not None:
            options |= {"if_seq_no": seq_no, "if_primary_term": primary_term}
        place = self._place(index)
        answer = await self._call(lambda: self._client.index(index=place, id=id, document=doc, **options))
        return Written(id=id, outcome=answer["result"], seq_no=answer["_seq_no"], primary_term=answer["_primary_term"])

    async def delete(self, index: str, id: str) -> bool:
        """See `Documents.delete`."""
        written = await self.bulk([Write(op="delete", index=index, id=id)])
        return written[0].outcome == "deleted"

    # ------------------------------------------------------------ many documents

    async def bulk(self, writes: Sequence[Write], *, refresh: bool = False) -> list[Written]:
        """See `Documents.bulk`."""
        done: dict[int, Written] = {}
        refused: dict[str, str] = {}
        for batch in _batches(self._lines(writes)):
            await self._send(batch, done, refused)
        if refresh and writes:
            # Refreshing with every part of a large bulk would cost one segment each.
            places = sorted({self._place(write.index) for write in writes})
            await self._call(lambda: self._client.indices.refresh(index=places, ignore_unavailable=True))
        if refused:
            first = next(iter(refused.values()))
            raise StoreRejected(f"Elasticsearch refused {len(refused)} of {len(writes)} documents, the first: {first}", refused=refused)
        return [done[number] for number in range(len(writes))]

    def _lines(self, writes: Sequence[Write]) -> Iterator[tuple[int, Write, bytes]]:
        for number, write in enumerate(writes):
            head: dict[str, Any] = {"_index": self._place(write.index), "_id": write.id, **self._guard(write.index)}
            if write.seq_no is not None:
                head |= {"if_seq_no": write.seq_no, "if_primary_term": write.primary_term}
            if write.version is not None:
                head |= {"version": write.version, "version_type": "external"}
            lines = [_JSON_OF({write.op: head})]
            if write.doc is not None:
                lines.append(_JSON_OF({"doc": write.doc} if write.op == "update" else write.doc))
            # A lone surrogate, which hostile input may carry, has no UTF-8.
            yield number, write, ("\n".join(lines) + "\n").encode("utf-8", "replace")

    async def _send(self, batch: list[tuple[int, Write, bytes]], done: dict[int, Written], refused: dict[str, str]) -> None:
        """Send one batch until every write of it has an answer that is not "busy"."""
        for wait in self._waits():
            body = b"".join(lines for _, _, lines in batch)
            answer = await self._call(partial(self._client.perform_request, "POST", "/_bulk", headers=_NDJSON, body=body))
            busy = []
            for item, sent in zip(answer["items"], batch, strict=True):
                number, write, _ = sent
                result = next(iter(item.values()))
                if result["status"] in _BUSY or _blocked(result.get("error")):
                    busy.append(sent)
                elif outcome := _outcome(write, result):
                    done[number] = Written(
                        id=write.id, outcome=outcome, seq_no=result.get("_seq_no"), primary_term=result.get("_primary_term")
                    )
                else:
                    refused[write.id] = f"{result['_index']}/{write.id}: {_reason(result.get('error'))}"
            if not busy:
                return
            batch = busy
            if wait is not None:
                await asyncio.sleep(wait)
        raise StoreUnavailable(f"Elasticsearch is too busy for {len(batch)} documents")

    # ------------------------------------------------------------ searches

    async def search(self, kind: str, body: Body) -> Mapping[str, Any]:
        """See `Documents.search`; an answer that misses shards is an error, not a smaller answer."""
        answer = await self._call(
            lambda: self._client.search(
                index=self.names.alias(kind),
                body=dict(body),
                ignore_unavailable=True,
                allow_no_indices=True,
                allow_partial_search_results=False,
            )
        )
        plain: Mapping[str, Any] = answer.body
        return plain

    async def find(
        self, kind: str, query: Body, *, size: int = 100, sort: Sequence[Body] = (), fields: Sequence[str] | None = None
    ) -> list[Hit]:
        """See `Documents.find`; `size` is at most 10,000."""
        body: dict[str, Any] = {"query": query, "size": min(size, _MAX_WINDOW), "seq_no_primary_term": True, "track_total_hits": False}
        if sort:
            body["sort"] = [{name: _sorting(order) for name, order in each.items()} for each in sort]
        if fields is not None:
            body["_source"] = list(fields)
        answer = await self.search(kind, body)
        return [self._hit(item) for item in answer["hits"]["hits"]]

    async def scan(self, kind: str, query: Body, *, fields: Sequence[str] | None = None, page: int = 1000) -> AsyncIterator[Hit]:
        """See `Documents.scan`."""
        alias = self.names.alias(kind)
        if not await self._call(lambda: self._client.indices.exists_alias(name=alias)):
            return
        opened = await self._call(lambda: self._client.open_point_in_time(index=alias, keep_alive="5m"))
        body: dict[str, Any] = {
            "query": query,
            "size": page,
            "pit": {"id": opened["id"], "keep_alive": "5m"},
            "sort": [{"_shard_doc": "asc"}],
            "seq_no_primary_term": True,
            "track_total_hits": False,
        }
        if fields is not None:
            body["_source"] = list(fields)
        try:
            while True:
                answer = await self._call(lambda: self._client.search(body=body, allow_partial_search_results=False))
                hits = answer["hits"]["hits"]
                for item in hits:
                    yield self._hit(item)
                if len(hits) < page:
                    return
                body["pit"]["id"] = answer["pit_id"]
                body["search_after"] = hits[-1]["sort"]
        finally:
            await self._call(lambda: self._client.close_point_in_time(id=body["pit"]["id"]))

    async def count(self, kind: str, query: Body) -> int:
        """See `Documents.count`."""
        answer = await self._call(
            lambda: self._client.count(index=self.names.alias(kind), query=query, ignore_unavailable=True, allow_no_indices=True)
        )
        return int(answer["count"])

    async def refresh(self, *kinds: str) -> None:
        """See `Documents.refresh`."""
        aliases = [self.names.alias(kind) for kind in kinds]
        await self._call(lambda: self._client.indices.refresh(index=aliases, ignore_unavailable=True, allow_no_indices=True))

    # ------------------------------------------------------------ partitions

    async def partitions(self, kind: str) -> list[str]:
        """See `Documents.partitions`."""
        return sorted({self.names.place_of(index) for index in await self._behind(self.names.pattern(kind))})

    async def drop_partition(self, index: str) -> bool:
        """See `Documents.drop_partition`; raises `ValueError` for an index that is none."""
        if not any(fnmatch(index, self.names.pattern(kind)) for kind in indices.PARTITIONS):
            raise ValueError(f"{index} is no partition under {self.names.prefix}")
        found = await self._behind(index)
        if found:
            await self._call(lambda: self._client.indices.delete(index=found, ignore_unavailable=True))
        return bool(found)

    async def _behind(self, places: str) -> list[str]:
        """The indices behind a place or a pattern of places."""
        client = self._client
        return sorted(await self._call(lambda: client.indices.get(index=places, features="aliases", ignore_unavailable=True)))

    # ------------------------------------------------------------ below

    def _hit(self, item: Mapping[str, Any]) -> Hit:
        return Hit(
            index=self.names.place_of(item["_index"]),
            id=item["_id"],
            seq_no=item.get("_seq_no", -1),
            primary_term=item.get("_primary_term", -1),
            source=item.get("_source", {}),
            sort=tuple(item.get("sort", ())),
            highlight=item.get("highlight"),
            score=item.get("_score"),
        )

    def _waits(self) -> tuple[float | None, ...]:
        """Before each further try; None: there is none."""
        return (*(BACKOFF_S if self._patience_s is None else self._patience_s), None)

    def _place(self, index: str) -> str:
        """The name under which documents of a kind, a place or an index are written and read."""
        return self.names.place(index) if index in indices.PROPERTIES else self.names.place_of(index)

    def _guard(self, index: str) -> dict[str, Any]:
        """Keeps Elasticsearch from making an index of guessed mapping where the alias of an unpartitioned kind is missing."""
        return {} if self.names.kind_of(self._place(index)) in indices.PARTITIONS else {"require_alias": True}

    async def _call(self, request: Callable[[], Awaitable[T]]) -> T:
        """Make a request, again where Elasticsearch is too busy or unreachable, with its errors translated into ours.

        A write whose answer was lost is sent again: `create` then answers `exists` and a write under `seq_no` a conflict,
        both of which every caller must live with anyway.
        """
        for wait in self._waits():
            try:
                return self._own(await request())
            except UnsupportedProductError as error:
                if wait is None:
                    raise StoreUnavailable(_NOT_OURS.format(self.address)) from error
            except ApiError as error:
                said = error.body.get("error") if isinstance(error.body, Mapping) else error.body
                reason = _reason(said)
                if error.status_code == 409:
                    raise Conflict(f"Elasticsearch: {reason}") from error
                if error.status_code not in _BUSY and not _blocked(said):
                    kind = StoreUnavailable if error.status_code in _LOCKED_OUT else StoreRejected
                    raise kind(f"Elasticsearch answered {error.status_code}: {reason}") from error
                if wait is None:
                    raise StoreUnavailable(f"Elasticsearch answered {error.status_code}: {reason}") from error
            except (NoConnection, ConnectionTimeout) as error:
                if wait is None:
                    raise StoreUnavailable(f"Elasticsearch at {self.address} cannot be reached: {error.message}") from error
            except TransportError as error:
                raise StoreUnavailable(f"Elasticsearch at {self.address}: {error.message[:300]}") from error
            except StoreUnavailable:
                if wait is None:
                    raise
            await asyncio.sleep(wait)
        raise AssertionError("not reached")

    def _own(self, answer: T) -> T:
        """An answer, once it is Elasticsearch's: the client itself asks that of the first alone.

        Raises `StoreUnavailable` for what a gateway between us says: a page to log in, an apology.
        """
        if isinstance(answer, ApiResponse) and answer.meta.status < 300 and answer.meta.headers.get(_PRODUCT) != "Elasticsearch":
            raise StoreUnavailable(_NOT_OURS.format(self.address))
        return answer


def _without_login(url: str) -> str:
    """An address fit for a message: the login in it is not for logs and pages."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def _outcome(write: Write, result: Mapping[str, Any]) -> str | None:
    """What became of one write of a bulk, or None where it was refused."""
    if result["status"] < 300:
        # An update that changes nothing is one all the same.
        return "updated" if result["result"] == "noop" else str(result["result"])
    if result["status"] == 409:
        return "exists" if write.op == "create" else "conflict"
    if result["status"] == 404 and write.op in ("delete", "update"):
        return "missing"
    return None


def _blocked(error: Any) -> bool:
    """Whether writes are blocked for now: an index is being moved, or the disk is full."""
    return isinstance(error, Mapping) and error.get("type") == "cluster_block_exception"


def _version(mapping: Mapping[str, Any]) -> int:
    return int(mapping.get("_meta", {}).get("wirewatch", 0))


def _sorting(order: Any) -> Any:
    """An index that has no document with the field yet must not fail a search."""
    plain = {"order": order} if isinstance(order, str) else dict(order)
    return {"unmapped_type": "date", **plain}


def _reason(error: Any) -> str:
    """One line of an Elasticsearch error body."""
    if not isinstance(error, Mapping):
        return str(error)[:300] if error else "no reason given"
    cause = error.get("caused_by") or {}
    parts = [str(error.get("type", "")), str(error.get("reason", "")), str(cause.get("reason", ""))]
    return ": ".join(part for part in parts if part)[:500]


def _batches(lines: Iterator[tuple[int, Write, bytes]]) -> Iterator[list[tuple[int, Write, bytes]]]:
    batch: list[tuple[int, Write, bytes]] = []
    size = 0
    for item in lines:
        if batch and (size + len(item[2]) > MAX_BULK_BYTES or len(batch) >= MAX_BULK_DOCUMENTS):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += len(item[2])
    if batch:
        yield batch
