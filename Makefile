# The two commands of the README: `make demo` and `make test`. Each does all the set-up.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
VENV ?= .venv
EXTRAS ?= dev,llm
SCENARIO ?= scenarios/connection-exhaustion
# `auto` is one more than there are cores (tests/conftest.py). Each worker begins with its share in order, so what a file or folder sets
# up is made once as a rule, and who is done takes half of what another one still has: no long file is left for the end.
PYTEST ?= -n auto --dist worksteal
# Several tests share the cores: threads for small matrices only wait for one another.
export OPENBLAS_NUM_THREADS = 1
export OMP_NUM_THREADS = 1
# Tests start aitia a hundred times: each start would compile all of it again.
unexport PYTHONDONTWRITEBYTECODE
# llama.cpp without its part for images, which is a quarter of what is compiled.
export CMAKE_ARGS ?= -DLLAVA_BUILD=OFF
BIN := $(VENV)/bin

.PHONY: demo test test-long test-benchmarks check tests lint types imports tree format drawing schema docs clean

demo: $(VENV)/base
	@PATH="$(abspath $(BIN)):$$PATH" bash scenarios/demo.sh $(SCENARIO)

# Format, lint, types, imports, tests. EXTRAS=dev,all,record adds what is optional. Many whole runs are in test-long.
test: $(VENV)/$(EXTRAS) check

# mypy takes half a minute of one core where it has no cache: the tests do not wait for it.
check: lint imports
	@$(MAKE) --no-print-directory -j 2 types tests

tests:
	$(BIN)/pytest $(PYTEST) -m "not long" --ignore=tests/benchmarks

# Attacks, killings, crowds: many whole runs and services.
test-long: $(VENV)/$(EXTRAS)
	$(BIN)/pytest $(PYTEST) -m long --ignore=tests/benchmarks

# The benchmark scripts on small data, and the smaller copy of the attacks with their limits.
test-benchmarks: $(VENV)/$(EXTRAS)
	$(BIN)/pytest $(PYTEST) tests/benchmarks

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/base: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install -q -c constraints.txt -e .
	@touch $@

$(VENV)/$(EXTRAS): pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing aitia[$(EXTRAS)]: llama.cpp is built from source once, some minutes"
	$(BIN)/pip install -q -c constraints.txt -e '.[$(EXTRAS)]'
	@touch '$@'

# A folder of symlinks in which `aitia` looks as it does when installed: mypy and import-linter
# cannot see through the editable map.
tree:
	@rm -rf build/tree && mkdir -p build/tree/aitia
	@for p in aitia/*; do case $$p in *__pycache__) ;; *) ln -s ../../../$$p build/tree/aitia/;; esac; done
	@for p in agent graphs models tools; do ln -s ../../../$$p build/tree/aitia/$$p; done

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: tree
	MYPYPATH=build/tree $(BIN)/python .ci/types.py

imports: tree
	cd build/tree && PYTHONPATH=. $(abspath $(BIN))/lint-imports --config ../../pyproject.toml

format:
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Snapshots that tests hold against the code.
drawing:
	$(BIN)/python -m aitia.graphs.drawing > docs/graph.md

schema:
	$(BIN)/aitia schema > docs/report.schema.json
	$(BIN)/aitia schema --work-order > docs/work_order.schema.json

# The documentation site, into build/site. Needs the extra `docs`.
docs: tree
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
