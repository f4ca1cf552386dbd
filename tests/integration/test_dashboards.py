"""The dashboards on a real Elasticsearch: every panel's figures are those of the ledger of what was put in, and none is empty."""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.recount import BLIND_DAY, DAY, END, START, TIMES, TOPICS, Ledger, busy, having, inside, layers_of, rows_of, start_of, thin
from tests.samples import NOW, article

from wirewatch.dashboards.asks import Query, data_of, queries, specs
from wirewatch.dashboards.boards import BOARDS
from wirewatch.dashboards.build import ndjson, objects, panel_id
from wirewatch.dashboards.fields import fields_of
from wirewatch.dashboards.install import install
from wirewatch.dashboards.magic import filled
from wirewatch.dashboards.panels import VIEWS, Board, Chart, Drawing, Listing, Note, Number, Panel
from wirewatch.errors import PermanentError, SetupError, TransientError
from wirewatch.model import Article
from wirewatch.store import articles as article_store
from wirewatch.store.base import Write
from wirewatch.store.documents import from_document, to_document
from wirewatch.store.elastic import ElasticDocuments
from wirewatch.store.indices import PROPERTIES

PANELS: Mapping[str, Panel] = {panel_id(board, panel): panel for board in BOARDS for row in board.rows for panel in row}

Answer = Mapping[str, Any]


async def fill(documents: ElasticDocuments, ledger: Ledger) -> None:
    for kind, rows in ledger.values.items():
        writes = [Write(op="index", index=documents.index_for(kind, at), id=id, doc=to_document(value)) for id, value, at in rows]
        assert {each.outcome for each in await documents.bulk(writes, refresh=True)} == {"created"}


async def asked(
    documents: ElasticDocuments, boards: Sequence[Board] = BOARDS, **chosen: str
) -> dict[tuple[str, str], tuple[Query, Answer]]:
    """Every panel's queries with their answers, by panel and layer; `chosen`: what controls filter by."""
    found = queries(objects(documents.names.prefix, boards), START, END, [{"term": {name: value}} for name, value in chosen.items()])
    answers = await asyncio.gather(*(documents.search(query.kind, query.body) for query in found))
    return {(query.panel, query.layer): (query, answer) for query, answer in zip(found, answers, strict=True)}


def test_every_figure_of_every_panel_is_the_ledgers(documents: ElasticDocuments) -> None:
    ledger = busy()

    async def work() -> dict[tuple[str, str], tuple[Query, Answer]]:
        await fill(documents, ledger)
        return await asked(documents)

    found = asyncio.run(work())
    assert {panel for panel, _ in found} == {id for id, panel in PANELS.items() if not isinstance(panel, Note)}
    for id, panel in PANELS.items():
        for number, (buckets, measures) in enumerate(layers_of(panel)):
            query, answer = found[id, f"l{number}" if isinstance(panel, Chart) else "main"]
            docs = inside(ledger, panel.view, panel.query)
            same(answered(query, answer), rows_of(docs, buckets, measures, TIMES[panel.view]), measures, id)
        if isinstance(panel, Chart) and panel.incidents:
            hits = found[id, "marks"][1]["hits"]["hits"]
            marked = sorted((doc["opened_at"], doc["topic_name"]) for doc in inside(ledger, "incidents", "severity: *"))
            assert [hit["fields"]["topic_name"][0] for hit in hits] == [name for _, name in marked], id
        if isinstance(panel, Listing):
            listed(panel, found[id, "list"][1], ledger)
    surprise_is_the_ledgers(found, ledger)
    share_is_the_ledgers(found, ledger, "wirewatch-newsroom-share", constant=False, most=8)
    share_is_the_ledgers(found, ledger, "wirewatch-topic-compared", constant=True, most=5)
    words_are_the_ledgers(found, ledger)


