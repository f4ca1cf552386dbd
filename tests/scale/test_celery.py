"""The DAGs on two Celery workers, PostgreSQL and Redis, with the environment that docker-compose.yml gives them: one worker is killed,
and every article is stored once.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from rich.console import Console
from rich.progress import Progress
from tests.conftest import free_port
from typer.testing import CliRunner

from wirewatch.cli import build
from wirewatch.config import load
from wirewatch.demo import processes
from wirewatch.demo.airflow import STEPS, Airflow
from wirewatch.store.elastic import ElasticDocuments

FEEDS, ENTRIES = 20, 250
PASSWORD = "only-of-this-test"
LEASE_S = 600
"""What a killed worker had claimed is free again after it."""
ROOT = Path(__file__).parents[2]
ENVIRONMENT: Mapping[str, str] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["x-airflow"]["environment"]


def binary(name: str) -> str:
    """A program of Debian's packages; those of PostgreSQL are not in PATH."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *map(str, places)]))
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install postgresql redis-server")
    return found


class Newsroom:
    """Feeds that list many pages each, on loopback, and a ledger of what was asked for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: Counter[str] = Counter()

    def urls(self) -> set[str]:
        return {self.url(feed, entry) for feed in range(FEEDS) for entry in range(ENTRIES)}

    def url(self, feed: int, entry: int) -> str:
        return f"http://paper{feed}.localhost:{self.port}/{entry}"

    async def answer(self, request: web.Request) -> web.Response:
        feed = int(request.host.partition(".")[0].removeprefix("paper"))
        if request.path == "/robots.txt":
            return web.Response(status=404)
        if request.path == "/feed":
            items = "".join(f"<item><title>Report {feed}-{n}</title><link>{self.url(feed, n)}</link></item>" for n in range(ENTRIES))
            return web.Response(
                text=f'<rss version="2.0"><channel><title>Paper {feed}</title>{items}</channel></rss>', content_type="text/xml"
            )
        self.asked[f"http://{request.host}{request.path}"] += 1
        name = f"{feed}-{request.path[1:]}"
        text = "".join(
            f"<p>Sentence {n} of report {name} says what nobody else has said in paper {feed} before, at some length.</p>" for n in range(9)
        )
        page = f"<html><head><title>Report {name}</title></head><body><article><h1>Report {name}</h1>{text}</article></body></html>"
        return web.Response(text=page, content_type="text/html")

    def serve(self) -> None:
        """Answer until the process ends."""

        async def go() -> None:
            app = web.Application()
            app.router.add_get("/{path:.*}", self.answer)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", self.port).start()
            await asyncio.Event().wait()

        threading.Thread(target=lambda: asyncio.run(go()), daemon=True).start()


class CeleryAirflow(Airflow):
    """Airflow's processes as Compose's profile `scale` runs them: what differs from the demo's comes from docker-compose.yml."""

    def __init__(self, home: Path, port: int, database: str, broker: str) -> None:
        super().__init__(home, port, demo=True)
        self._database, self._broker = database, broker

    def environment(self) -> dict[str, str]:
        values = {"AIRFLOW_EXECUTOR": "CeleryExecutor", "REDIS_PASSWORD": PASSWORD, "POSTGRES_PASSWORD": PASSWORD}
        wanted = (
            "AIRFLOW__CORE__EXECUTOR",
            "AIRFLOW__CELERY__BROKER_URL",
            "AIRFLOW__CELERY__RESULT_BACKEND",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
        )
        ours = {name: re.sub(r"\$\{(\w+)[^}]*\}", lambda match: values[match[1]], ENVIRONMENT[name]) for name in wanted}
        ours = {
            name: value.replace("@postgres/", f"@{self._database}/").replace("@redis:6379", f"@{self._broker}")
            for name, value in ours.items()
        }
        return (
            super().environment()
            | ours
            | {
                "AIRFLOW__CELERY__WORKER_CONCURRENCY": "2",
                # Compose leaves both at their defaults of minutes, which only take longer.
                "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "40",
                "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
            }
        )

    def worker(self, name: str) -> processes.Child:
        arguments = ("celery", "worker", "--celery-hostname", name, "--skip-serve-logs", "--without-mingle", "--without-gossip")
        return processes.start(name, "airflow", arguments, log=self.logs / f"{name}.log", env=self.environment())


