# From a clone to rendered reports with only Python, make and a package index. `make` alone prints the targets.

PYTHON ?= python3
VENV ?= .venv
UV_VERSION := 0.13.9
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)

# optional packages: chosen once with EXTRAS="retail spark", then remembered
CHOSEN := $(shell cat $(VENV)/.extras 2>/dev/null)
EXTRAS ?= $(CHOSEN)

PY := $(VENV)/bin/python
CRM := $(PY) -m crmresearch
# of all parameters files but those with a blank or a sign in their name, which `crmresearch index` tells apart
WANTED := $(shell ls notebooks/parameters | sed -n 's/\.yaml$$//p' | \
  LC_ALL=C awk '{ x = $$0; gsub(/[._-]/, "", x) } x !~ /[[:punct:][:space:][:cntrl:]]/')
RECORDS := $(WANTED:%=reports/%/report.json)
# of the reference: modules down to the second level are named, because a package with __all__ does not show its own
MODULES := $(subst /,.,$(patsubst src/%.py,%,$(subst /__init__,,$(filter-out %/__main__.py,\
  $(wildcard src/crmresearch/*.py src/crmresearch/*/*.py)))))

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DEFAULT_GOAL := help
.PHONY: help setup reports report reproduce test test-all test-fast lab refresh bench lint docs clean FORCE

# one thread of linear algebra and one hash seed, here as in the reports: the same digits everywhere
test test-all test-fast refresh: export OMP_NUM_THREADS = 1
test test-all test-fast refresh: export OPENBLAS_NUM_THREADS = 1
test test-all test-fast refresh: export PYTHONHASHSEED = 0

help:
	@echo 'make <target>, where target is one of'
	@sed -n 's/^## /  /p' $(firstword $(MAKEFILE_LIST))

## setup                 make the Python environment in .venv from the lock file (EXTRAS=retail: optional packages)
setup: $(VENV)/.locked

## reports               render every report into reports/, index.html first
reports: reports/index.html
	@failed=; for name in $(WANTED); do \
	  if [ -f "reports/$$name.failed.json" ]; then failed="$$failed $$name"; fi; \
	done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed; the others are in reports/index.html" >&2; exit 1; fi
	@echo 'reports are up to date: reports/index.html'

## report REPORT=<name>  render one report of notebooks/parameters
report:
	@if [ -z "$$REPORT" ]; then echo 'make report REPORT=<name>, where name is one of'; \
	  printf '  %s\n' $(WANTED); exit 2; fi
	@if printf '%s\n' $(WANTED) | grep -qxF -e "$$REPORT"; then \
	  $(MAKE) --no-print-directory reports WANTED="$$REPORT"; \
	else \
	  $(MAKE) --no-print-directory setup && $(CRM) report -- "$$REPORT"; \
	fi