def test_every_figure_is_the_ledgers_where_a_control_filters(documents: ElasticDocuments) -> None:
    ledger = busy()
    choices = {"newsroom": ("topic", TOPICS[3]), "topic": ("topic", TOPICS[0]), "incidents": ("desk", "asia"), "feeds": ("feed", "feed3")}

    async def work() -> dict[tuple[str, str], tuple[Query, Answer]]:
        await fill(documents, ledger)
        parts = [await asked(documents, [board], **dict([choices[board.id]])) for board in BOARDS if board.controls]
        return {key: value for part in parts for key, value in part.items()}

    found = asyncio.run(work())
    for board in (board for board in BOARDS if board.controls):
        name, value = choices[board.id]
        for panel in (panel for row in board.rows for panel in row):
            id = panel_id(board, panel)
            for number, (buckets, measures) in enumerate(layers_of(panel)):
                docs = inside(ledger, panel.view, panel.query)
                chosen = docs if panel.unfiltered else having(docs, name, value)
                query, answer = found[id, f"l{number}" if isinstance(panel, Chart) else "main"]
                same(answered(query, answer), rows_of(chosen, buckets, measures, TIMES[panel.view]), measures, id, thin=True)
            if isinstance(panel, Chart) and panel.incidents:
                assert len(found[id, "marks"][1]["hits"]["hits"]) == len(having(inside(ledger, "incidents"), name, value)), id


def test_no_panel_is_empty_in_the_first_hour_of_a_first_day(documents: ElasticDocuments) -> None:
    async def work() -> dict[tuple[str, str], tuple[Query, Answer]]:
        await fill(documents, thin())
        return await asked(documents)

    for (id, layer), (query, answer) in asyncio.run(work()).items():
        panel = PANELS[id]
        # One large number may be zero.
        if isinstance(panel, Number) or layer == "marks":
            continue
        shown = any(bucketed(answer["aggregations"])) if isinstance(panel, Drawing) else answered(query, answer) or answer["hits"]["hits"]
        assert shown, (id, layer)


def test_a_chosen_topic_is_compared_alone_with_all_of_the_panel(documents: ElasticDocuments) -> None:
    ledger = busy()
    shared = next(each for each in objects(documents.names.prefix) if each["id"] == "wirewatch-topic-compared")

    async def work() -> list[Answer]:
        await fill(documents, ledger)
        chosen = [{"term": {"topic": TOPICS[3]}}]
        urls = [filled(data["url"], START, END, chosen) for data in data_of(specs(shared))]
        return [await documents.search(url["index"].removeprefix(f"{documents.names.prefix}-"), url["body"]) for url in urls]

    tagged, largest, everything = asyncio.run(work())
    assert [bucket["key"] for bucket in largest["aggregations"]["topics"]["buckets"]] == [TOPICS[3]]
    docs = [doc for doc in inside(ledger, "articles", "status: (ready or partial)") if doc["watched_since"] <= START]
    assert sum(bucket["doc_count"] for bucket in everything["aggregations"]["days"]["buckets"]) == len(docs)
    counted = {bucket["key"]: bucket["doc_count"] for bucket in tagged["aggregations"]["topics"]["buckets"]}
    assert counted[TOPICS[3]] == sum(TOPICS[3] in doc["topics"] for doc in docs if "topics" in doc)


def test_every_view_finds_its_fields(documents: ElasticDocuments) -> None:
    async def work() -> None:
        for view in VIEWS:
            found = await documents._client.field_caps(index=documents.names.alias(view.kind), fields="*")
            known = fields_of(PROPERTIES[view.kind])
            types = {name: next(iter(types)) for name, types in found.body["fields"].items()}
            assert known.items() <= types.items(), view.kind

    # An index for the kinds that are partitioned.
    asyncio.run(fill(documents, thin()))
    asyncio.run(work())


# ---------------------------------------------------------------- answers as rows


