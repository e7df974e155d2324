# Everything a person or a machine does with this repository. `make` alone lists it.
# GNU make 3.81 or newer (the one of macOS will do). Each target sets up what it needs in .venv.

VENV ?= .venv
BIN  := $(VENV)/bin
# With bytecode, whatever the surroundings say: else each of the hundreds of processes that tests start compiles Gnomon anew.
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest
# One worker more than there are cores, since many tests wait for a process or a browser. Each gets a share in one piece (what
# a module prepares is prepared once), and one that is done takes from the others.
WORKERS ?= $(shell expr $$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN) + 1)
SPREAD = -n $(WORKERS) --dist worksteal
DEMO := demo

.DEFAULT_GOAL := help
.PHONY: help demo test quick thorough check format bench peers mutants docs lock clean

# List the targets.
help:
	@echo "make demo    train real models on real data, see them tracked, listed and verified (2 minutes)"
	@echo "make test    every test but those that need other trackers (a quarter of an hour on two cores)"
	@echo "make quick   the tests that take no time (a minute)"
	@echo "make thorough all of what the tests are tried on (an hour)"
	@echo "make check   lint, format, types, direction of imports, docs"
	@echo "make format  let ruff rewrite what it can"
	@echo "make bench   Gnomon and its peers on the same work, as ratios"
	@echo "make peers   the tests that compare Gnomon with other trackers"
	@echo "make mutants take out every check in turn; does a test notice? (an hour or more)"
	@echo "make docs    write the generated reference pages again"
	@echo "make lock    resolve requirements/*.lock again (needs uv)"
	@echo "make clean   remove environments, caches and the demo's record"

# The environments: one folder, two depths. A stamp makes the second call instant; both locks agree on every version.
$(VENV)/.stamp-demo: requirements/demo.lock requirements/install pyproject.toml
	@requirements/install $(VENV) requirements/demo.lock
	@touch $@

$(VENV)/.stamp-dev: requirements/dev.lock requirements/install pyproject.toml
	@requirements/install $(VENV) requirements/dev.lock
	@touch $@

# Train, look, verify. The record goes to demo/.gnomon; running it again adds runs beside the first ones.
demo: $(VENV)/.stamp-demo
	@examples/adult/demo.sh "$(abspath $(BIN))" $(DEMO)

# The whole suite.
test: $(VENV)/.stamp-dev
	$(PYTEST) $(SPREAD) -m "not peers" $(ARGS)

# The lane to run after each change: no slow test, of each test two values, and fewer examples of each law (tests/conftest.py).
quick: $(VENV)/.stamp-dev
	$(PYTEST) $(SPREAD) --few --hypothesis-profile=quick -m "not slow and not peers" $(ARGS)

# Every call that may fail, every bit that may flip, twice the examples of each law (tests/thorough.py): before a release.
thorough: $(VENV)/.stamp-dev
	THOROUGH=1 $(PYTEST) $(SPREAD) -m "not peers" $(ARGS)

# What a reviewer should not have to say.
check: $(VENV)/.stamp-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/docs

# Import order and layout are ruff's business.
format: $(VENV)/.stamp-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Keep only the requirements' own names here; how to read the figures is in benchmarks/README.md.
bench: $(VENV)/.stamp-dev
	$(BIN)/python -m benchmarks $(ARGS)

# The other trackers live in environments of their own, which the tests make: their dependencies are not ours.
peers: $(VENV)/.stamp-dev
	@if [ -d tests/peers ]; then $(BIN)/python -m pytest -m peers tests/peers $(ARGS); \
	else echo "no tests/peers here: nothing to compare"; fi

# Takes out every checksum, fsync and check in turn, in a copy, and sees whether a test notices. An hour or more.
mutants: $(VENV)/.stamp-dev
	$(BIN)/python tests/mutants.py $(ARGS)

# Pages that are made from the code.
docs: $(VENV)/.stamp-dev
	$(BIN)/python -m gnomon.cli.reference > docs/reference/cli.md
	$(BIN)/python -m tests.docs.where_page > docs/reference/where.md
	$(BIN)/python -m tests.docs.sql_page > docs/reference/sql.md
	$(BIN)/python -m tests.docs.remote_page > docs/reference/what-a-remote-can-do.md

# Versions for every platform and Python from 3.11 on, with hashes and without the name of any index.
LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links pyproject.toml requirements/build.in
lock:
	$(LOCK) --extra dev --output-file requirements/dev.lock $(ARGS)
	$(LOCK) --extra demo --constraint requirements/dev.lock --output-file requirements/demo.lock $(ARGS)

clean:
	rm -rf $(VENV) $(DEMO) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
