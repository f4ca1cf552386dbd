"""Looks at the machine before anything is started."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wirewatch.errors import SetupError

PYTHON = (3, 11)
MEMORY_GB = 3.0
"""What all parts together take at their peak, with room."""
DISK_GB = 1.5
_SYSTEMS = ("Linux", "Darwin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    found: str
    ok: bool = True
    advice: str = ""
    """What to do, where it is not ok."""


def check(home: Path) -> list[Finding]:
    """Everything but ports; the caller shows it and ends where something is not ok."""
    return [
        python(sys.version_info[:3]),
        system(platform.system()),
        memory(available_memory_gb()),
        disk(shutil.disk_usage(_existing(home)).free / 1e9, home),
        download(home),
    ]


def python(version: tuple[int, ...]) -> Finding:
    """Whether this Python will do."""
    found = ".".join(str(part) for part in version)
    return Finding(what="Python", found=found, ok=version >= PYTHON, advice="Python 3.11 or newer is needed")


def system(name: str) -> Finding:
    """Whether this system will do."""
    return Finding(
        what="System",
        found={"Darwin": "macOS"}.get(name, name),
        ok=name in _SYSTEMS,
        advice="Linux and macOS are supported; on Windows use WSL2: `wsl --install`, then start this inside it",
    )


def memory(available_gb: float | None) -> Finding:
    """Whether there is memory enough; unknown is taken for enough."""
    if available_gb is None:
        return Finding(what="Memory", found="unknown")
    return Finding(
        what="Memory",
        found=f"{available_gb:.1f} GB free",
        ok=available_gb >= MEMORY_GB,
        advice=f"{MEMORY_GB:.0f} GB are needed: close something, or give the machine more",
    )


def disk(free_gb: float, home: Path) -> Finding:
    """Whether there is room for the data."""
    return Finding(
        what="Disk", found=f"{free_gb:.1f} GB free", ok=free_gb >= DISK_GB, advice=f"{DISK_GB} GB are needed in {home} (or use --home)"
    )


def download(home: Path) -> Finding:
    """What will be fetched."""
    from wirewatch.embedded import artifacts

    if os.environ.get("ELASTICSEARCH_URL"):
        return Finding(what="Download", found="nothing: $ELASTICSEARCH_URL is set")
    if artifacts.is_laid_out(home / "elasticsearch" / "home") or cached():
        return Finding(what="Download", found="nothing: Elasticsearch is cached")
    return Finding(what="Download", found=f"about {artifacts.DOWNLOAD_MB} MB, once: Elasticsearch {artifacts.VERSION}")


def cached() -> bool:
    """Whether every jar of the lock is in one of the caches that `jgo` uses."""
    from wirewatch.embedded import artifacts

    wanted = set(artifacts.lock())
    for cache in (Path(os.environ.get("M2_REPO") or Path.home() / ".m2" / "repository"), Path.home() / ".cache" / "jgo"):
        if cache.is_dir():
            wanted -= {path.name for path in cache.rglob("*.jar")}
    return not wanted


def available_memory_gb() -> float | None:
    """Memory that can be had without swapping; None where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) / 1e6
    except OSError:
        pass
    try:
        # Without a figure for what is free, half of what is there is a fair guess.
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2e9
    except (ValueError, OSError, AttributeError):
        return None


def free_port(wanted: int, taken: Iterable[int] = ()) -> int:
    """`wanted` if nothing listens there, else one of the next, else any; none of `taken`."""
    avoid = set(taken)
    for port in range(wanted, wanted + 20):
        if port not in avoid and is_free(port):
            return port
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return int(any_port.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 and of all addresses."""
    for address in ("127.0.0.1", ""):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def demand(findings: Iterable[Finding]) -> None:
    """Raise `SetupError` with everything that is not ok."""
    wrong = [f"{finding.what}: {finding.found}. {finding.advice}" for finding in findings if not finding.ok]
    if wrong:
        raise SetupError("\n".join(wrong))


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path
