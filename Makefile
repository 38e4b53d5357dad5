# Needs GNU make and Python 3.11 to 3.13; everything else is installed into .venv.
# `make help` lists the targets.

PYTHON ?= python3
CORES ?= all
ARGS ?=

BIN := .venv/bin

# Nothing is written outside this folder, so HOME may be empty or read-only.
export XDG_CACHE_HOME := $(CURDIR)/.cache
export MPLCONFIGDIR := $(CURDIR)/.cache/matplotlib
export PYTHONUTF8 := 1
unexport PYTHONPATH PYTHONHOME

# The rules of the workflow call `jaxda`, as installed here.
ACTIVE := PATH="$(CURDIR)/$(BIN):$$PATH"

# A stamp is named after what it vouches for: a changed lock or a moved folder has no stamp
# and is set up afresh. It is written last, so an interrupted installation has none either.
LOCKED := .venv/.locked-$(shell { cat requirements.lock 2>/dev/null; pwd -P; } | cksum | tr -s ' \t' '--')
READY := .venv/.ready-$(shell cat pyproject.toml requirements.lock 2>/dev/null | cksum | tr -s ' \t' '--')

.DEFAULT_GOAL := report
.PHONY: report gallery clinic test lint format lock benchmark setup unlock clean distclean help FORCE

report: $(READY) ## run the default experiment to results/report.html (default)
	@$(ACTIVE) $(BIN)/snakemake --cores "$(CORES)" $(ARGS)

gallery: $(READY) ## measure and draw all landmarks to results/gallery.html
	@$(ACTIVE) $(BIN)/snakemake --cores "$(CORES)" gallery $(ARGS)

clinic: $(READY) ## hold every clinical condition against its control; fails on a wrong sign
	@$(ACTIVE) $(BIN)/snakemake --cores "$(CORES)" clinic $(ARGS)
	@cat results/clinic/verdict.txt

test: lint ## check style, types and the workflow, then run the tests
	$(ACTIVE) $(BIN)/python -m pytest $(ARGS)

lint: $(READY) ## check style, types and the workflow
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(ACTIVE) $(BIN)/snakemake --lint

format: $(READY) ## rewrite the sources in the house style
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

benchmark: $(READY) ## run benchmarks/*.py one after the other
	@set -e; for file in benchmarks/[!_]*.py; do \
	    if [ -e "$$file" ]; then echo "== $$file"; $(ACTIVE) $(BIN)/python "$$file"; fi; \
	done

setup: $(READY) ## install everything into .venv

unlock: $(READY) ## release the folder after a run that was killed
	@$(ACTIVE) $(BIN)/snakemake --unlock

lock: ## bring requirements.lock up to date with pyproject.toml (UPGRADE=1 renews every version)
	@set -e; tmp=$$(mktemp -d); trap 'rm -rf "$$tmp" requirements.lock.new' EXIT; \
	"$(PYTHON)" -m venv "$$tmp/venv"; \
	"$$tmp/venv/bin/python" -m pip install --quiet uv; \
	$(if $(UPGRADE),:,[ ! -e requirements.lock ] || cp requirements.lock "$$tmp/lock"); \
	"$$tmp/venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header --extra dev pyproject.toml --output-file "$$tmp/lock"; \
	{ \
	    echo "# Made by 'make lock' from pyproject.toml with its extra dev, for Python 3.11 to 3.13. Install with"; \
	    echo "#     pip install --require-hashes -r requirements.lock"; \
	    echo "#     pip install --no-deps --no-build-isolation -e ."; \
	    cat "$$tmp/lock"; \
	} > requirements.lock.new; \
	mv requirements.lock.new requirements.lock

clean: ## delete results and caches, keep .venv
	@if [ -d results ]; then find results/ -mindepth 1 ! -name .gitkeep -delete; fi
	@find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +
	@rm -rf .cache .snakemake .mypy_cache .pytest_cache .ruff_cache build dist

distclean: clean ## delete results, caches and .venv
	@rm -rf .venv

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile
	@echo "variables: PYTHON (python3), CORES (all), ARGS (more options for snakemake or pytest)"

# An explicit PYTHON of another version than the one in .venv replaces it.
ifneq ($(origin PYTHON),file)
VERSION := -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
ifneq ($(shell "$(PYTHON)" $(VERSION)),$(shell $(BIN)/python $(VERSION)))
$(LOCKED): FORCE
endif
endif

$(LOCKED):
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "jaxda needs Python 3.11 or newer, and '$(PYTHON)' is not: try make PYTHON=python3.13" >&2; \
	    exit 1; }
	@echo "Installing into .venv, a few minutes the first time ..."
	@rm -f .venv/.locked-* .venv/.ready-*
	@"$(PYTHON)" -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --progress-bar off \
	    --require-hashes -r requirements.lock
	@touch $@

$(READY): $(LOCKED)
	@rm -f .venv/.ready-*
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --no-deps --no-build-isolation -e .
	@touch $@
