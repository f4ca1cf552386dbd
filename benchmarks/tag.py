"""How tagging holds up as topics grow: MB of text a second at 10 to 10,000 topics, against one Python `re` alternation of all aliases.

    python benchmarks/tag.py [--articles 400] [--rounds 5] [--order busiest|random]

The articles are the demo newsroom's everyday ones in six languages, each with sentences that name countries, cities and currencies;
the topics are drawn from all countries, cities, currencies and languages of the CLDR under their names in those languages and from the
aliases of the shipped concepts: one a topic, or a pair of countries near each other. The topics of a smaller number are among those of
a greater one: the busiest first, as a desk that watches few things watches what the news is full of, or in random order, where ten
topics hardly ever occur. The concepts are the same for every number, as config/ has them whether or not a topic names them.

Times are CPU seconds, the best of rounds that take turns; the alternation only finds aliases: no rules, no scores, no evidence.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any, cast

from babel.core import Locale

from wirewatch.config import load
from wirewatch.demo.compose import write
from wirewatch.demo.content import pools
from wirewatch.demo.outlets import OUTLETS
from wirewatch.model import Topic
from wirewatch.topics.compile import compile_topics
from wirewatch.topics.match import Matcher

LANGUAGES = ("en", "ru", "ko", "zh", "de", "ar")
SIZES = (10, 100, 1_000, 10_000)
SINGLES = 6_000
"""Topics of one name among the 10,000; the others are pairs."""
SENTENCES = {
    "en": ("Officials from {0} and {1} met in {2} this week.", "Trade between {0} and {1} has grown, and much of it is paid in {2}."),
    "ru": ("{0}, {1} и {2} обсудили поставки.", "Вопрос касается таких стран, как {0} и {1}, сообщает {2}."),
    "ko": ("{0}, {1}, {2} 대표가 만났다.", "{0}와 {1}의 교역은 {2}에서 다뤄졌다."),
    "zh": ("{0}和{1}的代表在{2}会面。", "{0}与{1}之间的贸易以{2}结算。"),
    "de": ("Vertreter aus {0} und {1} trafen sich in {2}.", "Der Handel zwischen {0} und {1} wird in {2} abgerechnet."),
    "ar": ("التقى ممثلون من {0} و{1} في {2}.", "تنمو التجارة بين {0} و{1} وتسدد بـ {2}."),
}
Texts = Sequence[Mapping[str, Any]]


def names() -> tuple[dict[str, list[str]], list[str]]:
    """Aliases in all languages of every country, city, currency and language by an id, and which of them are countries."""
    found: dict[str, list[str]] = {}
    countries: list[str] = []
    for code in LANGUAGES:
        locale = Locale.parse(code)
        kinds = (("country", locale.territories), ("currency", locale.currencies), ("language", locale.languages))
        cities = {zone: str(data["city"]) for zone, data in locale.time_zones.items() if "city" in data}
        for kind, known in (*kinds, ("city", cities)):
            for key, name in known.items():
                if (kind == "country" and not key.isalpha()) or len(str(name)) < 2 or any(mark in str(name) for mark in "()&"):
                    continue
                id = f"{kind}/{key.lower().replace('_', '-')}"
                found.setdefault(id, []).append(str(name))
                if kind == "country" and id not in countries:
                    countries.append(id)
    return found, countries


def articles(count: int, known: Mapping[str, Sequence[str]], chance: Random) -> Texts:
    """Everyday articles that name places and money."""
    out = []
    at = datetime(2026, 11, 24, tzinfo=UTC)
    by_language = {code: [outlet for outlet in OUTLETS if outlet.language == code] for code in LANGUAGES}
    spoken = {
        code: [aliases[number] for aliases in known.values() if len(aliases) == len(LANGUAGES)] for number, code in enumerate(LANGUAGES)
    }
    for number in range(count):
        code = LANGUAGES[number % len(LANGUAGES)]
        source = pools(code)
        draft = write(source, source.beats[chance.choice(source.everyday())], chance, at, chance.choice(by_language[code]))
        blocks = [block.text for block in draft.blocks]
        for _ in range(4):
            blocks.insert(chance.randrange(len(blocks)), chance.choice(SENTENCES[code]).format(*chance.sample(spoken[code], 3)))
        out.append({"title": draft.title, "summary": draft.summary, "text": "\n\n".join(blocks), "language": code})
    return out


def shipped() -> list[str]:
    """Plain aliases of the concepts that the project ships."""
    concepts = load(Path(__file__).parents[1] / "config").concepts
    written = {
        alias
        for concept in concepts.values()
        for words in cast("Mapping[str, Sequence[str]]", concept.get("aliases", {})).values()
        for alias in words
        if alias[-1] != "*" and alias[0] != "="
    }
    return sorted(written)


def topics(known: Mapping[str, Sequence[str]], countries: Sequence[str], chance: Random) -> list[Topic]:
    """10,000 topics in random order."""
    pairs: list[dict[str, object]] = [
        {"all": [{"concept": one}, {"concept": other}], "within": "2 sentences"} for one, other in combinations(sorted(countries), 2)
    ]
    singles: list[dict[str, object]] = [{"concept": id} for id in known if id not in countries]
    singles += [{"phrase": word} for word in chance.sample(shipped(), SINGLES - len(singles))]
    rules: list[dict[str, object]] = [*chance.sample(pairs, SIZES[-1] - len(singles)), *singles]
    chance.shuffle(rules)
    return [Topic(id=f"t{number}", name="", hash="", rule=rule) for number, rule in enumerate(rules)]


def used(some: Sequence[Topic], known: Mapping[str, Sequence[str]]) -> dict[str, dict[str, object]]:
    """The concepts that topics name, as config/ would hold them."""
    wanted = set(re.findall(r"'concept': '([^']+)'", str([topic.rule for topic in some])))
    return {id: {"aliases": dict(zip(LANGUAGES, ([alias] for alias in known[id]), strict=False))} for id in known if id in wanted}


def alternation(some: Sequence[Topic], known: Mapping[str, Sequence[str]]) -> re.Pattern[str]:
    """All aliases of the topics, longest first."""
    aliases = {alias for id in used(some, known) for alias in known[id]}
    aliases |= {str(topic.rule["phrase"]) for topic in some if "phrase" in topic.rule}
    return re.compile("|".join(map(re.escape, sorted(aliases, key=len, reverse=True))), re.IGNORECASE)


def busiest(every: Sequence[Topic], concepts: Mapping[str, Mapping[str, object]], texts: Texts) -> list[Topic]:
    """The topics by how many articles name them, most first."""
    matcher = compile_topics(every, concepts)
    named: Counter[str] = Counter()
    for text in texts:
        named.update(match.topic for match in (*matcher.match(**text), *matcher.near_misses(**text)))
    return sorted(every, key=lambda topic: -named[topic.id])


def tag(matcher: Matcher, texts: Texts) -> list[int]:
    """How many topics each article has."""
    return [len(matcher.match(**text)) for text in texts]


def seconds(work: Callable[[], object]) -> float:
    """CPU time of a piece of work."""
    start = time.process_time()
    work()
    return time.process_time() - start


def megabytes(texts: Texts) -> float:
    """The size of what is read of articles."""
    return sum(len(value.encode()) for text in texts for name, value in text.items() if name != "language") / 1e6


def plainly(expression: re.Pattern[str], texts: Texts) -> float:
    """MB a second of the alternation."""
    return megabytes(texts) / seconds(lambda: [expression.findall(text[name]) for text in texts for name in ("title", "summary", "text")])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--order", choices=("busiest", "random"), default="busiest")
    given = parser.parse_args()
    chance = Random(7)
    known, countries = names()
    texts = articles(given.articles, known, chance)
    every = topics(known, countries, chance)
    concepts = used(every, known)
    if given.order == "busiest":
        every = busiest(every, concepts, texts)
    matchers: dict[int, Matcher] = {}
    compiled: dict[int, float] = {}
    for count in SIZES:
        began = time.process_time()
        matchers[count] = compile_topics(every[:count], concepts)
        compiled[count] = time.process_time() - began
    times: dict[int, list[float]] = {count: [] for count in SIZES}
    for _ in range(given.rounds):
        for count, matcher in matchers.items():
            times[count].append(seconds(partial(tag, matcher, texts)))
    print(f"{len(texts)} articles, {megabytes(texts):.1f} MB, order: {given.order}\n")
    print("| topics | compile s | tag MB/s | time against 10 | matches an article | `re` MB/s | times `re` |")
    print("|---|---|---|---|---|---|---|")
    for count, matcher in matchers.items():
        speed = megabytes(texts) / min(times[count])
        found = sum(tag(matcher, texts)) / len(texts)
        # The alternation slows down with every alias: a part of the texts is enough to time it.
        plain = plainly(alternation(every[:count], known), texts[:: max(1, len(texts) * count // 20_000)])
        ratio = min(times[count]) / min(times[SIZES[0]])
        print(
            f"| {count:,} | {compiled[count]:.2f} | {speed:.1f} | {ratio:.2f} | {found:.2f} | {plain:.3f} | {speed / plain:,.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
