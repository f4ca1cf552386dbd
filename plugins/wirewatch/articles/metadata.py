"""What a page says of itself in JSON-LD, OpenGraph and other metadata; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from wirewatch.articles import title
from wirewatch.model import Precision

_SPACE = re.compile(r"\s+")
_TAGS = re.compile(r"<[^>]{1,200}>")
_ARTICLE_TYPES = re.compile(r"(?:\w*Article|Report|BlogPosting|LiveBlogPosting|SocialMediaPosting)$")
_DATE_NAMES = (
    "article:published_time",
    "og:article:published_time",
    "article:published",
    "og:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "publish-date",
    "publish_date",
    "published_date",
    "pubdate",
    "publication_date",
    "dc.date.issued",
    "dcterms.created",
    "dc.date",
    "date",
)
_HEADLINE_CHARS = 16
"""A shorter line that a title begins with may be the name of a section."""
_HEADLINE_LINES = 60
_AUTHORS_JOINED = re.compile(r"\s*(?:,|;|\band\b|&|\bund\b|\|)\s*")
_AUTHOR_PREFIX = re.compile(r"^(?:By|Von|Par|Por)\s+")
_INITIALS = re.compile(r"\s*\([^()]{1,8}\)$")
"""`Elena Oberholzer (obe)`"""
_NO_AUTHOR = re.compile(r"^https?://|@")
_SITE_NAMES = ("application-name", "apple-mobile-web-app-title", "twitter:site", "al:ios:app_name", "publisher", "dc.publisher")
_SITE_TYPES = frozenset(("WebSite", "Organization", "NewsMediaOrganization"))
_AUTHOR_NAMES = ("author", "article:author", "parsely-author", "sailthru.author", "dc.creator", "byl")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner janvier enero gennaio janeiro января",
            "february feb februar février febrero febbraio fevereiro февраля",
            "march mar märz mars marzo março марта",
            "april apr avril abril aprile апреля",
            "may mai mayo maggio maio мая",
            "june jun juni juin junio giugno junho июня",
            "july jul juli juillet julio luglio julho июля",
            "august aug août agosto августа",
            "september sep sept septembre septiembre settembre setembro сентября",
            "october oct oktober octobre octubre ottobre outubro октября",
            "november nov novembre noviembre novembro ноября",
            "december dec dezember décembre diciembre dicembre dezembro декабря",
        ),
        start=1,
    )
    for name in names.split()
}
_DAY_MONTH = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|\.|º)?\s+(?:de\s+)?([^\W\d_]{3,10})\.?,?\s+(?:de\s+)?(\d{4})\b")
_MONTH_DAY = re.compile(r"\b([^\W\d_]{3,10})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s*(?:[-/.]|年|년)\s*(\d{1,2})\s*(?:[-/.]|月|월)\s*(\d{1,2})(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})[./](\d{1,2})[./](\d{4})(?!\d)")
_URL_DATE = re.compile(
    r"/(20\d{2})/(0[1-9]|1[0-2])/(0[1-9]|[12]\d|3[01])(?:/|$)|[/-](20\d{2})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?:[/-]|$)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a page says of itself; everything may be missing."""

    title: str | None = None
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    published_precision: Precision | None = None
    language: str | None = None
    site_name: str | None = None
    image: str | None = None
    canonical_url: str | None = None
    tags: tuple[str, ...] = ()
    article_body: str = ""
    """Text of the article in JSON-LD, paragraphs by lines; often cut short or missing."""
    paywalled: bool = False
    """The page says that it is not for free."""
    is_article: bool | None = None
    """None: it does not say."""
    meta: Mapping[str, str] = field(default_factory=dict)


