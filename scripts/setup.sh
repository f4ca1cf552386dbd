#!/bin/sh
# Make .venv: the locked packages, the `wirewatch` command and the Elasticsearch jars. Safe to run again at any time.
set -eu

say() { printf '%s\n' "$*" >&2; }

suitable() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; }

python=""
for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
  if suitable "$candidate"; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
  say "Wirewatch needs Python 3.11, 3.12 or 3.13; found none. Install one, or name it: make PYTHON=/path/to/python3.12 demo"
  exit 2
fi
case "$(uname -s)" in
  Linux | Darwin) ;;
  *) say "Wirewatch runs on Linux and macOS. On Windows, use WSL2."; exit 2 ;;
esac

if ! suitable .venv/bin/python; then
  rm -rf .venv
  "$python" -m venv .venv || { say "$python cannot make virtual environments (Debian and Ubuntu: apt install python3-venv)"; exit 2; }
fi

say "Installing packages (about 400 MB on disk) …"
# uv installs the same lock about twenty times as fast as pip; where it cannot be had, pip does it.
if .venv/bin/pip install -q --disable-pip-version-check --require-hashes -r scripts/uv.txt 2>/dev/null &&
  .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r requirements.lock; then
  :
else
  say "uv could not do it: trying pip, which takes some minutes …"
  .venv/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
fi
.venv/bin/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .

if [ -z "${ELASTICSEARCH_URL:-}" ]; then
  say "Fetching Elasticsearch (about 46 MB, once) …"
  .venv/bin/python -m wirewatch.embedded.artifacts || say "Going on without it."
fi
