"""The houses of the demo world: invented, each with its own habits of publishing.

Every outlet is a virtual host `<id>.localhost` of one server (RFC 6761 keeps these names on the local machine), so each is
a site of its own to Wirewatch and its links open in a browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta, timezone

from wirewatch.model import PublisherKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One news site and the way it publishes."""

    id: str
    """Also its host name, `<id>.localhost`."""
    name: str
    owner: str
    """Id of the owning house; two outlets may share one."""
    owner_name: str
    country: str
    kind: PublisherKind
    language: str
    charset: str = "utf-8"
    """Of its pages and of its feed, unless that is JSON."""
    feed: str = "rss20"
    """`rss20`, `rss10`, `atom10`, `json1`; `gone` answers 410, `html` answers a page where a feed was."""
    feed_path: str = "/rss.xml"
    moved_from: str | None = None
    """An old feed address that is redirected for good; it is the one in the demo's feeds.yaml."""
    entries: int = 40
    """How many entries the feed lists."""
    full_feed: bool = False
    """Whether the feed carries whole articles."""
    validators: tuple[str, ...] = ("etag", "last-modified")
    style: str = "semantic"
    """`semantic` (article, figure, aside, JSON-LD), `plain` (classes and divs) or `flat` (one column of paragraphs)."""
    urls: str = "/news/{date}/{slug}-{number}"
    dates: str = "iso"
    """How the page states its time: `iso`, `jsonld`, `og`, `meta-day`, `text`."""
    zone: timezone = UTC
    daily: float = 5.0
    """Pieces of its own on a working day."""
    copies: float = 0.0
    """Share of the agency's pieces in its language that it runs."""
    agency: bool = False
    delay_s: float = 0.0
    """What its feed takes to answer while the newsroom is live."""
    city: str = ""

    @property
    def host(self) -> str:
        """Its host name, without the port."""
        return f"{self.id}.localhost"

    @property
    def publishes(self) -> bool:
        """Whether its feed works at all."""
        return self.feed not in ("gone", "html")


def _zone(hours: float) -> timezone:
    return timezone(timedelta(hours=hours))


_COMMERCIAL, _PUBLIC, _STATE, _WIRE = PublisherKind.COMMERCIAL, PublisherKind.PUBLIC, PublisherKind.STATE, PublisherKind.WIRE

