# The two commands of the README: `make demo` and `make test`. Each does all the set-up.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test check lint types imports tree format clean

$(VENV)/base: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -e .
	@touch $@

$(VENV)/dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -e '.[dev]'
	@touch $@

# A folder of symlinks in which `aitia` looks as it does when installed: mypy and import-linter
# cannot see through the editable map.
tree:
	@rm -rf build/tree && mkdir -p build/tree/aitia
	@for p in aitia/*; do case $$p in *__pycache__) ;; *) ln -s ../../../$$p build/tree/aitia/;; esac; done
	@for p in agent graphs models tools; do ln -s ../../../$$p build/tree/aitia/$$p; done

lint: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/dev tree
	MYPYPATH=build/tree $(BIN)/mypy -p aitia

imports: $(VENV)/dev tree
	cd build/tree && PYTHONPATH=. $(abspath $(BIN))/lint-imports --config ../../pyproject.toml

check: lint types imports
	$(BIN)/pytest

format: $(VENV)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache
