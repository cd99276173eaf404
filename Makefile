# Everything here begins with tools/bootstrap, which installs what is missing
# and takes some milliseconds when nothing is.

BIN := .venv/bin
DASHBOARD := .cache/dashboard/bin
IMAGE := .cache/image
export PYTHONUNBUFFERED := 1

OPS := 1000
DATABASE := mariadb

.PHONY: help demo cluster cluster-down lab lab-demo lab-down bench-lab \
	run-dashboard test test-dashboard test-lab chaos bench image docs lint \
	clean
.NOTPARALLEL:

help:  ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)
	@echo
	@echo "Start with make demo. The manual: README.rst, doc/source."

demo:  ## boot a service VM and send traffic through it (KEEP=1: leave it)
	@tools/bootstrap
	@$(BIN)/python tools/demo $(if $(KEEP),--keep)

cluster:  ## start a whole cloud's servicevm here (DATABASE=postgresql)
	@tools/bootstrap test
	@$(BIN)/python tools/cluster up --database $(DATABASE)

cluster-down:  ## stop it and leave nothing
	@tools/bootstrap test
	@$(BIN)/python tools/cluster down

lab:  ## start a real OpenStack on this machine (root)
	@tools/bootstrap lab
	@$(BIN)/python tools/lab up

lab-demo:  ## the main job on it: Nova boots a device, traffic goes through
	@tools/bootstrap lab
	@$(BIN)/python tools/lab demo

bench-lab:  ## measure what we add to Nova's time (needs make lab)
	@tools/bootstrap lab
	@set -e; for script in $$(grep -l __main__ benchmarks/lab/*.py); do \
		$(BIN)/python -m benchmarks.lab.$$(basename $$script .py); \
	done

lab-down:  ## stop it and leave nothing
	@tools/bootstrap lab
	@$(BIN)/python tools/lab down

run-dashboard:  ## start Horizon with our panels (KEEP=1: leave it running)
	@tools/bootstrap dashboard
	@$(BIN)/python tools/horizon $(if $(KEEP),up,run) $(HORIZON_ARGS)

test:  ## run the tests, those that boot VMs included
	@tools/bootstrap test
	@$(BIN)/python -m pytest -n 2 tests/unit $(PYTEST_ARGS)
	@$(BIN)/python -m pytest -n 2 --dist loadfile tests \
		--ignore tests/unit --ignore tests/lab $(PYTEST_ARGS)
	@set -e; for database in mariadb postgresql; do \
		$(BIN)/python -m pytest -n 2 --database $$database \
			tests/unit/db tests/unit/api tests/unit/conductor \
			$(PYTEST_ARGS); \
	done

test-lab:  ## run the tests that need an OpenStack (KEEP=1: that of make lab)
	@tools/bootstrap lab
	@$(BIN)/python -m pytest tests/lab $(if $(KEEP),--lab-keep) \
		$(PYTEST_ARGS)

test-dashboard:  ## run the dashboard's tests, in a browser too
	@tools/bootstrap dashboard
	@$(DASHBOARD)/python -m pytest tests/dashboard/unit $(PYTEST_ARGS)
	@$(DASHBOARD)/python -m pytest tests/dashboard/browser $(PYTEST_ARGS)

chaos:  ## break a cluster while it works (OPS=1000 SEED=1 DATABASE=...)
	@tools/bootstrap test
	@$(BIN)/python -m tests.chaos --ops $(OPS) --database $(DATABASE) \
		$(if $(SEED),--seed $(SEED))

bench:  ## measure: prints "name value unit" lines
	@tools/bootstrap dashboard
	@set -e; for script in $$(grep -l __main__ benchmarks/*.py); do \
		$(BIN)/python -m benchmarks.$$(basename $$script .py); \
	done

image:  ## build the guest image into .cache/image
	@tools/bootstrap
	@$(BIN)/servicevm-manage image build --output $(IMAGE)

docs:  ## build the manual into doc/build/html
	@tools/bootstrap venv
	@$(BIN)/sphinx-build -E -W --keep-going -q -b html doc/source doc/build/html
	@echo "doc/build/html/index.html"

lint:  ## format, style, types, who imports whom
	@tools/bootstrap venv
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pre-commit run --all-files
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

clean:  ## remove what was built; keeps .venv and the guest image
	rm -rf doc/build releasenotes/build build dist cover .coverage \
		.pytest_cache .mypy_cache .ruff_cache .hypothesis .tox
	find . -path ./.venv -prune -o -name __pycache__ -exec rm -rf {} +
