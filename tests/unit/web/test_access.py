"""Nobody sees anything without being logged in, and nobody changes anything without the right and the page's own header."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from fastapi.routing import APIRoute

from wirewatch.errors import StoreUnavailable
from wirewatch.web.access import Store

from .conftest import PAGE


class Away:
    """A store that cannot be reached."""

    def __getattr__(self, name: str) -> Any:
        async def refuse(*_: Any, **__: Any) -> Any:
            raise StoreUnavailable("Elasticsearch at http://user:secret@127.0.0.1:1 cannot be reached")

        return (lambda *_: "index") if name == "index_for" else refuse


@pytest.fixture
def web(over: Any) -> Any:
    """The API over no store at all: who may ask is decided before the store is."""
    return over(Away())


def test_every_route_with_data_needs_somebody(web: Any) -> None:
    routes = [(method, route.path) for route in web.app.routes if isinstance(route, APIRoute) for method in route.methods]
    assert len(routes) > 10
    for method, path in routes:
        if path == "/" or path.startswith("/api/rss/"):
            continue
        answer = web.ask(method, plain(path), who=None)
        assert answer.status_code == 401, path
        assert answer.json()["detail"] == "Not authenticated"


def plain(path: str) -> str:
    """A route's path with its parameters' names in their places."""
    return path.removeprefix("/api").replace("{", "").replace(":path}", "").replace("}", "")


def changes(web: Any) -> list[tuple[str, str]]:
    """Every route that changes something."""
    routes = [(method, plain(route.path)) for route in web.app.routes if isinstance(route, APIRoute) for method in route.methods]
    return [(method, path) for method, path in routes if method not in ("GET", "HEAD") and path != "/lab/check"]


def test_a_viewer_changes_nothing_and_an_editor_publishes_nothing(web: Any) -> None:
    assert len(changes(web)) > 10
    for method, path in changes(web):
        answer = web.ask(method, path, json={}, headers=PAGE, who="viewer")
        assert (answer.status_code, "permission to edit" in answer.json()["detail"]) == (403, True), path
        if path.endswith(("publish", "withdraw")):
            assert web.ask(method, path, json={}, headers=PAGE).status_code == 403, path
    rights = {who: web.get("/me", who=who) for who in ("viewer", "editor", "publisher")}
    assert rights["viewer"] == {"id": "viewer", "name": "Viewer", "may_change": False, "may_publish": False}
    assert (rights["editor"]["may_change"], rights["editor"]["may_publish"]) == (True, False)
    assert (rights["publisher"]["may_change"], rights["publisher"]["may_publish"]) == (True, True)


def test_a_request_without_the_pages_header_changes_nothing(web: Any) -> None:
    for method, path in changes(web):
        answer = web.ask(method, path, json={}, who="publisher")
        assert answer.status_code == 403, path
        assert "X-Requested-With" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "caching"),
    [
        *((path, "no-store") for path in ("/me", "/nowhere", "/incidents/none%231", "/openapi.json")),
        ("/../static/now/app.js", "public, max-age=31536000, immutable"),
        ("/../static/other/app.js", "no-cache"),
        ("/../static/now/none.js", "no-cache"),
    ],
)
def test_responses_can_do_nothing_in_a_browser_but_be_read(web: Any, path: str, caching: str) -> None:
    headers = web.ask("GET", path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == caching
    assert "access-control-allow-origin" not in headers


def test_the_api_describes_itself(web: Any) -> None:
    described = web.get("/openapi.json")
    assert {
        "/api/overview",
        "/api/incidents/{incident}",
        "/api/articles",
        "/api/feeds",
        "/api/topics",
        "/api/lab/check",
        "/api/export",
    } <= set(described["paths"])


@pytest.mark.parametrize(
    "path", ["/overview", "/topics", "/incidents", "/incidents/a%231", "/articles", "/articles/a", "/feeds", "/lab", "/searches", "/export"]
)
def test_without_elasticsearch_it_says_so_and_nothing_secret(web: Any, path: str) -> None:
    opened = 0

    def factory() -> Any:
        nonlocal opened
        opened += 1
        return nullcontext(Away())

    web.app.state.store = Store(factory)
    answer = web.ask("GET", path)
    assert answer.status_code == 503
    assert "Elasticsearch cannot be reached" in answer.json()["detail"]
    assert "secret" not in answer.text
    assert answer.headers["retry-after"]
    assert web.get("/me")["id"] == "editor"
    web.ask("GET", path)
    assert opened == 2, "a changed connection is taken up"
