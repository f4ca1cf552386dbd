"""A page as a column of blocks, and the blocks that are not the article; pure.

Trafilatura judges elements by their names, classes and link density. What it cannot see is a flat column: paragraphs, then
teasers, then more teasers, all `<p>` and `<h3>` under one `<div>`. Here the page is read as its reader does, from top to bottom,
and what stands after the article's end is taken out of the tree before Trafilatura sees it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml import etree
from lxml.html import HtmlElement

_BLOCK = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "caption", "dd", "details", "dialog", "div", "dl", "dt", "fieldset"),
        *("figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol"),
        *("p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_SKIP = frozenset(
    (
        *("script", "style", "noscript", "template", "svg", "iframe", "object", "select", "button", "textarea", "math", "video"),
        *("audio", "canvas", "head"),
    )
)
_OUTSIDE = frozenset(["nav", "footer", "aside"])
_SPACE = re.compile(r"\s+")
_UNSPACED = re.compile("[\u3040-\u30ff\u4e00-\u9fff\u0e00-\u0e7f]")
_DIGIT = re.compile(r"\d")

_DATE_WORD = re.compile(
    r"(?:\d{1,4}(?:st|nd|rd|th)?|\d{1,2}[:.h]\d{2}(?::\d{2})?|\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{1,4})?|jan\w*|feb\w*|mar(?:ch|s"
    r"|zo)?|mär\w*|apr\w*|ma[iy]o?|jun\w*|jul\w*"
    r"|aug\w*|sep\w*|o[ck]t\w*|nov\w*|de[cz]\w*|mon\w*|tue\w*|wed\w*|thu\w*|fri\w*|sat\w*|sun\w*|am|pm|a\.m\.?|p\.m\.?|utc|gmt"
    r"|[ecmpi]?[sd]t"
    r"|ago|hours?|mins?|minutes?|days?|weeks?|months?|years?|updated|published|posted|last|modified|on|at|by|in|the|edited|uhr"
    r"|de|le|à|el|today"
    r"|yesterday|\d+[年月日])",
    re.IGNORECASE,
)
_SURE_DATE = re.compile(
    r"\b(?:19|20)\d{2}\b.+|.+\b(?:19|20)\d{2}\b|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\b\d{1,2}(?::\d{2}\s*$|[:.]\d{2}\s*(?:[ap]\.?m|uhr|utc|gmt))"
    r"|\bago\b|\d+\s*[月日]"
    r"|\b\d{1,2}\.?\s+(?:jan|feb|mar|mär|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])",
    re.IGNORECASE,
)
"""What a line of digits must have to be a date: `12.45` alone may be a price in a table."""
_BETWEEN = re.compile(r"[\s,;|·•()–—-]+")
_DATE_LINE_CHARS = 160
_MAX_TEASER_WORDS = 60
_MAX_LINK_WORDS = 30
_MIN_BODY_WORDS = 60
_FEW_WORDS = 40
"""Fewer words after a run are a footer, not the article going on."""


@dataclass(slots=True)
class Block:
    """One line or paragraph as a reader sees it, with the text nodes it is made of."""

    heading: bool
    outside: bool
    """In a nav, footer or aside, which are never the article."""
    nodes: list[tuple[HtmlElement, str]] = field(default_factory=list)
    """Element and `text` or `tail`."""
    parts: list[str] = field(default_factory=list)
    linked: int = 0
    """Characters inside links that lead to another page."""
    text: str = ""
    words: int = 0

    @property
    def link(self) -> bool:
        """Whether all of it is a link, as a teaser's heading is."""
        return self.linked >= 0.75 * max(1, len(self.text)) and 0 < self.words <= _MAX_LINK_WORDS

    @property
    def meta(self) -> bool:
        """Whether it is only a label, a date or a byline."""
        return (self.words <= 4 and not _ends_sentence(self.text)) or is_date_line(self.text)


