"""The application that Airflow mounts under /wirewatch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wirewatch.errors import ConfigError, Conflict, SetupError, StoreUnavailable, TransientError, WirewatchError
from wirewatch.web import access, articles, feeds, incidents, lab, overview, searches, topics

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"

_ALWAYS = {
    # Nothing of ours is a document: the page is Airflow's, and what it loads from here are modules, a picture and data.
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
AWAY = "Elasticsearch cannot be reached right now, so nothing can be shown or changed. Nothing is lost: the watch goes on when it is back."


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    *,
    documents: access.Factory,
    user: Callable[..., Any],
    may_change: Callable[..., Any],
    may_publish: Callable[..., Any],
    page: str = "../plugin/wirewatch",
    modules: str = "0",
    clock: Callable[[], datetime] = _utc_now,
) -> FastAPI:
    """The API under `/api`, its description at `/api/openapi.json`, the page's modules under `/static/<modules>`.

    `documents` opens the store. The others are FastAPI dependencies: `user` returns a `User` or raises 401 or 403, `may_change` says
    whether they may change incidents, feeds and drafts, `may_publish` whether they may decide which topics alert. `page` is where
    Airflow shows the page, seen from `/`; `modules` changes with the modules, so that a browser may keep them for ever.
    """
    app = FastAPI(
        title="Wirewatch",
        description="What the Wirewatch page in Airflow shows and does. Log in to Airflow; send its token as cookie or Bearer.",
        version=version("wirewatch"),
        openapi_url="/api/openapi.json",
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
    )
    app.state.store = access.Store(documents)
    app.state.clock = clock
    app.dependency_overrides[access.current_user] = user
    app.dependency_overrides[access.may_change] = may_change
    app.dependency_overrides[access.may_publish] = may_publish
    for area in (overview, topics, lab, incidents, articles, searches, feeds):
        app.include_router(area.router)
    app.include_router(searches.readers)
    app.mount("/static/{modules}", StaticFiles(directory=STATIC), name="static")

    @app.get("/", include_in_schema=False)
    async def root() -> RedirectResponse:
        return RedirectResponse(page, status_code=307)

    _errors(app)
    app.add_middleware(_Headers, modules=modules)
    return app


def _errors(app: FastAPI) -> None:
    """Every error as `{"detail": sentence}`, as Airflow's own API has it."""

    @app.exception_handler(StoreUnavailable)
    async def away(request: Request, error: StoreUnavailable) -> JSONResponse:
        log.warning("%s", error)
        request.app.state.store.forget()
        return JSONResponse({"detail": AWAY}, 503, headers={"Retry-After": "10"})

    @app.exception_handler(WirewatchError)
    async def known(request: Request, error: WirewatchError) -> JSONResponse:
        if isinstance(error, Conflict):
            return JSONResponse({"detail": _conflict(str(error))}, 409)
        log.error("%s", error)
        if isinstance(error, TransientError):
            return JSONResponse({"detail": "That did not work this time. Try again in a moment."}, 503, headers={"Retry-After": "10"})
        if isinstance(error, ConfigError):
            first = str(error.problems[0]) if error.problems else "unknown"
            return JSONResponse({"detail": f"The published configuration cannot be read by this version: {first}"}, 500)
        if isinstance(error, SetupError):
            return JSONResponse({"detail": f"{error}."}, 503)
        request.app.state.store.forget()
        return JSONResponse({"detail": "Elasticsearch refused the request; the api-server's log says why."}, 502)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"detail": _sentence(error.errors())}, 422)


def _conflict(what: str) -> str:
    if what.startswith("Elasticsearch"):
        return "Somebody changed this at the same moment. Look at it again, then decide."
    return f"{what[:1].upper()}{what[1:]}."


def _sentence(problems: Sequence[Any]) -> str:
    said = []
    for problem in problems:
        where = ".".join(str(part) for part in problem["loc"] if part not in ("body", "query", "path"))
        what = str(problem["msg"]).removeprefix("Value error, ")
        said.append(f"{where}: {what}" if where else what)
    return "; ".join(said)


class _Headers:
    """Puts the security headers on every response, also on those of errors."""

    def __init__(self, app: ASGIApp, modules: str) -> None:
        self.app = app
        self._kept = f"/static/{modules}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers[name] = value
                headers["Cache-Control"] = self._caching(scope["path"], message["status"])
            await send(message)

        await self.app(scope, receive, sending)

    def _caching(self, path: str, status: int) -> str:
        if "/static/" not in path:
            return "no-store"
        # During an upgrade somebody may ask an old server for new modules, and must not keep what it gives.
        return "public, max-age=31536000, immutable" if self._kept in path and status in (200, 304) else "no-cache"
