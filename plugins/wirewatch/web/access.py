"""Who asks, what they may, and the store that answers: what every route depends on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Depends, Header, HTTPException, Request

from wirewatch.store.base import Documents

Factory = Callable[[], AbstractAsyncContextManager[Documents]]

HEADER = "X-Requested-With"
"""Required for every change: a form or link of another site cannot send it, and a script of another site may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who is logged in."""

    id: str
    """Kept with what they change."""
    name: str


async def current_user() -> User:
    """Who asks; `create_app` puts the real answer in its place, and without one nobody gets in."""
    raise HTTPException(401, "Log in to Airflow first.")


async def may_change() -> bool:
    """Whether they may change incidents and feeds; replaced as `current_user` is."""
    return False


async def may_publish() -> bool:
    """Whether they may decide which topics alert; replaced as `current_user` is."""
    return False


class Store:
    """The store for all requests of one process, opened by the first that needs it.

    A mounted application is never told that it starts or ends, so the connection is held by an asynchronous generator, which
    the event loop closes when it ends (PEP 525).
    """

    def __init__(self, factory: Factory) -> None:
        self._factory = factory
        self._open: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[AbstractAsyncContextManager[Documents], Documents]]
        self._open = WeakKeyDictionary()

    async def documents(self) -> Documents:
        """The open store; raises `StoreUnavailable`."""
        loop = asyncio.get_running_loop()
        if loop not in self._open:
            context = self._factory()
            found = await context.__aenter__()
            if loop in self._open:
                # Another request was faster; one connection is enough.
                with contextlib.suppress(Exception):
                    await context.__aexit__(None, None, None)
            else:
                self._open[loop] = (context, found)
        return self._open[loop][1]

    def forget(self) -> None:
        """Open anew at the next request, so that a changed connection is taken up."""
        self._open.pop(asyncio.get_running_loop(), None)


async def _documents(request: Request) -> Documents:
    store: Store = request.app.state.store
    return await store.documents()


async def _now(request: Request) -> datetime:
    clock: Callable[[], datetime] = request.app.state.clock
    return clock()


def area(name: str) -> APIRouter:
    """A router whose every route needs somebody who is logged in."""
    return APIRouter(prefix="/api", tags=[name], dependencies=[Depends(current_user)])


Reader = Annotated[User, Depends(current_user)]
Stored = Annotated[Documents, Depends(_documents)]
Now = Annotated[datetime, Depends(_now)]


async def _from_page(requested_with: Annotated[str | None, Header(alias=HEADER)] = None) -> None:
    if not requested_with:
        raise HTTPException(403, f"Changes need the header {HEADER}: this request did not come from the Wirewatch page.")


async def _changer(user: Reader, allowed: Annotated[bool, Depends(may_change)], _: Annotated[None, Depends(_from_page)]) -> User:
    if not allowed:
        raise HTTPException(403, "You may look but not change: that takes the permission to edit the DAG detect_spikes.")
    return user


Changer = Annotated[User, Depends(_changer)]
"""Who asks, where they may change things and the request is not another site's; else 401 or 403."""


async def _publisher(user: Reader, allowed: Annotated[bool, Depends(may_publish)], _: Annotated[None, Depends(_from_page)]) -> User:
    if not allowed:
        raise HTTPException(403, "You may not publish topics: that takes the permission to edit Airflow's variables.")
    return user


Publisher = Annotated[User, Depends(_publisher)]
"""Who asks, where they may publish topics and the request is not another site's; else 401 or 403."""