@pytest.fixture
def servers() -> Iterator[tuple[str, str]]:
    """PostgreSQL and Redis on loopback: their addresses."""
    with ExitStack() as stack:
        # Not under tmp_path, which only its owner may enter: PostgreSQL refuses to run as root.
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        user = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        as_user: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid} if os.geteuid() == 0 else {}
        home.chmod(0o755)
        data = home / "postgres"
        data.mkdir()
        os.chown(data, user.pw_uid, user.pw_gid)
        secret = home / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        command = [binary("initdb"), "-D", str(data), "-U", "airflow", "--pwfile", str(secret), "--auth", "scram-sha-256", "-E", "UTF8"]
        subprocess.run(command, check=True, capture_output=True, **as_user)
        port, redis_port = free_port(), free_port()
        with (home / "postgres.log").open("wb") as log:
            server = subprocess.Popen(
                [binary("postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(data)],
                stdout=log,
                stderr=log,
                **as_user,
            )
        stack.callback(server.wait, 30)
        stack.callback(server.send_signal, signal.SIGINT)
        redis = subprocess.Popen(
            [binary("redis-server"), "--port", str(redis_port), "--bind", "127.0.0.1", "--requirepass", PASSWORD, "--save", ""],
            stdout=subprocess.DEVNULL,
        )
        stack.callback(redis.wait, 30)
        stack.callback(redis.terminate)
        ready = [binary("createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "airflow", "airflow"]
        for _ in range(100):
            if subprocess.run(ready, check=False, capture_output=True, env=os.environ | {"PGPASSWORD": PASSWORD}).returncode == 0:
                break
            time.sleep(0.3)
        yield f"127.0.0.1:{port}", f"127.0.0.1:{redis_port}"


def configure(folder: Path, newsroom: Newsroom) -> Path:
    feeds = {f"paper{n}": {"url": f"http://paper{n}.localhost:{newsroom.port}/feed"} for n in range(FEEDS)}
    shared = {"host_delay": "0s", "slots": 8}
    settings = {
        "index_prefix": "scale",
        "polling": {**shared, "allow_hosts": [f"*.localhost:{newsroom.port}"]},
        "articles": {**shared, "concurrency": 4},
        "alerts": {"recipients": {"operators": {"mail": ["ops@example.org"]}}},
    }
    for name, data in (("wirewatch.yaml", settings), ("feeds.yaml", {"feeds": feeds}), ("publishers.yaml", {"publishers": {}})):
        (folder / name).write_text(yaml.safe_dump(data))
    load(folder)
    return folder


@pytest.mark.timeout(2400)
def test_a_worker_is_killed_and_every_article_is_stored_once(
    tmp_path: Path, servers: tuple[str, str], elasticsearch_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(drop(elasticsearch_url))
    newsroom = Newsroom(free_port())
    newsroom.serve()
    config = tmp_path / "config"
    config.mkdir()
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.setenv("WIREWATCH_CONFIG", str(configure(config, newsroom)))
    monkeypatch.setenv("WIREWATCH_INDEX_PREFIX", "scale")
    # As Compose's airflow-init does, before anything runs.
    assert CliRunner().invoke(build(), ["check", "--publish"]).exit_code == 0
    said = Console(stderr=True, force_terminal=False)
    with ExitStack() as stack:
        airflow = CeleryAirflow(tmp_path / "airflow", free_port(), *servers)
        stack.callback(airflow.stop)
        with Progress(console=said, disable=True) as progress:
            airflow.start(progress)
            airflow.wait(progress)
        workers = [airflow.worker(name) for name in ("one@loopback", "two@loopback")]
        for worker in workers:
            stack.callback(worker.stop)
        airflow.unpause()
        began, killed = time.monotonic(), 0.0
        before: set[str] = set()
        while (ready := len(asyncio.run(stored(elasticsearch_url, ("ready",))))) < FEEDS * ENTRIES:
            airflow.check()
            said.print(f"{time.monotonic() - began:5.0f} s: {ready} read; {airflow.note()}")
            reading = pages_in_hand(workers[0].log.read_text(errors="replace"))
            if ready >= FEEDS * ENTRIES // 5 and not killed and reading & before:
                for pid in processes.members({workers[0].process.pid}):
                    os.kill(pid, signal.SIGKILL)
                killed = time.monotonic()
                said.print(f"{killed - began:5.0f} s: the first worker is killed while it reads pages")
            before = reading
            assert time.monotonic() - began < 3 * LEASE_S, "the work of the killed worker has not been taken up"
            time.sleep(1)
        assert killed, "all was read before the worker could be killed"
        runs = airflow.runs()
        logs = {worker.name: worker.log.read_text(errors="replace") for worker in workers}
        worked = {name: len(re.findall(r"succeeded in", text)) for name, text in logs.items()}
        said.print(f"{time.monotonic() - began:5.0f} s: all read; tasks that ended well by worker: {worked}; runs: {runs}")
    found = asyncio.run(stored(elasticsearch_url, None))
    assert Counter(found) == Counter(newsroom.urls()), "each once, none missing"
    assert min(worked.values()) >= 1, "both worked"
    assert set(newsroom.asked) == newsroom.urls()
    again = sum(count - 1 for count in newsroom.asked.values())
    said.print(f"{again} pages were fetched a second time")
    assert again < FEEDS * ENTRIES // 10, "only what the killed worker had claimed is fetched again"
    assert set(STEPS) <= set(runs)
    asyncio.run(drop(elasticsearch_url))


def pages_in_hand(log: str) -> set[str]:
    """The tasks of a worker that read pages and have not ended, by its log."""
    begun = set(re.findall(r"\[(\S+)\] Executing workload in Celery: .*task_id='process', dag_id='process_articles'", log))
    return begun - set(re.findall(r"Task execute_workload\[(\S+)\] succeeded", log))


async def stored(url: str, statuses: tuple[str, ...] | None) -> list[str]:
    """The addresses of all stored articles, or of those with these statuses."""
    async with ElasticDocuments(url=url, prefix="scale") as documents:
        await documents.refresh("articles")
        query: dict[str, Any] = {"terms": {"status": list(statuses)}} if statuses else {"match_all": {}}
        return [hit.source["url"] async for hit in documents.scan("articles", query, fields=["url"])]


async def drop(url: str) -> None:
    """Leave nothing in a cluster that others use."""
    async with ElasticDocuments(url=url, prefix="scale") as documents:
        await documents.drop()
