# `make` lists what there is. Everything works from a fresh clone with nothing but Python 3.11 or newer.

# The version the pins were made with comes first; any from 3.11 on will do.
ifndef PYTHON
PYTHON := $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
endif
NEEDS_PYTHON = test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none is on the PATH."; exit 1; }
VENV_PYTHON = .venv/bin/python
VAR = $(or $(BACKOFFICE_VAR),var)
export PYTHONUNBUFFERED = 1

.DEFAULT_GOAL := help
.PHONY: help run reset test check fix bench i18n venv venv-dev

help: ## This list
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | \
		awk -F '\t' '{ printf "  make %-10s %s\n", $$1, $$2 }'

run: ## Set up what is missing and serve the demo at http://127.0.0.1:8000/ (PORT=… for another port)
	@$(NEEDS_PYTHON)
	@$(PYTHON) scripts/environment.py demo
	@$(VENV_PYTHON) scripts/demo.py run

reset: venv ## Throw the demo's data, files and keys away; the next `make run` starts over
	@$(VENV_PYTHON) scripts/demo.py reset

test: venv-dev ## Run every test, in the browser too (ARGS="…" goes to pytest)
	@$(VENV_PYTHON) scripts/i18n.py compile
	@$(VENV_PYTHON) scripts/tests.py $(ARGS)

check: venv-dev ## Run every check that is not a test: style, types, layers, Django's own, migrations, translations
	@$(VENV_PYTHON) scripts/checks.py

fix: venv-dev ## Bring the code into the one format and fix what the linter can fix by itself
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

bench: venv-dev ## Run the benchmarks; each writes its figures to var/bench/ as JSON
	@set -e; mkdir -p $(VAR)/bench; for file in bench/[!_]*.py; do \
		name=$$(basename $$file .py); echo "==> $$name"; \
		$(VENV_PYTHON) $$file --out $(VAR)/bench/$$name.json; done

i18n: venv-dev ## Bring the Chinese catalogue in step with the texts in the sources, compile it, say what lacks
	@$(VENV_PYTHON) scripts/i18n.py update
	@$(VENV_PYTHON) scripts/i18n.py compile
	@$(VENV_PYTHON) scripts/i18n.py check

venv: ## Make .venv with the product's pinned packages
	@$(NEEDS_PYTHON)
	@$(PYTHON) scripts/environment.py app

venv-dev: ## The same with the packages for tests and checks
	@$(NEEDS_PYTHON)
	@$(PYTHON) scripts/environment.py dev
