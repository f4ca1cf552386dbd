"""The headline of a page, from all that a page calls its title; pure.

Pages state their title several times, and rarely twice alike: for sharing (`og:title`), for search engines (JSON-LD), in the tab
(`<title>`) and to the reader (`<h1>`), with the name of the site, of a section or the date before or after it. The one for sharing is
taken, for it is written to stand outside the page, without what the other statements show to be no part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from wirewatch.articles.blocks import count_words, is_date_line

_STRONG = r"\s*[|｜丨¦]\s*|\s+(?:[•·›>▷▶<]|::|»)\s+|_(?=[^\W\d_a-zA-Z])"
"""Marks that hardly ever stand inside a headline; an underscore is one only before a letter that is not Latin."""
_WEAK = r"\s+[-–—‒―~:/]\s+|(?<=[^\W\da-zA-Z])[-–—](?=[^\W\da-zA-Z])|\s*：\s*"
"""Marks that headlines use themselves."""
_MARK = re.compile(f"(?P<strong>{_STRONG})|{_WEAK}")
_SPLIT = re.compile(f"{_STRONG}|{_WEAK}")
_PREFIX_MARK = re.compile(rf"(?P<strong>{_STRONG})|{_WEAK}|:\s+")
_NO_LETTER = re.compile(r"[\W_]+")
_CUT = re.compile(r"\s*(?:\.\.\.|…)$")
_CODE = re.compile(r"[\w.-]+\.[a-z]{2,6}", re.IGNORECASE)
"""`ndr.de`, `Golem.de`"""
_LABELS = frozenset(("www", "m", "amp", "en", "news", "edition", "mobile", "com", "co", "org", "net", "gov", "ac", "go", "or", "ne"))
_SECTION_WORDS = 3
_TAIL_WORDS = 6
_KNOWN, _MORE = 3, 10
"""Letters of a site's name, and how many more may make a longer form of it (`BBC News`, `The Courier`)."""
_FEW_WORDS = 3
"""Fewer are the name of a section or page, not a headline."""
_SAME = 0.1
"""Titles that have less in common speak of different things."""
_ON_PAGE = 0.5
"""Less of its words in the text of a page, and a title is not about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """The names under which a site may append itself to its titles, in normal form."""

    keys: frozenset[str]
    words: tuple[frozenset[str], ...]

    def named(self, text: str) -> bool:
        """Whether a part of a title is the site's name, more or less of it, or an address."""
        key, mine = key_of(text), frozenset(_words(text))
        if not key or key in self.keys or _CODE.fullmatch(text.strip()):
            return True
        if len(mine) > _TAIL_WORDS or _MARK.search(text):
            return False
        if any(mine <= theirs for theirs in self.words):
            return True
        near = [each for each in self.keys if len(each) >= _KNOWN and each in key and len(key) - len(each) <= min(_MORE, len(each))]
        return any(key.startswith(each) or key.endswith(each) for each in near)


def sites_of(names: Iterable[str | None], url: str) -> Sites:
    """The names of a site: those it gives itself, and the parts of its host's name."""
    given = [each for each in names if each and count_words(each) <= 8]
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    labels = [each for each in host.split(".")[:-1] if each not in _LABELS and len(each) > 1]
    keys = {key_of(each) for each in (*given, host, *labels)}
    return Sites(keys=frozenset(keys - {""}), words=tuple(frozenset(_words(each)) for each in given))


def headline(
    *,
    shared: str | None,
    stated: Sequence[str | None],
    headings: Sequence[str],
    document: str | None,
    sites: Sites,
    page: Callable[[], str] = str,
) -> str | None:
    """The headline of a page, or None where it states none.

    `shared` is the title for sharing, `stated` further titles in metadata, `headings` what stands on the page (most likely first) and
    `document` the title of its tab. `page` gives all the text on it; it is only asked for in doubt.
    """
    shown = [each for each in headings if not sites.named(each)]
    others = [each for each in stated if each]
    known = [*shown, *others]
    for candidate in (shared, *others):
        if candidate is None or sites.named(candidate):
            continue
        found = _whole(bare(candidate, sites=sites, headings=shown, others=[*others, document or ""]), [*known, document or ""])
        better = _better(found, shown, others, document, page)
        return bare(better, sites=sites, headings=shown) if better else found
    return _unstated(shown, document, sites)


