"""An outlet's pages as browsers get them: the article between everything else that such pages carry."""

from __future__ import annotations

import json
from datetime import datetime
from html import escape
from urllib.parse import quote

from babel.dates import format_date, format_datetime

from wirewatch.demo.content import pools
from wirewatch.demo.dice import dice
from wirewatch.demo.ledger import Piece
from wirewatch.demo.outlets import Outlet

LABELS = {
    "en": {"nav": "Home|World|Business|Opinion|Sport|Culture|Weather", "published": "Published in {name}, {date}", "opinion": "Opinion",
           "editorial": "Editorial", "share": "Share|Copy link|Print|Email", "more": "More from {name}", "about": "About us|Contact|Privacy",
           "updated": "Updated", "by": "By {author}", "read": "Most read"},
    "ru": {"nav": "Главная|В мире|Экономика|Общество|Спорт|Культура|Погода", "published": "Опубликовано: «{name}», {date}",
           "opinion": "Мнения", "editorial": "От редакции", "share": "Поделиться|Скопировать ссылку|Распечатать", "more": "Другие материалы",
           "about": "О редакции|Контакты|Реклама", "updated": "Обновлено", "by": "Автор: {author}", "read": "Популярное"},
    "ko": {"nav": "홈|정치|경제|사회|국제|스포츠|문화", "published": "{name} {date} 게재", "opinion": "오피니언", "editorial": "사설",
           "share": "공유하기|링크 복사|인쇄", "more": "{name} 다른 기사", "about": "회사소개|문의|개인정보처리방침", "updated": "수정",
           "by": "{author} 기자", "read": "많이 본 뉴스"},
    "zh": {"nav": "首页|国内|国际|财经|体育|文化|天气", "published": "刊于{name}，{date}", "opinion": "观点", "editorial": "社评",
           "share": "分享|复制链接|打印", "more": "更多报道", "about": "关于我们|联系方式|版权声明", "updated": "更新", "by": "记者 {author}",
           "read": "阅读排行"},
    "de": {"nav": "Start|Politik|Wirtschaft|Panorama|Sport|Kultur|Wetter", "published": "Erschienen in {name}, {date}", "opinion": "Meinung",
           "editorial": "Leitartikel", "share": "Teilen|Link kopieren|Drucken", "more": "Mehr aus {name}",
           "about": "Impressum|Kontakt|Datenschutz", "updated": "Aktualisiert", "by": "Von {author}", "read": "Meistgelesen"},
    "ar": {"nav": "الرئيسية|العالم|اقتصاد|مجتمع|رياضة|ثقافة|طقس", "published": "نُشر في {name} بتاريخ {date}", "opinion": "آراء",
           "editorial": "افتتاحية", "share": "مشاركة|نسخ الرابط|طباعة", "more": "المزيد من {name}", "about": "من نحن|اتصل بنا|الخصوصية",
           "updated": "آخر تحديث", "by": "بقلم {author}", "read": "الأكثر قراءة"},
}  # fmt: skip

_STYLE = (
    "body{font:17px/1.6 Georgia,serif;max-width:46rem;margin:0 auto;padding:0 1rem;color:#222}header,nav,footer,aside,.meta,.share,"
    ".teaser,.caption,figcaption{font-family:system-ui,sans-serif;font-size:.85rem;color:#555}nav a,.share a,footer a{margin-right:1em}"
    "h1{line-height:1.2}figure{margin:1rem 0}img{width:100%;height:auto;background:#e4e7eb}a{color:#0b4f8a;text-decoration:none}"
)


def article(outlet: Outlet, base: str, piece: Piece) -> bytes:
    """The page of a piece, in the outlet's markup and character set."""
    body = {"semantic": _semantic, "plain": _plain, "flat": _flat}[outlet.style](outlet, base, piece)
    return _document(outlet, piece.title, _meta(outlet, base, piece), body)


def front(outlet: Outlet, base: str, pieces: list[Piece]) -> bytes:
    """The outlet's front page: a list of headlines."""
    links = "".join(f'<h2><a href="{escape(piece.url)}">{escape(piece.title)}</a></h2><p>{escape(piece.summary)}</p>' for piece in pieces)
    return _document(outlet, outlet.name, "", f"{_header(outlet, base)}<main>{links}</main>{_footer(outlet, base)}")


