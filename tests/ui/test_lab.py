"""The topic lab as people use it: a rule is written, tried as a DAG run, drafted, published, and tags what is stored."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from tests.ui.conftest import Desk, Watch, away
from tests.ui.newsroom import HARBOURS

from wirewatch.model import Article
from wirewatch.pipeline.process import retag
from wirewatch.pipeline.tryout import run as run_trial
from wirewatch.store import articles, lab
from wirewatch.store import config as published
from wirewatch.store.base import Write
from wirewatch.store.documents import to_document
from wirewatch.store.elastic import ElasticDocuments
from wirewatch.wiring.build import utc_now

SHOTS = os.environ.get("WIREWATCH_SCREENSHOTS")
RULE = """topics:
  - id: trains
    name: Trains
    rule: {phrases: [train, trains, поезд*]}
    notify: [desk]
    examples: {matches: ["Kim's train"], rejects: ["A training"]}
"""


@pytest.fixture(scope="module")
def desk(browser: Browser, watch: Watch) -> Iterator[Desk]:
    """Somebody who may write rules and not publish them, logged in."""
    found = Desk(browser, watch)
    found.log_in("editor")
    yield found
    found.context.close()


def queued(desk: Desk, dag: str) -> dict[str, Any]:
    """The only run of a DAG that the page has started: no scheduler takes it here."""
    answer = desk.page.request.get(f"{desk.watch.url}/api/v2/dags/{dag}/dagRuns")
    (found,) = answer.json()["dag_runs"]
    assert found["state"] == "queued"
    return dict(found)


def test_problems_stand_at_their_line_and_examples_run_as_one_types(desk: Desk) -> None:
    page = desk.page
    desk.open("#/lab")
    page.get_by_role("link", name="New topic").click()
    editor = page.get_by_role("textbox", name="Rules in YAML")
    expect(page.get_by_text("all 2 come out right")).to_be_visible()
    editor.fill(RULE.replace("phrases:", "phrasez:"))
    expect(page.get_by_text('unknown key "phrasez" (did you mean "phrase"?)')).to_be_visible()
    expect(page.get_by_role("button", name="Save as draft")).to_be_disabled()
    page.get_by_role("button", name="Line 4").click()
    expect(editor).to_be_focused()
    assert page.evaluate("getSelection().toString()") == "    rule: {phrasez: [train, trains, поезд*]}"
    editor.fill(RULE.replace("A training", "A train of thought"))
    expect(page.get_by_text("1 of 2 examples comes out wrong")).to_be_visible()
    expect(page.get_by_text(re.compile("should be rejected, but matches"))).to_be_visible()
    page.get_by_text("Concepts to name").click()
    page.get_by_role("searchbox", name="Find a concept").fill("w/7")
    page.get_by_role("button", name="w/7", exact=True).click()
    expect(editor).to_have_value(re.compile("{concept: w/7}"))
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download YAML").click()
    assert waiting.value.suggested_filename == "topic.yaml"
    assert desk.errors == []


def test_from_a_draft_to_what_it_tags(desk: Desk, browser: Browser, watch: Watch) -> None:
    page = desk.page
    desk.open("#/lab/new")
    page.get_by_role("textbox", name="Rules in YAML").fill(RULE)
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("link", name="Trains (draft)")).to_be_visible()
    expect(page.get_by_text("Publishing takes the permission")).to_be_visible()
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)

    page.get_by_role("combobox", name="How far back").select_option("7")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text(re.compile("It waits for a worker"))).to_be_visible()
    trial = queued(desk, "try_topics")["conf"]["trial"]
    assert trial in page.url
    away(_try(watch, trial))
    result = page.get_by_role("article", name="Trial of Trains")
    expect(result).to_contain_text("Would have matched 15 articles in 10 stories (15 not tagged with it now)")
    expect(result).to_contain_text("1 alert, 1 a week, to desk")
    expect(result).to_contain_text("Kim's green train crosses into Russia")
    page.set_viewport_size({"width": 1360, "height": 1400})
    desk.shoot("lab", SHOTS)
    page.set_viewport_size({"width": 1360, "height": 900})

    boss = Desk(browser, watch)
    boss.log_in("admin", then="#/lab/trains")
    boss.page.get_by_role("button", name="Publish").click()
    expect(boss.page.get_by_text("Published: it alerts from now on.")).to_be_visible()
    boss.page.get_by_role("button", name="Tag stored articles").click()
    expect(boss.page.get_by_text(re.compile("Airflow tags the stored articles anew"))).to_be_visible()
    queued(boss, "retag")
    assert boss.errors == []
    boss.context.close()

    before = away(_retag(watch))
    desk.open("#/articles?topics=trains")
    expect(page.get_by_text(re.compile("^15 articles in 10 stories"))).to_be_visible()
    expect(page.get_by_role("link", name="Trains", exact=True).first).to_be_visible()
    assert desk.errors == []
    away(_undo(watch, before))


def test_a_topic_of_a_file_is_tried_and_not_overwritten(desk: Desk) -> None:
    page = desk.page
    desk.open(f"#/topics/{HARBOURS.replace('/', '%2F')}")
    page.get_by_role("link", name="Its rule, in the topic lab").click()
    expect(page.get_by_text("config/topics/all.yaml")).to_be_visible()
    expect(page.get_by_role("textbox", name="Rules in YAML")).to_have_value(re.compile(f"id: {HARBOURS}"))
    expect(page.get_by_text(re.compile(f'duplicate topic "{HARBOURS}"'))).to_be_visible()
    expect(page.get_by_role("button", name="Save as draft")).to_be_disabled()
    expect(page.get_by_role("button", name="Try it")).to_be_enabled()


async def _try(watch: Watch, trial: str) -> None:
    """What the task of `try_topics` does."""
    async with ElasticDocuments(url=watch.elasticsearch, prefix=watch.prefix) as documents:
        await run_trial(documents, trial, now=utc_now())


async def _retag(watch: Watch) -> list[Article]:
    """What the task of `retag` does to each article about a train, which keeps what the newsroom gave it; as they were before."""
    async with ElasticDocuments(url=watch.elasticsearch, prefix=watch.prefix) as documents:
        bundle = await published.published(documents)
        assert bundle is not None
        found = [each for each in await articles.tagged_by_others(documents, bundle.hash) if each.id.startswith("train")]
        await articles.save(documents, [(each, _both(each.value, retag(each.value, bundle))) for each in found])
        await documents.refresh("articles")
        return [each.value for each in found]


def _both(before: Article, after: Article) -> Article:
    matches = (*before.topic_matches, *after.topic_matches)
    return replace(after, topics=tuple(each.topic for each in matches), topic_matches=matches)


async def _undo(watch: Watch, before: Sequence[Article]) -> None:
    """Leave the newsroom to the other tests as it was."""
    async with ElasticDocuments(url=watch.elasticsearch, prefix=watch.prefix) as documents:
        await lab.change(documents, "trains", lambda entry: lab.Entry(key=entry.key), utc_now())
        await documents.bulk(
            [
                Write(op="index", index=documents.index_for("articles", each.first_seen_at), id=each.id, doc=to_document(each))
                for each in before
            ],
            refresh=True,
        )