def answered(query: Query, answer: Answer) -> list[tuple[Any, ...]]:
    """Rows of bucket keys and measures, as Lens makes them of an answer."""
    buckets = [id for id, column in query.columns.items() if column["isBucketed"]]
    if not query.columns:
        return []
    top = {"doc_count": answer["hits"]["total"]["value"], **answer.get("aggregations", {})}
    return _rows(query.columns, buckets, top)


def _rows(columns: Mapping[str, Any], buckets: Sequence[str], at: Answer) -> list[tuple[Any, ...]]:
    if not buckets:
        return [tuple(_figure(id, column, at) for id, column in columns.items() if not column["isBucketed"])]
    found: list[tuple[Any, ...]] = []
    for bucket in at[buckets[0]]["buckets"]:
        found += [(bucket["key"], *row) for row in _rows(columns, buckets[1:], bucket)]
    return found


def _figure(id: str, column: Mapping[str, Any], at: Answer) -> Any:
    if "filter" in column:
        at = at[id]
        if column["operationType"] == "count":
            return at["doc_count"]
        value = at["value"]
    elif column["operationType"] == "count":
        return at["doc_count"]
    else:
        value = at[id]
    match column["operationType"]:
        case "median":
            found = value["values"]["50.0"]
            return None if found is None or math.isnan(found) else found
        case "last_value":
            hits = value["hits"]["hits"]
            return hits[0]["fields"][column["sourceField"]][0] if hits else None
    return value["value"]


def same(
    rows: Sequence[tuple[Any, ...]], wanted: Sequence[tuple[Any, ...]], measures: Sequence[Any], id: str, *, thin: bool = False
) -> None:
    assert wanted or thin, f"{id}: nothing was put in for it"
    assert thin or any(each is not None for row in wanted for each in row[-len(measures) :]), f"{id}: all of it is unknown"
    assert [row[: -len(measures)] for row in rows] == [row[: -len(measures)] for row in wanted], id
    for row, right in zip(rows, wanted, strict=True):
        for measure, figure, value in zip(measures, row[-len(measures) :], right[-len(measures) :], strict=True):
            right_one = 0 if measure.what == "sum" and value is None else value
            wanted_one = right_one if right_one is None or isinstance(right_one, str) else pytest.approx(right_one)
            assert figure == wanted_one, (id, measure.label, row)


def listed(panel: Listing, answer: Answer, ledger: Ledger) -> None:
    hits = answer["hits"]["hits"]
    docs = inside(ledger, panel.view, panel.query)
    key = {"articles": "id", "incidents": "id", "feeds": "feed"}[panel.view]
    assert sorted(hit["_source"][key] for hit in hits) == sorted(doc[key] for doc in docs), panel.id
    name, order = panel.sort or (TIMES[panel.view], "desc")
    ordered = [hit["sort"][0] for hit in hits]
    assert ordered == sorted(ordered, reverse=order == "desc"), panel.id
    assert len({hit["_source"][key] for hit in hits}) == len(hits)
    assert name


# ---------------------------------------------------------------- drawings


def bucketed(aggs: Mapping[str, Any]) -> list[Any]:
    """The outermost buckets of an answer."""
    for value in aggs.values():
        if isinstance(value, Mapping):
            return value["buckets"] if "buckets" in value else bucketed(value)
    return []


