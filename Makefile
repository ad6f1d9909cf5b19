# Everything a newcomer needs: `make demo` shows the product, `make test` passes the tests.
SHELL := bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
STAMP := $(VENV)/.installed
DEMO_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo check test unit e2e chaos bench docs lock format clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv with everything in it; the CLI is then .venv/bin/fairway

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements/installer.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes \
		--requirement requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

demo: setup ## Show the product in a minute: deploy, promote, break, recover
	@$(BIN)/python examples/demo.py $(DEMO_ARGS)

check: setup ## Lint, types, layers, house rules, unit and golden tests; under a minute
	@$(BIN)/ruff format --check --quiet src tests benchmarks examples
	@$(BIN)/ruff check --quiet src tests benchmarks examples
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest --quiet tests/tidy tests/unit tests/golden

test: setup ## All tests, on real components; says which it used
	@$(BIN)/python -m pytest

e2e: setup ## The whole product, driven from outside
	@$(BIN)/python -m pytest tests/e2e

chaos: setup ## Kill the platform at N random instants: make chaos N=200
	@FAIRWAY_CHAOS_KILLS=$(or $(N),200) $(BIN)/python -m pytest tests/chaos

bench: setup ## Print one figure per benchmark, each beside its peer
	@for file in benchmarks/bench_*.py; do $(BIN)/python -m benchmarks.$$(basename $$file .py) || exit 1; done

docs: setup ## Write the generated pages anew, then run every page and check every block
	@$(BIN)/python docs/reference/generate.py
	@$(BIN)/python -m pytest --quiet tests/docs

lock: setup ## Resolve the dependencies anew
	@cd requirements && for name in installer runtime dev; do $(MAKE) --no-print-directory -f ../Makefile lock-$$name; done

lock-installer:
	@echo "uv" | ../$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --quiet --no-header - --output-file installer.txt

lock-runtime:
	@../$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --quiet --no-header --all-extras ../pyproject.toml --output-file runtime.txt

lock-dev:
	@../$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --quiet --no-header --all-extras --group ../pyproject.toml:dev ../pyproject.toml --output-file dev.txt

format: setup ## Format the code
	@$(BIN)/ruff format src tests benchmarks examples
	@$(BIN)/ruff check --fix --quiet src tests benchmarks examples

clean: ## Remove what was made here, the virtual environment too
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
