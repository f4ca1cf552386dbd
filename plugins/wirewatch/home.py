"""Where a checkout keeps what it makes while it runs."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """$WIREWATCH_HOME, else `.wirewatch` in the working folder; with `elasticsearch/`, `airflow/`, `mail/` and `demo/` inside."""
    return Path(os.environ.get("WIREWATCH_HOME") or ".wirewatch").resolve()
