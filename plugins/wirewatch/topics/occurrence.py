"""One place where a concept or phrase stands."""

from __future__ import annotations

from typing import NamedTuple

from wirewatch.topics.sentences import SUMMARY, TEXT, TITLE

LEAD = 3
"""Sentences of the text that are its lead."""


IN_URL = -1
"""The sentence of what occurs in an article's address: before all others, as the title is."""


class Occurrence(NamedTuple):
    """One place where a concept or phrase stands."""

    start: int
    """In the folded text."""
    end: int
    sentence: int
    """Counted through all fields."""
    rank: int
    """Of that sentence (`sentences.Bounds.at`)."""
    field: int
    atom: int
    """The concept or phrase."""

    @property
    def in_title(self) -> bool:
        """Whether it stands in the title."""
        return self.field == TITLE

    @property
    def in_lead(self) -> bool:
        """Whether it stands in the summary or the first sentences of the text."""
        return self.field == SUMMARY or (self.field == TEXT and self.rank <= LEAD)
