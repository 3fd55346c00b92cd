# Clientele. `make app` looks at a shop, `make test` checks the program; `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
BENCH := .venv-bench/bin
# Some images of Python set it: each worker and server would compile every library anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help app test test-all test-spark check lint types layers scan tests screens bench fmt clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

app: .venv/app.stamp ## start the dashboard on the demo store (this machine only)
	@echo "Clientele opens at the address below; Ctrl-C ends it."
	CLIENTELE_SINGLE_USER=1 exec $(BIN)/streamlit run app.py \
	  --server.address 127.0.0.1 --browser.serverAddress 127.0.0.1 $(if $(PORT),--server.port $(PORT))

test: ## set up and run every check but the slow ones
	@$(MAKE) --no-print-directory -j2 .venv/dev.stamp
	$(MAKE) --no-print-directory check

test-all: .venv/dev.stamp ## the same and what is slow
	@$(MAKE) --no-print-directory lint types layers scan
	@$(PYTEST) -n 2 --dist loadgroup -m "not spark" -o faulthandler_timeout=1800
	@$(MAKE) --no-print-directory test-spark

test-spark: .venv/spark.stamp ## the numbers on Spark: all here; of each kind one on a master with two workers and on Spark Connect
	@for kind in local cluster connect; do
	  echo "== Spark: $$kind"
	  CLIENTELE_TEST_SPARK=$$kind $(PYTEST) -o faulthandler_timeout=1800 -m spark tests/engines
	done

check: lint ## every check, nothing set up
	@$(MAKE) --no-print-directory -j3 layers types tests

lint:
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types:
	@$(BIN)/basedpyright

layers:
	@$(BIN)/lint-imports --no-logo

scan: # bandit, from medium severity on; at every check ruff's S rules do the same in a moment
	@$(BIN)/bandit -q -ll -r app.py crm_core pages tools -c pyproject.toml

tests:
	@$(PYTEST) -n 2 --dist loadgroup -m "not slow"

fmt: ## put the code into its one form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

screens: .venv/dev.stamp ## save a picture of every page, light, dark, narrow and Chinese
	@$(BIN)/python tests/browser/screens.py artefacts/screens

bench: .venv-bench/bench.stamp ## measure speed against other programs; ONLY="call pairs" measures some
	@failed=()
	for script in $(if $(ONLY),$(ONLY:%=bench/%.py),bench/[a-z]*.py); do
	  echo "== $$script"
	  OPENBLAS_NUM_THREADS=1 PYTHONPATH=. $(BENCH)/python "$$script" || failed+=("$$script")
	done
	[ $${#failed[@]} -eq 0 ] || { echo "Failed: $${failed[*]}" >&2; exit 1; }

clean: ## remove environments and caches; the stores stay
	@rm -rf .venv .venv-bench .pytest_cache .ruff_cache .import_linter_cache .hypothesis

%/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one by  make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || tools/debian.sh $(notdir $(PYTHON))-venv
	echo "Setting up $* (some minutes, once)"
	$(PYTHON) -m venv $*

.venv/app.stamp: requirements.txt | .venv/bin/python
	@tools/install.sh .venv -r requirements.txt
	touch $@

.venv/debian.stamp: | .venv/bin/python
	@tools/debian.sh chromium fonts-noto-cjk mariadb-server-core mariadb-client-core
	touch $@

.venv/dev.stamp: requirements-dev.txt .venv/app.stamp | .venv/debian.stamp
	@tools/install.sh .venv -r requirements.txt -r requirements-dev.txt
	touch $@

.venv/spark.stamp: requirements-spark.txt .venv/dev.stamp
	@command -v java >/dev/null || tools/debian.sh openjdk-17-jre-headless
	tools/install.sh .venv -r requirements-spark.txt
	touch $@

.venv-bench/bench.stamp: requirements.txt bench/requirements.txt | .venv-bench/bin/python
	@tools/debian.sh chromium
	tools/install.sh .venv-bench -r requirements.txt -r bench/requirements.txt
	touch $@

.PRECIOUS: %/bin/python
