# Verbs for people, hooks and CI alike; each sets up what it needs and is quick when nothing changed.
ifeq ($(OS),Windows_NT)
PYTHON ?= python
BIN := .venv/Scripts
else
PYTHON ?= python3
BIN := .venv/bin
endif
RUN := $(BIN)/python -m
ARGS ?=
SIZE ?= 0.6B

.DEFAULT_GOAL := help
.PHONY: help run test test-quick check format docs translations screenshots bench bench-engine bench-ui load lock clean install-run install-dev

help: ## Say what there is to make.
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z-]*\):.*## /  make \1: /p' Makefile

run: install-run ## Start Redis, API, worker and dashboard (ARGS='--port 9000' sets what it takes).
	@$(RUN) tools.up $(ARGS)

test: install-dev ## Run every test (ARGS='-k name' chooses some).
	$(RUN) pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

test-quick: install-dev ## Run the tests that take seconds.
	$(RUN) pytest -n 3 --dist loadfile -m "not slow and not browser and not docker and not gpu" $(ARGS)

check: install-dev ## Lint, types, import rules, and docs that have drifted from the code.
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) pyright
	$(BIN)/lint-imports
	$(RUN) tools.docs --check
	$(RUN) tools.translations --check

format: install-dev ## Rewrite the code in the one format.
	$(RUN) ruff check --fix
	$(RUN) ruff format

docs: install-dev ## Write the pages that come from the code.
	$(RUN) tools.docs

translations: install-dev ## List what the dashboard says, for translators.
	$(RUN) tools.translations

screenshots: install-dev ## Take the pictures of the docs (ARGS='--all folder' takes every page in every way).
	$(RUN) tools.screenshots $(ARGS)

bench: install-dev ## Measure what service and pipelines add to the engine's time (ARGS='--only pipelines').
	$(RUN) tools.bench $(ARGS)

bench-engine: install-dev ## Measure our engine beside others (SIZE=tiny, 0.6B or 1.7B; ARGS='--minutes 20').
	$(RUN) tools.bench.engine --size $(SIZE) $(ARGS)

bench-ui: install-dev ## Measure how long the dashboard's pages take to be usable (ARGS='--runs 3').
	$(RUN) tools.bench.ui $(ARGS)

load: install-dev ## Send many clients at once (ARGS='--clients 50 --seconds 60').
	$(RUN) tools.load $(ARGS)

lock: install-dev ## Resolve constraints.txt anew (ARGS=gradio lets gradio change); needs uv.
	$(RUN) tools.lock $(ARGS)

clean: ## Remove .venv and caches; never models, voices or outputs.
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache

install-run:
	@$(PYTHON) tools/install.py auto $(ARGS)

install-dev:
	@$(PYTHON) tools/install.py dev