OUTLETS: tuple[Outlet, ...] = (
    Outlet(
        id="meridian",
        name="Meridian News Agency",
        owner="meridian",
        owner_name="Meridian News Agency",
        country="GB",
        kind=_WIRE,
        language="en",
        entries=50,
        full_feed=True,
        urls="/wire/{number}",
        dates="jsonld",
        daily=12,
        agency=True,
        city="London",
    ),
    Outlet(
        id="harborpost",
        name="The Harbor Post",
        owner="harbor-media",
        owner_name="Harbor Media Group",
        country="US",
        kind=_COMMERCIAL,
        language="en",
        feed="atom10",
        feed_path="/feeds/latest.atom",
        zone=_zone(-5),
        daily=6,
        copies=0.16,
        city="Baltimore",
    ),
    Outlet(
        id="harborwest",
        name="Harbor Post West",
        owner="harbor-media",
        owner_name="Harbor Media Group",
        country="US",
        kind=_COMMERCIAL,
        language="en",
        feed="rss20",
        feed_path="/west/rss",
        style="plain",
        urls="/west/story?id={number}",
        dates="og",
        zone=_zone(-8),
        daily=3,
        copies=0.16,
        validators=("etag",),
        city="Portland",
    ),
    Outlet(
        id="daybreak",
        name="Daybreak",
        owner="daybreak",
        owner_name="Daybreak Publications",
        country="PK",
        kind=_COMMERCIAL,
        language="en",
        charset="windows-1252",
        feed_path="/feeds/home",
        style="flat",
        urls="/news/{number}/{slug}",
        dates="text",
        zone=_zone(5),
        daily=6,
        copies=0.2,
        city="Karachi",
    ),
    Outlet(
        id="straitsledger",
        name="The Straits Ledger",
        owner="straits",
        owner_name="Straits Ledger Holdings",
        country="SG",
        kind=_COMMERCIAL,
        language="en",
        feed="json1",
        feed_path="/feed.json",
        moved_from="/rss",
        urls="/{section}/{slug}-{number}.html",
        dates="jsonld",
        zone=_zone(8),
        daily=6,
        copies=0.16,
        city="Singapore",
    ),
    Outlet(
        id="northernstar",
        name="Northern Star",
        owner="northern",
        owner_name="Northern Star Co-operative",
        country="CA",
        kind=_PUBLIC,
        language="en",
        charset="iso-8859-1",
        feed="rss10",
        feed_path="/index.rdf",
        style="plain",
        urls="/{date}/{slug}.html",
        dates="meta-day",
        zone=_zone(-4),
        daily=5,
        copies=0.18,
        validators=("last-modified",),
        city="Halifax",
    ),
    Outlet(
        id="polyus",
        name="Агентство «Полюс»",
        owner="polyus",
        owner_name="Агентство «Полюс»",
        country="RU",
        kind=_WIRE,
        language="ru",
        feed="rss20",
        feed_path="/export/rss2.xml",
        full_feed=True,
        style="plain",
        urls="/tape/{number}/",
        dates="iso",
        zone=_zone(3),
        daily=7,
        agency=True,
        city="МОСКВА",
    ),
    Outlet(
        id="volzhskievesti",
        name="Волжские вести",
        owner="volga",
        owner_name="Издательский дом «Волга»",
        country="RU",
        kind=_COMMERCIAL,
        language="ru",
        charset="windows-1251",
        feed_path="/rss/all.xml",
        style="flat",
        urls="/news/{date}/{number}/",
        dates="text",
        zone=_zone(4),
        daily=5,
        copies=0.25,
        city="САМАРА",
    ),
    Outlet(
        id="nevskyobzor",
        name="Невский обзор",
        owner="nevsky",
        owner_name="Невский обзор",
        country="RU",
        kind=_COMMERCIAL,
        language="ru",
        charset="koi8-r",
        feed="rss20",
        feed_path="/backend/rss",
        style="plain",
        urls="/article.php?n={number}",
        dates="og",
        zone=_zone(3),
        daily=4,
        copies=0.25,
        validators=(),
        delay_s=3.0,
        city="САНКТ-ПЕТЕРБУРГ",
    ),
    Outlet(
        id="hangangilbo",
        name="한강일보",
        owner="hangang",
        owner_name="한강일보",
        country="KR",
        kind=_COMMERCIAL,
        language="ko",
        charset="euc-kr",
        feed_path="/rss/allArticle.xml",
        style="plain",
        urls="/news/articleView.html?idxno={number}",
        dates="og",
        zone=_zone(9),
        daily=6,
        city="서울",
    ),
    Outlet(
        id="saebyeok",
        name="새벽신문",
        owner="saebyeok",
        owner_name="새벽미디어",
        country="KR",
        kind=_COMMERCIAL,
        language="ko",
        feed="atom10",
        feed_path="/feed/atom",
        urls="/articles/{number}",
        dates="iso",
        zone=_zone(9),
        daily=5,
        city="부산",
    ),
    Outlet(
        id="nanjiangribao",
        name="南江日报",
        owner="nanjiang",
        owner_name="南江报业",
        country="CN",
        kind=_STATE,
        language="zh",
        charset="gb18030",
        feed_path="/rss/news.xml",
        style="flat",
        urls="/{date}/c{number}.html",
        dates="text",
        zone=_zone(8),
        daily=6,
        city="广州",
    ),
    Outlet(
        id="chenguang",
        name="晨光在线",
        owner="chenguang",
        owner_name="晨光传媒",
        country="TW",
        kind=_COMMERCIAL,
        language="zh",
        feed="json1",
        feed_path="/feeds/all.json",
        urls="/story/{number}",
        dates="jsonld",
        zone=_zone(8),
        daily=4,
        city="台北",
    ),
    Outlet(
        id="rheinblick",
        name="Rheinblick",
        owner="rheinblick",
        owner_name="Rheinblick Verlag",
        country="DE",
        kind=_COMMERCIAL,
        language="de",
        charset="iso-8859-1",
        feed_path="/service/rss.xml",
        urls="/{section}/{slug}-{number}.html",
        dates="iso",
        zone=_zone(1),
        daily=6,
        city="Köln",
    ),
    Outlet(
        id="alpenkurier",
        name="Alpenkurier",
        owner="alpenkurier",
        owner_name="Alpenkurier Mediengruppe",
        country="AT",
        kind=_PUBLIC,
        language="de",
        feed="atom10",
        feed_path="/feed",
        style="plain",
        urls="/{date}/{slug}/{number}",
        dates="meta-day",
        zone=_zone(1),
        daily=4,
        full_feed=True,
        city="Innsbruck",
    ),
    Outlet(
        id="annakhil",
        name="صحيفة النخيل",
        owner="annakhil",
        owner_name="دار النخيل للصحافة",
        country="JO",
        kind=_COMMERCIAL,
        language="ar",
        charset="windows-1256",
        feed_path="/rss/ar.xml",
        style="flat",
        urls="/article/{number}",
        dates="text",
        zone=_zone(3),
        daily=5,
        city="عمّان",
    ),
    Outlet(
        id="almirsad",
        name="المرصد اليوم",
        owner="almirsad",
        owner_name="شركة المرصد",
        country="AE",
        kind=_COMMERCIAL,
        language="ar",
        feed="atom10",
        feed_path="/feed.atom",
        urls="/news/{date}/{number}",
        dates="og",
        zone=_zone(4),
        daily=4,
        city="دبي",
    ),
    Outlet(
        id="tidegazette",
        name="Tide Gazette",
        owner="tide",
        owner_name="Tide Gazette",
        country="GB",
        kind=_COMMERCIAL,
        language="en",
        feed="gone",
        feed_path="/rss.xml",
        daily=0,
        city="Whitby",
    ),
    Outlet(
        id="lanternweekly",
        name="Lantern Weekly",
        owner="lantern",
        owner_name="Lantern Weekly",
        country="IE",
        kind=_COMMERCIAL,
        language="en",
        feed="html",
        feed_path="/feed/",
        daily=0,
        city="Cork",
    ),
)

BY_ID = {outlet.id: outlet for outlet in OUTLETS}
PUBLISHING = tuple(outlet for outlet in OUTLETS if outlet.publishes)


def of_language(language: str) -> tuple[Outlet, ...]:
    """The working outlets of a language."""
    return tuple(outlet for outlet in PUBLISHING if outlet.language == language)
