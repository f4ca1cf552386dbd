"""Nobody sees anything without being logged in, and nobody changes anything without the right and the page's own header."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from fastapi.routing import APIRoute

from wirewatch.errors import StoreUnavailable
from wirewatch.web.access import Store


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
        if path == "/":
            continue
        answer = web.ask(method, path.removeprefix("/api").replace("{", "").replace(":path}", "").replace("}", ""), who=None)
        assert answer.status_code == 401, path
        assert answer.json()["detail"] == "Not authenticated"


CHANGES = [("/incidents/harbours%231", {"what": "ack"}), ("/feeds/harbour", {"what": "pause"})]


@pytest.mark.parametrize(("path", "body"), CHANGES)
def test_a_viewer_changes_nothing(web: Any, path: str, body: dict[str, str]) -> None:
    answer = web.post(path, body, who="viewer", status=403)
    assert "permission to edit" in answer["detail"]
    assert web.get("/me", who="viewer") == {"id": "viewer", "name": "Viewer", "may_change": False}
    assert web.get("/me")["may_change"] is True


@pytest.mark.parametrize(("path", "body"), CHANGES)
def test_a_request_without_the_pages_header_changes_nothing(web: Any, path: str, body: dict[str, str]) -> None:
    answer = web.ask("POST", path, json=body)
    assert answer.status_code == 403
    assert "X-Requested-With" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/me", "/nowhere", "/incidents/none%231", "/openapi.json", "/../static/app.js"])
def test_responses_can_do_nothing_in_a_browser_but_be_read(web: Any, path: str) -> None:
    headers = web.ask("GET", path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == ("no-cache" if "static" in path else "no-store")
    assert "access-control-allow-origin" not in headers


def test_the_api_describes_itself(web: Any) -> None:
    described = web.get("/openapi.json")
    assert {"/api/overview", "/api/incidents/{incident}", "/api/articles", "/api/feeds", "/api/topics"} <= set(described["paths"])


@pytest.mark.parametrize("path", ["/overview", "/topics", "/incidents", "/incidents/a%231", "/articles", "/articles/a", "/feeds"])
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
