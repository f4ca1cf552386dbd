"""The hand on the newsroom: its clock, and when its story breaks."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any

from wirewatch.errors import SetupError


class Control:
    """Talks to `/control` of a newsroom on this machine."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/control"

    def put(self, **wanted: Any) -> dict[str, Any]:
        """Change what is named (see `demo.server`); raises `SetupError` where the newsroom does not answer."""
        body = json.dumps({key: value.isoformat() if isinstance(value, datetime) else value for key, value in wanted.items()})
        request = urllib.request.Request(  # noqa: S310 - our own address
            self._url, data=body.encode(), method="PUT", headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own address
                return dict(json.loads(answer.read()))
        except (OSError, urllib.error.URLError) as error:
            raise SetupError(f"the newsroom does not answer: {error}") from error

    def status(self) -> dict[str, Any]:
        """What is out now."""
        return self.put()

    async def set_clock_async(self, moment: datetime) -> None:
        """Let the newsroom's clock stand at `moment`."""
        await asyncio.to_thread(self.put, clock=moment)
