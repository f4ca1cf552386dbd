"""A real Elasticsearch node without Docker: a process of its own that keeps its data in a folder."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wirewatch.embedded import artifacts
from wirewatch.errors import SetupError

DEFAULT_PORT = 9200


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeInfo:
    """A running node."""

    url: str
    pid: int


def start(
    home: Path,
    *,
    port: int | None = None,
    heap: str = "512m",
    wait_s: float = 90.0,
    tied: bool = False,
    brief: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> NodeInfo:
    """Start a node on the data in `home` and wait until it answers.

    `port` None takes the one it had before, else 9200, else any that is free. `tied` lets the node stop by itself when this
    process ends, however it ends. `brief` suits a node that lives for minutes: it is up sooner, and slower in the long run.
    Raises `SetupError` where a node runs on `home` already, the port is taken, the jars cannot be fetched or the node does not
    come up; the message says where its log is.
    """
    home = home.resolve()
    if running := status(home):
        raise SetupError(f"Elasticsearch is running on {home} already: {running.url}, process {running.pid}")
    for folder in ("data", "logs", "tmp", "snapshots"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    if not artifacts.is_laid_out(home / "home"):
        progress(f"fetching Elasticsearch {artifacts.VERSION} (about {artifacts.DOWNLOAD_MB} MB, once)")
    artifacts.lay_out(home / "home")
    chosen = _choose_port(home, port)
    progress("starting Elasticsearch")
    command = [sys.executable, "-m", "wirewatch.embedded.node", "--home", str(home / "home"), "--state", str(home)]
    command += ["--port", str(chosen), "--heap", heap, *(["--tied"] if tied else []), *(["--brief"] if brief else [])]
    with (home / "logs" / "process.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.PIPE if tied else subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=home,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        )
    _tied[home] = process
    info = NodeInfo(url=f"http://127.0.0.1:{chosen}", pid=process.pid)
    try:
        _wait(process, info.url, home, wait_s)
    except BaseException:
        process.kill()
        process.wait()
        _tied.pop(home)
        if process.stdin:
            process.stdin.close()
        raise
    (home / "port").write_text(str(chosen))
    return info


_tied: dict[Path, subprocess.Popen[bytes]] = {}
"""Processes started here: a dropped handle would close the pipe that a tied node lives by, and leave a zombie."""


def status(home: Path) -> NodeInfo | None:
    """The node that runs on `home`, or None."""
    home = home.resolve()
    try:
        with (home / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except FileNotFoundError:
        return None
    except BlockingIOError:
        pass
    for _ in range(50):  # it holds the lock a moment before it can say where it listens
        try:
            note = json.loads((home / "node.json").read_text())
            return NodeInfo(url=note["url"], pid=note["pid"])
        except (FileNotFoundError, ValueError):
            time.sleep(0.2)
    raise SetupError(f"a process holds {home}/lock but does not say where it listens; its log is in {home}/logs")


def stop(home: Path, *, wait_s: float = 30.0) -> bool:
    """Stop the node that runs on `home` and wait until it is gone; False where none runs."""
    home = home.resolve()
    running = status(home)
    if running is None:
        if (ended := _tied.get(home)) and ended.poll() is not None:
            _let_go(home)
        return False
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + wait_s
    while _alive(running.pid, home):
        if time.monotonic() > deadline:
            os.kill(running.pid, signal.SIGKILL)
            deadline += wait_s
        time.sleep(0.1)
    _let_go(home)
    return True


def _let_go(home: Path) -> None:
    """Drop the handle of a process that has ended."""
    if (process := _tied.pop(home, None)) and process.stdin:
        process.stdin.close()


def _alive(pid: int, home: Path) -> bool:
    if process := _tied.get(home):
        return process.poll() is None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        # A zombie whose parent has not looked yet is gone for our purposes: it holds neither lock nor port.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


def _choose_port(home: Path, port: int | None) -> int:
    if port:
        if not _is_free(port):
            raise SetupError(f"port {port} is taken: name another one with --port")
        return port
    kept = home / "port"
    wanted = [int(kept.read_text())] if kept.is_file() else []
    for candidate in (*wanted, DEFAULT_PORT):
        if _is_free(candidate):
            return candidate
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _wait(process: subprocess.Popen[bytes], url: str, home: Path, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        if process.poll() is not None:
            if process.returncode == 3:
                raise SetupError(f"another process started Elasticsearch on {home} at the same moment")
            raise SetupError(f"Elasticsearch ended with {process.returncode}; the end of {home}/logs:\n{_tail(home)}")
        try:
            health = f"{url}/_cluster/health?wait_for_status=yellow&timeout=1s"
            with urllib.request.urlopen(health, timeout=3) as answer:  # noqa: S310 - our own address
                if not json.loads(answer.read())["timed_out"] and (home / "node.json").exists():
                    return
        except (OSError, urllib.error.URLError, ValueError):
            pass
        if time.monotonic() > deadline:
            raise SetupError(f"Elasticsearch did not answer within {wait_s:.0f} s; the end of {home}/logs:\n{_tail(home)}")
        time.sleep(0.2)


def _tail(home: Path) -> str:
    lines: list[str] = []
    for name in ("process.log", "elasticsearch.log"):
        if (home / "logs" / name).is_file():
            lines += (home / "logs" / name).read_text(errors="replace").splitlines()[-15:]
    return "\n".join(lines)
