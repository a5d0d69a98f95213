# Two commands matter: `make lab` opens the notebooks, `make test` checks everything. The rest is for those who change labkit.
VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALL := $(PYTHON) -m pip install --quiet --no-deps --disable-pip-version-check
CHECK_WARNINGS = $(PYTHON) -m pytest
# Set by `.ci/chromium` where the tests need a browser.
BROWSER = CHROME_PATH="$$(.ci/chromium $(PYTHON))"

.PHONY: lab test test-slow lint fix notebooks lock clean

# Open JupyterLab on the first notebook. `make lab PORT=9000` chooses the port.
lab: $(VENV)/.lab
	@$(PYTHON) -m labkit lab $(if $(PORT),--port $(PORT))

# Everything but what takes minutes: lint, unit tests, every notebook in a kernel, every notebook in a real browser.
test: $(VENV)/.test lint
	$(BROWSER) $(PYTHON) -m pytest tests notebooks --nbval-lax --nbval-current-env -m "not slow"

# What takes longer.
test-slow: $(VENV)/.test
	$(BROWSER) $(PYTHON) -m pytest tests -m slow || [ $$? -eq 5 ]
