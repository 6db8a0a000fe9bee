# make run: environment, install, diagnosis of this host.   make test: the whole suite.
# Needs Python 3.11 or later; uses uv where it is present.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml hatch_build.py $(wildcard src/jinmaek/locale/*/LC_MESSAGES/*.po)
EXAMPLES ?= 2000

.PHONY: run install test check pytest bench docs site clean

run: install
	@$(BIN)/jinmaek

install: $(VENV)/installed

$(VENV)/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "jinmaek needs Python 3.11 or later on the PATH"; exit 2; }
	@if command -v uv >/dev/null; then uv venv --quiet --python "$$(command -v $(PYTHON))" $(VENV); \
	else $(PYTHON) -m venv $(VENV) || { echo "python's venv is missing: install python3-venv"; exit 2; }; fi

$(VENV)/installed: $(VENV)/pyvenv.cfg $(SOURCES)
	@echo "installing jinmaek into $(VENV)"
	@if command -v uv >/dev/null; then uv pip install --quiet --python $(BIN)/python -e .; \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check -e .; fi
	@$(BIN)/python -m compileall -q src
	@touch $@

$(VENV)/tested: $(VENV)/installed
	@echo "installing what the tests need"
	@if command -v uv >/dev/null; then uv pip install --quiet --python $(BIN)/python -e '.[dev]'; \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'; fi
	@touch $@

check: $(VENV)/tested
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

pytest: $(VENV)/tested
	JINMAEK_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest

test: check pytest

bench: $(VENV)/installed
	$(BIN)/python bench/startup.py
	$(BIN)/python bench/diagnose.py

# The pages of docs/rules and docs/reference, from the objects; the whole site is in build/site.
docs: $(VENV)/installed
	$(BIN)/python docs/generate.py

site: docs $(VENV)/tested
	$(BIN)/python -m mkdocs build --strict --quiet

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
