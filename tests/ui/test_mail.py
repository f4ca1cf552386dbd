"""The alert mail in a real Chromium: on a desk, on a phone, in the dark, in many scripts, and with hostile headlines."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.samples import ALERTS, NOW, evidence, headline, incident
from tests.ui.conftest import CHROMIUM, FLAGS

from wirewatch.alerts.message import Message
from wirewatch.alerts.plan import plan, plan_roundup, plan_story
from wirewatch.alerts.render import render
from wirewatch.model import Headline, IncidentState, Notification, Severity

SHOTS = os.environ.get("WIREWATCH_SCREENSHOTS")
HOSTILE = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\"> \u202egnp.exe " + "x" * 10_000
WIDTHS = {"desk": 1200, "phone": 390}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium alone: a mail needs no server."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: `apt-get install chromium` to run the browser tests")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


def report(number: int, title: str, language: str, publisher: str, *words: str, copies: int = 0) -> Headline:
    return headline(number, title=title, language=language, publisher_name=publisher, words=words, copies=copies)


REPORTS = (
    report(1, "Kim's armoured train reaches Khasan ahead of talks in Vladivostok", "en", "Harbour Agency", "Kim's", "Khasan", copies=31),
    report(2, "김정은 전용열차 하산역 통과… 블라디보스토크로 향해", "ko", "한강신문", "김정은", "하산역"),
    report(3, "Бронепоезд Ким Чен Ына прибыл на станцию Хасан", "ru", "Приморская хроника", "Ким Чен Ына"),
    report(4, "قطار كيم جونغ أون المدرع يعبر الحدود إلى روسيا", "ar", "صحيفة المرفأ", "كيم جونغ أون", "روسيا"),
    report(5, "金正恩専用列車がハサン駅を通過、極東で首脳会談へ", "ja", "北港通信", "金正恩"),
    report(6, "Le train blindé de Kim franchit le pont de l'Amitié", "fr", "La Gazette du port", "Kim"),
)


def alert(*reports: Headline) -> Notification:
    found = evidence(
        stories=6,
        publishers=41,
        articles=52,
        copying=35,
        copied=1,
        headlines=reports,
        first=reports[0],
        top_publishers=(("Harbour Agency", 4), ("한강신문", 3), ("Приморская хроника", 2)),
        words=(("Kim", 38), ("Khasan", 21), ("김정은", 7)),
        hours=tuple((hour, 6 if stories == 9 else stories, expected, upper) for hour, stories, expected, upper in evidence().hours),
    )
    value = incident(severity=Severity.CRITICAL, evidence=found, observed=6)
    other = incident(id="arms#1", topic="arms", topic_name="Arms transfers", observed=4)
    return plan(value, "opened", settings=ALERTS, topic_notify=("desk",), now=NOW, joined=(other,))[0]


def roundup() -> Notification:
    over = incident(id="floods#1", topic="floods", topic_name="Floods", state=IncidentState.CLOSED)
    over = replace(over, closed_at=NOW + timedelta(hours=1), closed_by="kim", reason="known")
    members = [alert(*REPORTS), *plan(over, "opened", settings=ALERTS, topic_notify=("desk",), now=NOW)]
    for each in REPORTS[2:4]:
        members += plan_story(each, topic="leaders", topic_name="Heads of state", settings=ALERTS, notify=("desk",), now=NOW)
    return plan_roundup(members, why="quiet", settings=ALERTS, now=NOW)


def opened(chromium: Browser, message: Message, width: int = 1200, *, dark: bool = False) -> Page:
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    page = context.new_page()
    picture = base64.b64encode(message.chart or b"").decode()
    page.set_content(message.html.replace("cid:chart", f"data:image/png;base64,{picture}"))
    return page


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.locator(".page").screenshot(path=Path(SHOTS) / f"{name}.png")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", WIDTHS)
@pytest.mark.parametrize("kind", ["mail", "summary"])
def test_it_fits_the_desk_the_phone_and_the_dark(chromium: Browser, kind: str, size: str, dark: bool) -> None:
    message = render(alert(*REPORTS) if kind == "mail" else roundup(), settings=ALERTS, now=NOW)
    page = opened(chromium, message, WIDTHS[size], dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("[...document.images].every(each => each.naturalWidth > 500)")
    light = page.evaluate(
        """selector => {
            const sum = text => text.match(/\\d+/g).slice(0, 3).reduce((total, part) => total + Number(part), 0);
            const element = document.querySelector(selector);
            return [sum(getComputedStyle(element).backgroundColor), sum(getComputedStyle(element.querySelector("h1")).color)];
        }""",
        ".card",
    )
    assert (light[0] < light[1]) is dark, "dark letters on light ground, or the other way round"
    if kind == "mail":
        smallest = page.evaluate("Math.min(...[...document.querySelectorAll('.button')].map(each => each.getBoundingClientRect().height))")
        assert smallest >= 40, "a button that a thumb can hit"
    shoot(page, f"{kind}{'' if size == 'desk' else '-phone'}{'-dark' if dark else ''}")
    page.context.close()


def test_each_script_runs_its_own_way(chromium: Browser) -> None:
    page = opened(chromium, render(alert(*REPORTS), settings=ALERTS, now=NOW))
    sides = {}
    for each in (REPORTS[0], REPORTS[3], REPORTS[4]):
        block = page.locator(".rule", has_text=each.publisher_name).first
        sides[each.language] = block.evaluate("each => [getComputedStyle(each).direction, getComputedStyle(each).textAlign]")
    assert sides == {"en": ["ltr", "left"], "ar": ["rtl", "right"], "ja": ["ltr", "left"]}
    assert page.locator("mark").all_inner_texts().count("كيم جونغ أون") == 1
    page.context.close()


def test_hostile_headlines_do_nothing(chromium: Browser) -> None:
    bad = replace(headline(1), title=HOSTILE, url="javascript:document.title='taken'", publisher_name=HOSTILE)
    page = opened(chromium, render(alert(bad, *REPORTS), settings=ALERTS, now=NOW), 390)
    assert page.title() != "taken"
    assert page.locator("script").count() == 0
    assert page.locator("img").count() == 1, "the chart alone"
    addresses = page.eval_on_selector_all("a", "found => found.map(each => each.protocol)")
    assert set(addresses) == {"https:"}
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "ten thousand letters without a blank"
    assert page.evaluate("document.body.scrollHeight < 4000")
    page.context.close()