def count_words(text: str) -> int:
    """Words of a text; Chinese, Japanese and Thai, which do not space them, count two characters as one."""
    spaced = len(text.split())
    if text.isascii():
        return spaced
    unspaced = len(_UNSPACED.findall(text))
    return spaced if unspaced < 4 else max(spaced, unspaced // 2)


def is_date_line(text: str) -> bool:
    """Whether a line says when, and nothing else: `Updated 16 May, 2024`, `3 hours ago`."""
    if len(text) > _DATE_LINE_CHARS or _DIGIT.search(text) is None or not _SURE_DATE.search(text):
        return False
    tokens = [each.strip(":.") for each in _BETWEEN.split(text)]
    tokens = [each for each in tokens if each]
    if len(tokens) > 14:
        return False
    return all(_DATE_WORD.fullmatch(each) for each in tokens)


def column(root: HtmlElement) -> list[Block]:
    """The blocks of a page from top to bottom, empty ones left out."""
    blocks: list[Block] = []
    current: Block | None = None
    links = outside = headings = 0

    def text_of(element: HtmlElement, where: str, text: str) -> None:
        nonlocal current
        if current is None:
            if text.isspace():
                return
            current = Block(heading=headings > 0, outside=outside > 0)
            blocks.append(current)
        current.nodes.append((element, where))
        current.parts.append(text)
        if links:
            current.linked += len(_SPACE.sub(" ", text).strip())

    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        tag = element.tag
        if event == "start":
            if tag in _SKIP:
                walk.skip_subtree()
                continue
            outside += tag in _OUTSIDE
            headings += tag in _HEADINGS
            links += tag == "a" and _leads_away(element)
            if tag in _BLOCK or (tag == "br" and _after_break(element)):
                current = None
            if element.text:
                text_of(element, "text", element.text)
            continue
        if event == "end" and tag not in _SKIP:
            outside -= tag in _OUTSIDE
            headings -= tag in _HEADINGS
            links -= tag == "a" and _leads_away(element)
            if tag in _BLOCK:
                current = None
        if element.tail and element is not root:
            text_of(element, "tail", element.tail)
    for block in blocks:
        block.text = _SPACE.sub(" ", "".join(block.parts)).strip()
        block.words = count_words(block.text)
    return [block for block in blocks if block.text]


def remove(blocks: Sequence[Block]) -> None:
    """Take the text of blocks out of their tree; the elements stay, empty."""
    for block in blocks:
        for element, where in block.nodes:
            if where == "text":
                element.text = None
            else:
                element.tail = None


def teasers(blocks: Sequence[Block]) -> list[Block]:
    """The blocks that advertise other articles: runs of linked headings, each with at most a line of text, after an article's body.

    A run needs three links, or two that are headings where nothing but the run follows; a link between two paragraphs is no run.
    Lines of text belong to a run only where they follow most of its links: else the article goes on with them.
    """
    inside = [each for each in blocks if not each.outside]
    found: list[Block] = []
    body_words = 0
    position = 0
    while position < len(inside):
        if not inside[position].link or body_words < _MIN_BODY_WORDS:
            if not inside[position].link:
                body_words += inside[position].words
            position += 1
            continue
        run = _run(inside, position, texts=True)
        last = _few_after(inside, run.end)
        often = 2 if last or run.headings >= 2 else 4
        if run.texts and (run.texts < often or run.texts * 2 < run.links):
            run = _run(inside, position, texts=False)
            last = _few_after(inside, run.end)
        if run.links >= 3 or (run.links == 2 and run.headings >= 2 and last):
            found += inside[_with_label(inside, position) : run.end]
        position = max(run.end, position + 1)
    return found


def _few_after(blocks: Sequence[Block], end: int) -> bool:
    return sum(each.words for each in blocks[end:] if not each.link) < _FEW_WORDS


@dataclass(frozen=True, slots=True)
class _Run:
    end: int
    links: int
    """Different ones: a teaser's picture, kicker and heading often say and link the same."""
    headings: int
    texts: int


def _run(blocks: Sequence[Block], start: int, *, texts: bool) -> _Run:
    """The run of teasers that begins at `start`, with or without lines of text in it."""
    links: set[str] = set()
    headings = lines = 0
    position = start
    text_allowed = False
    while position < len(blocks):
        block = blocks[position]
        if block.link:
            links.add(block.text)
            headings += block.heading
            text_allowed = texts
        elif block.meta:
            if not text_allowed and not _link_follows(blocks, position):
                break
        elif text_allowed and not block.heading and block.words <= _MAX_TEASER_WORDS:
            lines += 1
            text_allowed = False
        else:
            break
        position += 1
    while not texts and position > start and not blocks[position - 1].link:
        position -= 1
    return _Run(end=position, links=len(links), headings=headings, texts=lines)


def _link_follows(blocks: Sequence[Block], position: int) -> bool:
    return any(each.link for each in blocks[position + 1 : position + 3])


def _with_label(blocks: Sequence[Block], start: int) -> int:
    """Take the run's own title (`Opinion`, `More on this story`) along."""
    while start > 0 and blocks[start - 1].words <= 5 and not _ends_sentence(blocks[start - 1].text) and not blocks[start - 1].link:
        start -= 1
    return start


def _ends_sentence(text: str) -> bool:
    return text.rstrip("\"'”’»)] ").endswith((".", "!", "?", "…", "。", "！", "？", "।", "؟", ":"))


def _leads_away(element: HtmlElement) -> bool:
    href = (element.get("href") or "").strip()
    return bool(href) and not href.startswith(("#", "javascript:", "mailto:", "tel:"))


def _after_break(element: HtmlElement) -> bool:
    before = element.getprevious()
    return before is not None and before.tag == "br" and not (before.tail or "").strip()
