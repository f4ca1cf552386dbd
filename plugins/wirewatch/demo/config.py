"""The configuration that a demo runs on: the shipped topics, the newsroom's feeds and owners, and a patience of seconds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from wirewatch.demo.outlets import OUTLETS

SHIPPED = Path(__file__).resolve().parents[3] / "config"
"""The project's own config/."""
PREFIX = "wirewatch-demo"
"""Of the indices of a demo on a cluster that may hold other things: it begins by dropping them."""
_FOLDERS = ("topics", "concepts", "watchlists")


def write(folder: Path, *, port: int, page_url: str, prefix: str = PREFIX, shipped: Path = SHIPPED) -> Path:
    """Write the configuration of a demo whose newsroom is on `port` into `folder`, and return it.

    Topics, concepts, watch lists and the ids of recipients are those of `shipped`; every recipient's mail goes to one invented
    address, and nobody gets digests, which would come between the mails that are waited for. `page_url` is where mails link to.
    """
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for name in _FOLDERS:
        if (shipped / name).is_dir():
            shutil.copytree(shipped / name, folder / name)
    own = _read(shipped / "wirewatch.yaml")
    _write(folder / "feeds.yaml", {"feeds": _feeds(port)})
    _write(folder / "publishers.yaml", {"publishers": {**_read(shipped / "publishers.yaml").get("publishers", {}), **_publishers()}})
    _write(folder / "wirewatch.yaml", _settings(own, port, page_url, prefix))
    return folder


def _feeds(port: int) -> dict[str, Any]:
    """Every outlet's feed at the address that readers have of it: some have moved, closed or turned into a page."""
    return {
        outlet.id: {
            "url": f"http://{outlet.host}:{port}{outlet.moved_from or outlet.feed_path}",
            "name": outlet.name,
            "publisher": outlet.owner,
            "language": outlet.language,
        }
        for outlet in OUTLETS
    }


def _publishers() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for outlet in OUTLETS:
        owner = found.setdefault(
            outlet.owner, {"name": outlet.owner_name, "domains": [], "country": outlet.country, "kind": outlet.kind.value}
        )
        owner["domains"].append(outlet.host)
    return found


def _settings(shipped: dict[str, Any], port: int, page_url: str, prefix: str) -> dict[str, Any]:
    alerts = shipped.get("alerts", {})
    recipients = {
        id: {"name": (recipient or {}).get("name", ""), "mail": [f"{id}@newsdesk.example"], "digest": []}
        for id, recipient in (alerts.get("recipients") or {}).items()
    }
    recipients.setdefault("operators", {"name": "Operators", "mail": ["operators@newsdesk.example"], "digest": []})
    return {
        "index_prefix": prefix,
        "polling": {
            "min_interval": "5s",
            "default_interval": "8s",
            "max_interval": "15s",
            "timeout": "15s",
            "host_delay": "0s",
            "slots": 2,
            "allow_hosts": [f"*.localhost:{port}"],
        },
        "articles": {"host_delay": "0s", "timeout": "15s", "slots": 2},
        "detection": shipped.get("detection", {}),
        "alerts": {
            "sender": "wirewatch@newsdesk.example",
            "recipients": recipients,
            "default_notify": alerts.get("default_notify", []),
            "page_url": page_url,
        },
    }


def _read(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.is_file() else {}


def _write(path: Path, data: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120), encoding="utf-8")
