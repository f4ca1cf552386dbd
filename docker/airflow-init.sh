#!/bin/bash
# Before Airflow starts: its database, who may log in, and the rules that the watch works by.
set -euo pipefail
umask 077
python - <<'PYTHON'
import json, os
from pathlib import Path

users = {"admin": os.environ["AIRFLOW_ADMIN_PASSWORD"], "viewer": os.environ["AIRFLOW_VIEWER_PASSWORD"]}
Path("/opt/airflow/auth/passwords.json").write_text(json.dumps(users))
PYTHON
airflow db migrate
exec wirewatch check --publish
