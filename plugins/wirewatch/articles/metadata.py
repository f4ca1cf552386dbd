"""What a page says of itself in JSON-LD, OpenGraph and other metadata; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from wirewatch.articles import dates, title
from wirewatch.model import Precision

_SPACE = re.compile(r"\s+")
_TAGS = re.compile(r"<[^<>]{1,2000}>")
_ARTICLE_TYPES = re.compile(r"(?:\w*Article|Report|BlogPosting|LiveBlogPosting|SocialMediaPosting)$")
_MAX_NODES = 500
_WRAPPED = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|(?://\s*)?\]\]>)\s*$")
_TRAILING_COMMA = re.compile(r",\s*([}\]])")
_SCALARS = re.compile(r'"(headline|datePublished|dateCreated|articleBody)"\s*:\s*"((?:[^"\\]|\\.)*)"')
_ARTICLE_NAMED = re.compile(r'"@type"\s*:\s*\[?\s*"\w*(?:Article|Report|BlogPosting)"')
_BROKEN_CHARS = 200_000
_HEADLINE_CHARS = 16
"""A shorter line that a title begins with may be the name of a section."""
_DENSE = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
"""Scripts that say in one character what others say in two or three."""
_HEADLINE_LINES = 60
_AUTHORS_JOINED = re.compile(r"\s*(?:,|;|\band\b|&|\bund\b|\|)\s*")
_AUTHOR_PREFIX = re.compile(r"^(?:By|Von|Par|Por)\s+")
_INITIALS = re.compile(r"\s*\([^()]{1,8}\)$")
"""`Elena Oberholzer (obe)`"""
_NO_AUTHOR = re.compile(r"^https?://|@")
_SITE_NAMES = ("application-name", "apple-mobile-web-app-title", "twitter:site", "al:ios:app_name", "publisher", "dc.publisher")
_SITE_TYPES = frozenset(("WebSite", "Organization", "NewsMediaOrganization"))
_AUTHOR_NAMES = ("author", "article:author", "parsely-author", "sailthru.author", "dc.creator", "byl")


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
    node = _main(nodes, root, meta, url)
    site_name = _text(meta.get("og:site_name")) or _name(node.get("publisher"))
    published = dates.published(root, stated=_dates(node, nodes), meta=meta, headline=_headline(root), url=url)
    return Metadata(
        title=_title(root, node, meta, [site_name, *_site_names(nodes, meta)], url),
        authors=_authors(root, node, meta, site_name),
        published_at=published[0] if published else None,
        published_precision=published[1] if published else None,
        language=_language(root, node, meta),
        site_name=site_name,
        image=_image(node, meta, url),
        canonical_url=_canonical(root, meta, url),
        tags=_tags(node, meta),
        article_body=_body(node.get("articleBody")),
        paywalled=str(node.get("isAccessibleForFree")).lower() == "false",
        is_article=True if node or meta.get("og:type", "").startswith("article") else False if meta.get("og:type") == "website" else None,
        meta=meta,
    )


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
        if len(text) >= (_HEADLINE_CHARS // 2 if _DENSE.search(text) else _HEADLINE_CHARS) and title.startswith(text):
            return element
        lines += 1
        if lines > _HEADLINE_LINES:
            break
    return None


def _json_ld(root: HtmlElement) -> Iterator[dict[str, Any]]:
    for script in root.iterfind(".//script[@type='application/ld+json']"):
        waiting, seen = [_loaded(script.text or "")], 0
        while waiting and seen < _MAX_NODES:
            item = waiting.pop(0)
            seen += 1
            if isinstance(item, list):
                waiting = item + waiting
            elif isinstance(item, dict):
                yield item
                waiting += [item[key] for key in ("@graph", "mainEntity", "itemListElement") if isinstance(item.get(key), list | dict)]


def _loaded(raw: str) -> object:
    """What a block of JSON-LD says; of a broken one, the few values that can be told all the same."""
    text = _WRAPPED.sub("", raw).strip().removesuffix(";")
    for attempt in (text, _TRAILING_COMMA.sub(r"\1", text)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    if not _ARTICLE_NAMED.search(text):
        return {}
    found: dict[str, Any] = {"@type": "Article"}
    for name, value in _SCALARS.findall(text[:_BROKEN_CHARS]):
        with suppress(ValueError):
            found.setdefault(name, json.loads(f'"{value}"', strict=False))
    return found


def _main(nodes: Sequence[Mapping[str, Any]], root: HtmlElement, meta: Mapping[str, str], url: str) -> Mapping[str, Any]:
    """The article that a page's data is about, where it tells of several: the one with its address or its title, else the first."""
    articles = [each for each in nodes if _is_article(each)]
    if len(articles) < 2:
        return articles[0] if articles else {}
    addresses = {_bare_address(each) for each in (url, _canonical(root, meta, url)) if each}
    titles = {title.key_of(each) for each in (meta.get("og:title"), root.findtext(".//head/title")) if each}

    def rank(node: Mapping[str, Any]) -> int:
        page = node.get("mainEntityOfPage")
        stated = (node.get("url"), node.get("@id"), page.get("@id") if isinstance(page, dict) else page)
        if any(_bare_address(each) in addresses for each in stated if isinstance(each, str)):
            return 2
        key = title.key_of(_text(node.get("headline")) or "")
        return int(len(key) > _HEADLINE_CHARS and any(key in each for each in titles))

    return max(articles, key=rank)


def _bare_address(url: str) -> str:
    return url.partition("#")[0].partition("?")[0].partition("://")[2].removeprefix("www.").rstrip("/")


def _dates(node: Mapping[str, Any], nodes: Iterable[Mapping[str, Any]]) -> Iterator[object]:
    yield node.get("datePublished")
    yield node.get("dateCreated")
    yield from (each.get("datePublished") for each in nodes if "WebPage" in _types(each))


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
    text = _SPACE.sub(" ", _TAGS.sub("", unescape(unescape(value)))).strip()
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
        page=lambda: str(root.text_content()),
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
    for candidate in (
        dates.page_language(root),
        node.get("inLanguage"),
        meta.get("og:locale"),
        meta.get("content-language"),
        meta.get("language"),
    ):
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
    broken = re.sub(r"<(?:br|/?p|/?div|/?li|/?h\d)\b[^>]{0,200}>", "\n", unescape(unescape(value)), flags=re.IGNORECASE)
    lines = (_SPACE.sub(" ", _TAGS.sub("", each)).strip() for each in broken.splitlines())
    return "\n".join(each for each in lines if each)
