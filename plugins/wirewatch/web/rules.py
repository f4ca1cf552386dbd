"""Texts of rules to begin with; pure."""

from __future__ import annotations

import hashlib
import re

from wirewatch.alerts.text import clean
from wirewatch.config.source import read
from wirewatch.model import Article
from wirewatch.pipeline.topic_yaml import written

BLANK = """topics:
  - id: harbour-strikes
    name: Strikes in harbours
    rule:
      all:
        - {phrases: [harbour*, port authority]}
        - {phrases: [strike, strikes, walkout*]}
      within: 2 sentences
    watch: {alert: spike}
    examples:
      matches: ["Harbour pilots begin a strike"]
      rejects: ["Lightning strikes a church"]
"""
"""What a new topic begins with: it goes with any configuration."""

_LONG = 1000


def key_of(text: str) -> str:
    """A key for a new entry, of its first topic's id."""
    found = re.search(r"\bid:\s*[\"']?([^\s\"'#,}]+)", text)
    id = found[1] if found else ""
    plain = re.sub(r"[^a-z0-9]+", "-", id.lower()).strip("-")[:60]
    return plain or f"topic-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def as_example(article: Article) -> str | dict[str, str]:
    """An article as an example: what decides, and not pages of text."""
    title, summary, text = (clean(each, limit) for each, limit in ((article.title, 400), (article.summary, 600), (article.text, _LONG)))
    fields = ("title", title), ("summary", summary), ("text", text), ("language", article.language or "")
    given = {name: value for name, value in fields if value}
    return given if len(given) > 1 else title


def rejecting(text: str, topic: str, example: str | dict[str, str] | None) -> str:
    """A text of topics with one more example that a topic must not match."""
    if example is None:
        return text
    loaded = read(topic, text).data
    for entry in loaded["topics"]:
        if entry.get("id") == topic or "{" in str(entry.get("id", "")):
            rejects = entry.setdefault("examples", {}).setdefault("rejects", [])
            rejects.append(example)
            return written(loaded["topics"])
    return text
