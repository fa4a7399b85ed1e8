# The two commands are `make serve` and `make test`; each sets up all that it needs.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
UV = $(VENV)/bootstrap/bin/uv
RUN = $(VENV)/bin

.PHONY: serve test check bench demo datasets setup clean

serve: $(VENV)/.runtime
	@exec $(RUN)/guerdon serve

demo: $(VENV)/.runtime
	@exec $(RUN)/guerdon demo

test: $(VENV)/.dev
	$(RUN)/pytest -n 3 --dist worksteal

check: $(VENV)/.dev
	scripts/check

bench: $(VENV)/.dev
	$(RUN)/python benchmarks/session_update.py

datasets: $(VENV)/.runtime
	@$(UV) sync --quiet --frozen --inexact --extra datasets

setup: $(VENV)/.dev

# uv is bootstrapped with pip into a small environment of its own, so that nothing on the machine is touched.
$(UV):
	@echo "Setting up $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@$(PYTHON) -m venv $(VENV)/bootstrap
	@$(VENV)/bootstrap/bin/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"

$(VENV)/.runtime: pyproject.toml uv.lock | $(UV)
	@$(UV) sync --quiet --frozen --no-dev --inexact
	@touch $@

$(VENV)/.dev: pyproject.toml uv.lock $(wildcard tests/contract/sdks/*.txt tests/contract/sdks/*.json) | $(UV)
	@$(UV) sync --quiet --frozen --inexact
	@scripts/sdks
	@touch $@ $(VENV)/.runtime

clean:
	rm -rf $(VENV)