def surprise_is_the_ledgers(found: Mapping[tuple[str, str], tuple[Query, Answer]], ledger: Ledger) -> None:
    ground, cells, again = (found["wirewatch-newsroom-surprise", f"data{number}"][1]["aggregations"] for number in range(3))
    assert ground == again
    seen = {bucket["key"]: bucket["coverage"]["value"] for bucket in ground["days"]["buckets"]}
    hours = defaultdict(list)
    for doc in inside(ledger, "coverage"):
        hours[start_of(doc["hour"], "1d")].append(doc["coverage"])
    days = [start_of(START + number * DAY, "1d") for number in range(15)]
    assert list(seen) == days
    for day in days:
        assert seen[day] == (pytest.approx(sum(hours[day]) / len(hours[day])) if hours[day] else None)
    # A day on which nobody looked, and one on which nothing was surprising, differ in what lies under them.
    assert seen[start_of(BLIND_DAY, "1d")] == 0.0
    scores: dict[tuple[str, int], list[float]] = defaultdict(list)
    stories: Counter[tuple[str, int]] = Counter()
    for doc in inside(ledger, "counts"):
        at = (doc["topic"], start_of(doc["hour"], "1d"))
        stories[at] += doc["stories"]
        scores[at] += [doc["score"]] if "score" in doc else []
    shown = {
        (topic["key"], day["key"]): (day["score"]["value"], day["stories"]["value"])
        for topic in cells["topics"]["buckets"]
        for day in topic["days"]["buckets"]
    }
    assert shown == {at: (max(scores[at], default=None), float(number)) for at, number in stories.items()}
    peaks = [topic["peak"]["value"] for topic in cells["topics"]["buckets"]]
    assert peaks == sorted(peaks, reverse=True)


def share_is_the_ledgers(
    found: Mapping[tuple[str, str], tuple[Query, Answer]], ledger: Ledger, panel: str, *, constant: bool, most: int
) -> None:
    tagged, largest, everything = (found[panel, f"data{number}"][1]["aggregations"] for number in range(3))
    readable = inside(ledger, "articles", "status: (ready or partial)")
    docs = [doc for doc in readable if not constant or doc["watched_since"] <= START]
    assert (len(docs) < len(readable)) == constant
    of_day = Counter(start_of(doc["@timestamp"], "1d") for doc in docs)
    assert {bucket["key"]: bucket["doc_count"] for bucket in everything["days"]["buckets"] if bucket["doc_count"]} == of_day
    of_topic = Counter((topic, start_of(doc["@timestamp"], "1d")) for doc in docs for topic in doc.get("topics", ()))
    shown = {
        (topic["key"], day["key"]): day["doc_count"]
        for topic in tagged["topics"]["buckets"]
        for day in topic["days"]["buckets"]
        if day["doc_count"]
    }
    assert shown == of_topic
    sums: Counter[str] = Counter()
    for doc in inside(ledger, "counts"):
        sums[doc["topic"]] += doc["articles"]
    assert [bucket["key"] for bucket in largest["topics"]["buckets"]] == [topic for topic, _ in sums.most_common(most)]


def words_are_the_ledgers(found: Mapping[tuple[str, str], tuple[Query, Answer]], ledger: Ledger) -> None:
    readable = inside(ledger, "articles", "status: (ready or partial)")
    stored = Counter(word for doc in readable for word in doc["words"])
    today = Counter(word for doc in readable if doc["@timestamp"] >= END - DAY for word in doc["words"])
    tagged = Counter(word for doc in readable if "topics" in doc for word in doc["words"])
    new = found["wirewatch-newsroom-words", "data0"][1]["aggregations"]["words"]["buckets"]
    assert {bucket["key"]: (bucket["mine"]["doc_count"], bucket["doc_count"]) for bucket in new} == {
        word: (today[word], number) for word, number in stored.items()
    }
    own, every = (found["wirewatch-topic-words", f"data{number}"][1]["aggregations"]["words"]["buckets"] for number in (0, 1))
    assert {bucket["key"]: bucket["doc_count"] for bucket in own} == {word: number for word, number in tagged.items() if number >= 3}
    assert {bucket["key"]: bucket["doc_count"] for bucket in every} == {word: number for word, number in stored.items() if number >= 3}
    assert [word for word in today if today[word] >= stored[word] / 2] == ["eruption"]


# ---------------------------------------------------------------- what shares rest on


