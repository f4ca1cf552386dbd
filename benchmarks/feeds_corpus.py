"""Every captured feed once, against what its project expects of it: `python benchmarks/feeds_corpus.py [--data DIR] [--show]`.

The test suites of feedparser, gofeed and others state in their files, or in files beside them, what a feed must be read as: how many
entries, their titles, links, ids, dates and authors. Each such statement is one fact; text is compared as plain text. Prints a table
by source: the facts that we and feedparser meet, and the slowest file.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import re
import time
import warnings
from calendar import timegm
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser

from wirewatch.errors import ParseError
from wirewatch.feeds.charset import decode
from wirewatch.feeds.parse import parse
from wirewatch.feeds.plain import clean, text_of
from wirewatch.model import ParsedFeed

ROOT = Path(__file__).parents[1]
BASE = "http://127.0.0.1:8097/feed.xml"
"""Where the suites pretend to have fetched their files."""

View = dict[tuple[int | None, str], Any]
"""Field by entry (None: the feed's own)."""


@dataclass(frozen=True)
class Fact:
    """One statement about a feed."""

    entry: int | None
    field: str
    value: Any

    def met(self, view: View) -> bool:
        """Whether a reading agrees."""
        found = view.get((self.entry, self.field))
        if isinstance(self.value, str) and isinstance(found, str):
            return " ".join(found.split()) in (clean(self.value), text_of(self.value))
        return bool(found == self.value)


# ---------------------------------------------------------------- what is expected

_FIELDS = {
    ("title",): "title",
    ("title_detail", "value"): "title",
    ("summary",): "summary",
    ("description",): "summary",
    ("summary_detail", "value"): "summary",
    ("content", 0, "value"): "content",
    ("link",): "link",
    ("id",): "id",
    ("guid",): "id",
    ("author",): "author",
    ("author_detail", "name"): "author",
    ("authors", 0, "name"): "author",
    ("published_parsed",): "published",
    ("updated_parsed",): "updated",
}
_OF_THE_FEED = ("title", "link")


def stated_in(text: str) -> Iterator[Fact]:
    """The facts in the comment at the head of a file of feedparser's suite."""
    found = re.search(r"Expect:\s*(.+?)\s*(?:-->|$)", text[:4000], re.MULTILINE)
    try:
        tree = ast.parse((found[1] if found else "").strip(), mode="eval")
    except (SyntaxError, ValueError):
        return
    for node in _conjuncts(tree.body):
        if not (isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq)):
            continue
        try:
            value = ast.literal_eval(node.comparators[0])
        except ValueError:
            continue
        left = node.left
        if isinstance(left, ast.Call) and ast.unparse(left) == "len(entries)":
            yield Fact(None, "entries", value)
            continue
        yield from _fact(_path(left), value)


