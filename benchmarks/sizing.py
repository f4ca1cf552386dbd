"""What an Elasticsearch needs for so many articles a day: `python benchmarks/sizing.py [--articles 10000 100000]`.

Writes made-up articles of 450 words over a month, with all that goes with them (addresses, polls, counts of 200 topics), into a node of
its own, merges it as time would, and says how large each kind is for an article, how much heap is in use and how long searches take.
Words are drawn from 30,000 by Zipf's law, which compresses worse than prose: the sizes are on the safe side.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from wirewatch.embedded import elasticsearch
from wirewatch.model import Article, Evidence, Status, TopicMatch
from wirewatch.store import indices
from wirewatch.store.base import Write
from wirewatch.store.documents import to_document
from wirewatch.store.elastic import ElasticDocuments

WORDS = 450
VOCABULARY = 30_000
TOPICS = 200
OUTLETS = 400
FEEDS = 1_000
START = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = 30


class Writer:
    """Makes articles from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        letters = "etaoinshrdlucmfwypvbgkjqxz"
        weights = [26 - place for place in range(26)]
        lengths = range(2, 12)
        self.words = ["".join(self.random.choices(letters, weights, k=self.random.choice(lengths))) for _ in range(VOCABULARY)]
        self.weights = list(accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))

    def prose(self, words: int) -> str:
        """So many words, in sentences and paragraphs."""
        chosen = self.random.choices(self.words, cum_weights=self.weights, k=words)
        sentences = [" ".join(chosen[at : at + 18]).capitalize() + "." for at in range(0, words, 18)]
        return "\n\n".join(" ".join(sentences[at : at + 3]) for at in range(0, len(sentences), 3))

    def article(self, number: int, total: int) -> Article:
        """The n-th of `total` over the month."""
        at = START + timedelta(days=DAYS) * (number / total)
        outlet = self.random.randrange(OUTLETS)
        url = f"https://www.outlet{outlet}.example/world/{at:%Y/%m/%d}/{self.prose(8)[:60].replace(' ', '-')}{number}"
        topics = tuple(f"topic-{self.random.randrange(TOPICS)}" for _ in range(self.random.choice((0, 0, 0, 1, 1, 2))))
        evidence = (Evidence(field="text", start=0, end=8, words=self.prose(2), concept="country/x"),) * 6
        digest = hashlib.sha256(url.encode()).hexdigest()
        return Article(
            id=digest[:32],
            urls=(url,),
            url=url,
            feeds=(f"feed{outlet}",),
            source=f"outlet{outlet}.example",
            publisher=f"outlet{outlet}",
            publisher_name=f"Outlet {outlet}",
            country="GB",
            title=self.prose(10),
            summary=self.prose(35),
            text=self.prose(WORDS),
            authors=(self.prose(2),),
            language="en",
            image=f"{url}/image.jpg",
            status=Status.READY,
            published_at=at,
            first_seen_at=at,
            indexed_at=at,
            counted_at=at,
            timestamp=at,
            bands=tuple(digest[at : at + 8] for at in range(0, 64, 4)),
            fingerprint=digest * 6,
            story_id=digest[:32],
            topics=topics,
            topic_matches=tuple(TopicMatch(topic=topic, hash="h" * 16, score=80, evidence=evidence) for topic in topics),
            rules="h" * 16,
        )


