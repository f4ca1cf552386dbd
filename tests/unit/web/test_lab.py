"""The topic lab: texts are checked at their line, kept as drafts that tag and alert nobody, and published by who may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from wirewatch.config import Bundle
from wirewatch.model import Alert, Article
from wirewatch.pipeline.publish import publish as publish_folder
from wirewatch.store import config as published
from wirewatch.store import lab as store

from .conftest import FILES, NOW, PAGE, Web

TEXT = """topics:
  - id: ships
    name: Ships
    rule: {phrases: [ship, ships]}
    notify: [desk]
    examples: {matches: ["Two ships collide"], rejects: ["A shipment of tea"]}
"""


def in_effect(web: Web) -> Bundle:
    found = asyncio.run(published.published(web.documents))
    assert found is not None
    return found


def audited(web: Web) -> list[dict[str, Any]]:
    async def find() -> list[dict[str, Any]]:
        await web.documents.refresh("audit")
        hits = await web.documents.find("audit", {"prefix": {"what": "topic."}}, sort=[{"at": "asc"}, {"what": "asc"}])
        return [dict(hit.source) for hit in hits]

    return asyncio.run(find())


def test_a_text_is_checked_and_its_examples_run(web: Web) -> None:
    found = web.post("/lab/check", {"yaml": TEXT})
    assert found["fit"]
    assert found["topics"] == [{"id": "ships", "name": "Ships", "alert": "spike", "notify": ["desk"]}]
    match, reject = found["examples"]
    assert (match["line"], match["matches"], match["ok"], match["topic"]) == (6, True, True, "ships")
    assert match["title"] == [{"text": "Two ", "hit": False}, {"text": "ships", "hit": True}, {"text": " collide", "hit": False}]
    assert (reject["matches"], reject["ok"]) == (False, True)
    twice = web.post("/lab/check", {"yaml": TEXT.replace("id: ships", "id: harbours")})
    assert [(each["line"], each["message"]) for each in twice["problems"]] == [
        (2, 'duplicate topic "harbours": config/topics/places.yaml has it too')
    ]
    assert web.ask("POST", "/lab/check", json={"yaml": "x" * 100_001}).status_code == 422


def test_a_draft_tags_and_alerts_nobody_until_it_is_published(web: Web) -> None:
    made = web.post("/lab/entries", {"yaml": TEXT})
    assert (made["key"], made["draft"]["by"], made["live"]) == ("ships", "editor", None)
    ship = next(topic for topic in in_effect(web).topics if topic.id == "ships")
    assert (ship.alert, ship.name) == (Alert.NONE, "Ships (draft)")

    refused = web.ask("POST", "/lab/entries/ships/publish", headers=PAGE)
    assert refused.status_code == 403
    assert "may not publish" in refused.json()["detail"]
    assert web.ask("POST", "/lab/entries/ships/publish", who="publisher").status_code == 403, "without the page's header"

    done = web.post("/lab/entries/ships/publish", {}, who="publisher")
    assert (done["draft"], done["live"]["by"]) == (None, "publisher")
    now = next(topic for topic in in_effect(web).topics if topic.id == "ships")
    assert (now.alert, now.name, now.hash) == (Alert.SPIKE, "Ships", ship.hash)
    assert [(each["what"], each["who"]) for each in audited(web)] == [("topic.publish", "publisher"), ("topic.save", "editor")]


def test_a_draft_may_name_topics_that_are_watched_but_not_in_a_circle(web: Web) -> None:
    web.post("/lab/entries", {"yaml": TEXT})
    wrecks = """topics:
  - id: wrecks
    rule: {all: [{topic: ships}, {topic: harbours}, wreck*]}
    examples: {matches: [Ships wrecked in the harbour], rejects: [Two ships in the harbour]}