## reproduce             render every report again, in another folder, order, language and time zone: same tables, same bytes?
reproduce: reports
	@copy="$$(mktemp -d)/crm é" && trap 'rm -rf "$$(dirname "$$copy")"' EXIT && mkdir "$$copy" && \
	cp -Rp src notebooks data Makefile pyproject.toml uv.lock "$$copy" && \
	echo 'rendering every report again …' && \
	CRMRESEARCH_HOME="$$copy" PYTHONPATH="$$copy/src" TZ=Pacific/Auckland LC_ALL=tr_TR.UTF-8 \
	  $(MAKE) --no-print-directory -s -j1 -C "$$copy" VENV='$(abspath $(VENV))' WANTED='$(WANTED)' reports >/dev/null && \
	different=; count=0; for file in reports/*/tables/*; do \
	  count=$$((count + 1)); cmp -s "$$file" "$$copy/$$file" || { different=yes; echo "different: $$file" >&2; }; \
	done; [ -z "$$different" ] || exit 1; echo "$$count tables are the same to the byte"

# The longest files first, and a file stays with its fixtures; one worker more than processors, because some tests wait.
PYTEST = -n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --dist loadfile --no-loadscope-reorder

## test                  run the tests and most notebooks in some minutes (options for pytest: ARGS=...)
test: setup
	@$(PY) -m pytest --nbval --nbval-current-env -m 'not long' $(PYTEST) $(ARGS)

## test-all              run everything there is: with every report of odd input, and long simulations
test-all: setup
	@$(PY) -m pytest --nbval --nbval-current-env $(PYTEST) $(ARGS)

## test-fast             run the quick tests only: no whole reports and no notebooks
test-fast: setup
	@$(PY) -m pytest -m 'not slow' $(PYTEST) tests $(ARGS)

## lab                   open the notebooks in JupyterLab
lab: export JUPYTER_PREFER_ENV_PATH = 1
lab: setup
	@$(PY) -m jupyter lab notebooks

## refresh               re-execute the committed notebooks in place
refresh: setup
	@$(CRM) refresh

## bench                 time the package against others
bench: setup
	@for script in $(wildcard benchmarks/*.py); do echo "$$script"; $(PY) "$$script" || exit 1; done

## lint                  check style, types and who imports whom
lint: setup
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports --no-logo

## docs                  make the reference of the Python package in docs/api, from the docstrings; it needs no network
docs: setup
	@rm -rf docs/api
	@$(PY) -W 'ignore:The module specification' -m pdoc --docformat markdown --no-show-source --output-directory docs/api $(MODULES)
	@echo 'the reference is made: docs/api/index.html'

## clean                 remove what was built and every cache, but not the environment
clean:
	@rm -rf reports docs/api .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
	@find src tests benchmarks notebooks \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

# A failed report leaves <name>.failed.json instead of its record: the others and the index are still made, the
# target `reports` then fails, and the next run tries again.
$(RECORDS): reports/%/report.json: $(VENV)/uv.lock
	@$(CRM) report --record-failures $*

# the folder's date changes when a parameters file is added or removed
reports/index.html: $(RECORDS) $(VENV)/uv.lock notebooks/parameters
	@$(CRM) index

# What each report was made of was written when it was made: a report without that is made again. So are those that
# failed, and those whose record is dated in the future, which would hide every change until then.
AHEAD := $(shell [ ! -d reports/.depends ] || { touch reports/.depends/now && \
  find reports -mindepth 2 -maxdepth 2 -name report.json -newer reports/.depends/now; } 2>/dev/null)
AGAIN = $(if $(wildcard reports/.depends/$(1).d),$(wildcard reports/$(1).failed.json)$(filter reports/$(1)/%,$(AHEAD)),yes)
$(foreach name,$(WANTED),$(if $(call AGAIN,$(name)),$(eval reports/$(name)/report.json: FORCE)))
$(if $(wildcard reports/.depends/index.d),,$(eval reports/index.html: FORCE))
include $(wildcard reports/.depends/*.d)

# The lock file the environment was made from: reports are made again when the packages change, not whenever
# pyproject.toml does.
$(VENV)/uv.lock: $(VENV)/.locked
	@cmp -s uv.lock $@ || cp uv.lock $@

# An environment without its Python, or left halfway, is made whole again.
$(VENV)/.locked: uv.lock pyproject.toml $(if $(filter-out "$(strip $(CHOSEN))","$(strip $(EXTRAS))"),FORCE) \
    $(if $(shell [ -x $(PY) ] && echo there),,FORCE)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
	  echo 'crmresearch needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is not one of them.' >&2; \
	  echo 'Name one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)' >&2; exit 1; }
	@echo 'setting up $(VENV) from uv.lock …'
	@command -v $(UV) >/dev/null || $(PYTHON) -m venv --clear .uv || { rm -rf .uv; \
	  echo '$(PYTHON) cannot make environments; on Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
	@command -v $(UV) >/dev/null || .uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@UV_PROJECT_ENVIRONMENT='$(VENV)' UV_PYTHON_DOWNLOADS=never $(UV) sync --quiet --frozen --compile-bytecode \
	  --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" --extra lab $(EXTRAS:%=--extra %) $$([ -f $@ ] || [ ! -d '$(VENV)' ] || echo --reinstall)
	@echo '$(EXTRAS)' > $(VENV)/.extras
	@touch $@
