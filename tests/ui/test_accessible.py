"""No view has a barrier that axe-core calls serious, in the light or in the dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from tests.ui.conftest import Desk, Watch
from tests.ui.newsroom import HARBOURS, OPEN

VIEWS = {
    "overview": "",
    "incidents": "#/incidents",
    "incident": f"#/incidents/{OPEN.replace('/', '%2F').replace('#', '%23')}?do=snooze",
    "topics": "#/topics",
    "topic": f"#/topics/{HARBOURS.replace('/', '%2F')}",
    "lab": "#/lab",
    "a rule": "#/lab/new",
    "articles": "#/articles?q=train",
    "article": "#/articles/train03",
    "feeds": "#/feeds",
    "feed": "#/feeds/chronicle",
}
LOOK = """async () => {
    const root = document.querySelector("nav[aria-label=Wirewatch]").parentElement.parentElement;
    const found = await axe.run(root, { resultTypes: ["violations"] });
    const where = (node) => `${node.html.slice(0, 200)} ${node.any[0]?.message ?? ""}`;
    return found.violations
        .filter((each) => ["serious", "critical"].includes(each.impact))
        .map((each) => `${each.id}: ${each.nodes.slice(0, 3).map(where).join(" | ")}`);
}"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_view_has_a_serious_barrier(browser: Browser, watch: Watch, axe: str, dark: bool) -> None:
    desk = Desk(browser, watch, dark=dark)
    desk.log_in()
    desk.page.evaluate(axe)
    found = {}
    for name, fragment in VIEWS.items():
        desk.page.evaluate("fragment => { location.hash = fragment || '#/' }", fragment)
        desk.page.get_by_role("main").last.get_by_role("heading", level=2).first.wait_for()
        desk.page.wait_for_load_state("networkidle")
        desk.page.wait_for_timeout(300)
        if barriers := desk.page.evaluate(LOOK):
            found[name] = barriers
    assert found == {}
    assert desk.errors == []
    desk.context.close()
