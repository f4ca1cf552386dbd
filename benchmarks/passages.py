"""How well the shipped topics tell labelled passages apart: precision, recall and F1 by language and topic.

    python benchmarks/passages.py [--half frozen|tuning] [--wrong]

The passages and what their labels mean are described in tests/data/passages/README.md. A passage counts once for every label that it
has or is given; pairs are unordered. `--wrong` lists what came out wrong; for the frozen half that is not for tuning.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wirewatch.config import Bundle, load
from wirewatch.pipeline.process import matcher_of

ROOT = Path(__file__).parents[1]
PASSAGES = ROOT / "tests" / "data" / "passages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A label that a passage has and was not given, or was given and does not have."""

    id: str
    label: str
    missed: bool
    title: str
    note: str
    score: int
    words: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """Right, too many and too few."""

    right: int = 0
    given: int = 0
    true: int = 0

    @property
    def precision(self) -> float:
        """Of the labels given, the share that is right."""
        return self.right / self.given if self.given else 1.0

    @property
    def recall(self) -> float:
        """Of the labels that are right, the share that was given."""
        return self.right / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(slots=True)
class Result:
    """All tallies of one half."""

    passages: int = 0
    overall: Tally = field(default_factory=Tally)
    by_language: dict[str, Tally] = field(default_factory=dict)
    by_topic: dict[str, Tally] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)


def read(half: str) -> list[dict[str, Any]]:
    """The passages of one half."""
    return [json.loads(line) for line in (PASSAGES / f"{half}.jsonl").read_text(encoding="utf-8").splitlines() if line.strip()]


def labels_by_topic(bundle: Bundle, labels: Iterable[str]) -> dict[str, str]:
    """The label that each topic gives; pairs of countries whichever comes first."""
    wanted = set(labels)
    found: dict[str, str] = {}
    for topic in bundle.topics:
        ends = [str(part.get("concept", "")).rsplit("/", 1)[-1] for part in _parts(topic.rule)]
        for written in (topic.id, *(f"ties/{'-'.join(order)}" for order in (ends, ends[::-1]) if len(ends) == 2)):
            if written in wanted and (written == topic.id or topic.id.startswith("ties/")):
                found[topic.id] = written
    return found


def _parts(rule: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (part for part in rule.get("all", ()) if isinstance(part, dict) and "concept" in part)


def judge(bundle: Bundle, passages: Sequence[Mapping[str, Any]]) -> Result:
    """What the bundle's topics make of passages."""
    matcher = matcher_of(bundle)
    names = labels_by_topic(bundle, (label for passage in passages for label in passage["topics"]))
    result = Result(passages=len(passages))
    for passage in passages:
        given = {"title": passage["title"], "summary": "", "text": passage["text"], "language": passage["language"]}
        matches = {names[match.topic]: match for match in matcher.match(**given) if match.topic in names}
        nearly = {names[match.topic]: match for match in matcher.near_misses(**given) if match.topic in names}
        true = set(passage["topics"])
        for label in true | matches.keys():
            _count(result, passage["language"], label, is_true=label in true, is_given=label in matches)
            if (label in true) is not (label in matches):
                match = matches.get(label) or nearly.get(label)
                words = tuple(dict.fromkeys(each.words for each in match.evidence)) if match else ()
                about = {"id": passage["id"], "title": passage["title"], "note": passage.get("note", "")}
                result.wrong.append(Wrong(**about, label=label, missed=label in true, score=match.score if match else 0, words=words))
    return result


def _count(result: Result, language: str, label: str, *, is_true: bool, is_given: bool) -> None:
    for tally in (result.overall, result.by_language.setdefault(language, Tally()), result.by_topic.setdefault(label, Tally())):
        tally.true += is_true
        tally.given += is_given
        tally.right += is_true and is_given


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("frozen", "tuning"), default="frozen")
    parser.add_argument("--wrong", action="store_true")
    given = parser.parse_args()
    passages = read(given.half)
    result = judge(load(ROOT / "config"), passages)
    empty = sum(not passage["topics"] for passage in passages)
    spoken = Counter(passage["language"] for passage in passages)
    print(f"{given.half}: {result.passages} passages in {len(spoken)} languages, {empty} of them with no label\n")
    print("| | labels | precision | recall | F1 |")
    print("|---|---|---|---|---|")
    rows = {"all": result.overall, **dict(sorted(result.by_language.items())), **dict(sorted(result.by_topic.items()))}
    for name, tally in rows.items():
        print(f"| {name} | {tally.true} | {tally.precision:.2f} | {tally.recall:.2f} | {tally.f1:.2f} |")
    for each in result.wrong if given.wrong else ():
        what = "missed" if each.missed else "wrongly"
        print(f"\n{each.id} {what} {each.label} ({each.score}: {', '.join(each.words[:8])})\n    {each.title} — {each.note}")


if __name__ == "__main__":
    main()
