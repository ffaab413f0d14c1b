# Everything runs in .venv, which the targets make themselves from any Python >= 3.10 (name one with PYTHON=...).
.DEFAULT_GOAL := help
.PHONY: help install dev demo test test-core reached mutants test-reference fuzz hub versions lint types bench bench-graphs runtimes docs docs-check pictures goldens site dist clean

VENV := .venv
BIN := $(VENV)/bin
DECLARED := setup.cfg setup.py pyproject.toml mgeconvert/version.py
# pytest processes at a time
JOBS ?= 2
# What the core lane records: which tests reach which `raise`, `refuse` and block.
CACHE := $(or $(MGECONVERT_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/mgeconvert)
CONTEXTS := $(CACHE)/contexts$(subst /,-,$(CURDIR))
# of `make mutants`: how many, of which files or folders, how long, besides those of lines that differ from a commit
NUMBER ?= 300
PATHS ?=
MINUTES ?= 1000
# of `make bench`: --only GROUP, --largest MB, --write
ARGUMENTS ?=
CHANGED ?=
AT_LEAST ?= 92
# of `make fuzz`: for each reader, and the number of the first case
SECONDS ?= 600
SEED ?= 0
CASES ?=
# files drawn for each reader before that
EXAMPLES ?= 2000
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F '|' '{ printf "%-22s %s\n", $$1, $$2 }'

$(BIN)/python:
	python=$$(sh .ci/find-python) && "$$python" -m venv --clear $(VENV)

$(VENV)/.installed: $(DECLARED) | $(BIN)/python
	$(PIP) -e '.[all]'
	@touch $@

$(VENV)/.installed-dev: $(DECLARED) | $(BIN)/python
	$(PIP) -e '.[all,dev]'
	@touch $@ $(VENV)/.installed

install: $(VENV)/.installed ## mgeconvert with all runtimes in .venv
	@echo "installed: $(BIN)/mgeconvert"

dev: $(VENV)/.installed-dev

demo: $(VENV)/.installed ## convert a small network to every format and verify each in its own runtime
	$(BIN)/python examples/demo.py

test: test-core ## all tests: without MegEngine, then against real MegEngine in its reference environment
	@$(BIN)/mgeconvert reference install all > /dev/null || { \
		if [ "$$CI" = true ]; then \
			echo 'make test: FAILED: the reference lane cannot run, and CI=true asks for it'; exit 1; \
		fi; \
		echo '******************************************************************************'; \
		echo '*  A reference environment could not be installed (see above): tests against  *'; \
		echo '*  the real framework are SKIPPED. The tests without it have passed.          *'; \
		echo '******************************************************************************'; \
	}
	$(BIN)/python -m pytest -n $(JOBS) --durations=20 -m reference

test-core: dev ## the tests that need no MegEngine; a `raise` or `refuse` that none executes is an error
	rm -rf $(CONTEXTS)
	MGECONVERT_REACHED=$(CONTEXTS) $(BIN)/python -m pytest -n $(JOBS) --durations=20 -m 'not reference'
	$(BIN)/python -m tests.reached.report $(CONTEXTS)

reached: dev ## what the last `make test-core` says of `raise` and `refuse`; WRITE=--write makes its list shorter
	$(BIN)/python -m tests.reached.report $(CONTEXTS) $(WRITE)

mutants: dev ## change NUMBER=300 places by SEED, one at a time: does a test notice? needs `make test-core` once
	$(BIN)/python -m tests.mutation --contexts $(CONTEXTS) --seed $(SEED) --number $(NUMBER) --minutes $(MINUTES) \
		--jobs $(JOBS) --paths $(PATHS) $(if $(CHANGED),--changed $(CHANGED)) --at-least $(AT_LEAST)

test-reference: dev ## the tests against real MegEngine; installs it with `mgeconvert reference install`
	$(BIN)/mgeconvert reference install all
	$(BIN)/python -m pytest -n $(JOBS) --durations=20 -m reference

fuzz: dev ## change files of every reader, SECONDS=600 each, until something is neither a result nor an error of ours
	MGECONVERT_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -q tests/fuzz/test_strategies.py
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) --seed $(SEED) --jobs $(JOBS) $(if $(CASES),--cases $(CASES))

hub: dev ## 64 networks to four formats in one batch that is killed at half, with the figures; takes half an hour
	$(BIN)/python -m tests.hub

versions: dev ## convert with the lowest and the highest versions that setup.cfg allows, and compare every byte
	$(BIN)/python -m tests.versions

lint: dev ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: dev ## mypy, strict
	$(BIN)/mypy

bench: dev ## time and memory beside plain copying, with the limits
	$(BIN)/python -m tests.bench $(ARGUMENTS)

bench-graphs: dev ## nodes and latency of our ONNX files beside what onnxslim, onnxsim and onnxruntime make of them
	$(BIN)/python -m tests.bench.graphs

runtimes: dev ## twelve networks as ONNX in OpenVINO, MNN and ncnn, installed into an environment that is thrown away
	$(BIN)/python -m tests.runtimes

docs: dev ## regenerate the pages that are made from tables: operators, messages in both languages, commands, api, json
	$(BIN)/python -m tests.explanations
	$(BIN)/mgeconvert ops --markdown > docs/operators.md.new
	mv docs/operators.md.new docs/operators.md
	$(BIN)/mgeconvert explain --language en --markdown > docs/messages.md
	$(BIN)/mgeconvert explain --language zh --markdown > docs/zh/messages.md
	$(BIN)/python -m tests.documents.reference

docs-check: dev
	@$(BIN)/mgeconvert ops --markdown | diff -u docs/operators.md - \
		|| { echo 'docs/operators.md is not what the tables say: run `make docs`'; exit 1; }

pictures: dev ## take the pictures of docs/pictures anew; needs Chromium
	$(BIN)/python -m tests.documents.pictures

site: dev ## the documents as a site in build/site; a page that the navigation lacks is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

goldens: dev ## remake the test data of changed rows with real MegEngine
	$(BIN)/mgeconvert reference install
	$(BIN)/python tests/make_goldens.py
	$(BIN)/python tests/staticgraph/make_goldens.py

dist: dev ## build sdist and wheel, check that each installs and starts
	rm -rf dist build
	$(BIN)/python -m build --outdir dist . > /dev/null
	@set -e; for file in dist/*; do \
		folder=$$(mktemp -d); \
		$(BIN)/python -m venv "$$folder"; \
		"$$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$$file"; \
		(cd "$$folder" && bin/mgeconvert --version && bin/mgeconvert ops > /dev/null); \
		rm -rf "$$folder"; \
		echo "$$file installs and starts"; \
	done

clean: ## remove what builds and tests leave; .venv and the reference environments stay
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
