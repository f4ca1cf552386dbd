"""Putting the saved objects into a Kibana: the only module that talks to it."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Sequence
from typing import Any

import aiohttp

from wirewatch.errors import PermanentError, SetupError, TransientError

WAITS_S = (2.0, 4.0, 8.0, 15.0, 30.0)
"""Between attempts: a Kibana that has just started answers 503 for a while."""


async def install(
    url: str,
    ndjson: str,
    *,
    api_key: str | None = None,
    user: str | None = None,
    ca: str | None = None,
    waits_s: Sequence[float] = WAITS_S,
) -> int:
    """Import the objects, over those that are there; how many were taken.

    `user` is `name:password`, where there is no API key. Safe to run again. Raises `TransientError` where Kibana does not answer,
    also after `waits_s`, `SetupError` where it refuses us, `PermanentError` where it refuses an object.
    """
    headers = {"kbn-xsrf": "true"} | ({"Authorization": f"ApiKey {api_key}"} if api_key else {})
    name, _, password = (user or "").partition(":")
    auth = aiohttp.BasicAuth(name, password) if user and not api_key else None
    context = ssl.create_default_context(cafile=ca) if ca else None
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60), headers=headers, auth=auth) as session:
        for wait in waits_s:
            try:
                return await _import(session, url, ndjson, context)
            except TransientError:
                await asyncio.sleep(wait)
        return await _import(session, url, ndjson, context)


async def _import(session: aiohttp.ClientSession, url: str, ndjson: str, context: ssl.SSLContext | None) -> int:
    form = aiohttp.FormData()
    form.add_field("file", ndjson.encode(), filename="wirewatch.ndjson", content_type="application/ndjson")
    target = f"{url.rstrip('/')}/api/saved_objects/_import"
    try:
        async with session.post(target, params={"overwrite": "true"}, data=form, ssl=context or True) as answer:
            text = await answer.text()
            status = answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        raise TransientError(f"Kibana at {url} does not answer: {error}") from error
    if status in (401, 403):
        raise SetupError(f"Kibana at {url} answers {status}: set KIBANA_API_KEY or KIBANA_USER (name:password)")
    if status >= 500 or status == 429:
        raise TransientError(f"Kibana at {url} answers {status}: {text[:200]}")
    return _taken(url, status, text)


def _taken(url: str, status: int, text: str) -> int:
    try:
        result: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise SetupError(f"{url} is no Kibana: {text[:100]!r}") from error
    if status != 200 or not result.get("success"):
        problems = [f"{each['type']} {each['id']}: {each.get('error', {}).get('type')}" for each in result.get("errors", ())]
        raise PermanentError(f"Kibana at {url} refused: {'; '.join(problems) or result.get('message', text[:200])}")
    return int(result["successCount"])