def opinion(outlet: Outlet, base: str, number: int) -> bytes:
    """The page that a teaser links to."""
    teasers = pools(outlet.language).teasers
    head, text = teasers[number % len(teasers)]
    body = f"{_header(outlet, base)}<main><h1>{escape(head)}</h1><p>{escape(text)}</p></main>{_footer(outlet, base)}"
    return _document(outlet, head, "", body)


def _document(outlet: Outlet, title: str, meta: str, body: str) -> bytes:
    direction = ' dir="rtl"' if outlet.language == "ar" else ""
    charset = (
        f'<meta http-equiv="Content-Type" content="text/html; charset={outlet.charset}">'
        if outlet.style == "flat"
        else f'<meta charset="{outlet.charset}">'
    )
    text = (
        f'<!doctype html>\n<html lang="{outlet.language}"{direction}><head>{charset}<title>{escape(title)} - {escape(outlet.name)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>{meta}</head>\n<body>{body}</body></html>\n'
    )
    return text.encode(outlet.charset, "xmlcharrefreplace")


def _day(outlet: Outlet, at: datetime) -> str:
    return format_date(at.astimezone(outlet.zone), "long", locale="zh_Hans" if outlet.language == "zh" else outlet.language)


def _meta(outlet: Outlet, base: str, piece: Piece) -> str:
    at = piece.published_at.astimezone(outlet.zone)
    found = [
        f'<link rel="canonical" href="{escape(piece.url)}">',
        f'<meta property="og:title" content="{escape(piece.title)}"><meta property="og:type" content="article">',
        f'<meta property="og:site_name" content="{escape(outlet.name)}"><meta property="og:url" content="{escape(piece.url)}">',
        f'<meta name="description" content="{escape(piece.summary)}"><meta property="og:image" content="{_picture(base, piece)}">',
    ]
    if outlet.dates == "og":
        found.append(f'<meta property="article:published_time" content="{at.isoformat()}">')
    if outlet.dates == "meta-day":
        found.append(f'<meta name="date" content="{at.date().isoformat()}">')
    if outlet.style == "semantic":
        found.append(f'<meta name="author" content="{escape(piece.author)}">')
        plain = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": piece.title, "url": piece.url,
                 "author": {"@type": "Person", "name": piece.author}, "articleSection": piece.section,
                 "publisher": {"@type": "Organization", "name": outlet.name}}  # fmt: skip
        if outlet.dates == "jsonld":
            plain |= {"datePublished": at.isoformat(), "dateModified": at.isoformat()}
        linked = json.dumps(plain, ensure_ascii=False).replace("</", "<\\/")
        found.append(f'<script type="application/ld+json">{linked}</script>')
    return "".join(found)


def _picture(base: str, piece: Piece) -> str:
    return f"{base}/img/{quote(piece.id)}.svg"


def _header(outlet: Outlet, base: str) -> str:
    links = "".join(
        f'<a href="{base}/?s={number}">{escape(name)}</a> ' for number, name in enumerate(LABELS[outlet.language]["nav"].split("|"))
    )
    return f'<header><a href="{base}/"><strong>{escape(outlet.name)}</strong></a><nav>{links}</nav></header>\n'


def _footer(outlet: Outlet, base: str) -> str:
    links = "".join(f'<a href="{base}/about">{escape(name)}</a> ' for name in LABELS[outlet.language]["about"].split("|"))
    return f"<footer>{links}<span>© {escape(outlet.owner_name)}</span></footer>"


def _published(outlet: Outlet, piece: Piece) -> str:
    return LABELS[outlet.language]["published"].format(name=outlet.name, date=_day(outlet, piece.published_at))


def _share(outlet: Outlet) -> str:
    return " ".join(f'<a href="#share">{escape(name)}</a>' for name in LABELS[outlet.language]["share"].split("|"))


def _teasers(outlet: Outlet, piece: Piece, count: int) -> list[tuple[int, str, str]]:
    """Opinion and editorial pieces that have nothing to do with the article."""
    teasers = pools(outlet.language).teasers
    picked = dice("teasers", piece.id).sample(range(len(teasers)), min(count, len(teasers)))
    return [(number, *teasers[number]) for number in picked]


