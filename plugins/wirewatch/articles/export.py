"""Articles for other programs: rows, CSV and RSS; pure. What spreadsheets would run and XML cannot carry is made harmless."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from email.utils import format_datetime
from typing import Any
from xml.etree import ElementTree as ET

from wirewatch.model import Article

COLUMNS = ("timestamp", "title", "url", "source", "publisher", "country", "language", "topics", "story_id", "status", "snippet")
"""Of a CSV file, unless others are asked for."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def row(article: Article, snippet: str) -> dict[str, Any]:
    """An article as plain values; `snippet` is what was looked for, in its surroundings."""
    return {
        "id": article.id,
        "timestamp": article.timestamp,
        "title": article.title,
        "url": article.url,
        "source": article.source,
        "publisher": article.publisher_name or article.publisher,
        "country": article.country,
        "language": article.language,
        "topics": list(article.topics),
        "story_id": article.story_id,
        "status": article.status.value,
        "snippet": snippet,
    }


def csv_line(values: Iterable[object]) -> str:
    """One line of a CSV file, with its end."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([_cell(value) for value in values])
    return line.getvalue()


def csv_row(found: Mapping[str, Any], columns: Iterable[str] = COLUMNS) -> str:
    """A `row` as a line of a CSV file."""
    plain = {**found, "timestamp": found["timestamp"].isoformat(), "topics": " ".join(found["topics"])}
    return csv_line(plain[name] for name in columns)


def _cell(value: object) -> object:
    """A cell that a spreadsheet shows and never runs: a headline may begin with `=`, and spaces before it are skipped."""
    if not isinstance(value, str):
        return value
    # A carriage return alone ends a row for some readers, and the writer does not quote it.
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{value}" if value.startswith(_FORMULA) or value.lstrip().startswith(_FORMULA) else value


def rss(found: Iterable[tuple[Article, str]], *, title: str, link: str) -> str:
    """Articles, each with its snippet, as an RSS 2.0 feed."""
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    for name, text in (("title", title), ("link", link), ("description", f"Articles: {title}")):
        ET.SubElement(channel, name).text = _xml(text)
    for article, snippet in found:
        item = ET.SubElement(channel, "item")
        fields = {
            "title": article.title,
            "link": article.url if article.url.startswith(("http://", "https://")) else "",
            "description": snippet or article.summary,
            "pubDate": format_datetime(article.timestamp),
        }
        for name, text in fields.items():
            ET.SubElement(item, name).text = _xml(text)
        ET.SubElement(item, "source", url=f"https://{article.source}/").text = _xml(article.publisher_name or article.publisher)
        ET.SubElement(item, "guid", isPermaLink="false").text = article.id
        for topic in article.topics:
            ET.SubElement(item, "category").text = _xml(topic)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode")


def _xml(text: str) -> str:
    """Text without what XML 1.0 cannot carry."""
    return "".join(
        each for each in text if each in "\t\n\r" or (each >= " " and not "\ud800" <= each <= "\udfff" and each not in "\ufffe\uffff")
    )
