# Everything sets itself up: a .venv with the pinned dependencies of requirements.lock.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint fmt types imports collected golden package-test simulate bench lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Compiled modules are kept, whatever the caller prefers: the tests start dozens of processes, and
# pytest rewrites each assertion of every test file anew where it may keep nothing.
export PYTHONDONTWRITEBYTECODE :=
# Threads that look for work cost a fifth of what the tests' frames of a few dozen rows do.
ONE_THREAD := POLARS_MAX_THREADS=1

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv with the pinned dependencies
$(READY): requirements.lock setup.cfg pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("callrouter needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) 2>/dev/null || $(PYTHON) -m venv --clear --without-pip $(VENV)
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python .ci/get_pip.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## Watch simulated calls being routed, failed over and recorded
	$(BIN)/callrouter demo

test: $(READY) ## Lint, types, import contracts, tests on SQLite and PostgreSQL, coverage
	@$(MAKE) --no-print-directory --jobs 2 --output-sync types lint imports collected
	$(ONE_THREAD) $(BIN)/pytest -n 2 --dist worksteal --cov --cov-report=
	$(BIN)/coverage report --fail-under=95
	$(BIN)/coverage report --include='callrouter/domain/*' --fail-under=100

check: test ## The same

lint: $(READY) ## Style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

fmt: $(READY) ## Rewrite the style where it can be
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY) ## mypy --strict
	$(BIN)/mypy

imports: $(READY) ## The layout's import contracts
	$(BIN)/lint-imports

# Rewrites the assertions of a fresh clone's tests once, beside mypy, instead of in each process that
# runs them and while lines are counted.
collected: $(READY)
	@found=$$($(BIN)/pytest -qq --collect-only) || { echo "$$found"; exit 1; }

golden: $(READY) ## Rewrite the texts that tests compare whole; read the diff afterwards
	UPDATE_GOLDENS=1 $(BIN)/pytest -q -k golden

simulate: $(READY) ## 2,000 simulated calls with every fault, on SQLite and on PostgreSQL (minutes)
	$(BIN)/callrouter simulate --calls 2000 --faults all --check
	$(BIN)/python -m benchmarks.postgresql $(BIN)/callrouter simulate --calls 2000 --faults all --check --database

package-test: $(READY) ## Build the wheel, install it into an empty venv, run its demo
	$(BIN)/python .ci/package_test.py

bench: $(READY) ## Measure against a bare Flask view; writes benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

lock: $(READY) ## Pin the newest dependencies that setup.cfg allows
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header setup.cfg --extra dev -o requirements.lock

clean: ## Remove what was made, but no data
	rm -rf $(VENV) build dist *.egg-info .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
