"""Every DAG keeps to the house's rules, and the wiring says what Airflow does with our errors."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wirewatch import errors

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "dags").glob("*.py"))
WATCH = {"poll_feeds", "process_articles", "detect_spikes", "notify"}

READ = """
import json, sys, warnings
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

bag = DagBag(dag_folder=sys.argv[1], collect_dags=True)
print("FOUND " + json.dumps({
    "errors": bag.import_errors,
    "dags": {id: DagSerialization.to_dict(dag) for id, dag in bag.dags.items()},
}, default=str))
"""


def airflow_environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of an Airflow that knows this project and nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "WIREWATCH_"))}
    return {
        **kept,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "PYTHONPATH": str(ROOT / "plugins"),
        **more,
    }


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("airflow")


@pytest.fixture(scope="session")
def bag(airflow_home: Path) -> dict[str, Any]:
    """What Airflow reads in dags/: its `errors`, and the serialized `dags` by id."""
    return read_dags(airflow_home)


def read_dags(home: Path, **environment: str) -> dict[str, Any]:
    """Read dags/ in a process of its own: Airflow takes its settings from the environment when it is first imported."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(ROOT / "dags")],
        env=airflow_environment(home, **environment),
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("FOUND "))
    found: dict[str, Any] = json.loads(line.removeprefix("FOUND "))
    return found


