"""Write .env for docker-compose.yml with fresh secrets; an existing .env is completed, never changed. Standard library only.

`--scale` adds what the profile `scale` needs.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path


def password() -> str:
    """24 letters and digits: safe in URLs, shells and YAML."""
    return "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789") for _ in range(24))


def fernet_key() -> str:
    """32 random bytes as `cryptography.fernet` takes them."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def user_id() -> str:
    """Whose files the containers write; root's are not."""
    uid = os.getuid()
    return str(uid) if uid else "50000"


VALUES: Mapping[str, Callable[[], str]] = {
    "AIRFLOW_UID": user_id,
    "AIRFLOW_ADMIN_PASSWORD": password,
    "AIRFLOW_VIEWER_PASSWORD": password,
    "AIRFLOW_FERNET_KEY": fernet_key,
    "AIRFLOW_JWT_SECRET": lambda: secrets.token_hex(48),
    "AIRFLOW_SECRET_KEY": lambda: secrets.token_hex(32),
    "POSTGRES_PASSWORD": password,
    "REDIS_PASSWORD": password,
    "ELASTIC_PASSWORD": password,
    "KIBANA_SYSTEM_PASSWORD": password,
    "KIBANA_ENCRYPTION_KEY": lambda: secrets.token_hex(32),
    "WIREWATCH_ELASTICSEARCH_PASSWORD": password,
}


SCALE: Mapping[str, Callable[[], str]] = {
    "COMPOSE_PROFILES": lambda: "scale",
    "AIRFLOW_EXECUTOR": lambda: "CeleryExecutor",
    # The first node forms the cluster, and the others join it.
    "ELASTICSEARCH_CLUSTER": lambda: "-Ecluster.initial_master_nodes=elasticsearch -Ediscovery.seed_hosts=elasticsearch-2,elasticsearch-3",
}


def main(path: Path, *, scale: bool) -> int:
    """Complete `path`, with `scale` for several workers and nodes; 0 always."""
    wanted = {**VALUES, **SCALE} if scale else VALUES
    old = path.read_text(encoding="utf-8") if path.exists() else "# Secrets of docker-compose.yml. Keep this file to yourself.\n"
    there = {line.split("=", 1)[0].strip() for line in old.splitlines() if "=" in line and not line.lstrip().startswith("#")}
    new = [f"{name}={make()}" for name, make in wanted.items() if name not in there]
    if new:
        text = old + ("" if old.endswith("\n") else "\n") + "\n".join(new) + "\n"
        # Made readable for its owner alone before a secret is in it, and put in place whole.
        waiting = path.with_name(f"{path.name}.new")
        descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        waiting.replace(path)
    print(f"{path}: {len(new)} values written, {len(there)} kept")  # noqa: T201 - a command
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parents[1] / ".env", scale="--scale" in sys.argv[1:]))