def bare(title: str, *, sites: Sites, headings: Sequence[str] = (), others: Sequence[str] = ()) -> str:
    """A title without the names of site and section before and after it (`Headline - World - Example News`).

    `headings` and `others` are further titles of the page: what they leave out is no part of the headline.
    """
    key = key_of(title)
    if key in {key_of(each) for each in headings}:
        return _without_names(title, sites)
    for evidence in (headings, others):
        keys = {key_of(each) for each in evidence} - {"", key}
        for mark in reversed(_marks(title)):
            head, tail = title[: mark.start()], title[mark.end() :]
            if key_of(head) in keys and _is_tail(head, tail, sites):
                return _without_names(head.strip(), sites)
        for mark in _marks(title, _PREFIX_MARK):
            head, tail = title[: mark.start()], title[mark.end() :]
            if key_of(tail) in keys and sites.named(head):
                return tail.strip()
    return _without_names(title, sites)


def key_of(text: str) -> str:
    """A title's letters and digits in small: what two spellings of one title have in common."""
    return _NO_LETTER.sub("", text.casefold())


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _marks(title: str, pattern: re.Pattern[str] = _MARK) -> list[re.Match[str]]:
    """The marks that may part a title; in one with quotation marks `«»` those are none."""
    return [each for each in pattern.finditer(title) if "»" not in each.group() or "«" not in title]


def _is_tail(head: str, tail: str, sites: Sites) -> bool:
    """Whether what follows the head of a title is a site, sections, a date, and not half of the headline."""
    parts = [each for each in _SPLIT.split(tail) if each.strip()]
    if any(sites.named(each) or _is_label(each) for each in parts):
        return True
    return count_words(tail) <= _TAIL_WORDS and count_words(tail) < count_words(head)


def _is_label(part: str) -> bool:
    return is_date_line(part) or _CODE.fullmatch(part.strip()) is not None


def _without_names(title: str, sites: Sites) -> str:
    """Cut the site's names and dates off the end, then off the beginning, as long as a headline is left."""
    while True:
        marks = _marks(title)
        if not marks:
            break
        last = marks[-1]
        head, tail = title[: last.start()].rstrip(), title[last.end() :].strip()
        named = sites.named(tail) or _is_label(tail)
        strong = last["strong"] is not None and count_words(tail) <= _SECTION_WORDS and 2 * len(tail) <= len(head)
        if not head or not (named or strong) or sites.named(head):
            break
        title = head
    for first in _marks(title, _PREFIX_MARK)[:1]:
        head, tail = title[: first.start()], title[first.end() :].strip()
        # A colon after a name may be a quotation mark: `Reuters: what we know` is a headline elsewhere, so only strong marks cut.
        if sites.named(head) and count_words(tail) >= _FEW_WORDS and first["strong"] is not None:
            title = tail
    return title.strip()


def _whole(title: str, known: Iterable[str]) -> str:
    """The title that this one is the cut beginning of: at an ellipsis, or at a quotation mark that broke its attribute."""
    cut = _CUT.sub("", title)
    longer = [each for each in known if len(each) > len(cut) and each.startswith(cut)]
    if cut != title:
        return longer[0] if longer else title
    broken = [each for each in longer if each[len(cut) :].lstrip().startswith(('"', "'", "“", "„", "«"))]
    return broken[0] if len(broken) > 1 else title


def _better(title: str, shown: Sequence[str], others: Sequence[str], document: str | None, page: Callable[[], str]) -> str | None:
    """What the page says in agreement with itself, where the title for sharing is a label or speaks of something else than the page."""
    agreed = next(
        (
            each
            for each in shown
            if count_words(each) > _FEW_WORDS and any(key_of(each) in key_of(other) for other in (*others, document or "") if other)
        ),
        None,
    )
    if agreed is None:
        return None
    label = count_words(title) < _FEW_WORDS and len(title) < len(agreed) / 2
    if label:
        return agreed
    return agreed if likeness(title, agreed) < _SAME and likeness(title, page().replace(title, "")) < _ON_PAGE else None


def likeness(first: str, second: str) -> float:
    """The share of the shorter title's words that are in the other (of its pairs of letters, where words are not spaced), 0..1."""
    mine, theirs = ({each for each in _words(text) if len(each) > 2} for text in (first, second))
    if min(len(mine), len(theirs)) < _FEW_WORDS:
        mine, theirs = (_pairs(key_of(each)) for each in (first, second))
    return len(mine & theirs) / min(len(mine), len(theirs)) if mine and theirs else 0.0


def _pairs(key: str) -> set[str]:
    return {key[at : at + 2] for at in range(len(key) - 1)}


def _unstated(shown: Sequence[str], document: str | None, sites: Sites) -> str | None:
    """The headline of a page that states none in its metadata."""
    if document:
        for heading in shown:
            if key_of(heading) in key_of(document) and count_words(heading) >= 2:
                return heading
    if shown and (document is None or sites.named(document) or (len(shown) == 1 and count_words(shown[0]) >= _FEW_WORDS)):
        return shown[0]
    return bare(document, sites=sites) if document else None