"""
    assert web.post("/lab/check", {"yaml": wrecks})["fit"]
    web.post("/lab/entries", {"yaml": wrecks})
    rule = next(topic for topic in in_effect(web).topics if topic.id == "wrecks").rule
    harbours = next(topic for topic in in_effect(web).topics if topic.id == "harbours").rule
    assert rule == {"all": [{"phrases": ["ship", "ships"]}, harbours, {"phrase": "wreck*"}]}
    circle = {"yaml": TEXT.replace("phrases: [ship, ships]", "topic: wrecks"), "over": None}
    refused = web.ask("PUT", "/lab/entries/ships", headers=PAGE, json=circle)
    assert refused.status_code == 422
    assert "reuses itself: ships → wrecks → ships" in refused.json()["detail"]


def test_what_fails_its_examples_may_be_a_draft_and_is_not_published(web: Web) -> None:
    web.post("/lab/entries", {"yaml": TEXT.replace("A shipment of tea", "A ship of tea")})
    refused = web.post("/lab/entries/ships/publish", {}, status=422, who="publisher")
    assert refused["detail"] == 'line 6: "A ship of tea" should not match ships: score 65, by ship'
    wrong = web.post("/lab/entries", {"yaml": TEXT.replace("phrases:", "phrasez:")}, status=422)
    assert "line 4" in wrong["detail"]
    assert [each["key"] for each in web.get("/lab")["entries"]] == ["ships"]


def test_two_who_edit_do_not_overwrite_each_other(web: Web) -> None:
    made = web.post("/lab/entries", {"yaml": TEXT})
    stale = {"yaml": TEXT + "# mine\n", "over": (NOW - timedelta(hours=1)).isoformat()}
    refused = web.post("/lab/entries/ships", stale, status=409, method="PUT", who="publisher")
    assert "saved another form meanwhile" in refused["detail"]
    web.post("/lab/entries/ships", stale | {"over": made["draft"]["at"]}, method="PUT")
    assert web.get("/lab/entries/ships")["yaml"].endswith("# mine\n")


def test_the_same_id_twice_makes_two_keys_and_one_is_refused(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.post("/lab/entries", {"yaml": TEXT})
    again = web.post("/lab/entries", {"yaml": TEXT}, status=422)
    assert 'duplicate topic "ships"' in again["detail"]
    other = web.post("/lab/entries", {"yaml": TEXT.replace("id: ships", "id: Ships")})
    assert other["key"] == "ships-2"
    monkeypatch.setattr(store, "MOST", 2)
    full = web.post("/lab/entries", {"yaml": TEXT.replace("id: ships", "id: boats")}, status=409)
    assert "move some into files" in full["detail"]


def test_withdrawn_it_is_a_draft_again_and_discarded_it_is_gone(web: Web) -> None:
    web.post("/lab/entries", {"yaml": TEXT})
    web.post("/lab/entries/ships/publish", {}, who="publisher")
    assert web.post("/lab/entries/ships/withdraw", {}, status=403)["detail"].startswith("You may not publish")
    back = web.post("/lab/entries/ships/withdraw", {}, who="publisher")
    assert (back["live"], back["draft"]["by"]) == (None, "publisher")
    assert next(topic for topic in in_effect(web).topics if topic.id == "ships").alert is Alert.NONE
    assert web.post("/lab/entries/ships/discard", {}) is None
    assert all(topic.id != "ships" for topic in in_effect(web).topics)
    assert web.ask("GET", "/lab/entries/ships").status_code == 404
    assert web.post("/lab/entries/ships/discard", {}, status=409)["detail"] == "There is no draft 'ships'."


def test_files_win_over_what_the_page_has(web: Web, tmp_path: Any) -> None:
    web.post("/lab/entries", {"yaml": TEXT})
    for name, text in (FILES | {"topics/ships.yaml": TEXT.replace("Ships", "Ships of ours")}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert asyncio.run(publish_folder(web.documents, tmp_path, NOW))["published"] == 1
    assert asyncio.run(publish_folder(web.documents, tmp_path, NOW))["published"] == 0
    assert [topic.name for topic in in_effect(web).topics if topic.id == "ships"] == ["Ships of ours"]
    left = web.get("/lab")["entries"][0]
    assert left["topics"] == []
    assert "duplicate topic" in left["left_out"][0]["message"]


def test_a_topic_is_taken_into_the_lab_with_an_article_that_it_should_reject(web: Web, article: Callable[..., Article]) -> None:
    web.add(article("a1", "Harbour of dreams is a film", topic="harbours", text="The film opens.", language="no"))
    found = web.get("/lab/start?topic=harbours&reject=a1")
    assert (found["key"], found["from_file"]) == (None, "config/topics/places.yaml")
    assert "Harbour of dreams is a film" in found["yaml"]
    assert "language: 'no'" in found["yaml"], "a language, not a refusal"
    assert web.get("/lab/start")["yaml"].startswith("topics:\n")
    assert web.ask("GET", "/lab/start?topic=none").status_code == 404
    web.post("/lab/entries", {"yaml": TEXT})
    again = web.get("/lab/start?topic=ships&reject=a1")
    assert again["key"] == "ships"
    assert "Harbour of dreams" in again["yaml"]


def test_a_text_is_downloaded_as_it_was_written(web: Web) -> None:
    web.post("/lab/entries", {"yaml": TEXT})
    answer = web.ask("GET", "/lab/entries/ships/yaml")
    assert answer.text == TEXT
    assert answer.headers["content-disposition"] == 'attachment; filename="ships.yaml"'


def test_a_trial_is_ordered_and_its_result_shown(web: Web) -> None:
    assert web.post("/lab/trials", {"yaml": TEXT}, status=403, who="viewer")
    made = web.post("/lab/trials", {"yaml": TEXT, "days": 7})
    assert (made["state"], made["dag"], made["days"]) == ("waiting", "try_topics", 7)
    found = asyncio.run(store.trial(web.documents, made["id"]))
    assert found is not None
    assert found.yaml == TEXT
    asyncio.run(store.answer(web.documents, found, state="done", result={"articles": 3}))
    assert web.get(f"/lab/trials/{made['id']}")["result"] == {"articles": 3}
    assert web.ask("GET", f"/lab/trials/{'0' * 20}").status_code == 404

    async def later() -> object:
        await store.order(web.documents, key="", yaml=TEXT, days=1, by="x", now=NOW + store.KEPT + timedelta(days=1))
        return await store.trial(web.documents, made["id"])

    assert asyncio.run(later()) is None, "old ones go"


def test_nobody_looks_without_a_login_and_a_viewer_changes_nothing(web: Web) -> None:
    assert web.ask("GET", "/lab", who=None).status_code == 401
    assert web.ask("POST", "/lab/check", json={"yaml": TEXT}, who=None).status_code == 401
    assert web.post("/lab/entries", {"yaml": TEXT}, status=403, who="viewer")
    assert web.ask("POST", "/lab/entries", json={"yaml": TEXT}).status_code == 403, "without the page's header"
    assert web.get("/lab", who="viewer")["may_publish"] is False
    assert web.get("/lab", who="publisher")["may_publish"] is True