def tasks_of(dag: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each task's settings by id; a mapped task's are those it is mapped with."""
    plain = [task["__var"] for task in dag["dag"]["tasks"]]
    return {task["task_id"]: {**task.get("partial_kwargs", {}), **task} for task in plain}


def test_airflow_reads_every_file(bag: dict[str, Any]) -> None:
    assert bag["errors"] == {}
    assert bag["dags"].keys() == {path.stem for path in FILES}
    assert bag["dags"].keys() >= WATCH


@pytest.mark.parametrize("id", [path.stem for path in FILES])
def test_a_dag_says_what_it_does_and_keeps_to_the_rules(bag: dict[str, Any], id: str) -> None:
    dag = bag["dags"][id]["dag"]
    assert dag["doc_md"].strip().startswith("###")
    assert "wirewatch" in dag["tags"]
    assert len(dag["tags"]) >= 2
    assert dag["max_active_runs"] == 1
    assert dag["catchup"] is False
    assert "timetable" in dag
    for name, task in tasks_of(bag["dags"][id]).items():
        assert task["owner"] == "wirewatch", name
        assert task["retries"] >= 1, name
        assert task["has_retry_policy"] is True, name
        assert task["execution_timeout"], name
        assert not task.get("multiple_outputs"), f"{name} would write an XCom for every figure"
        if task.get("_is_mapped"):
            assert task["map_index_template"], name
            assert 1 <= task["max_active_tis_per_dagrun"] <= 8, name
        else:
            assert task["doc_md"], name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_short_and_imports_nothing_heavy(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 80
    tree = ast.parse(text)
    modules = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert modules <= {"__future__", "datetime", "typing", "airflow.sdk", "wirewatch.wiring.airflow"}
    assert not [node for node in tree.body if isinstance(node, ast.Import)]
    clocks = {"now", "today", "utcnow"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in clocks]


def test_each_step_wakes_the_next_and_each_has_a_time_to_fall_back_on(bag: dict[str, Any]) -> None:
    outlets = {
        id: {outlet["__var"]["uri"] for task in tasks_of(dag).values() for outlet in task.get("outlets", ())}
        for id, dag in bag["dags"].items()
    }
    for before, after in (("poll_feeds", "process_articles"), ("process_articles", "detect_spikes"), ("detect_spikes", "notify")):
        timetable = bag["dags"][after]["dag"]["timetable"]
        assert timetable["__type"].endswith("AssetOrTimeSchedule")
        assert outlets[before] & set(_uris(timetable["__var"]["asset_condition"]))
        assert timetable["__var"]["timetable"]["__var"]["delta"] > 0


def _uris(condition: Any) -> list[str]:
    if isinstance(condition, dict):
        own = [condition["uri"]] if "uri" in condition else []
        return own + [uri for value in condition.values() for uri in _uris(value)]
    return [uri for each in condition for uri in _uris(each)] if isinstance(condition, list) else []


def test_polling_goes_on_where_the_configuration_is_broken(bag: dict[str, Any]) -> None:
    tasks = tasks_of(bag["dags"]["poll_feeds"])
    assert tasks["publish_config"]["downstream_task_ids"] == ["plan"]
    assert tasks["plan"]["trigger_rule"] == "all_done"
    assert tasks["poll"].get("trigger_rule", "all_success") == "all_success"


WIRING = """
import asyncio, json, os, sys
from datetime import timedelta
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowSkipException
from wirewatch import errors
from wirewatch.config import Settings
from wirewatch.wiring import airflow as wiring

def every(given):
    os.environ["TRY_EVERY"] = given
    try:
        return wiring.every("TRY_EVERY", timedelta(minutes=5)).total_seconds()
    except errors.SetupError as error:
        return str(error)

def total(*given):
    try:
        return wiring.total(*given)
    except AirflowSkipException as skipped:
        return f"skipped: {skipped}"

problems = {
    "StoreUnavailable": errors.StoreUnavailable("no answer"),
    "ConfigError": errors.ConfigError([]),
    "FetchFailed": errors.FetchFailed("http://x", "timeout"),
    "Conflict": errors.Conflict("changed"),
    "KeyError": KeyError("a bug"),
}
cluster = wiring.cluster(Connection(
    conn_id="e", conn_type="elasticsearch", host="es.example", port=9243, schema="https", login="us/er", password="p@ss",
    extra=json.dumps({"ca_certs": "/ca.pem", "index_prefix": "desk"})))
plain = wiring.cluster(Connection(conn_id="e", conn_type="elasticsearch", extra=json.dumps({"api_key": "k"})))
mail = wiring.channels(Connection(
    conn_id="s", conn_type="smtp", host="mail.example", login="me", password="secret", extra=json.dumps({"disable_ssl": True})),
    Settings())["mail"]
named = Settings.model_validate({"alerts": {"recipients": {"desk": {"channels": ["asia-slack", "hook"]}}}})
os.environ["AIRFLOW_CONN_WIREWATCH_ASIA_SLACK"] = json.dumps({"conn_type": "generic", "password": "slack://a/b/c"})
os.environ["WIREWATCH_CHANNEL_HOOK"] = "https://hook.example/"

async def addresses():
    return [await wiring._address(name) for name in ("asia-slack", "hook", "none")]

print("FOUND " + json.dumps({
    "every": {given: every(given) for given in ("", "20s", "5m", "1h", "90", "0", "soon", "m")},
    "total": [total([{"new": 2}, None, {"new": 1, "failed": 4}], "new"), total([{"new": 0}], "new"), total([], "new")],
    "policy": {name: wiring.RETRY.evaluate(error, 1, 2).action.value for name, error in problems.items()},
    "cluster": [cluster.url, cluster.prefix, cluster.ca, cluster.api_key, "p%40ss" in repr(cluster)],
    "plain": [plain.url, plain.prefix, plain.api_key],
    "mail": [mail.host, mail.port, mail.user, mail.ssl, mail.starttls],
    "no mail": list(wiring.channels(None, Settings())),
    "channels": list(wiring.channels(None, named)),
    "addresses": asyncio.run(addresses()),
}))
"""


@pytest.fixture(scope="module")
def wiring(airflow_home: Path) -> dict[str, Any]:
    """What the wiring answers, in a process that has imported Airflow."""
    environment = airflow_environment(airflow_home)
    done = subprocess.run([sys.executable, "-c", WIRING], env=environment, capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("FOUND "))
    found: dict[str, Any] = json.loads(line.removeprefix("FOUND "))
    return found


def test_periods_come_from_the_environment(wiring: dict[str, Any]) -> None:
    given = wiring["every"]
    assert [given[text] for text in ("", "20s", "5m", "1h", "90", "0")] == [300, 20, 300, 3600, 90, 1]
    for text in ("soon", "m"):
        assert given[text] == f"TRY_EVERY={text}: a period such as 20s, 5m or 1h is needed"


def test_nobody_is_woken_for_nothing(wiring: dict[str, Any]) -> None:
    some, none, nobody = wiring["total"]
    assert some == {"new": 3, "failed": 4}
    assert none == "skipped: nothing for the next step: {'new': 0}"
    assert nobody.startswith("skipped")


def test_errors_of_the_two_families_are_retried_or_not(wiring: dict[str, Any]) -> None:
    assert wiring["policy"] == {
        "StoreUnavailable": "retry",
        "FetchFailed": "retry",
        "ConfigError": "fail",
        "Conflict": "fail",
        "KeyError": "default",
    }
    assert issubclass(errors.StoreUnavailable, errors.TransientError)


def test_connections_say_where_things_are(wiring: dict[str, Any]) -> None:
    assert wiring["cluster"] == ["https://us%2Fer:p%40ss@es.example:9243", "desk", "/ca.pem", None, False]
    assert wiring["plain"] == ["http://127.0.0.1:9200", "wirewatch", "k"]
    assert wiring["mail"] == ["mail.example", 25, "me", False, True]
    assert wiring["no mail"] == []


def test_addresses_of_channels_come_from_connections_or_the_environment(wiring: dict[str, Any]) -> None:
    assert wiring["channels"] == ["asia-slack", "hook"]
    assert wiring["addresses"] == ["slack://a/b/c", "https://hook.example/", None]
