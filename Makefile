# The commands of the project; `make help` lists them. ARGS="..." goes on to the program behind a target.
.DEFAULT_GOAL := help
.PHONY: help lab test nightly browser check format bench bench-compare setup clean

ARGS ?=
PY := .venv/bin/python

# The kernel called "python3" is the one in .venv, whatever other kernels the user has.
export JUPYTER_PATH := $(CURDIR)/.venv/share/jupyter$(if $(JUPYTER_PATH),:$(JUPYTER_PATH))

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16

lab: setup  ## open JupyterLab on the first notebook
	@sh .ci/lab $(ARGS)

test: setup  ## run all tests: unit, doctests, notebooks, browser
	@sh .ci/test $(ARGS)

nightly: setup  ## the long tests in full: 10,000 programs, 100 wrong rules, depth 1,000,000 (some minutes)
	@NIGHTLY=1 $(PY) -m pytest -q --durations=10 tests/autograd_core/test_programs.py \
	    tests/autograd_core/test_mutations.py tests/autograd_core/test_threads.py \
	    tests/autograd_core/test_depth.py tests/autograd_core/test_attacks.py tests/test_leaks.py \
	    tests/test_compiled_networks.py $(ARGS)

browser: setup  ## run only the tests in a real browser
	@$(PY) -m pytest -q tests/browser $(ARGS)

check: setup  ## ruff (format and lint), mypy, codespell
	@sh .ci/check

format: setup  ## lay out the code and repair what ruff can repair
	@$(PY) -m ruff check --fix-only --quiet
	@$(PY) -m ruff format

bench: setup  ## all engines on all workloads, into benchmarks/RESULTS.md; QUICK=1: under a minute; PEERS=a python that has them
	@$(PY) -m benchmarks $(if $(QUICK),--quick) $(if $(PEERS),--peers "$(PEERS)") $(ARGS)

bench-compare: setup  ## this nnkit against that of BASE=commit: what got slower by more than 10 %
	@$(PY) -m benchmarks --base "$(or $(BASE),main)" $(ARGS)

setup:  ## make .venv or bring it up to date (all other targets do)
	@sh .ci/setup

clean:  ## remove .venv, caches and build products
	@rm -rf .venv .venv-oldest .setup.log .pytest_cache .mypy_cache .ruff_cache .hypothesis .ipynb_checkpoints dist build .coverage
	@find . \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +
