"""What is read of real pages, against bare Trafilatura: `python benchmarks/extraction.py [--data DIR]`.

Two sets, each with what is expected of every page:

- article-extraction-benchmark: text only; precision, recall and F1 of 4-word shingles, each page weighing the same, as that project
  scores them.
- pages in German with title, authors, date and paragraphs: exact title, exact day, F1 of authors and of the text's words.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trafilatura import bare_extraction

from wirewatch.articles.extract import extract

WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What one reader found on a page."""

    title: str = ""
    text: str = ""
    authors: tuple[str, ...] = ()
    day: str = ""


def ours(html: bytes, url: str) -> Read:
    """Wirewatch's extraction."""
    found = extract(html, url=url)
    return Read(
        title=found.title or "",
        text=found.text,
        authors=found.authors,
        day=found.published_at.astimezone(UTC).date().isoformat() if found.published_at else "",
    )


def bare(html: bytes, url: str) -> Read:
    """Trafilatura as it comes, with metadata."""
    found: Any = bare_extraction(html, url=url, with_metadata=True)
    if found is None:
        return Read()
    document = found.as_dict()
    authors = tuple(name.strip() for name in (document.get("author") or "").split(";") if name.strip())
    return Read(title=document.get("title") or "", text=document.get("text") or "", authors=authors, day=document.get("date") or "")


READERS: dict[str, Callable[[bytes, str], Read]] = {"wirewatch": ours, "trafilatura": bare}


def read(task: tuple[str, str, str]) -> Read:
    """Read one page; what raises counts as nothing found."""
    name, path, url = task
    try:
        return READERS[name](gzip.decompress(Path(path).read_bytes()), url)
    except Exception as error:  # noqa: BLE001 - a reader that fails has read nothing, and says so
        print(f"{name}: {path}: {error!r}")
        return Read()


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """All runs of four words."""
    words = WORD.findall(text)
    return Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3)) if words)


def overlap(true: Counter[Any], found: Counter[Any]) -> tuple[float, float, float]:
    """True positives, false positives and false negatives, as shares of all three together."""
    hits = sum((true & found).values())
    extra, missed = found.total() - hits, true.total() - hits
    total = hits + extra + missed
    return (hits / total, extra / total, missed / total) if total else (0.0, 0.0, 0.0)


def prf(parts: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Precision, recall and F1 over all pages."""
    hits, extra, missed = (sum(part[at] for part in parts) for at in range(3))
    precision, recall = hits / (hits + extra or 1), hits / (hits + missed or 1)
    return precision, recall, 2 * precision * recall / (precision + recall or 1)


def f1(true: Counter[str], found: Counter[str]) -> float:
    """F1 of two bags."""
    hits = (true & found).total()
    return 2 * hits / (true.total() + found.total()) if true.total() + found.total() else 1.0


def same_title(true: str, found: str) -> bool:
    """Whether the words of two titles are the same."""
    return WORD.findall(true.casefold()) == WORD.findall(found.casefold())


def shingle_set(data: Path, pool: ProcessPoolExecutor) -> Iterator[str]:
    """The table of the first set."""
    truth = json.loads((data / "truth.json").read_text(encoding="utf-8"))
    yield f"| article-extraction-benchmark, {len(truth)} pages | precision | recall | F1 |"
    yield "|---|---|---|---|"
    for name in READERS:
        tasks = [(name, str(data / "pages" / f"{id}.html.gz"), item["url"]) for id, item in truth.items()]
        found = pool.map(read, tasks)
        parts = [overlap(shingles(item["articleBody"]), shingles(each.text)) for item, each in zip(truth.values(), found, strict=True)]
        yield f"| {name} | " + " | ".join(f"{value:.3f}" for value in prf(parts)) + " |"


def field_set(data: Path, pool: ProcessPoolExecutor, verbose: bool) -> Iterator[str]:
    """The table of the second set."""
    truth = [json.loads(line) for line in (data / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    yield f"| articles in German, {len(truth)} pages | title | day | authors F1 | text F1 | sum |"
    yield "|---|---|---|---|---|---|"
    for name in READERS:
        found = list(pool.map(read, [(name, str(data / item["html"]), item["url"]) for item in truth]))
        titles = [same_title(item["title"] or "", each.title) for item, each in zip(truth, found, strict=True)]
        days = [day_of(item["publishing_date"]) == each.day for item, each in zip(truth, found, strict=True)]
        authors = [f1(names(item["authors"]), names(each.authors)) for item, each in zip(truth, found, strict=True)]
        texts = [
            f1(Counter(WORD.findall("\n".join(item["paragraphs"]))), Counter(WORD.findall(each.text)))
            for item, each in zip(truth, found, strict=True)
        ]
        scores = [sum(each) / len(truth) for each in (titles, days, authors, texts)]
        yield f"| {name} | " + " | ".join(f"{value:.3f}" for value in (*scores, sum(scores))) + " |"
        if verbose and name == "wirewatch":
            for item, each, title, day, who, text in zip(truth, found, titles, days, authors, texts, strict=True):
                if not title or not day or who < 1 or text < 0.9:
                    print(
                        item["id"], f"text {text:.2f}", "" if title else f"\n   title {item['title']!r}\n      is {each.title!r}", end=" "
                    )
                    print("" if day else f"\n   day {item['publishing_date']} is {each.day}", end=" ")
                    print("" if who == 1 else f"\n   authors {item['authors']} are {each.authors}")


def day_of(text: str | None) -> str:
    """The day in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC).date().isoformat() if text else ""


def names(authors: Sequence[str]) -> Counter[str]:
    """Authors as a bag of their names in small letters."""
    return Counter({" ".join(name.casefold().split()): 1 for name in authors if name.strip()})


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "eval", help="folder with both sets")
    parser.add_argument("--verbose", action="store_true", help="print what differs")
    options = parser.parse_args()
    with ProcessPoolExecutor() as pool:
        for line in shingle_set(options.data / "extraction", pool):
            print(line)
        print()
        for line in field_set(options.data / "articles-dach", pool, options.verbose):
            print(line)


if __name__ == "__main__":
    main()
