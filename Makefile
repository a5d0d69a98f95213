# Two commands matter: `make lab` opens the notebooks, `make test` checks everything. The rest is for those who change labkit.
SHELL := /bin/bash
VENV := .venv
PYTHON := $(VENV)/bin/python
BENCH := .cache/bench
INSTALL := $(PYTHON) -m pip install --quiet --no-deps --disable-pip-version-check
COMPILE := $(PYTHON) -m uv pip compile pyproject.toml --upgrade --universal --python-version 3.11 \
	--quiet --no-header --no-annotate --no-emit-index-url --no-emit-find-links

.PHONY: lab test test-slow bench weight coverage lint fix notebooks site lock clean

# Open JupyterLab on the first notebook. `make lab PORT=9000` chooses the port.
lab: $(VENV)/.lab
	@exec $(PYTHON) -m labkit lab $(if $(PORT),--port $(PORT))

# Lint, unit tests and every notebook in a kernel, two files at a time; every notebook in a real browser, two at a time;
# then the browser tests that look at the time a panel takes, alone.
test: $(VENV)/.test lint
	CHROME_PATH="$$(.ci/chromium $(PYTHON))" && export CHROME_PATH && \
	$(PYTHON) -m pytest tests notebooks --nbval-lax --nbval-current-env -m "not slow and not browser" -n 2 --dist loadfile && \
	$(PYTHON) -m pytest tests/browser/test_every_notebook.py -m "not slow" -n 2 && \
	$(PYTHON) -m pytest tests -m "not slow and browser" --ignore tests/browser/test_every_notebook.py

# What takes minutes. Pytest's status 5 says that nothing is marked slow, which is no failure.
test-slow: $(VENV)/.test
	CHROME_PATH="$$(.ci/chromium $(PYTHON))" && export CHROME_PATH && \
	failed=0; for kind in "not browser" browser; do \
	  $(PYTHON) -m pytest tests -m "slow and $$kind" || [ $$? -eq 5 ] || failed=1; \
	done; exit $$failed

# Speed next to peer libraries in an environment of their own, as tests/benchmarks/REPORT.md: about five minutes alone
# on two cores. The report is written even where a benchmark fails.
bench: $(BENCH)/.ready
	@rm -f .cache/bench.json
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 $(BENCH)/bin/python -m pytest -W ignore \
		tests/benchmarks/bench_machine.py tests/benchmarks/bench_*.py --benchmark-json=.cache/bench.json; failed=$$?; \
	PYTHONPATH=tests $(BENCH)/bin/python -m benchmarks.report .cache/bench.json && exit $$failed

# What labkit weighs, measured anew; on a quiet machine.
weight: $(VENV)/.test
	$(PYTHON) tests/weight.py
	$(PYTHON) -m labkit readme

# How much of labkit the tests without a browser run, by line and by branch, in kernels and commands too.
coverage: $(VENV)/.test
	CHROME_PATH="$$(.ci/chromium $(PYTHON))" && export CHROME_PATH && \
	$(PYTHON) -m pytest tests notebooks --nbval-lax --nbval-current-env -m "not slow and not browser" -n 2 --dist loadfile -q --cov --cov-report=term:skip-covered --cov-fail-under=95

lint: $(VENV)/.test
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(VENV)/bin/lint-imports --no-cache

# Format the code and mend what can be mended without a person.
fix: $(VENV)/.test
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

# Execute every notebook and save it with one picture per panel, then write the tables of the README.
notebooks: $(VENV)/.test
	CHROME_PATH="$$(.ci/chromium $(PYTHON))" && export CHROME_PATH && $(PYTHON) -m labkit.publish notebooks/*.ipynb
	$(PYTHON) -m labkit readme

# Build the pages of all notebooks, which need no kernel, server or network: site/index.html. A few minutes.
site: $(VENV)/.test
	$(PYTHON) -m labkit site

# Pin the newest versions that pyproject.toml allows, for every system and for Python 3.11 and newer.
lock: $(VENV)/.test
	@mkdir -p .cache
	$(COMPILE) --extra build --extra local -o .cache/runtime.txt
	$(COMPILE) --extra build --extra local --extra embed --extra test --extra bench --extra grade --extra cluster -c .cache/runtime.txt -o .cache/tests.txt
	(echo "# What labkit runs on, pinned: one lock for make, Binder and CI. Written by 'make lock'."; \
	  cat .cache/runtime.txt) > binder/requirements.txt
	(echo "# The tools that test it, pinned to go with binder/requirements.txt. Written by 'make lock'."; \
	  awk -F== 'NR == FNR { kit[$$1] = 1; next } !($$1 in kit)' .cache/runtime.txt .cache/tests.txt) > tests/requirements.txt

clean:
	rm -rf $(VENV) .cache dist site
	find labkit notebooks tests \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

$(VENV)/.lab: binder/requirements.txt pyproject.toml $(PYTHON)
	@echo "Installing what binder/requirements.txt pins (once, about a minute) ..."
	@rm -f $@ && $(INSTALL) -r binder/requirements.txt && $(INSTALL) --no-build-isolation -e . && $(PYTHON) -m pip check && touch $@

$(VENV)/.test: $(VENV)/.lab tests/requirements.txt
	@echo "Installing the test tools ..."
	@rm -f $@ && $(INSTALL) -r tests/requirements.txt && $(PYTHON) -m pip check && touch $@

# Some peers ask for older packages than labkit's and run with newer ones, so there is no `pip check` here.
$(BENCH)/.ready: binder/requirements.txt tests/benchmarks/requirements.txt pyproject.toml
	@echo "Installing the peers (once, about four minutes) ..."
	@rm -f $@ && mkdir -p .cache && { [ -x $(BENCH)/bin/python ] || .ci/venv $(BENCH); } && \
	$(BENCH)/bin/python -m pip install --quiet --no-deps --disable-pip-version-check -r binder/requirements.txt -r tests/benchmarks/requirements.txt && \
	$(BENCH)/bin/python -m pip install --quiet --no-deps --disable-pip-version-check --no-build-isolation -e . && touch $@

$(PYTHON):
	@.ci/venv $(VENV)
