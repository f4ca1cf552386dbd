"""Airflow's own processes on this machine: api-server, dag-processor, scheduler and triggerer, on SQLite.

`airflow standalone` would do nearly the same, but leaves its children behind when it is told to stop.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from rich.progress import Progress, TaskID

from wirewatch.demo import processes
from wirewatch.errors import SetupError

PROJECT = Path(__file__).resolve().parents[3]
"""The checkout: its dags/ and plugins/ are what Airflow runs."""
PARTS: Mapping[str, tuple[str, ...]] = {
    "api-server": ("api-server",),
    "dag-processor": ("dag-processor",),
    # Without their log servers, which would listen on all addresses: here every part reads the same folder.
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
STEPS: Mapping[str, str] = {"poll_feeds": "poll", "process_articles": "process", "detect_spikes": "detect", "notify": "notify"}
"""The DAGs of the watch, in order, as the demo's line of progress calls them."""
PERIODS = {"WIREWATCH_POLL_EVERY": "8s", "WIREWATCH_PROCESS_EVERY": "20s", "WIREWATCH_DETECT_EVERY": "15s", "WIREWATCH_NOTIFY_EVERY": "20s"}
"""The demo's schedules: shortened, so that nobody waits."""
START_WITHIN_S = 180.0
STOP_WITHIN_S = 8.0
_GLANCE_S = 2.0
"""Between two looks at the DAG runs."""


