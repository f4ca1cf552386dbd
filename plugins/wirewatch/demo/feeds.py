"""An outlet's feed in its format and character set."""

from __future__ import annotations

import json
from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from wirewatch.demo.ledger import Piece
from wirewatch.demo.outlets import Outlet

CONTENT_TYPES = {
    "rss20": "application/rss+xml",
    "rss10": "application/rdf+xml",
    "atom10": "application/atom+xml",
    "json1": "application/feed+json",
}


def feed(outlet: Outlet, base: str, pieces: list[Piece]) -> bytes:
    """The body of the feed; depends on nothing but what it lists, so that it stays the same until something new is out."""
    if outlet.feed == "json1":
        return _json(outlet, base, pieces)
    build = {"rss20": _rss20, "rss10": _rss10, "atom10": _atom10}[outlet.feed]
    head = f'<?xml version="1.0" encoding="{outlet.charset}"?>\n'
    return (head + build(outlet, base, pieces)).encode(outlet.charset, "xmlcharrefreplace")


def _html(piece: Piece) -> str:
    return "".join(f"<h3>{escape(block.text)}</h3>" if block.head else f"<p>{escape(block.text)}</p>" for block in piece.blocks)


def _summary(outlet: Outlet, piece: Piece) -> str:
    """Some houses cut the lead short, some wrap it in markup."""
    text = piece.summary
    if outlet.style == "flat" and len(text) > 160:
        text = text[:160].rsplit(" ", 1)[0] + " ..."
    if outlet.style == "plain":
        return f'<img src="{escape(piece.url)}/thumb.png" width="90" alt=""/> {escape(text)}'
    return text


def _rss_date(outlet: Outlet, at: datetime) -> str:
    return format_datetime(at.astimezone(outlet.zone))


def _rss20(outlet: Outlet, base: str, pieces: list[Piece]) -> str:
    items = "".join(_rss20_item(outlet, piece) for piece in pieces)
    spaces = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    return (
        f'<rss version="2.0" {spaces}><channel><title>{escape(outlet.name)}</title><link>{base}/</link>'
        f"<description>{escape(outlet.name)}</description><language>{outlet.language}</language><ttl>5</ttl>{items}</channel></rss>\n"
    )


def _rss20_item(outlet: Outlet, piece: Piece) -> str:
    guid = f'<guid isPermaLink="false">{piece.id}</guid>' if outlet.style == "plain" else f"<guid>{escape(piece.url)}</guid>"
    content = f"<content:encoded><![CDATA[{_html(piece)}]]></content:encoded>" if outlet.full_feed else ""
    return (
        f"<item><title>{escape(piece.title)}</title><link>{escape(piece.url)}</link>{guid}"
        f"<description>{escape(_summary(outlet, piece))}</description>{content}<dc:creator>{escape(piece.author)}</dc:creator>"
        f"<category>{escape(piece.section)}</category><pubDate>{_rss_date(outlet, piece.published_at)}</pubDate></item>\n"
    )


def _rss10(outlet: Outlet, base: str, pieces: list[Piece]) -> str:
    order = "".join(f"<rdf:li rdf:resource={quoteattr(piece.url)}/>" for piece in pieces)
    items = "".join(
        f"<item rdf:about={quoteattr(piece.url)}><title>{escape(piece.title)}</title><link>{escape(piece.url)}</link>"
        f"<description>{escape(_summary(outlet, piece))}</description><dc:creator>{escape(piece.author)}</dc:creator>"
        f"<dc:date>{piece.published_at.astimezone(outlet.zone).isoformat()}</dc:date></item>\n"
        for piece in pieces
    )
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<channel rdf:about="{base}{outlet.feed_path}"><title>{escape(outlet.name)}</title><link>{base}/</link>'
        f"<description>{escape(outlet.name)}</description><dc:language>{outlet.language}</dc:language>"
        f"<items><rdf:Seq>{order}</rdf:Seq></items></channel>\n{items}</rdf:RDF>\n"
    )


def _atom10(outlet: Outlet, base: str, pieces: list[Piece]) -> str:
    newest = pieces[0].published_at.astimezone(outlet.zone).isoformat() if pieces else "2000-01-01T00:00:00Z"
    entries = "".join(_atom10_entry(outlet, piece) for piece in pieces)
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.language}"><title>{escape(outlet.name)}</title>'
        f'<id>{base}/</id><link href="{base}/"/><link rel="self" href="{base}{outlet.feed_path}"/><updated>{newest}</updated>\n'
        f"{entries}</feed>\n"
    )


def _atom10_entry(outlet: Outlet, piece: Piece) -> str:
    at = piece.published_at.astimezone(outlet.zone).isoformat()
    content = f'<content type="html">{escape(_html(piece))}</content>' if outlet.full_feed else ""
    return (
        f'<entry><title type="text">{escape(piece.title)}</title><link rel="alternate" type="text/html" href={quoteattr(piece.url)}/>'
        f"<id>tag:{outlet.host},2024:{piece.id}</id><published>{at}</published><updated>{at}</updated>"
        f"<author><name>{escape(piece.author)}</name></author><category term={quoteattr(piece.section)}/>"
        f'<summary type="html">{escape(escape(piece.summary))}</summary>{content}</entry>\n'
    )


def _json(outlet: Outlet, base: str, pieces: list[Piece]) -> bytes:
    items = [
        {
            "id": piece.id,
            "url": piece.url,
            "title": piece.title,
            "summary": piece.summary,
            "content_text": piece.text if outlet.full_feed else piece.summary,
            "date_published": piece.published_at.astimezone(outlet.zone).isoformat(),
            "authors": [{"name": piece.author}],
            "tags": [piece.section],
        }
        for piece in pieces
    ]
    body = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "home_page_url": f"{base}/",
        "feed_url": f"{base}{outlet.feed_path}",
        "language": outlet.language,
        "items": items,
    }
    return json.dumps(body, ensure_ascii=False, indent=1).encode()
