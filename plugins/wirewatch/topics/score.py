"""How much an article is about something that occurs in it, from 0 (a mention) to 1; pure.

Three signs are taken as independent evidence that it is the subject, and joined as probabilities are (noisy or): it stands in the
title; it stands in the lead; it comes back through the text, by the share of sentences and by repetition. For parts that belong
together a sentence counts by the share of the parts that it names.

A single mention late in a text of thirty sentences comes to about 0.05, one in the first sentence of a long text to 0.35,
a headline alone to 0.65, a headline whose subject fills the text to 0.9.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from wirewatch.topics.occurrence import Occurrence
from wirewatch.topics.sentences import TEXT, TITLE, Bounds

IN_TITLE = 0.65
IN_LEAD = 0.3
BY_SHARE = 0.5
ENOUGH_SHARE = 0.35
"""Share of sentences that says all that the share can say."""
SHORTEST = 8
"""Sentences that a shorter text is taken to have: of three sentences, one says little about the subject."""
BY_REPETITION = 0.35
EACH_REPETITION = 0.8
"""What one more sentence leaves of the doubt."""
LEAD_SENTENCES = (1.0, 0.8, 0.6)
"""What the first sentences count as lead."""
ACROSS = 0.8
"""What parts count that the lead names in different sentences."""

TOGETHER = 0.65
"""What nearness of the parts counts against the parts on their own."""
SCATTERED = 0.5
"""What parts count that nowhere stand near each other."""

RIVALRY = 0.4
"""What a third of a kind takes from two that are named beside it, at most."""


def prominence(parts: Sequence[Sequence[Occurrence]], need: int, bounds: Bounds, crowd: Mapping[int, int] | None = None) -> float:
    """How prominent it is that `need` of the parts occur (together, where the occurrences were chosen for that).

    `crowd` says how many of their kind a sentence names: one of a long list says little about any two.
    """
    named: dict[int, int] = {}
    in_lead = 0
    title = lead = best = count = brief = 0.0
    for bit, occurrences in enumerate(parts):
        for each in occurrences:
            named[each.sentence] = named.get(each.sentence, 0) | 1 << bit
    for sentence, bits in named.items():
        listed = 1.0 if crowd is None else among(crowd.get(sentence, 0))
        share = listed * min(1.0, bits.bit_count() / need)
        _, rank, field = bounds.place(sentence)
        if field == TITLE:
            title += share
            continue
        if rank <= len(LEAD_SENTENCES):
            grade = LEAD_SENTENCES[rank - 1]
            lead = max(lead, share * grade)
            best = max(best, listed * grade)
            in_lead |= bits
        if field == TEXT:
            count += share
        else:
            brief += share
    lead = max(lead, ACROSS * best * min(1.0, in_lead.bit_count() / need))
    return from_signs(min(1.0, title), lead, count or brief, bounds.length())


def among(named: int) -> float:
    """What naming two of a kind counts in a sentence that names so many of it: the more, the more it is a list."""
    return min(1.0, 2.0 / max(1, named))


def beside(weakest: float, rival: float) -> float:
    """What a pair counts in an article that names another of its kind more prominently than the weaker of the two."""
    return 1.0 if weakest >= rival else 1.0 - RIVALRY * (1.0 - weakest / rival)


def from_signs(title: float, lead: float, count: float, sentences: int) -> float:
    """Prominence by the share of the parts in the title, how well the lead names them, and how many of the sentences do."""
    share = min(1.0, count / max(SHORTEST, sentences) / ENOUGH_SHARE)
    repetition = 1.0 - math.pow(EACH_REPETITION, max(0.0, count - 1.0))
    doubt = (1 - IN_TITLE * title) * (1 - IN_LEAD * lead) * (1 - BY_SHARE * share) * (1 - BY_REPETITION * repetition)
    return 1.0 - doubt


def weighed(value: float, weight: float) -> float:
    """A prominence of occurrences that say more or less about the subject than usual."""
    return value if weight == 1.0 else 1.0 - math.pow(1.0 - value, weight)


def combined(values: Sequence[float], weights: Sequence[float]) -> float:
    """The parts of a whole: near the least prominent of them (a power mean of exponent -2), those of little weight mattering less."""
    total = math.fsum(weight / max(value, 1e-6) ** 2 for value, weight in zip(values, weights, strict=True))
    return math.sqrt(math.fsum(weights) / total)


def joined(near: float | None, parts: float) -> float:
    """Parts that stand near each other somewhere, or (`near` None) nowhere."""
    return SCATTERED * parts if near is None else TOGETHER * near + (1 - TOGETHER) * parts