def _blocks(piece: Piece, head: str = "h2") -> str:
    return "\n".join(f"<{head}>{escape(block.text)}</{head}>" if block.head else f"<p>{escape(block.text)}</p>" for block in piece.blocks)


def _semantic(outlet: Outlet, base: str, piece: Piece) -> str:
    label = LABELS[outlet.language]
    at = piece.published_at.astimezone(outlet.zone)
    time = f'<time datetime="{at.isoformat()}">{_day(outlet, at)}</time>' if outlet.dates in ("iso", "jsonld") else _day(outlet, at)
    figures = "".join(
        f'<figure><img src="{_picture(base, piece)}" alt="{escape(caption)}"><figcaption>{escape(caption)}</figcaption></figure>'
        for caption in piece.captions
    )
    related = "".join(
        f'<li><h3><a href="{base}/opinion/{number}">{escape(head)}</a></h3><p>{escape(text)}</p></li>'
        for number, head, text in _teasers(outlet, piece, 4)
    )
    return (
        f'{_header(outlet, base)}<main><article><header class="head"><h1>{escape(piece.title)}</h1>'
        f'<p class="meta">{escape(label["by"].format(author=piece.author))} · {time}</p></header>{figures}\n'
        f'<div class="article-body">{_blocks(piece)}</div>\n<p class="meta">{escape(_published(outlet, piece))}</p>'
        f'<div class="share">{_share(outlet)}</div></article>\n'
        f'<aside class="related"><h2>{escape(label["more"].format(name=outlet.name))}</h2><ul>{related}</ul></aside></main>'
        f"{_footer(outlet, base)}"
    )


def _plain(outlet: Outlet, base: str, piece: Piece) -> str:
    label = LABELS[outlet.language]
    stamp = format_datetime(piece.published_at.astimezone(outlet.zone), "yyyy-MM-dd HH:mm", locale="en")
    pictures = "".join(
        f'<div class="photo"><img src="{_picture(base, piece)}" alt=""><div class="caption">{escape(caption)}</div></div>'
        for caption in piece.captions
    )
    teasers = "".join(
        f'<div class="teaser"><a href="{base}/opinion/{number}"><b>{escape(head)}</b></a><span>{escape(text)}</span></div>'
        for number, head, text in _teasers(outlet, piece, 4)
    )
    return (
        f'{_header(outlet, base)}<div id="content" class="content"><div class="breadcrumb">{escape(piece.section)}</div>'
        f'<h1 class="title">{escape(piece.title)}</h1><div class="meta">{escape(label["by"].format(author=piece.author))} {stamp}</div>'
        f'<div class="share">{_share(outlet)}</div><div class="story-text">{pictures}\n{_blocks(piece, "h3")}</div>'
        f'<div class="meta">{escape(_published(outlet, piece))}</div><div class="share">{_share(outlet)}</div></div>\n'
        f'<div id="sidebar" class="sidebar"><h4>{escape(label["read"])}</h4>{teasers}</div>{_footer(outlet, base)}'
    )


def _flat(outlet: Outlet, base: str, piece: Piece) -> str:
    """One column in which captions (twice, as such sites print them), text and teasers are all paragraphs."""
    label = LABELS[outlet.language]
    captions = "".join(f"<p>{escape(caption)}</p><p>{escape(caption)}</p>" for caption in piece.captions)
    teasers = _teasers(outlet, piece, 5)
    lines = []
    for place, (number, head, text) in enumerate(teasers):
        if place in (0, 2):
            lines.append(f"<p>{escape(label['opinion' if place == 0 else 'editorial'])}</p>")
        lines.append(f'<h2><a href="{base}/opinion/{number}">{escape(head)}</a></h2>')
        if place % 2:
            lines.append(f"<p>{escape(label['updated'])} {_day(outlet, piece.published_at)}</p>")
        lines.append(f"<p>{escape(text)}</p>")
    return (
        f'{_header(outlet, base)}<div id="main"><img src="{_picture(base, piece)}" alt=""><h1>{escape(piece.title)}</h1>'
        f"<p>{escape(_published(outlet, piece))}</p>{captions}\n{_blocks(piece, 'p')}\n"
        f"<p>{escape(_published(outlet, piece))}</p><p>{_share(outlet)}</p>\n{''.join(lines)}</div>{_footer(outlet, base)}"
    )
