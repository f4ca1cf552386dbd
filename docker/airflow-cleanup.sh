#!/bin/bash
# Once a day: runs and logs of Airflow that are older than KEEP_RUNS_DAYS.
set -uo pipefail
while true; do
  airflow db clean --clean-before-timestamp "$(date -u -d "-${KEEP_RUNS_DAYS} days" +%Y-%m-%dT%H:%M:%S+00:00)" --skip-archive --yes
  find /opt/airflow/logs -type f -mtime "+${KEEP_RUNS_DAYS}" -delete
  find /opt/airflow/logs -mindepth 1 -type d -empty -delete
  sleep 86400
done
