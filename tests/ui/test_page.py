"""The page as people use it: from the mail to the acknowledgement, on a laptop and a phone, light and dark."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect
from tests.ui import newsroom
from tests.ui.conftest import Desk, Watch, away
from tests.ui.newsroom import HARBOURS, HOSTILE, IN_HAND, OPEN, TOPICS, TRAIN

from wirewatch.alerts.phrases import incident_link
from wirewatch.alerts.plan import plan
from wirewatch.alerts.render import render
from wirewatch.model import Incident, IncidentState
from wirewatch.store import feeds as feed_store
from wirewatch.store import incidents as store
from wirewatch.store.elastic import ElasticDocuments

SHOTS = os.environ.get("WIREWATCH_SCREENSHOTS")
"""Folder for pictures of every view; none are made without it."""
ASKED = """() => performance.getEntriesByType("resource").filter(each => each.name.includes("/wirewatch/"))
    .map(each => [each.name, each.transferSize])"""


@pytest.fixture(scope="module")
def desk(browser: Browser, watch: Watch) -> Iterator[Desk]:
    """Somebody who may change things, logged in."""
    found = Desk(browser, watch)
    found.log_in()
    yield found
    found.context.close()


def link(watch: Watch, id: str, do: str | None = None) -> str:
    """What a mail links to, as a fragment of the page."""
    return incident_link(watch.page(), id, do).removeprefix(watch.page())


def stored(watch: Watch, id: str) -> Incident:
    async def get() -> Incident:
        async with ElasticDocuments(url=watch.elasticsearch, prefix=watch.prefix) as documents:
            found = await store.get(documents, id)
            assert found is not None
            return found.value

    return away(get())


def mail(watch: Watch, id: str) -> str:
    """The HTML of the mail that tells of an incident."""
    alerts = newsroom.bundle().settings.alerts.model_copy(update={"page_url": watch.page()})
    incident = stored(watch, id)
    (told,) = plan(incident, "opened", settings=alerts, topic_notify=("desk",), now=incident.opened_at)
    return render(told, settings=alerts, now=incident.opened_at).html


def test_the_overview_shows_what_spikes_first(desk: Desk) -> None:
    page = desk.page
    desk.open("")
    expect(page.get_by_role("heading", name="1 topic is spiking")).to_be_visible()
    cards = page.get_by_role("article")
    expect(cards).to_have_count(2)
    expect(cards.first).to_contain_text("Russia–North Korea ties")
    expect(cards.first).to_contain_text("10 stories by 12 publishers where 0.4 is usual")
    expect(cards.last).to_contain_text("acknowledged by mina")
    rows = page.get_by_role("row")
    expect(rows).to_have_count(1 + len(TOPICS))
    expect(rows.nth(1)).to_contain_text("spiking")
    expect(page.get_by_text("98% of coverage seen")).to_be_visible()
    desk.shoot("page", SHOTS)
    # A number leads to what it counts, and back.
    seen = page.get_by_role("link", name=re.compile(r"publishers in 24 hours$"))
    total = seen.inner_text().removesuffix(" in 24 hours")
    seen.click()
    expect(page.get_by_text(total, exact=True)).to_be_visible()
    page.go_back()
    cards.first.get_by_role("link", name="Open Russia–North Korea ties").click()
    expect(page.get_by_role("heading", name="Russia–North Korea ties")).to_be_focused()
    expect(page.get_by_role("img", name=re.compile("^Stories an hour from"))).to_be_visible()
    stories = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="why it matched"))
    expect(stories).to_have_count(8)
    expect(stories.first).to_contain_text("3 copies: Harbour Courier, Prairie Gazette, Radio Nord")
    expect(stories.first.locator("mark").first).to_have_text("Kim")
    desk.shoot("incident", SHOTS)
    page.get_by_role("link", name="All 15 articles").click()
    expect(page.get_by_text(re.compile("^15 articles in 10 stories by 12 publishers"))).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Russia–North Korea ties")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="1 topic is spiking")).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("heading", name="Russia–North Korea ties")).to_be_visible()
    assert desk.errors == []
    assert desk.outside == [], "nothing is fetched from elsewhere"


def test_what_it_needs_is_asked_for_while_airflow_starts(desk: Desk, watch: Watch) -> None:
    page = desk.page
    held: list[Route] = []
    page.goto("about:blank")
    page.route("**/api/v2/plugins*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright takes no built-in
    with page.expect_response("**/wirewatch/api/feeds"):
        desk.open("#/feeds")
    early = page.evaluate(ASKED)
    assert any(name.endswith("/app.js") for name, _ in early)
    expect(page.get_by_role("main")).to_have_count(0)
    for each in held:
        each.continue_()
    page.unroute("**/api/v2/plugins*")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    asked = page.evaluate(ASKED)
    assert len(asked) == len({name for name, _ in asked}), "nothing is asked for twice"
    page.reload()
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    again = {name.rpartition("/")[2]: size for name, size in page.evaluate(ASKED) if "/static/" in name}
    assert again["app.js"] == sum(again.values()) == 0, "what a browser has it keeps"
    assert "wirewatch" not in page.request.get(watch.url).text(), "Airflow's other pages are left as they are"


def test_the_page_is_in_the_navigation(desk: Desk, watch: Watch) -> None:
    desk.page.goto(watch.url)
    desk.page.get_by_role("link", name="Wirewatch").click()
    expect(desk.page.get_by_role("heading", name="1 topic is spiking")).to_be_visible()


def test_the_short_address_leads_there(desk: Desk, watch: Watch) -> None:
    desk.page.goto(f"{watch.url}/wirewatch{link(watch, IN_HAND)}")
    expect(desk.page.get_by_role("heading", name="Harbours and shipping")).to_be_visible()
    assert desk.page.url.startswith(watch.page("#/incidents/"))


def test_articles_are_found_and_explained(desk: Desk) -> None:
    page = desk.page
    desk.open("#/articles")
    page.get_by_role("searchbox", name="Search articles").fill('"green train" generals')
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("^2 articles in 1 story by 2 publishers"))).to_be_visible()
    expect(page.locator("mark", has_text="green").first).to_be_visible()
    desk.shoot("articles", SHOTS)
    page.get_by_role("complementary", name="Narrow down").get_by_role("link", name="Meridian").click()
    expect(page.get_by_text(re.compile("^1 article in 1 story"))).to_be_visible()
    expect(page.get_by_role("link", name="Without the filter Meridian")).to_be_visible()
    page.get_by_role("link", name="Kim's green train crosses into Russia, with generals and few words").click()
    expect(page.get_by_role("heading", name="Topics, and why")).to_be_visible()
    expect(page.get_by_text("“Kim” in the title")).to_be_visible()
    outside = page.get_by_role("link", name=re.compile("^Read it at"))
    assert outside.get_attribute("rel") == "noopener noreferrer"
    assert outside.get_attribute("target") == "_blank"
    page.get_by_role("heading", name="The same story").wait_for()
    page.get_by_role("button", name="Wrong tag: Russia–North Korea ties").click()
    page.keyboard.type("It is about a film.")
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_text("admin says the tag is wrong")).to_be_visible()
    desk.shoot("article", SHOTS)
    page.get_by_role("link", name="Mend the rule").click()
    editor = page.get_by_role("textbox", name="Rules in YAML")
    expect(editor).to_have_value(re.compile(r"rejects:\n    - nothing\n    - title: Kim's green train"))
    desk.open("#/articles?q=title:(")
    expect(page.get_by_role("alert")).to_contain_text("This search cannot be read")
    assert desk.errors == []


def test_a_search_is_taken_along_kept_and_followed(desk: Desk, watch: Watch) -> None:
    page = desk.page
    desk.open(f"#/articles?q={HOSTILE}")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download as CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text("utf-8-sig"))))
    assert len(rows) == 3
    page.get_by_role("button", name="Keep this search…").click()
    page.get_by_role("textbox", name="Name of the search").fill("Hostile ones")
    page.get_by_role("button", name="Keep it").click()
    page.get_by_text("Kept searches (1)").click()
    expect(page.get_by_role("link", name="Hostile ones")).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="Make an RSS address for Hostile ones").click()
    address = page.get_by_role("textbox", name="RSS address").input_value()
    nobody = page.context.browser.new_context()  # type: ignore[union-attr]  # a browser has it
    answer = nobody.request.get(address)
    assert answer.status == 200, "no login is needed"
    assert answer.text().count("<item>") == 3
    assert "<script>" not in answer.text()
    page.get_by_role("button", name="Take back the RSS address of Hostile ones").click()
    expect(page.get_by_role("button", name="Take back")).to_have_count(0)
    assert nobody.request.get(address).status == 404
    nobody.close()
    page.get_by_role("button", name="Remove Hostile ones").click()
    expect(page.get_by_role("button", name="Keep this search…")).to_be_visible()
    assert desk.errors == []


def test_hostile_headlines_do_nothing(desk: Desk) -> None:
    page = desk.page
    desk.open(f"#/articles?q={HOSTILE}")
    expect(page.get_by_text(re.compile("^3 articles"))).to_be_visible()
    shown = page.get_by_role("main").last.inner_text()
    assert "<script>" in shown
    assert "<b>Delta</b>" in shown
    assert "\u202e" not in shown
    assert len(shown) < 5_000
    desk.open(f"#/articles/{HOSTILE}0")
    expect(page.get_by_role("heading", name="Topics, and why")).to_be_visible()
    assert page.locator("a[href^='javascript']").count() == 0
    assert page.locator("main img").count() == 0
    assert "owned" not in page.title().replace("'owned'", "")
    assert desk.errors == []


def test_a_feed_is_paused_and_resumed(desk: Desk, watch: Watch) -> None:
    page = desk.page
    desk.open("#/feeds")
    expect(page.get_by_role("row").nth(1)).to_contain_text("failing")
    desk.shoot("feeds", SHOTS)
    new = page.get_by_role("link", name=re.compile("articles of Meridian in 24 hours$"))
    number = new.inner_text()
    new.click()
    expect(page.get_by_text(re.compile(f"^{number} articles in"))).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Delta Chronicle", exact=True).click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("It will not be polled until it is resumed.")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()

    async def controls() -> Any:
        async with ElasticDocuments(url=watch.elasticsearch, prefix=watch.prefix) as documents:
            hit = await documents.get(documents.index_for(feed_store.CONTROLS), "chronicle")
            return hit and hit.source

    decided = away(controls())
    assert (decided["paused"], decided["who"]) == (True, "admin")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("It will be polled again.")).to_be_visible()


def test_a_topic_is_found_and_shown(desk: Desk) -> None:
    page = desk.page
    desk.open("#/topics")
    page.get_by_role("searchbox", name="Find a topic").fill("harbour")
    expect(page.get_by_role("row")).to_have_count(2)
    assert "q=harbour" in page.url
    page.get_by_role("link", name="Harbours and shipping", exact=True).click()
    expect(page.get_by_role("heading", name="Harbours and shipping")).to_be_visible()
    expect(page.get_by_text(HARBOURS, exact=True)).to_be_visible()
    desk.shoot("topic", SHOTS)


def test_the_page_says_when_elasticsearch_is_away(desk: Desk) -> None:
    page = desk.page
    said = "Elasticsearch cannot be reached right now"
    desk.open("#/incidents")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    page.route("**/wirewatch/api/overview", lambda route: route.fulfill(status=503, json={"detail": f"{said}."}))
    page.get_by_role("navigation", name="Wirewatch").get_by_role("link", name="Overview").click()
    expect(page.get_by_role("alert")).to_contain_text(said)
    page.unroute("**/wirewatch/api/overview")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name=re.compile("spiking"))).to_be_visible()


def test_a_viewer_looks_and_cannot_change(browser: Browser, watch: Watch) -> None:
    desk = Desk(browser, watch)
    desk.log_in("viewer", then=link(watch, OPEN, "ack"))
    expect(desk.page.get_by_text("You may look but not change")).to_be_visible()
    expect(desk.page.get_by_role("button", name="Acknowledge")).to_have_count(0)
    answer = desk.page.request.post(
        f"{watch.url}/wirewatch/api/incidents/{TRAIN}%232", data={"what": "ack"}, headers={"X-Requested-With": "wirewatch"}
    )
    assert answer.status == 403
    assert stored(watch, OPEN).state is IncidentState.OPEN
    desk.open("")
    expect(desk.page.get_by_role("link", name="Open Russia–North Korea ties")).to_be_visible()
    expect(desk.page.get_by_role("link", name=re.compile("^Acknowledge "))).to_have_count(0)
    desk.context.close()


@pytest.mark.parametrize(("dark", "phone"), [(True, False), (False, True)], ids=["dark", "phone"])
def test_it_fits_the_dark_and_the_phone(browser: Browser, watch: Watch, dark: bool, phone: bool) -> None:
    desk = Desk(browser, watch, dark=dark, phone=phone)
    desk.log_in()
    name = "-".join(word for word, on in (("phone", phone), ("dark", dark)) if on)
    for view, fragment in (
        ("overview", ""),
        ("incident", link(watch, OPEN)),
        ("articles", "#/articles?q=train"),
        ("feeds", "#/feeds"),
        ("lab", "#/lab/new"),
    ):
        desk.open(fragment)
        desk.page.get_by_role("main").last.get_by_role("heading", level=2).first.wait_for()
        wide = desk.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{view} is wider than the screen"
        desk.shoot(f"{view}-{name}", SHOTS)
    assert desk.errors == []
    desk.context.close()


def test_from_the_mail_to_the_acknowledgement(browser: Browser, watch: Watch) -> None:
    desk = Desk(browser, watch)
    page = desk.page
    desk.log_in()
    page.goto("about:blank")
    page.set_content(mail(watch, OPEN))
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Acknowledge").click()
    page = opened.value
    page.on("pageerror", lambda error: desk.errors.append(str(error)))
    expect(page.get_by_role("heading", name="Russia–North Korea ties")).to_be_visible()
    note = page.get_by_role("textbox", name="Note")
    expect(note).to_be_focused()
    assert stored(watch, OPEN).state is IncidentState.OPEN, "a link alone changes nothing"
    page.keyboard.type("The Asia desk has it.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Acknowledged. Nobody is told again unless it escalates.")).to_be_visible()
    expect(page.get_by_text("acknowledged by admin", exact=True)).to_be_visible()
    found = stored(watch, OPEN)
    assert (found.state, found.acknowledged_by) == (IncidentState.ACKNOWLEDGED, "admin")
    assert found.events[-1].note == "The Asia desk has it."
    # Close, without and with a reason, then reopen.
    page.get_by_role("button", name="Close…").click()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Choose how it turned out")
    page.get_by_role("combobox", name="How it turned out").select_option("useful")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("Closed by admin: useful.")).to_be_visible()
    assert stored(watch, OPEN).reason == "useful"
    page.get_by_role("button", name="Reopen").click()
    page.get_by_role("button", name="Reopen").last.click()
    expect(page.get_by_role("button", name="Snooze…")).to_be_visible()
    assert stored(watch, OPEN).state is not IncidentState.CLOSED
    assert desk.errors == []
    desk.context.close()


def test_another_incident_is_snoozed(desk: Desk, watch: Watch) -> None:
    page = desk.page
    desk.open(link(watch, IN_HAND, "snooze"))
    page.get_by_role("button", name="1 hour").click()
    page.get_by_role("button", name="Snooze", exact=True).click()
    expect(page.get_by_text(re.compile("^snoozed until"))).to_be_visible()
    assert stored(watch, IN_HAND).state is IncidentState.SNOOZED