def read(root: HtmlElement, url: str) -> Metadata:
    """Read a page's metadata: JSON-LD first, then OpenGraph and `<meta>`, then what is visible."""
    meta = _meta(root)
    nodes = list(_json_ld(root))
    article = next((each for each in nodes if _is_article(each)), None)
    node = article or {}
    site_name = _text(meta.get("og:site_name")) or _name(node.get("publisher"))
    published, precision = _published(root, node, meta, url)
    return Metadata(
        title=_title(root, node, meta, [site_name, *_site_names(nodes, meta)], url),
        authors=_authors(root, node, meta, site_name),
        published_at=published,
        published_precision=precision,
        language=_language(root, node, meta),
        site_name=site_name,
        image=_image(node, meta, url),
        canonical_url=_canonical(root, meta, url),
        tags=_tags(node, meta),
        article_body=_body(node.get("articleBody")),
        paywalled=str(node.get("isAccessibleForFree")).lower() == "false",
        is_article=True
        if article or meta.get("og:type", "").startswith("article")
        else False
        if meta.get("og:type") == "website"
        else None,
        meta=meta,
    )


def parse_date(value: object) -> tuple[datetime, Precision] | None:
    """A date as pages write it (ISO 8601, RFC 822, plain words in some languages), aware UTC, or None.

    A time without a zone is taken as UTC; a day becomes its first second, with precision `day`.
    """
    text = _SPACE.sub(" ", str(value)).strip() if isinstance(value, str | int) else ""
    if not 6 <= len(text) <= 80:
        return None
    if text.isdigit() and len(text) in (10, 13):
        return datetime.fromtimestamp(int(text[:10]), UTC), Precision.SECOND
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            when = parse(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        day = re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", text) is not None
        return _aware(when), Precision.DAY if day else Precision.SECOND
    return _worded(text)


def _aware(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _worded(text: str) -> tuple[datetime, Precision] | None:
    for pattern, order in ((_YEAR_FIRST, "ymd"), (_DAY_MONTH, "dmy"), (_MONTH_DAY, "mdy"), (_DAY_FIRST, "dmy")):
        for match in pattern.finditer(text):
            parts = dict(zip(order, match.groups(), strict=True))
            month = _MONTHS.get(parts["m"].lower()) if not parts["m"].isdigit() else int(parts["m"])
            if month is None:
                continue
            try:
                day = datetime(int(parts["y"]), month, int(parts["d"]), tzinfo=UTC)
            except ValueError:
                continue
            clock = re.search(r"\b(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})", text)
            if clock is None:
                return day, Precision.DAY
            zone = clock[4] if clock[4][0] in "+-" else "+00:00"
            try:
                return _aware(
                    datetime.fromisoformat(f"{day:%Y-%m-%d}T{int(clock[1]):02}:{clock[2]}:{clock[3] or '00'}{zone}")
                ), Precision.SECOND
            except ValueError:
                return day, Precision.DAY
    return None


def _published(root: HtmlElement, node: Mapping[str, Any], meta: Mapping[str, str], url: str) -> tuple[datetime | None, Precision | None]:
    candidates: list[object] = [node.get("datePublished"), node.get("dateCreated")]
    candidates += [meta.get(name) for name in _DATE_NAMES]
    for element in root.iterfind(".//*[@itemprop='datePublished']"):
        candidates.append(element.get("content") or element.get("datetime") or element.text_content())
        break
    candidates += [each.get("datetime") or each.text_content() for each in _times(root)]
    for candidate in candidates:
        parsed = parse_date(candidate)
        if parsed is not None and parsed[0].year >= 1990:
            return parsed
    return _visible_date(root) or _url_date(url) or (None, None)


def _times(root: HtmlElement) -> list[HtmlElement]:
    """The `<time>` elements that stand near the headline: in the element that holds the first h1, or in the article."""
    for scope in _around_headline(root, levels=4):
        times = list(scope.iter("time"))
        if times:
            return times[:2]
    return [each for article in root.iter("article") for each in article.iter("time")][:1]


def _around_headline(root: HtmlElement, levels: int) -> Iterator[HtmlElement]:
    headline = next(iter(root.iter("h1")), None)
    element = None if headline is None else headline.getparent()
    while element is not None and levels and element.tag not in ("body", "html"):
        yield element
        element, levels = element.getparent(), levels - 1


def _visible_date(root: HtmlElement) -> tuple[datetime, Precision] | None:
    """A date in one of the few short lines after the headline."""
    headline = _headline(root)
    if headline is None:
        return None
    seen = 0
    for element in headline.xpath("following::*[self::p or self::div or self::span or self::time or self::li]"):
        text = _SPACE.sub(" ", element.text or "").strip()
        if not text and len(element):
            continue
        text = _SPACE.sub(" ", element.text_content()).strip()
        if not text:
            continue
        seen += 1
        if seen > 12:
            break
        if len(text) <= 80 and (found := parse_date(text)) is not None:
            return found
    return None


def _headline(root: HtmlElement) -> HtmlElement | None:
    """The first h1; on a page without one, the first line that the document's title begins with."""
    first = next(iter(root.iter("h1")), None)
    title = _text(root.findtext(".//head/title") or "")
    if first is not None or not title:
        return first
    lines = 0
    for element in root.iter("h2", "h3", "h4", "p", "div", "strong", "b", "a", "td"):
        text = _text(element.text_content()) if len(element) < 3 else None
        if not text:
            continue
        if len(text) >= _HEADLINE_CHARS and title.startswith(text):
            return element
        lines += 1
        if lines > _HEADLINE_LINES:
            break
    return None


def _url_date(url: str) -> tuple[datetime, Precision] | None:
    found = _URL_DATE.search(urlsplit(url).path)
    if found is None:
        return None
    year, month, day = (int(each) for each in found.groups() if each)
    try:
        return datetime(year, month, day, tzinfo=UTC), Precision.DAY
    except ValueError:
        return None


def _json_ld(root: HtmlElement) -> Iterator[dict[str, Any]]:
    for script in root.iterfind(".//script[@type='application/ld+json']"):
        raw = (script.text or "").strip().removeprefix("<!--").removesuffix("-->").strip().removesuffix(";")
        try:
            data = json.loads(raw, strict=False)
        except (ValueError, RecursionError):
            continue
        waiting, seen = [data], 0
        while waiting and seen < 500:
            item = waiting.pop(0)
            seen += 1
            if isinstance(item, list):
                waiting = item + waiting
            elif isinstance(item, dict):
                yield item
                waiting += [item[key] for key in ("@graph", "mainEntity", "itemListElement") if isinstance(item.get(key), list | dict)]


def _is_article(node: Mapping[str, Any]) -> bool:
    return any(_ARTICLE_TYPES.search(each) for each in _types(node))


def _types(node: Mapping[str, Any]) -> set[str]:
    return {each for each in _listed(node.get("@type")) if isinstance(each, str)}


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _meta(root: HtmlElement) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop")
        content = element.get("content")
        if name and content and content.strip():
            found.setdefault(name.strip().lower(), content.strip())
    return found


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    text = _SPACE.sub(" ", _TAGS.sub("", unescape(value))).strip()
    return text or None


def _name(value: object) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    return _text(value.get("name")) if isinstance(value, dict) else _text(value)


def _title(root: HtmlElement, node: Mapping[str, Any], meta: Mapping[str, str], names: Iterable[str | None], url: str) -> str | None:
    headings = [text for text in (_text(each.text_content()) for each in root.iter("h1")) if text]
    if not headings and (found := _headline(root)) is not None:
        headings = [_text(found.text_content()) or ""]
    return title.headline(
        shared=_text(meta.get("og:title")),
        stated=(_text(node.get("headline")), _text(meta.get("twitter:title"))),
        headings=headings,
        document=next((text for text in (_text(each.text_content()) for each in root.iterfind(".//head/title")) if text), None),
        sites=title.sites_of(names, url),
    )


def _site_names(nodes: Iterable[Mapping[str, Any]], meta: Mapping[str, str]) -> Iterator[str | None]:
    """The names that a page gives its site, besides the first."""
    for name in _SITE_NAMES:
        yield _text(meta.get(name, "").removeprefix("@"))
    for node in nodes:
        if _types(node) & _SITE_TYPES:
            yield _name(node.get("name"))
            yield from (_text(each) for each in _listed(node.get("alternateName")))
        yield _name(node.get("publisher"))


def _authors(root: HtmlElement, node: Mapping[str, Any], meta: Mapping[str, str], site_name: str | None) -> tuple[str, ...]:
    """People, as far as can be told: no addresses, and not the site itself while anybody else is named."""
    stated = node.get("author") or node.get("creator")
    sources = (
        [_name(each) for each in (stated if isinstance(stated, list) else [stated])],
        *([_text(meta.get(each))] for each in _AUTHOR_NAMES),
        [_text(each.text_content()) for each in root.iterfind(".//a[@rel='author']")][:5],
    )
    fallback: tuple[str, ...] = ()
    for names in sources:
        split = [part for each in names if each for part in _AUTHORS_JOINED.split(_AUTHOR_PREFIX.sub("", each))]
        people = [_INITIALS.sub("", each).strip() for each in split]
        named = tuple(dict.fromkeys(each for each in people if 1 < len(each) <= 80 and not _NO_AUTHOR.search(each)))[:20]
        if any(not _is_site(each, site_name) for each in named):
            return named
        fallback = fallback or named
    return fallback


def _is_site(name: str, site_name: str | None) -> bool:
    """Whether an author is the site under its own name (`mdr.de`, `n-tv NACHRICHTEN` on n-tv.de)."""
    if re.fullmatch(r"(?:www\.)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", name, re.IGNORECASE):
        return True
    return site_name is not None and site_name.casefold() in (name.casefold(), name.casefold().removesuffix(" nachrichten"))


def _language(root: HtmlElement, node: Mapping[str, Any], meta: Mapping[str, str]) -> str | None:
    element = root if root.tag == "html" else root.find(".//html")
    said = (
        (element.get("lang") or element.get("{http://www.w3.org/XML/1998/namespace}lang") or element.get("xml:lang"))
        if element is not None
        else None
    )
    for candidate in (said, node.get("inLanguage"), meta.get("og:locale"), meta.get("content-language"), meta.get("language")):
        if isinstance(candidate, str) and (found := re.match(r"\s*([A-Za-z]{2})(?:[-_].*)?\s*$", candidate)):
            return found[1].lower()
    return None


def _image(node: Mapping[str, Any], meta: Mapping[str, str], url: str) -> str | None:
    image: object = meta.get("og:image") or meta.get("og:image:url") or meta.get("twitter:image") or node.get("image")
    if isinstance(image, list):
        image = image[0] if image else None
    if isinstance(image, dict):
        image = image.get("url") or image.get("contentUrl")
    return _absolute(image, url)


def _canonical(root: HtmlElement, meta: Mapping[str, str], url: str) -> str | None:
    for element in root.iter("link"):
        if "canonical" in (element.get("rel") or "").lower().split() and (found := _absolute(element.get("href"), url)):
            return found
    return _absolute(meta.get("og:url"), url)


def _absolute(address: object, url: str) -> str | None:
    if not isinstance(address, str) or not address.strip() or len(address) > 4096:
        return None
    try:
        joined = urljoin(url, address.strip())
        parts = urlsplit(joined)
    except ValueError:
        return None
    return joined if parts.scheme in ("http", "https") and parts.hostname else None


def _tags(node: Mapping[str, Any], meta: Mapping[str, str]) -> tuple[str, ...]:
    stated = node.get("keywords") or meta.get("news_keywords") or meta.get("keywords") or meta.get("article:tag") or ()
    if isinstance(stated, str):
        stated = re.split(r"\s*[,;]\s*", stated)
    texts = [_text(each) if isinstance(each, str) else _name(each) for each in stated] if isinstance(stated, list | tuple) else []
    return tuple(dict.fromkeys(each for each in texts if each and len(each) <= 80))[:40]


def _body(value: object) -> str:
    if not isinstance(value, str):
        return ""
    broken = re.sub(r"<(?:br|/?p|/?div|/?li|/?h\d)\b[^>]{0,200}>", "\n", unescape(value), flags=re.IGNORECASE)
    lines = (_SPACE.sub(" ", _TAGS.sub("", each)).strip() for each in broken.splitlines())
    return "\n".join(each for each in lines if each)