class Airflow:
    """One Airflow in `home`, reached on `port` of this machine only.

    A demo's DAGs are paused until `unpause`, run every few seconds, and leave out what works daily; otherwise all run by their
    own schedules from the start. Passwords and keys are made once a home and kept there.
    """

    def __init__(self, home: Path, port: int, *, demo: bool) -> None:
        self.home = home
        self.logs = home / "logs"
        self.url = f"http://localhost:{port}"
        self._port = port
        self._demo = demo
        self._secrets = _secrets(home)
        self._lock = threading.Lock()
        self._children: list[processes.Child] = []
        self._starter: threading.Thread | None = None
        self._stopping = False
        self._failure: SetupError | None = None
        self._token = ""
        self._seen: tuple[float, dict[str, Counter[str]]] = (0.0, {dag: Counter() for dag in STEPS})
        self._progress: TaskID | None = None

    @property
    def login(self) -> str:
        """Who may log in, for people."""
        return f"admin / {self._secrets['admin']}; to look only: viewer / {self._secrets['viewer']}"

    # ------------------------------------------------------------ start and stop

    def start(self, progress: Progress) -> None:
        """Begin: the database is prepared and the parts started while the caller goes on; `wait` waits for them."""
        if not (PROJECT / "dags").is_dir():
            raise SetupError(f"{PROJECT} has no dags/: run this from a checkout of the project")
        self._progress = progress.add_task("Airflow", total=None, note="preparing its database")
        env = self.environment()
        self._starter = threading.Thread(target=self._bring_up, args=(env, progress), name="airflow", daemon=True)
        self._starter.start()

    def wait(self, progress: Progress) -> None:
        """Wait until all parts are healthy and the DAGs known; raises `SetupError` with the end of a log where that fails."""
        task = self._progress
        deadline = time.monotonic() + START_WITHIN_S
        while True:
            missing = self._missing()
            if not missing:
                break
            self.check()
            if time.monotonic() > deadline:
                raise SetupError(
                    f"Airflow is not up after {START_WITHIN_S:.0f} s, without {', '.join(missing)}; the logs are in {self.logs}"
                )
            if task is not None:
                progress.update(task, note=f"waiting for {', '.join(missing)}")
            time.sleep(0.5)
        if task is not None:
            progress.update(task, total=1, completed=1, note=self.url)

    def check(self) -> None:
        """Raise `SetupError` where a part has ended or could not be started."""
        if self._failure is not None:
            raise self._failure
        with self._lock:
            children = list(self._children)
        for child in children:
            if not child.alive() and not (child.name == "db" and child.process.returncode == 0):
                raise SetupError(f"Airflow's {child.name} has ended; {child.log}:\n{child.tail()}")

    def stop(self) -> None:
        """End every process, politely and then for good; safe to call at any moment, more than once."""
        with self._lock:
            self._stopping = True
            children = list(self._children)
        # First the scheduler with its tasks: they end well only while the api-server still takes what they report.
        scheduler = [child for child in children if child.name == "scheduler"]
        processes.stop_all(scheduler, STOP_WITHIN_S)
        processes.stop_all([child for child in children if child not in scheduler], STOP_WITHIN_S)
        if self._starter is not None:
            self._starter.join(5)

    def _bring_up(self, env: Mapping[str, str], progress: Progress) -> None:
        try:
            database = self._spawn("db", ("db", "migrate"), env)
            if database is None:
                return
            if database.process.wait() != 0:
                raise SetupError(f"Airflow's database cannot be prepared; {database.log}:\n{database.tail()}")
            if self._progress is not None:
                progress.update(self._progress, note="starting its processes")
            for name, arguments in PARTS.items():
                self._spawn(name, arguments, env)
        except (SetupError, OSError) as error:
            if not self._stopping:
                self._failure = error if isinstance(error, SetupError) else SetupError(f"Airflow cannot be started: {error}")

    def _spawn(self, name: str, arguments: tuple[str, ...], env: Mapping[str, str]) -> processes.Child | None:
        with self._lock:
            if self._stopping:
                return None
            module = "wirewatch.demo.preloaded" if name == "scheduler" else "airflow"
            child = processes.start(name, module, arguments, log=self.logs / f"{name}.log", env=env)
            self._children.append(child)
            return child

    # ------------------------------------------------------------ what it is told

    def environment(self) -> dict[str, str]:
        """The environment of all parts: this one's, without what it says to another Airflow."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
        users = self.home / "passwords.json"
        users.write_text(json.dumps({name: self._secrets[name] for name in ("admin", "viewer")}))
        users.chmod(0o600)
        here = f"http://127.0.0.1:{self._port}"
        settings = {
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__DAGS_FOLDER": str(PROJECT / "dags"),
            "CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": "4",
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": str(self._demo),
            "CORE__FERNET_KEY": self._secrets["fernet"],
            "CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,viewer:viewer",
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(users),
            "CORE__EXECUTION_API_SERVER_URL": f"{here}/execution/",
            "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow.db'}",
            "LOGGING__BASE_LOG_FOLDER": str(self.logs / "tasks"),
            "LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(self.logs / "dag-processor"),
            "API__HOST": "127.0.0.1",
            "API__PORT": str(self._port),
            # By name, as browsers are shown it: a cookie of `localhost` is not sent to 127.0.0.1.
            "API__BASE_URL": self.url,
            "API__SECRET_KEY": self._secrets["jwt"],
            "API_AUTH__JWT_SECRET": self._secrets["jwt"],
            "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2" if self._demo else "1",
            "DAG_PROCESSOR__PARSING_PROCESSES": "1",
            "USAGE_DATA_COLLECTION__ENABLED": "False",
        }
        return {
            **inherited,
            **{f"AIRFLOW__{name}": value for name, value in settings.items()},
            "AIRFLOW_HOME": str(self.home),
            **connections(os.environ),
            **({name: os.environ.get(name, period) for name, period in PERIODS.items()} if self._demo else {}),
        }

    def unpause(self) -> None:
        """Let the DAGs of the watch run; raises `SetupError` where Airflow does not take it."""
        if not self._demo:
            return
        for dag in STEPS:
            self._ask("PATCH", f"/api/v2/dags/{dag}", {"is_paused": False})

    # ------------------------------------------------------------ what it says

    def note(self) -> str:
        """One line on the runs of the DAGs."""
        return "  ".join(f"{STEPS[dag]} {_told(states)}" for dag, states in self.runs().items())

    def runs(self) -> dict[str, Counter[str]]:
        """By DAG of the watch: how many runs are in which state (`success`, `failed`, `running`, `queued`), of the last
        hundred; some seconds old.
        """
        at, found = self._seen
        if time.monotonic() - at < _GLANCE_S:
            return found
        with contextlib.suppress(SetupError):
            answer = self._ask("GET", "/api/v2/dags/~/dagRuns?limit=100&order_by=-run_after")
            found = {dag: Counter(run["state"] for run in answer["dag_runs"] if run["dag_id"] == dag) for dag in STEPS}
        self._seen = (time.monotonic(), found)
        return found

    def _missing(self) -> list[str]:
        """What is not up yet."""
        try:
            health = self._request("GET", "/api/v2/monitor/health")
        except SetupError:
            return ["the api-server"]
        parts = {"scheduler": "scheduler", "dag_processor": "dag-processor", "triggerer": "triggerer"}
        missing = [name for key, name in parts.items() if (health.get(key) or {}).get("status") != "healthy"]
        if missing:
            return missing
        try:
            known = {dag["dag_id"] for dag in self._ask("GET", "/api/v2/dags?limit=100")["dags"]}
        except SetupError:
            return ["the login"]
        return ["the DAGs"] if STEPS.keys() - known else []

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        """A request as admin, repeated for some seconds: SQLite answers "locked" when many write."""
        for wait in (0.5, 1.0, 2.0, 4.0, None):
            try:
                if not self._token:
                    login = {"username": "admin", "password": self._secrets["admin"]}
                    self._token = self._request("POST", "/auth/token", login)["access_token"]
                return self._request(method, path, body)
            except SetupError:
                self._token = ""
                if wait is None:
                    raise
            time.sleep(wait)
        raise AssertionError("not reached")

    def _request(self, method: str, path: str, body: object = None) -> Any:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self._token}"} if self._token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310 - our own address
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise SetupError(f"Airflow answers {error.code} to {method} {path}: {error.read(300).decode(errors='replace')}") from error
        except (OSError, ValueError) as error:
            raise SetupError(f"Airflow does not answer {method} {path}: {error}") from error


def connections(environ: Mapping[str, str]) -> dict[str, str]:
    """`elasticsearch_default` and `smtp_default`, made of the variables that the `wirewatch` command reads."""
    found: dict[str, dict[str, Any]] = {}
    if url := environ.get("ELASTICSEARCH_URL"):
        parts = urlsplit(url)
        extra = {"api_key": environ.get("ELASTICSEARCH_API_KEY"), "ca_certs": environ.get("ELASTICSEARCH_CA")}
        found["ELASTICSEARCH"] = _connection("elasticsearch", parts, schema=parts.scheme, extra=extra)
    if url := environ.get("SMTP_URL"):
        parts = urlsplit(url)
        starttls = "starttls=1" in parts.query or "starttls=true" in parts.query
        extra_smtp = {"disable_ssl": parts.scheme != "smtps", "disable_tls": not starttls}
        found["SMTP"] = _connection("smtp", parts, schema=None, extra=extra_smtp)
    return {f"AIRFLOW_CONN_{name}_DEFAULT": json.dumps(connection) for name, connection in found.items()}


def _connection(kind: str, parts: Any, *, schema: str | None, extra: Mapping[str, object]) -> dict[str, Any]:
    given = {
        "conn_type": kind,
        "host": parts.hostname,
        "port": parts.port,
        "schema": schema,
        "login": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "extra": {name: value for name, value in extra.items() if value is not None},
    }
    return {name: value for name, value in given.items() if value is not None}


def _secrets(home: Path) -> dict[str, str]:
    """Passwords and keys of this home, made at the first start."""
    home.mkdir(parents=True, exist_ok=True)
    kept = home / "secrets.json"
    if kept.is_file():
        return dict(json.loads(kept.read_text()))
    made = {
        "admin": secrets.token_urlsafe(9),
        "viewer": secrets.token_urlsafe(9),
        "jwt": secrets.token_hex(48),
        "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
    kept.touch(mode=0o600)
    kept.write_text(json.dumps(made))
    return made


def _told(states: Mapping[str, int]) -> str:
    under_way = states.get("running", 0) + states.get("queued", 0)
    failed = f" {states['failed']}✗" if states.get("failed") else ""
    return f"{states.get('success', 0)}✓{failed}" + ("…" if under_way else "")
