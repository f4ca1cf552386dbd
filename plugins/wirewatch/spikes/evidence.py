"""Why an incident is one: what its articles, and the hours around it, have to say; pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from wirewatch.model import Article, Headline, IncidentEvidence, Precision, Provenance, Sighting
from wirewatch.spikes.counts import hour_of, tally
from wirewatch.spikes.series import HOUR

HEADLINES = 8
_PUBLISHERS = 10
_WORDS = 12
_NEW_WORDS = 8
_WORDS_OF_HEADLINE = 8
_COMMON = 2
"""A word that so many other headlines have is everyday language, not news."""
_WORD = re.compile(r"[^\W\d_][\w’'-]{2,}")
_WITHOUT_SPACES = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
"""Scripts whose words cannot be told apart by spaces."""


def evidence_of(
    articles: Sequence[Article],
    *,
    topic: str,
    since: datetime,
    hours: Sequence[tuple[datetime, int, float, float]] = (),
    known_titles: Iterable[str] = (),
    other_titles: Iterable[str] = (),
    without_largest: bool = True,
) -> IncidentEvidence:
    """The evidence from all counted articles of a topic from `since` on.

    `known_titles` are the topic's headlines before that, `other_titles` a sample of all others: a word is new that neither knows.
    """
    told = sorted((each for each in articles if each.counted_at and each.counted_at >= since), key=_order)
    by_story: dict[str, list[Article]] = defaultdict(list)
    for each in told:
        by_story[each.story_id or each.id].append(each)
    first, certain = _first(told, topic, by_story)
    carried = {(story, each.publisher) for story, reports in by_story.items() for each in reports}
    copying = {each.publisher for each in told} - {reports[0].publisher for reports in by_story.values()}
    return IncidentEvidence(
        stories=len(by_story),
        publishers=len({each.publisher for each in told}),
        articles=len(told),
        independent=len(by_story),
        copying=len(copying),
        copied=len({story for story, each in carried if each in copying}),
        first=first,
        first_is_certain=certain,
        top_publishers=tuple(Counter(each.publisher_name or each.publisher for each in told).most_common(_PUBLISHERS)),
        headlines=tuple(headline_of(story[0], topic, len(story) - 1) for story in _representative(list(by_story.values()))),
        words=_words(told, topic),
        new_words=_new_words(told, known_titles, other_titles),
        without_largest=without_largest,
        hours=tuple(hours),
    )


def sighting_of(article: Article) -> Sighting | None:
    """An article as counting sees it; None where it has no story or hour."""
    if article.story_id is None or article.counted_at is None:
        return None
    return Sighting(
        article=article.id,
        story=article.story_id,
        publisher=article.publisher,
        at=article.counted_at,
        topics=tuple((match.topic, match.hash) for match in article.topic_matches),
    )


def largest(sightings: Iterable[Sighting], start: datetime, end: datetime) -> str | None:
    """The publisher that a stretch of time rests on most: by stories that nobody else has in it, then by articles."""
    inside = [each for each in sightings if start <= each.at < end]
    publishers: dict[str, set[str]] = defaultdict(set)
    for each in inside:
        publishers[each.story].add(each.publisher)
    alone = Counter(next(iter(names)) for names in publishers.values() if len(names) == 1)
    articles = Counter(each.publisher for each in inside)
    return max(articles, key=lambda name: (alone[name], articles[name], name), default=None)


def without(
    sightings: Iterable[Sighting], publisher: str, topic: str, hours: Collection[datetime]
) -> Mapping[datetime, tuple[int, int, int]]:
    """Stories, publishers and articles of a topic by hour, had one publisher been silent; hours with nothing are left out."""
    found = tally((each for each in sightings if each.publisher != publisher), hours)
    return {hour: (cell.stories, cell.publishers, cell.articles) for (name, hour), cell in found.topics.items() if name == topic}


def overlap(first: Collection[str], second: Collection[str]) -> float:
    """How much two topics are about the same stories: the share of the smaller set that both have."""
    smaller = min(len(first), len(second))
    return len(set(first) & set(second)) / smaller if smaller else 0.0


def _order(article: Article) -> tuple[datetime, str]:
    return article.counted_at or article.first_seen_at, article.id


def _stated(article: Article) -> tuple[datetime, datetime] | None:
    """Between which moments it was published, as far as its stated time says; None where it states none that can be."""
    at = article.published_at
    if at is None or article.published_from is Provenance.NONE or at > article.first_seen_at:
        return None
    if article.published_precision is not Precision.SECOND:
        return at, at + timedelta(days=1)
    # Times on full minutes were rounded to them.
    return at, at + timedelta(minutes=0 if at.second else 1)


def _first(told: Sequence[Article], topic: str, by_story: Mapping[str, Sequence[Article]]) -> tuple[Headline | None, bool]:
    """Who had it first, and whether no other publisher can have had it earlier."""
    dated = [(span, each) for each in told if (span := _stated(each)) is not None and each.published_precision is Precision.SECOND]
    if not dated:
        if not told:
            return None, False
        earliest = min(told, key=lambda each: (each.first_seen_at, each.id))
        return headline_of(earliest, topic, len(by_story[earliest.story_id or earliest.id]) - 1), False
    (start, latest), article = min(dated, key=lambda each: (each[0][0], each[1].id))
    others = [_stated(each) for each in told if each.publisher != article.publisher]
    certain = all(span is not None and span[0] > start and span[0] >= latest for span in others)
    return headline_of(article, topic, len(by_story[article.story_id or article.id]) - 1), certain


def headline_of(article: Article, topic: str, copies: int) -> Headline:
    """An article as a headline of a topic."""
    exact = _stated(article) is not None and article.published_precision is Precision.SECOND
    at = article.published_at if exact and article.published_at else article.counted_at or article.first_seen_at
    return Headline(
        article=article.id,
        title=article.title,
        url=article.url,
        publisher=article.publisher,
        publisher_name=article.publisher_name,
        at=at,
        language=article.language,
        story=article.story_id,
        copies=copies,
        words=_matched(article, topic)[:_WORDS_OF_HEADLINE],
    )


def _matched(article: Article, topic: str) -> tuple[str, ...]:
    """The words that made an article match, those of its title first, each once whatever its case."""
    found: dict[str, str] = {}
    for match in article.topic_matches:
        if match.topic == topic:
            for each in sorted(match.evidence, key=lambda each: (each.field != "title", each.field != "summary", each.start)):
                found.setdefault(each.words.casefold(), each.words)
    return tuple(found.values())


def _representative(stories: list[list[Article]]) -> list[list[Article]]:
    """The stories to show: the most taken up first, then the earliest, every publisher and language once before any comes again."""
    ordered = sorted(stories, key=lambda story: (-len({each.publisher for each in story}), _order(story[0])))
    publishers: Counter[str] = Counter()
    languages: Counter[str | None] = Counter()
    chosen: list[list[Article]] = []
    while ordered and len(chosen) < HEADLINES:
        best = min(
            range(len(ordered)),
            key=lambda place: (publishers[ordered[place][0].publisher], languages[ordered[place][0].language], place),
        )
        story = ordered.pop(best)
        publishers[story[0].publisher] += 1
        languages[story[0].language] += 1
        chosen.append(story)
    return sorted(chosen, key=lambda story: (-len({each.publisher for each in story}), _order(story[0])))


def _words(told: Sequence[Article], topic: str) -> tuple[tuple[str, int], ...]:
    """Matched words and in how many articles, most first, each as it is written most."""
    articles: Counter[str] = Counter()
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for each in told:
        for words in _matched(each, topic):
            articles[words.casefold()] += 1
            written[words.casefold()][words] += 1
    return tuple((written[key].most_common(1)[0][0], count) for key, count in articles.most_common(_WORDS))


def _new_words(told: Sequence[Article], known_titles: Iterable[str], other_titles: Iterable[str]) -> tuple[str, ...]:
    """Words in headlines of at least two publishers that are new to the topic and rare elsewhere, the most used first."""
    known = {word for title in known_titles for word in _tokens(title)}
    others: Counter[str] = Counter()
    for title in other_titles:
        others.update(_tokens(title).keys())
    publishers: dict[str, set[str]] = defaultdict(set)
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for each in told:
        for word, form in _tokens(each.title).items():
            if word not in known and others[word] < _COMMON:
                publishers[word].add(each.publisher)
                written[word][form] += 1
    found = sorted((word for word, names in publishers.items() if len(names) > 1), key=lambda word: (-len(publishers[word]), word))
    return tuple(written[word].most_common(1)[0][0] for word in found[:_NEW_WORDS])


def _tokens(title: str) -> dict[str, str]:
    """The words of a title by their folded form; none in scripts that run words together."""
    return {form.casefold(): form for form in _WORD.findall(title) if not _WITHOUT_SPACES.search(form)}


def chart_from(began_at: datetime, now: datetime) -> datetime:
    """Where an incident's chart begins: a day and a half before it, at most a week ago."""
    return hour_of(max(began_at - 36 * HOUR, now - timedelta(days=7)))
