"""What a demo shows at its end, read from the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counted in Elasticsearch."""

    feeds: int
    """Polled at least once."""
    failing: int
    articles: int
    published: int
    """What the newsroom put out; 0: not asked."""
    stories: int
    topics: int
    tagged: int
    incidents: tuple[str, ...]
    notifications: int

    def rows(self) -> list[tuple[str, str]]:
        """As lines for people."""
        rows = [
            ("Feeds polled", f"{self.feeds}, of which {self.failing} are broken on purpose"),
            ("Articles", f"{self.articles:,}" + (f" of {self.published:,} published" if self.published else "")),
            ("Stories", f"{self.stories:,}"),
            ("Topics", f"{self.topics} watched, {self.tagged} articles tagged"),
        ]
        rows += [("Incident", text) for text in self.incidents] or [("Incident", "none")]
        return rows


async def look(config: Path, *, published: int = 0) -> Figures:
    """The figures of what is stored now."""
    from wirewatch.wiring.local import ports

    async with ports(config) as found:
        documents = found.documents
        await documents.refresh("articles", "incidents", "feeds", "notifications")
        usable: dict[str, Any] = {"terms": {"status": ["ready", "partial"]}}
        stories = await documents.search(
            "articles",
            {"size": 0, "query": usable, "aggs": {"stories": {"cardinality": {"field": "story_id", "precision_threshold": 10_000}}}},
        )
        incidents = await documents.find("incidents", {"match_all": {}}, size=50)
        return Figures(
            feeds=await documents.count("feeds", {"exists": {"field": "last_poll_at"}}),
            failing=await documents.count("feeds", {"terms": {"health": ["failing", "retired"]}}),
            articles=await documents.count("articles", usable),
            published=published,
            stories=int(stories["aggregations"]["stories"]["value"]),
            topics=len(found.bundle.topics),
            tagged=await documents.count("articles", {"exists": {"field": "topics"}}),
            incidents=tuple(_line(hit.source) for hit in incidents),
            notifications=await documents.count("notifications", {"match_all": {}}),
        )


def _line(incident: Any) -> str:
    evidence = incident.get("evidence") or {}
    return (
        f"{incident['topic_name']}: {incident['severity']}, {evidence.get('stories', '?')} stories by "
        f"{evidence.get('publishers', '?')} publishers ({incident['id']})"
    )


def told(runs: Mapping[str, Mapping[str, int]]) -> str:
    """How often each DAG ran, and what went wrong."""
    parts = []
    for dag, states in runs.items():
        failed = f" ({states['failed']} failed)" if states.get("failed") else ""
        parts.append(f"{dag} {states.get('success', 0) + states.get('failed', 0)}{failed}")
    return ", ".join(parts)
