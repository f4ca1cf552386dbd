"""JSON Feed 1 and 1.1 (https://www.jsonfeed.org/version/1.1/); pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from wirewatch.errors import ParseError
from wirewatch.feeds.build import Entries, Stated
from wirewatch.feeds.plain import absolute, cut, headline, language_of
from wirewatch.model import ParsedFeed

_VERSIONS = {"https://jsonfeed.org/version/1": "json1", "https://jsonfeed.org/version/1.1": "json11"}


def parse_json(text: str, *, url: str, max_entries: int) -> ParsedFeed:
    """The feed that a JSON text is; raises `ParseError`."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ParseError(f"not valid JSON: {what}") from error
    version = data.get("version") if isinstance(data, dict) else None
    items = data.get("items") if isinstance(data, dict) else None
    stated = isinstance(version, str) and "jsonfeed.org/version/" in version
    if not isinstance(data, dict) or not (stated or (isinstance(items, list) and isinstance(version or data.get("title"), str))):
        raise ParseError("JSON, but no JSON Feed: it has no items under a version or title")
    problems: list[str] = [] if stated else ["states no JSON Feed version"]
    if not isinstance(items, list):
        problems.append("has no items")
        items = []
    if len(items) > max_entries:
        problems.append(f"more than {max_entries} entries: the others are left out")
    link = absolute(url, _text(data, "home_page_url"))
    language = language_of(_text(data, "language"))
    entries = Entries(url or _text(data, "feed_url") or link or "", [language] if language else [])
    found = []
    for item in items[:max_entries]:
        try:
            found.append(entries.add(_stated(item, data)))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            entries.spoiled(error)
    return ParsedFeed(
        title=cut(headline(_text(data, "title"), markup=False), 1000),
        format=_VERSIONS.get(str(version).strip().rstrip("/").replace("http://", "https://").replace("://www.", "://"), "json1"),
        entries=tuple(found),
        link=link,
        language=language,
        problems=(*problems, *entries.problems()),
    )


def _stated(item: Any, feed: dict[str, Any]) -> Stated:
    if not isinstance(item, dict):
        raise TypeError("an item must be an object")
    html, id = _text(item, "content_html"), _text(item, "id")
    attachments = [each for each in _list(item, "attachments") if isinstance(each, dict)]
    pictures = [_text(each, "url") for each in attachments if _text(each, "mime_type").startswith("image/")]
    return Stated(
        id=id,
        link=_text(item, "url") or _text(item, "external_url"),
        title=headline(_text(item, "title"), markup=False),
        summary=_text(item, "summary"),
        content=html or _text(item, "content_text"),
        markup=bool(html),
        published=(_text(item, "date_published"), _text(item, "date_modified")),
        updated=_text(item, "date_modified"),
        authors=list(_authors(item)) or list(_authors(feed)),
        language=_text(item, "language"),
        categories=[each for each in _list(item, "tags") if isinstance(each, str)],
        images=[_text(item, "image"), _text(item, "banner_image"), *pictures],
        enclosures=[_text(each, "url") for each in attachments],
    )


def _authors(of: dict[str, Any]) -> Iterator[str]:
    """`authors` of version 1.1, else `author` of version 1."""
    for each in [*_list(of, "authors"), of.get("author")]:
        if isinstance(each, dict) and _text(each, "name"):
            yield _text(each, "name")
        elif isinstance(each, str):
            yield each


def _list(of: dict[str, Any], key: str) -> list[Any]:
    found = of.get(key)
    return found if isinstance(found, list) else []


def _text(of: dict[str, Any], key: str) -> str:
    """A string; numbers that stand where one belongs (ids often do) as they are written."""
    found = of.get(key)
    if isinstance(found, bool) or found is None:
        return ""
    return str(found) if isinstance(found, str | int | float) else ""
