"""Moves what is stored to the mappings of this version: one index after the other, each whole or not at all.

Old index write-blocked → copied with its ids and versions into a new one, which no alias shows yet → both compared → exchanged in one
change of the cluster's state. Writers that meet the block wait and try again. A move that dies leaves the old index complete and
blocked; it is begun again from there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wirewatch.errors import SetupError, StoreRejected
from wirewatch.store import indices
from wirewatch.store.elastic import ElasticDocuments

PAGE = 500
Progress = Callable[[str, int, int], None]
"""Is told the index, documents copied and documents in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One index that has an older mapping, and where its documents go."""

    index: str
    target: str
    place: str
    begun: bool
    """Whether the target is there already: a move is under way, or has died."""


@dataclass(slots=True)
class Sum:
    """How many documents, and a sum over their ids, versions and contents that does not depend on their order."""

    documents: int = 0
    total: int = 0

    def add(self, hit: Mapping[str, Any]) -> None:
        """Take in one document of a search that asked for versions."""
        text = json.dumps([hit["_id"], hit["_version"], hit["_source"]], sort_keys=True)
        self.documents += 1
        self.total = (self.total + int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8], "big")) % (1 << 64)


async def outdated(documents: ElasticDocuments) -> list[Move]:
    """What has an older mapping than this version's and is to be moved."""
    names = documents.names
    versions = await documents.versions()
    older = [index for index, version in versions.items() if version < indices.VERSION]
    targets = {index: names.index(names.place_of(index)) for index in older}
    return [Move(index=index, target=to, place=names.place_of(index), begun=to in versions) for index, to in targets.items()]


async def migrate(documents: ElasticDocuments, *, resume: bool = False, progress: Progress = lambda *_: None) -> dict[str, int]:
    """Move every outdated index; how many documents were moved, by index.

    `resume` begins the move again that died on the way; without it a move that has begun is taken for one under way. Raises
    `SetupError` for that, and `StoreRejected` where a document does not fit the new mapping or a copy differs: the index then stays
    what it was, and writable.
    """
    moves = await outdated(documents)
    if begun := [move.index for move in moves if move.begun and not resume]:
        raise SetupError(f"{begun[0]} is being moved; where that move has died, `wirewatch elasticsearch migrate --resume` takes it up")
    moved = {}
    for move in moves:
        if move.begun:
            await documents.ask("DELETE", f"/{move.target}")
        moved[move.index] = await _move(documents, move, progress)
    await documents.ensure()
    return moved


async def _move(documents: ElasticDocuments, move: Move, progress: Progress) -> int:
    kind = documents.names.kind_of(move.index) or ""
    # Whoever makes it is the one who moves: two cannot.
    await documents.ask("PUT", f"/{move.target}", indices.body(kind))
    done = False
    try:
        # Unlike the setting, this waits for the writes that are under way.
        await documents.ask("PUT", f"/{move.index}/_block/write")
        # What was written last is not seen by searches yet.
        await documents.ask("POST", f"/{move.index}/_refresh")
        count = await _copy(documents, move, progress)
        await _exchange(documents, move, documents.names.alias(kind))
        done = True
    finally:
        if not done:
            await documents.ask("DELETE", f"/{move.target}")
            await documents.ask("PUT", f"/{move.index}/_settings", {"index.blocks.write": None})
    return count


async def _copy(documents: ElasticDocuments, move: Move, progress: Progress) -> int:
    """Copy every document, and compare both; how many there are."""
    total = int((await documents.ask("GET", f"/{move.index}/_count"))["count"])
    there, here = Sum(), Sum()
    async for hits in _pages(documents, move.index):
        lines = []
        for hit in hits:
            there.add(hit)
            head = {"_index": move.target, "_id": hit["_id"], "version": hit["_version"], "version_type": "external_gte"}
            lines += [json.dumps({"index": head}), json.dumps(hit["_source"], ensure_ascii=False)]
        await _write(documents, "\n".join(lines) + "\n")
        progress(move.index, there.documents, total)
    await documents.ask("POST", f"/{move.target}/_refresh")
    async for hits in _pages(documents, move.target):
        for hit in hits:
            here.add(hit)
    if here != there:
        raise StoreRejected(
            f"{move.target} holds {here.documents} documents, not the {there.documents} of {move.index}: the copy is removed"
        )
    return there.documents


async def _write(documents: ElasticDocuments, lines: str) -> None:
    answer = await documents.ask("POST", "/_bulk", lines.encode("utf-8", "replace"))
    for item in answer["items"]:
        if error := item["index"].get("error"):
            raise StoreRejected(f"{item['index']['_index']}/{item['index']['_id']}: {error.get('type')}: {error.get('reason')}")


async def _pages(documents: ElasticDocuments, index: str) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """All documents of an index with their versions, in pages."""
    opened = await documents.ask("POST", f"/{index}/_pit?keep_alive=5m")
    body: dict[str, Any] = {
        "size": PAGE,
        "version": True,
        "track_total_hits": False,
        "sort": [{"_shard_doc": "asc"}],
        "pit": {"id": opened["id"], "keep_alive": "5m"},
    }
    try:
        while True:
            answer = await documents.ask("POST", "/_search?allow_partial_search_results=false", body)
            hits = answer["hits"]["hits"]
            if hits:
                yield hits
            if len(hits) < PAGE:
                return
            body["pit"]["id"] = answer["pit_id"]
            body["search_after"] = hits[-1]["sort"]
    finally:
        await documents.ask("DELETE", "/_pit", {"id": body["pit"]["id"]})


async def _exchange(documents: ElasticDocuments, move: Move, alias: str) -> None:
    """Put the new index in the place of the old one, in one change."""
    aliases = sorted({alias, move.place})
    actions: list[dict[str, Any]] = [{"add": {"index": move.target, "alias": each}} for each in aliases]
    await documents.ask("POST", "/_aliases", {"actions": [{"remove_index": {"index": move.index}}, *actions]})