def test_an_article_is_watched_since_the_oldest_of_its_feeds_is(documents: ElasticDocuments) -> None:
    def seen(feed: str, days: int) -> Article:
        return article("b1", feeds=(feed,), watched_since=NOW - timedelta(days=days))

    async def work() -> Article:
        await article_store.discover(documents, [seen("young", 1)])
        await article_store.discover(documents, [seen("old", 9)])
        await article_store.discover(documents, [seen("middling", 4)])
        hit = await documents.get(documents.index_for("articles", NOW), "b1")
        assert hit is not None
        return from_document(Article, hit.source)

    stored = asyncio.run(work())
    assert stored.feeds == ("young", "old", "middling")
    assert stored.watched_since == NOW - timedelta(days=9)


def test_a_result_keeps_what_another_feed_said_meanwhile(documents: ElasticDocuments) -> None:
    async def work() -> Article:
        await article_store.discover(documents, [article("b2", watched_since=NOW, next_attempt_at=NOW)])
        claimed = (await article_store.claim(documents, await article_store.due(documents, NOW), NOW + timedelta(minutes=9)))[0]
        await article_store.discover(documents, [article("b2", feeds=("other",), watched_since=NOW - DAY)])
        assert await article_store.save(documents, [(claimed, replace(claimed.value, title="Read"))]) == [True]
        hit = await documents.get(documents.index_for("articles", NOW), "b2")
        assert hit is not None
        return from_document(Article, hit.source)

    stored = asyncio.run(work())
    assert (stored.title, stored.watched_since, stored.feeds) == ("Read", NOW - DAY, ("harbour", "other"))


# ---------------------------------------------------------------- installing


Handler = Callable[[web.Request], Awaitable[web.Response]]


async def importing(handler: Handler, times: int = 1, **options: Any) -> int:
    app = web.Application()
    app.router.add_post("/s/press/api/saved_objects/_import", handler)
    async with TestServer(app) as server:
        options = {"waits_s": ()} | options
        return [await install(str(server.make_url("/s/press")), ndjson(), **options) for _ in range(times)][-1]


def test_the_file_is_handed_to_kibana_as_it_takes_it() -> None:
    seen: list[tuple[str, str, str, int]] = []

    async def take(request: web.Request) -> web.Response:
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        lines = file.file.read().decode().splitlines()
        seen.append((request.query["overwrite"], request.headers["kbn-xsrf"], request.headers["Authorization"], len(lines)))
        return web.json_response({"success": True, "successCount": len(lines)})

    assert asyncio.run(importing(take, api_key="abc")) == len(objects())
    assert seen == [("true", "true", "ApiKey abc", len(objects()))]


def test_a_kibana_that_still_starts_is_waited_for_and_installing_again_changes_nothing() -> None:
    stored: dict[tuple[str, str], str] = {}
    states: list[dict[tuple[str, str], str]] = []
    answers = iter([503, 200, 200])

    async def take(request: web.Request) -> web.Response:
        form = await request.post()
        if (status := next(answers)) != 200:
            return web.Response(status=status, text="Kibana server is not ready yet")
        file = form["file"]
        assert isinstance(file, web.FileField)
        lines = [json.loads(line) for line in file.file.read().decode().splitlines()]
        stored.update({(each["type"], each["id"]): json.dumps(each) for each in lines})
        states.append(dict(stored))
        return web.json_response({"success": True, "successCount": len(lines)})

    assert asyncio.run(importing(take, times=2, waits_s=(0.0,))) == len(objects())
    assert states[0] == states[1]
    assert len(states[0]) == len(objects())


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, "{}", SetupError),
        (503, "starting", TransientError),
        (200, "<html>", SetupError),
        (200, '{"success": false, "errors": [{"type": "lens", "id": "x", "error": {"type": "conflict"}}]}', PermanentError),
    ],
)
def test_what_kibana_refuses_is_said(status: int, body: str, error: type[Exception]) -> None:
    async def refuse(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=status, text=body)

    with pytest.raises(error):
        asyncio.run(importing(refuse))
