"""What a feed states of its entries to `Entry` values, and what was wrong with them in words; pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wirewatch.feeds.dates import Date, Dates
from wirewatch.feeds.plain import absolute, clean, cut, first_image, language_of, lines_of, text_of
from wirewatch.model import Entry

MAX_TITLE = 1_000
MAX_SUMMARY = 5_000
MAX_CONTENT = 200_000
MAX_ID = 2_000
_SHORT = 200
"""Characters of a name or a category."""
_MANY = 30
"""Authors, categories or enclosures of one entry."""
_STATED_TWICE = 300
"""Characters of the summary that is made of a content without one."""


@dataclass(slots=True, kw_only=True)
class Stated:
    """One entry as a format states it: markup not yet read, links not yet absolute."""

    id: str = ""
    link: str = ""
    title: str = ""
    """Plain text."""
    summary: str = ""
    content: str = ""
    markup: bool = True
    """Whether summary and content are HTML."""
    published: Sequence[str] = ()
    """In order of preference."""
    updated: str = ""
    known: Mapping[str, Any] | None = None
    """Dates that a library has read already, by what they were read of: UTC time tuples."""
    authors: Iterable[str] = ()
    language: str | None = None
    categories: Iterable[str] = ()
    images: Iterable[str] = ()
    enclosures: Iterable[str] = ()


class Entries:
    """The entries of one feed, and the problems that they share."""

    def __init__(self, base: str, languages: Sequence[str]) -> None:
        self._base = base
        self._dates = Dates(languages)
        self._count = 0
        self._wrong: Counter[str] = Counter()
        self._examples: dict[str, str] = {}
        self._addresses: dict[str, str | None] = {}

    def add(self, stated: Stated) -> Entry:
        """Read one entry."""
        self._count += 1
        url = absolute(self._base, stated.link) or absolute("", stated.id)
        if url is None:
            self._note("no link" if not stated.link.strip() else "a link that is no address", stated.link)
        title = cut(clean(stated.title), MAX_TITLE)
        summary, content = self._texts(stated)
        if not title and not summary and not content:
            self._note("neither title nor text")
        published, updated = self._date(stated.published, stated.known), self._date((stated.updated,), stated.known)
        if published is None:
            said = next((text for text in stated.published if text), "")
            self._note("a date that cannot be read" if said else "no date", said)
        images = (found for image in stated.images if (found := absolute(self._base, image)))
        image = next(images, None) or (first_image(stated.content or stated.summary, self._base) if stated.markup else None)
        enclosures = (found for link in stated.enclosures if (found := absolute(self._base, link)))
        return Entry(
            id=self._id(stated.id, url, title, summary or content),
            url=url,
            title=title,
            summary=summary,
            content=content,
            published_at=published.at if published else None,
            published_precision=published.precision if published else None,
            updated_at=updated.at if updated else None,
            authors=_names(stated.authors),
            language=language_of(stated.language),
            categories=_names(stated.categories),
            image=image,
            enclosures=tuple(dict.fromkeys(enclosures))[:_MANY],
        )

    def spoiled(self, error: Exception) -> None:
        """Count an entry that could not be read at all."""
        self._note("something that cannot be read", f"{type(error).__name__}: {error}")

    def problems(self) -> list[str]:
        """What is wrong, most frequent first."""
        said: list[str] = []
        for what, number in self._wrong.most_common():
            example = self._examples.get(what, "")
            many = f"{number} of {self._count} entries have" if self._count > 1 else "the entry has"
            said.append(f"{many} {what}" + (f' ("{cut(clean(example), 80)}")' if example.strip() else ""))
        return said

    def _note(self, what: str, example: str = "") -> None:
        self._wrong[what] += 1
        self._examples.setdefault(what, example[:500])

    def _texts(self, stated: Stated) -> tuple[str, str]:
        """Summary and content; one that is stated alone or twice is not kept twice."""
        if stated.markup:
            summary, content = text_of(stated.summary[: 20 * MAX_SUMMARY]), lines_of(stated.content[: 3 * MAX_CONTENT])
        else:
            summary, content = clean(stated.summary[: 20 * MAX_SUMMARY]), "\n".join(filter(None, map(clean, stated.content.split("\n"))))
        if content and (not summary or (len(summary) > _STATED_TWICE and summary == " ".join(content.split()))):
            summary = cut(" ".join(content[: 2 * _STATED_TWICE].split()), _STATED_TWICE)
        elif summary == content:
            content = ""
        return cut(summary, MAX_SUMMARY), cut(content, MAX_CONTENT)

    def _date(self, texts: Sequence[str], known: Mapping[str, Any] | None) -> Date | None:
        for text in texts:
            found = self._dates.read(text, (known or {}).get(text)) if text else None
            if found is not None:
                return found
        return None

    def _id(self, id: str, url: str | None, title: str, text: str) -> str:
        """The id it has, else its address, else a hash of what it says; one that another address has too tells nothing apart."""
        name = clean(id) or url
        if not name:
            self._note("neither id nor link")
            return f"hash:{hashlib.blake2b(f'{title}|{text}'.encode(), digest_size=16).hexdigest()}"
        if len(name) > MAX_ID:
            return f"hash:{hashlib.blake2b(name.encode(), digest_size=16).hexdigest()}"
        if url is not None and self._addresses.setdefault(name, url) not in (url, None):
            self._note("an id that another has too", name)
            return url
        return name


def _names(texts: Iterable[str]) -> tuple[str, ...]:
    found = (cut(text_of(text[: 10 * _SHORT]), _SHORT) for text in texts)
    return tuple(dict.fromkeys(name for name in found if name))[:_MANY]
