"""The Wirewatch page in Airflow's navigation, and the API behind it.

Every task loads every plugin, so what takes seconds to import is imported by the api-server's first request.
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import cached_property
from pathlib import Path
from typing import Any

from airflow.plugins_manager import AirflowPlugin

RIGHTS_OF = "detect_spikes"
"""Who may read this DAG may look at the page; who may edit it may change incidents, feeds and drafts."""
PUBLISHES = "wirewatch_topics"
"""Who may edit a Variable of this name (it need not exist) may publish topics: with Airflow's own roles, Op and Admin."""

PAGE = "/plugin/wirewatch"
"""Where Airflow shows the page."""


def _read() -> tuple[str, tuple[str, ...]]:
    """A name for this state of the page's modules, and their names."""
    files = sorted((Path(__file__).parent / "wirewatch" / "web" / "static").glob("*.js"))
    content = hashlib.sha256(b"".join(each.read_bytes() for each in files))
    return content.hexdigest()[:12], tuple(each.name for each in files)


STATE, MODULES = _read()
AT = f"./wirewatch/static/{STATE}"
HINTS = "".join(
    [
        *(f'<link rel="modulepreload" href="{AT}/{name}">' for name in MODULES),
        f'<script type="module" async src="{AT}/ahead.js"></script>',
        f'<script type="module" src="{AT}/start.js"></script>',
    ]
).encode()

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Api:
    """The ASGI application under /wirewatch."""

    @cached_property
    def _app(self) -> Application:
        from airflow.api_fastapi.app import get_auth_manager
        from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod
        from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails, VariableDetails
        from airflow.api_fastapi.core_api.security import GetUserDep
        from fastapi import HTTPException

        from wirewatch.web import User, create_app
        from wirewatch.wiring.airflow import documents

        def may(user: GetUserDep, method: ResourceMethod) -> bool:
            return get_auth_manager().is_authorized_dag(method=method, details=DagDetails(id=RIGHTS_OF), user=user)

        def reader(user: GetUserDep) -> User:
            if not may(user, "GET"):
                raise HTTPException(403, f"You may not look at this: it takes the permission to read the DAG {RIGHTS_OF}.")
            return User(id=str(user.get_id()), name=user.get_name())

        def may_change(user: GetUserDep) -> bool:
            return may(user, "PUT")

        def may_publish(user: GetUserDep) -> bool:
            return get_auth_manager().is_authorized_variable(method="PUT", details=VariableDetails(key=PUBLISHES), user=user)

        return create_app(documents=documents, user=reader, may_change=may_change, may_publish=may_publish, modules=STATE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


class Way:
    """Leads from /wirewatch, which is not the API's (that goes on with a slash), to the page, and lets a browser that opens the page
    ask for its modules and its data at once: Airflow's own interface takes a second to start before it imports them.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", "")) if scope["type"] == "http" else None
        if path == "/wirewatch":
            # Relative, so that it holds under any path; a browser keeps the fragment.
            await send({"type": "http.response.start", "status": 307, "headers": [(b"location", b"plugin/wirewatch")]})
            await send({"type": "http.response.body", "body": b""})
            return
        await self.app(scope, receive, _Hinting(send) if path == PAGE and scope["method"] == "GET" else send)


class _Hinting:
    """Sends Airflow's document on with what the page needs named in its head; anything else as it is."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: MutableMapping[str, Any] | None = None
        self._body = b""

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start" and _is_document(message["headers"]):
            self._start = message
        elif message["type"] == "http.response.body" and self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                body = self._body.replace(b"</head>", HINTS + b"</head>", 1)
                kept = [(name, value) for name, value in self._start["headers"] if name.lower() != b"content-length"]
                await self._send({**self._start, "headers": [*kept, (b"content-length", str(len(body)).encode())]})
                await self._send({**message, "body": body})
        else:
            await self._send(message)


def _is_document(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    found = {name.lower(): value for name, value in headers}
    return found.get(b"content-type", b"").startswith(b"text/html") and b"content-encoding" not in found


class WirewatchPlugin(AirflowPlugin):
    """Mounts the API under /wirewatch and the page at /plugin/wirewatch.

    Addresses are relative: Airflow resolves them against its own, which may have a path.
    """

    name = "wirewatch"
    fastapi_apps = [{"app": Api(), "url_prefix": "/wirewatch", "name": "Wirewatch"}]  # noqa: RUF012 - as AirflowPlugin declares it
    fastapi_root_middlewares = [{"middleware": Way, "args": [], "kwargs": {}, "name": "Wirewatch"}]  # noqa: RUF012 - as above
    react_apps = [  # noqa: RUF012 - as above
        {
            "name": "Wirewatch",
            "bundle_url": f"{AT}/app.js",
            "destination": "nav",
            "url_route": "wirewatch",
            "nav_top_level": True,
            "icon": f"{AT}/icon.svg",
        }
    ]
