# Every target makes what it needs: `make demo` and `make test` work on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: setup demo up test test-faults test-unprotected fuzz test-scale page-speed soak supply-chain lint format dashboards schemas lock env clean help
.DEFAULT_GOAL := help

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv with the `wirewatch` command, the locked packages and the Elasticsearch jars

$(READY): requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" sh scripts/setup.sh
	@touch $@

demo: $(READY) ## Watch a small newsroom on this machine until its story breaks (ARGS="--seed 7 --story flood")
	@$(BIN)/wirewatch demo $(ARGS)

up: $(READY) ## Run the watch on config/ and real feeds
	@$(BIN)/wirewatch up $(ARGS)

test: $(READY) ## Lint, types and all tests
	@# Side by side: types take half a minute of one core, and the end is pytest's own summary.
	@$(MAKE) -s lint & lint=$$!; $(BIN)/pytest $(ARGS); tests=$$?; wait $$lint && exit $$tests || { echo "lint: see above" >&2; exit 1; }

test-faults: $(READY) ## Break everything that can break, and compare with a ledger; writes docs/faults.md (half an hour; FAULTS_EVERY=5 is quick)
	@FAULTS_TABLE=1 $(BIN)/pytest tests/faults $(ARGS)

test-unprotected: $(READY) ## Take each protection away in a copy of the code, and see the fault suite fail (ten minutes)
	@FAULTS_TABLE=1 $(BIN)/python -m tests.faults.unprotected $(ARGS)

fuzz: $(READY) ## Feed hostile input to all that reads what others wrote, each target for MINUTES=10 (ARGS="feeds pages")
	@PYTHONPATH=plugins $(BIN)/python -m tests.fuzz.run --minutes $(or $(MINUTES),10) $(ARGS)

test-scale: $(READY) ## Two Celery workers on PostgreSQL and Redis, one of them killed (a quarter of an hour; needs Debian's postgresql and redis-server)
	@$(BIN)/uv pip install -q -c requirements.lock -r scripts/scale.txt
	@$(BIN)/pytest -s tests/scale $(ARGS)

page-speed: $(READY) ## How long each view of the page takes with 1,000 topics, 50,000 articles and 200 incidents (three minutes)
	@$(BIN)/python -m benchmarks.page_speed $(ARGS)

soak: $(READY) ## Weeks of the running watch on a simulated clock, with curves of memory, files and latency (ARGS="--feeds 200 --articles 20000")
	@PYTHONPATH=plugins $(BIN)/python -m benchmarks.soak --png docs/images/soak.png $(ARGS)

supply-chain: $(READY) ## Bill of materials, licences, secrets in the history, and known vulnerabilities (ARGS="audit")
	@$(BIN)/python scripts/supply_chain.py $(ARGS)

lint: $(READY) ## Lint and types only
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(READY) ## Put the code in its usual form
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

dashboards: $(READY) ## Write config/kibana/wirewatch.ndjson anew
	@$(BIN)/wirewatch kibana build > config/kibana/wirewatch.ndjson

schemas: $(READY) ## Write config/schemas/*.json and docs/configuration.md anew
	@$(BIN)/python -m wirewatch.config.json_schema config/schemas
	@$(BIN)/python -m wirewatch.config.reference docs/configuration.md

lock: $(READY) ## Choose the newest allowed versions of all packages anew
	@$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" --extra dev pyproject.toml -o requirements.lock
	@echo uv | $(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" - -o scripts/uv.txt

env: ## Write .env with fresh secrets for docker-compose.yml (ARGS=--scale for several workers and nodes)
	@$(PYTHON) docker/make_env.py $(ARGS)

clean: ## Remove what the demo and the tests made; .venv stays
	@rm -rf .wirewatch .pytest_cache .mypy_cache .ruff_cache .hypothesis
