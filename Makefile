# make demo   run a whole study on two rendered domains and write its report
# make test   run the tests
# make check  style, types, import rules
# make docs   build the documentation into site/
#
# Each target makes the virtual environment .venv and installs what it needs when it is first
# used. PYTHON=python3.12 chooses the interpreter. On Linux, pip installs the CUDA build of torch;
# TORCH_INDEX=https://download.pytorch.org/whl/cpu takes the CPU build, which is far smaller.

SUITABLE = -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p $(SUITABLE) 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check docs clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: $(VENV)/.run
	$(BIN)/isthmus demo $(ARGS)

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check src tests
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.docs
	$(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) site dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# A stamp says that an installation is complete and as new as pyproject.toml.
$(VENV)/.created:
	@test -n "$(PYTHON)" || { echo "isthmus needs Python 3.11 or newer; give one: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) $(SUITABLE) || { echo "$(PYTHON): isthmus needs Python 3.11 or newer" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.run: pyproject.toml | $(VENV)/.created
	@echo "Installing into $(VENV) (once; some minutes)" >&2
	$(PIP) -e .
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/.created
	@echo "Installing into $(VENV) (once; some minutes)" >&2
	$(PIP) -e '.[test]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.created
	@echo "Installing into $(VENV) (once; some minutes)" >&2
	$(PIP) -e '.[dev]'
	@touch $@

$(VENV)/.docs: pyproject.toml | $(VENV)/.created
	@echo "Installing into $(VENV) (once; some minutes)" >&2
	$(PIP) -e '.[docs]'
	@touch $@
