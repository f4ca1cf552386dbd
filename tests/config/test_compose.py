"""docker-compose.yml: no default passwords, nothing open to the network, everything pinned; .env is made once."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
TEXT = COMPOSE.read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]


def make_env(folder: Path, *arguments: str) -> Path:
    """Run the script as `make env` does, in a copy of the project's layout."""
    (folder / "docker").mkdir(exist_ok=True)
    script = shutil.copy(ROOT / "docker" / "make_env.py", folder / "docker")
    subprocess.run([sys.executable, script, *arguments], check=True, capture_output=True)
    return folder / ".env"


def values(env: Path) -> dict[str, str]:
    lines = [line for line in env.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_every_secret_comes_from_the_environment_and_none_has_a_default() -> None:
    named = set(re.findall(r"\$\{(\w*(?:PASSWORD|SECRET|KEY)\w*)", TEXT))
    demanded = set(re.findall(r"\$\{(\w+):\?run make env\}", TEXT))
    assert named == demanded


def test_make_env_gives_everything_that_is_demanded(tmp_path: Path) -> None:
    found = values(make_env(tmp_path))
    assert set(re.findall(r"\$\{(\w+):\?", TEXT)) <= set(found)
    assert all(len(value) >= 24 for name, value in found.items() if name != "AIRFLOW_UID")


def test_make_env_keeps_what_is_there_and_shows_it_to_nobody(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ELASTIC_PASSWORD=mine\n# a remark\nEXTRA=1", encoding="utf-8")
    env = make_env(tmp_path)
    first = env.read_text(encoding="utf-8")
    assert values(env)["ELASTIC_PASSWORD"] == "mine"
    assert values(env)["EXTRA"] == "1"
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    assert make_env(tmp_path).read_text(encoding="utf-8") == first


def test_two_environments_share_no_secret(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = values(make_env(tmp_path / "a")), values(make_env(tmp_path / "b"))
    assert not [name for name in one if name != "AIRFLOW_UID" and one[name] == other[name]]


def test_more_workers_and_nodes_are_one_switch(tmp_path: Path) -> None:
    one = values(make_env(tmp_path))
    many = values(make_env(tmp_path, "--scale"))
    assert many | one == many, "what was there is kept"
    assert (many["COMPOSE_PROFILES"], many["AIRFLOW_EXECUTOR"]) == ("scale", "CeleryExecutor")
    scaled = {name for name, service in SERVICES.items() if service.get("profiles") == ["scale"]}
    assert scaled == {"redis", "airflow-worker", "elasticsearch-2", "elasticsearch-3"}
    certified = set(re.findall(r"--dns (\S+)", (ROOT / "docker" / "elasticsearch-setup.sh").read_text(encoding="utf-8")))
    nodes = {
        service["environment"]["node.name"]
        for name, service in SERVICES.items()
        if name in ("elasticsearch", *scaled) and "node.name" in service["environment"]
    }
    assert nodes == {"elasticsearch", "elasticsearch-2", "elasticsearch-3"}
    assert nodes <= certified
    assert set(re.findall(r"elasticsearch-\d", many["ELASTICSEARCH_CLUSTER"])) == nodes - {"elasticsearch"}


def test_what_runs_on_is_checked_bounded_and_not_root() -> None:
    lasting = {name: service for name, service in SERVICES.items() if service.get("restart") == "unless-stopped"}
    for name, service in lasting.items():
        assert service.get("mem_limit"), name
        assert service.get("user") != "0", name
    unchecked = {name for name, service in lasting.items() if "healthcheck" not in service}
    assert unchecked == {"mailpit", "airflow-cleanup"}


def test_ports_are_open_on_this_machine_only() -> None:
    for name, service in SERVICES.items():
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", ())), name


def test_images_are_pinned() -> None:
    for name, service in SERVICES.items():
        tag = service["image"].rpartition(":")[2]
        assert re.match(r"v?\d+(\.\d+)*$", tag), name


def test_the_packages_of_the_image_are_those_of_the_lock() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    version = re.search(r"^apache-airflow==([\d.]+)", lock, re.MULTILINE)
    assert version is not None
    assert f"ARG AIRFLOW_VERSION={version[1]}" in (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")


def test_scripts_have_no_syntax_errors() -> None:
    for script in (ROOT / "docker").glob("*.sh"):
        subprocess.run(["bash", "-n", script], check=True)


@pytest.mark.skipif(
    shutil.which("docker") is None or subprocess.run(["docker", "compose", "version"], check=False, capture_output=True).returncode != 0,
    reason="docker compose is not installed",
)
@pytest.mark.parametrize("arguments", [(), ("--scale",)])
def test_compose_takes_the_file(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    command = ["docker", "compose", "--env-file", str(make_env(tmp_path, *arguments)), "-f", str(COMPOSE), "config", "-q"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
