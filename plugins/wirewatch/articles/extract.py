"""A page to the article on it: title, clean text, date, authors, language. The only module that imports Trafilatura and htmldate."""

from __future__ import annotations

import copy
import functools
import re
import signal
import threading
from collections import Counter
from datetime import UTC, datetime

import py3langid
from htmldate import find_date
from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring
from trafilatura import bare_extraction

from wirewatch.articles import blocks, lines, metadata, quality
from wirewatch.articles.decode import decode
from wirewatch.errors import ParseError
from wirewatch.model import Extraction, Precision

MAX_TEXT = 200_000
"""Characters of a text that are kept."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LETTER = re.compile(r"[^\W\d_]")
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>", re.IGNORECASE)
_SCRIPTS = {
    "ko": r"[가-힣]",
    "ja": r"[ぁ-ヿ]",
    "zh": r"[一-鿿]",
    "ru": r"[а-яё]",
    "ar": r"[\u0600-\u06ff]",
    "el": r"[α-ω]",
    "he": r"[א-ת]",
    "th": r"[ก-๛]",
}
_UNSEEN = ("style", "svg", "template", "link", "meta")
PATIENCE = 10
"""A page that takes so many times as long by the clock as it may take by CPU is given up too."""
_AGAIN_S = 0.2
_UNSURE_CHARS = 80
"""Texts shorter than this do not show their language."""


def extract(html: bytes, *, url: str, content_type: str = "", min_words: int = 40, expected_language: str | None = None) -> Extraction:
    """The article on a page fetched from `url`; `quality` says whether its text can be taken for one.

    Pure and picklable: made to run in a worker process. Raises `ParseError` for bytes that hold no HTML at all.
    """
    root = parse(decode(html, content_type), url)
    said = metadata.read(root, url)
    published, precision = (said.published_at, said.published_precision) if said.published_at else _searched_date(root, url)
    _thin_out(root)
    page = blocks.column(root)
    shown = [each for each in page if not each.outside]
    page_text = "\n".join(each.text for each in shown)
    captions = _captions(root)
    repeated = _repeated(page)
    linked = sum(min(each.linked, len(each.text)) for each in shown) / max(1, len(page_text))
    apart = [*blocks.teasers(page), *(each for each in shown if lines.is_credit(each.text))]
    blocks.remove(apart)
    left = {id(each) for each in apart}
    subheads = _subheads([each for each in shown if id(each) not in left])
    text = lines.clean(lines.with_subheads(_text(root, url), subheads), title=said.title, captions=captions, paragraphs=repeated)[:MAX_TEXT]
    if said.article_body:
        text = lines.witnessed(text, said.article_body)
    if len(said.article_body) > 400 and len(text) < len(said.article_body) // 2:
        text = lines.clean(said.article_body, title=said.title, captions=captions)[:MAX_TEXT]
    language = language_of(text, said.language)
    return Extraction(
        title=said.title,
        text=text,
        authors=said.authors,
        published_at=published,
        published_precision=precision,
        language=language,
        site_name=said.site_name,
        image=said.image,
        canonical_url=said.canonical_url,
        tags=said.tags,
        quality=quality.judge(
            text,
            title=said.title,
            page_text=page_text,
            language=language,
            expected_language=expected_language,
            paywalled=said.paywalled,
            is_article=said.is_article,
            linked_share=linked,
            min_words=min_words,
        ),
    )


def extract_within(
    seconds: float, html: bytes, *, url: str, content_type: str = "", min_words: int = 40, expected_language: str | None = None
) -> Extraction:
    """As `extract`, given up after so many seconds of CPU; raises `ParseError` then. A limit only where it runs in a process's main thread.

    Time that others had the processor does not count, up to `PATIENCE` times as long.
    """
    call = functools.partial(extract, html, url=url, content_type=content_type, min_words=min_words, expected_language=expected_language)
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        return call()

    running = True

    def give_up(_number: int, _frame: object) -> None:
        if running:
            raise _TooSlowError

    clocks = ((signal.ITIMER_PROF, signal.SIGPROF, seconds), (signal.ITIMER_REAL, signal.SIGALRM, seconds * PATIENCE))
    before = [(number, signal.signal(number, give_up)) for _, number, _ in clocks]
    for timer, _, limit in clocks:
        # Again and again, for where it strikes inside a destructor or a callback of C code, Python only prints the exception.
        signal.setitimer(timer, limit, _AGAIN_S)
    try:
        return call()
    except _TooSlowError as error:
        running = False
        raise ParseError(f"{url}: not read within {seconds:g} s") from error
    finally:
        running = False
        for timer, _, _ in clocks:
            signal.setitimer(timer, 0)
        for number, handler in before:
            signal.signal(number, handler)


class _TooSlowError(BaseException):
    """Raised by the clock within `extract_within`; no `Exception`, so that no library swallows it."""


def parse(text: str, url: str) -> HtmlElement:
    """The tree of a page; raises `ParseError` where there is none."""
    cleaned = _CONTROL.sub("", _XML_DECLARATION.sub("", text, count=1))
    if not cleaned.strip():
        raise ParseError(f"{url}: an empty page")
    try:
        root = document_fromstring(
            cleaned.encode("utf-8", "replace"),
            parser=HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False),
        )
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise ParseError(f"{url}: no HTML: {error}") from error
    if not isinstance(root, HtmlElement):
        raise ParseError(f"{url}: no HTML")
    return root


def _thin_out(root: HtmlElement) -> None:
    """Take out what no reader sees and every pass of Trafilatura would copy: it drops all of it too, but later, several times."""
    for script in list(root.iter("script")):
        if script.get("type") != "application/ld+json":
            script.drop_tree()
    etree.strip_elements(root, *_UNSEEN, with_tail=False)


def language_of(text: str, said: str | None) -> str | None:
    """The language of a text, ISO 639-1: what the page says, unless its script shows otherwise; else what the words look like."""
    sample = text[:4000].lower()
    if len(sample) < _UNSURE_CHARS:
        return said
    letters = len(_LETTER.findall(sample)) or 1
    for language, pattern in () if sample.isascii() else _SCRIPTS.items():
        share = len(re.findall(pattern, sample)) / letters
        if share > (0.1 if language in ("ko", "ja") else 0.4):
            group = {"ru": "ru uk bg sr mk be kk ky mn", "ar": "ar fa ur ps", "he": "he yi"}.get(language, language).split()
            return said if said in group else (_identify(sample) if len(group) > 1 else language)
    if said in _SCRIPTS or said is None:
        return _identify(sample)
    return said


def _identify(sample: str) -> str | None:
    language, _ = py3langid.classify(sample)
    return str(language)


def _text(root: HtmlElement, url: str) -> str:
    try:
        document = bare_extraction(root, url=url or None, include_comments=False, include_tables=True, with_metadata=False)
    except (ValueError, TypeError, AttributeError, RecursionError, etree.LxmlError) as error:
        raise ParseError(f"{url}: {error}") from error
    return "" if document is None or isinstance(document, dict) else str(document.text or "")


def _searched_date(root: HtmlElement, url: str) -> tuple[datetime | None, Precision | None]:
    """The day of publication on a page that does not state it, found by htmldate; it must be in markup made for dates."""
    try:
        found = find_date(copy.deepcopy(root), url=url or None, original_date=True, extensive_search=False)
        return (None, None) if found is None else (datetime.fromisoformat(found).replace(tzinfo=UTC), Precision.DAY)
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError, etree.LxmlError):
        return None, None


def _subheads(column: list[blocks.Block]) -> list[tuple[str, str, str]]:
    """Headings between two paragraphs, each with the paragraph before and after."""
    found: list[tuple[str, str, str]] = []
    before = ""
    for position, block in enumerate(column[:-1]):
        after = column[position + 1]
        if not block.heading:
            before = block.text
        elif before and not block.link and not after.heading:
            found.append((block.text, before, after.text))
    return found


def _captions(root: HtmlElement) -> list[str]:
    return [each.text_content() for each in root.iter("figcaption")]


def _repeated(page: list[blocks.Block]) -> list[str]:
    counts = Counter(each.text for each in page if each.words >= 5)
    return [text for text, number in counts.items() if number > 1]