def writes(documents: ElasticDocuments, seed: int, total: int) -> Iterator[list[Write]]:
    """Everything that so many articles leave behind, in bulks."""
    writer = Writer(seed)
    batch: list[Write] = []
    for number in range(total):
        article = writer.article(number, total)
        place = documents.index_for("articles", article.first_seen_at)
        known = {"url": article.url, "article": article.id, "index": place, "at": article.first_seen_at.isoformat()}
        batch.append(Write(op="index", index="urls", id=article.id, doc=known))
        batch.append(Write(op="index", index=place, id=article.id, doc=to_document(article)))
        if len(batch) >= 1_000:
            yield batch
            batch = []
    yield batch
    batch = []
    for hour in range(DAYS * 24):
        at = START + timedelta(hours=hour)
        for topic in range(0, TOPICS, 4):  # a quarter of the topics has something in an hour; zeros are not stored
            row = {"topic": f"topic-{topic}", "hash": "h" * 16, "hour": at.isoformat(), "stories": 3, "publishers": 4, "articles": 6}
            row |= {"expected": 2.7, "upper": 9.0, "score": 0.4, "until": at.isoformat()}
            batch.append(Write(op="index", index=documents.index_for("counts", at), id=f"{topic}|{at:%Y%m%d%H}", doc=row))
        for feed in range(0, FEEDS, 5):  # polls that brought something
            poll = {"at": at.isoformat(), "feed": f"feed{feed}", "outcome": "ok", "polls": 1, "status": 200, "entries": 30, "new": 2}
            batch.append(Write(op="index", index=documents.index_for("polls", at), id=f"{feed}|{at:%Y%m%d%H}", doc=poll))
        if len(batch) >= 1_000:
            yield batch
            batch = []
    yield batch


async def measure(home: Path, total: int) -> dict[str, float]:
    """Fill a node, and look."""
    node = elasticsearch.start(home, tied=True, heap="512m")
    try:
        async with ElasticDocuments(url=node.url, prefix="sizing") as documents:
            await documents.ensure()
            began, spent = time.perf_counter(), 0.0
            for batch in writes(documents, 1, total):
                before = time.perf_counter()
                await documents.bulk(batch)
                spent += time.perf_counter() - before
            await documents.ask("POST", "/sizing-*/_forcemerge?max_num_segments=1")
            stats = await documents.ask("GET", "/sizing-*/_stats/store,docs")
            size = dict.fromkeys(indices.KINDS, 0)
            for index, each in stats["indices"].items():
                size[documents.names.kind_of(index) or ""] += each["total"]["store"]["size_in_bytes"]
            searches = [await _search(documents, word) for word in Writer(1).words[200:240]]
            heap = await documents.ask("GET", "/_nodes/stats/jvm?filter_path=nodes.*.jvm.mem.heap_used_percent")
            (used,) = (each["jvm"]["mem"]["heap_used_percent"] for each in heap["nodes"].values())
            return {
                "articles": total,
                "indexed a second": total / spent,
                "articles KB": size["articles"] / total / 1e3,
                "addresses KB": size["urls"] / total / 1e3,
                "counts MB": size["counts"] / 1e6,
                "polls MB": size["polls"] / 1e6,
                "heap % of 512 MB": used,
                "search ms": statistics.median(searches) * 1e3,
                "search ms, slowest": max(searches) * 1e3,
                "took s": time.perf_counter() - began,
            }
    finally:
        elasticsearch.stop(home)


async def _search(documents: ElasticDocuments, word: str) -> float:
    """The time of one search as the page makes it: words, highlights and numbers beside the filters."""
    body = {
        "query": {"bool": {"must": {"match": {"text": word}}, "filter": {"range": {"@timestamp": {"gte": START.isoformat()}}}}},
        "highlight": {"fields": {"text": {}}},
        "aggs": {"publishers": {"terms": {"field": "publisher"}}, "topics": {"terms": {"field": "topics"}}},
        "_source": ["title", "url"],
    }
    began = time.perf_counter()
    await documents.search("articles", body)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, nargs="+", default=[10_000, 100_000])
    given = parser.parse_args()
    found = []
    for total in given.articles:
        with tempfile.TemporaryDirectory() as home:
            found.append(asyncio.run(measure(Path(home), total)))
    for name in found[0]:
        print(f"| {name} | " + " | ".join(f"{each[name]:,.1f}" for each in found) + " |")


if __name__ == "__main__":
    main()
