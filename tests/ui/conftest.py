"""A real Airflow api-server with the plugin, over a filled store, looked at with a real Chromium."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.conftest import free_port
from tests.ui import newsroom

from wirewatch.store.elastic import ElasticDocuments

T = TypeVar("T")

PROJECT = Path(__file__).parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
UP_WITHIN_S = 180
AXE = "4.10.3"
"""Version of axe-core, which looks for barriers: fetched by npm for the tests alone, and not part of the product."""

PREPARE = """
from airflow.utils.db import initdb
initdb()
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
from airflow.utils.session import create_session
with create_session() as session:
    manager = DagBundlesManager()
    manager.sync_bundles_to_db(session=session)
    session.commit()
    for bundle in manager.get_all_dag_bundles():
        bundle.initialize()
        bag = BundleDagBag(bundle.path, bundle_path=bundle.path, bundle_name=bundle.name)
        sync_bag_to_db(bag, bundle.name, bundle_version=None, session=session)
"""
"""A database that knows the DAGs, so that the page can start them; no scheduler runs them here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A running api-server and the store behind it."""

    url: str
    prefix: str
    elasticsearch: str
    passwords: dict[str, str]
    log: Path

    def page(self, fragment: str = "") -> str:
        """The address of the page."""
        return f"{self.url}/plugin/wirewatch{fragment}"


@pytest.fixture(scope="session")
def watch(elasticsearch_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """Airflow's api-server alone, over a store that `newsroom` filled."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: `apt-get install chromium` to run the browser tests")
    prefix = f"test-{secrets.token_hex(4)}"
    away(_fill(elasticsearch_url, prefix))
    home = tmp_path_factory.mktemp("airflow")
    port = free_port()
    passwords = {name: secrets.token_urlsafe(12) for name in ("admin", "editor", "viewer")}
    (home / "passwords.json").write_text(json.dumps(passwords))
    env = _environment(home, port, elasticsearch_url, prefix)
    log = home / "api-server.log"
    with log.open("ab") as out:
        subprocess.run([sys.executable, "-c", PREPARE], env=env, stdout=out, stderr=out, check=True)
        server = subprocess.Popen([sys.executable, "-m", "airflow", "api-server"], env=env, stdout=out, stderr=out, start_new_session=True)
    try:
        _wait(f"http://localhost:{port}/api/v2/monitor/health", server, log)
        yield Watch(url=f"http://localhost:{port}", prefix=prefix, elasticsearch=elasticsearch_url, passwords=passwords, log=log)
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
        away(_drop(elasticsearch_url, prefix))


def _environment(home: Path, port: int, elasticsearch_url: str, prefix: str) -> dict[str, str]:
    at = urlsplit(elasticsearch_url)
    connection = {"conn_type": "elasticsearch", "host": at.hostname, "port": at.port, "schema": at.scheme}
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": f"http://localhost:{port}",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,editor:user,viewer:viewer",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW_CONN_ELASTICSEARCH_DEFAULT": json.dumps(connection),
        "WIREWATCH_INDEX_PREFIX": prefix,
    }


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.3)
    raise AssertionError(f"the api-server does not answer:\n{log.read_text(errors='replace')[-4000:]}")


async def _fill(url: str, prefix: str) -> None:
    async with ElasticDocuments(url=url, prefix=prefix) as documents:
        await documents.ensure()
        await newsroom.fill(documents, datetime.now(UTC))


async def _drop(url: str, prefix: str) -> None:
    async with ElasticDocuments(url=url, prefix=prefix) as documents:
        await documents.drop()


@pytest.fixture(scope="module")
def browser(watch: Watch) -> Iterator[Browser]:
    """A real Chromium; no longer than its module, since it keeps an event loop running in this thread."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text of axe-core, fetched once by npm and kept beside the environment's packages."""
    kept = Path(sys.prefix) / "axe-core" / AXE / "axe.min.js"
    if not kept.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("no npm here: install it to look for barriers with axe-core")
        folder = tmp_path_factory.mktemp("axe")
        command = [npm, "pack", f"axe-core@{AXE}", "--silent"]
        fetched = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        packed = next(folder.glob("axe-core-*.tgz"), None)
        if fetched.returncode or packed is None:
            pytest.skip(f"axe-core cannot be fetched here: {fetched.stderr.strip()[-200:]}")
        with tarfile.open(packed) as archive:
            member = archive.extractfile("package/axe.min.js")
            assert member is not None
            text = member.read()
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(text)
    return kept.read_text(encoding="utf-8")


def away(work: Coroutine[Any, Any, T]) -> T:
    """The result of asynchronous work, done in a thread of its own: in this one the browser's event loop runs."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


class Desk:
    """Somebody with a browser."""

    def __init__(self, browser: Browser, watch: Watch, *, dark: bool = False, phone: bool = False) -> None:
        size = {"width": 390, "height": 844} if phone else {"width": 1360, "height": 900}
        self.watch = watch
        self.context: BrowserContext = browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            color_scheme="dark" if dark else "light",
            device_scale_factor=2 if phone else 1,
            has_touch=phone,
            timezone_id="UTC",
        )
        if dark:
            self.context.add_init_script("localStorage.setItem('theme', 'dark')")
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.errors: list[str] = []
        self.outside: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self._outside(request.url))

    def _outside(self, url: str) -> None:
        if not url.startswith((self.watch.url, "data:", "blob:")):
            self.outside.append(url)

    def log_in(self, who: str = "admin", then: str = "") -> None:
        """Open the page (at a fragment) as somebody who is not logged in yet, and log in."""
        self.page.goto(self.watch.page(then))
        self.page.locator("input[name=username]").fill(who)
        self.page.locator("input[name=password]").fill(self.watch.passwords[who])
        self.page.locator("button[type=submit]").click()
        self.page.get_by_role("heading", name="Wirewatch", level=1).wait_for()

    def open(self, fragment: str) -> None:
        """Go to a place inside the page."""
        self.page.goto(self.watch.page(fragment))

    def shoot(self, name: str, folder: str | None) -> None:
        """A screenshot, where a folder for them was named."""
        if folder:
            self.page.wait_for_timeout(400)
            self.page.screenshot(path=Path(folder) / f"{name}.png")