def _conjuncts(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        for each in node.values:
            yield from _conjuncts(each)
    else:
        yield node


def _path(node: ast.expr) -> tuple[Any, ...]:
    """`entries[0]['title']` as ("entries", 0, "title")."""
    match node:
        case ast.Name():
            return (node.id,)
        case ast.Subscript(slice=ast.Constant(value=key)):
            return (*_path(node.value), key)
        case ast.Attribute():
            return (*_path(node.value), node.attr)
    return ()


def _fact(path: tuple[Any, ...], value: Any) -> Iterator[Fact]:
    entry = path[1] if path[:1] == ("entries",) and len(path) > 2 and isinstance(path[1], int) else None
    rest = path[2:] if entry is not None else path[1:] if path[:1] == ("feed",) else ()
    field = _FIELDS.get(rest)
    if field is None or (entry is None and field not in _OF_THE_FEED):
        return
    if field in ("published", "updated"):
        if isinstance(value, tuple) and len(value) >= 6:
            yield Fact(entry, field, datetime.fromtimestamp(timegm((*value[:6], 0, 0, 0)), UTC))
    elif isinstance(value, str) and (field != "link" or re.match("https?://[^/]", value)):
        yield Fact(entry, field, value)


def beside(path: Path) -> Iterator[Fact]:
    """The facts in the JSON beside a file of gofeed's suite."""
    for file in (path.with_suffix(".json"), path.with_name(f"{path.stem}_expected.json")):
        if file == path or not file.is_file():
            continue
        data = json.loads(file.read_bytes())
        entries = data.get("items", data.get("entries"))
        if not isinstance(entries, list):
            continue
        if isinstance(data.get("title"), str):
            yield Fact(None, "title", data["title"])
        yield Fact(None, "entries", len(entries))
        for number, entry in enumerate(entries):
            yield from _beside(number, entry)


def _beside(number: int, entry: dict[str, Any]) -> Iterator[Fact]:
    guid = entry.get("guid")
    id = guid.get("value") if isinstance(guid, dict) else guid or entry.get("id")
    simple = {"title": entry.get("title"), "id": id, "link": entry.get("link") or entry.get("url")}
    for field, value in simple.items():
        if isinstance(value, str) and value and (field != "link" or re.match("https?://[^/]", value)):
            yield Fact(number, field, value)
    for key, field in (("publishedParsed", "published"), ("pubDateParsed", "published"), ("updatedParsed", "updated")):
        if isinstance(entry.get(key), str):
            yield Fact(number, field, datetime.fromisoformat(entry[key]).astimezone(UTC))


# ---------------------------------------------------------------- what is read


def ours(feed: ParsedFeed) -> View:
    """Our reading."""
    view: View = {(None, "title"): feed.title, (None, "link"): feed.link, (None, "entries"): len(feed.entries)}
    for number, entry in enumerate(feed.entries):
        view |= {
            (number, "title"): entry.title,
            (number, "summary"): entry.summary,
            (number, "content"): " ".join((entry.content or entry.summary).split()),
            (number, "link"): entry.url,
            (number, "id"): entry.id,
            (number, "author"): ", ".join(entry.authors),
            (number, "published"): entry.published_at,
            (number, "updated"): entry.updated_at,
        }
    return view


def theirs(body: bytes, content_type: str) -> View:
    """feedparser's reading, in the same words."""
    headers = {"content-location": BASE} | ({"content-type": content_type} if content_type else {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = feedparser.parse(io.BytesIO(body), response_headers=headers)
        feed = found.feed
        view: View = {(None, "title"): text_of(feed.get("title", "")), (None, "link"): feed.get("link")}
        view[None, "entries"] = len(found.entries)
        for number, entry in enumerate(found.entries):
            content = [each.get("value", "") for each in entry.get("content", [])]
            view |= {
                (number, "title"): text_of(entry.get("title", "")),
                (number, "summary"): text_of(entry.get("summary", "")),
                (number, "content"): text_of(content[0] if content else ""),
                (number, "link"): entry.get("link"),
                (number, "id"): entry.get("id"),
                (number, "author"): (entry.get("author_detail") or {}).get("name") or entry.get("author"),
                (number, "published"): _moment(dict.get(entry, "published_parsed")),
                (number, "updated"): _moment(dict.get(entry, "updated_parsed")),
            }
    return view


def _moment(parts: Any) -> datetime | None:
    return datetime.fromtimestamp(timegm(parts), UTC) if parts else None


def content_type_of(text: str) -> str:
    """The Content-Type that a file of feedparser's suite wants to be served with."""
    found = re.search(r"^\s*Header:\s*Content-type:\s*(.+?)\s*$", text[:4000], re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def main() -> int:
    """Print the table; with --show also each fact that feedparser meets and we do not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "eval" / "feeds")
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    parse(b"<rss><channel><item><pubDate>3 de maio de 2024</pubDate></item></channel></rss>", url="")  # loads the date library
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    slowest: dict[str, float] = defaultdict(float)
    for path in sorted(given.data.rglob("*")):
        if path.suffix not in (".xml", ".json", ".rss", ".atom", ".rdf", ".html") or not path.is_file():
            continue
        body = path.read_bytes()
        source = path.relative_to(given.data).parts[0]
        text = decode(body).text
        kind = content_type_of(text) if source == "feedparser" else ""
        row = rows[source]
        began = time.perf_counter()
        try:
            feed = parse(body, url=BASE, content_type=kind)
            view = ours(feed)
            row["feeds"] += 1
            row["entries"] += len(feed.entries)
        except ParseError:
            view = {}
        slowest[source] = max(slowest[source], time.perf_counter() - began)
        row["files"] += 1
        facts = list(stated_in(text) if source == "feedparser" else beside(path))
        other = theirs(body, kind) if facts else {}
        for fact in facts:
            met, theirs_met = fact.met(view), fact.met(other)
            row["facts"] += 1
            row["ours"] += met
            row["theirs"] += theirs_met
            if given.show and not met:
                print(f"{path.relative_to(given.data)}: {fact}: {view.get((fact.entry, fact.field))!r}")
    print("| source | files | feeds | entries | facts | wirewatch | feedparser | slowest |\n|---|---|---|---|---|---|---|---|")
    for source, row in rows.items():
        agreed = [f"{row[who]} ({row[who] / row['facts']:.3f})" if row["facts"] else "–" for who in ("ours", "theirs")]
        cells = [source, row["files"], row["feeds"], row["entries"], row["facts"] or "–", *agreed, f"{slowest[source] * 1000:.0f} ms"]
        print(f"| {' | '.join(map(str, cells))} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
