# `make help` lists the commands. Each makes what it needs first.
SHELL := bash
.DEFAULT_GOAL := help

RUN := .venv/.run-ready
DEV := .venv/.dev-ready
BENCH := .venv-bench/.ready
BIN := .venv/bin
PORT ?= 8000
URL ?= http://127.0.0.1:$(PORT)
SECONDS ?= 60
OURS := tocsin backend benchmarks tests scripts

.PHONY: help run traffic cloud test check alerts drill format bench lock clean pythons

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/:.*## /\t/' | expand -t 12

run: $(RUN) ## start the service on PORT (default 8000); Ctrl-C stops it
	@cd backend && PORT=$(PORT) exec ../$(BIN)/python -m app run

traffic: $(RUN) ## school traffic against URL for SECONDS (default 60)
	@cd backend && exec ../$(BIN)/python -m traffic --url $(URL) --seconds $(SECONDS)

cloud: $(RUN) ## the small Google Cloud alone, for any program to talk to (see tocsin/docs/cloud.md)
	@exec $(BIN)/tocsin cloud

test: $(DEV) ## every test, with the real servers that they need
	@scripts/install-parts
	@$(BIN)/pytest -n 2 --dist loadgroup

alerts: $(DEV) ## prove the alarms: checks, cases, mutants, a week on two engines, Terraform
	@scripts/install-parts
	@scripts/prove-alarms

drill: $(DEV) ## cause each alarm's incident on the real service, and follow it to its all-clear
	@scripts/install-parts
	@$(BIN)/tocsin rehearse drill --service backend/monitoring

check: $(DEV) ## style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy tocsin/src backend/app backend/traffic
	PYTHONPATH=backend $(BIN)/lint-imports

format: $(DEV) ## mend what can be mended by machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pythons: ## the quick tests on every Python from 3.11 that this machine has
	@scripts/test-on-every-python

bench: $(BENCH) ## what a request pays, beside the peers (see benchmarks/README.md)
	@cd benchmarks && ../.venv-bench/bin/python -m overhead fine

lock: $(DEV) ## resolve requirements/*.in anew
	@for set in run dev bench standin terraform; do \
	  $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-annotate \
	    --no-emit-index-url --custom-compile-command "make lock" requirements/$$set.in -o requirements/$$set.txt; done
	@$(BIN)/uv pip compile -q --upgrade --no-deps --python-version 3.11 --no-strip-extras --generate-hashes --no-annotate \
	  --no-emit-index-url --custom-compile-command "make lock" requirements/standin-schema.in -o requirements/standin-schema.txt

clean: ## remove what these commands made, the service's data included
	rm -rf .venv .venv-bench .venv-standin .venv-terraform .venv-3* backend/var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(RUN): requirements/run.txt tocsin/pyproject.toml backend/pyproject.toml
	@scripts/make-environment .venv requirements/run.txt
	@touch $@

$(DEV): requirements/dev.txt $(RUN)
	@scripts/make-environment .venv requirements/dev.txt
	@touch $@

$(BENCH): requirements/bench.txt tocsin/pyproject.toml backend/pyproject.toml
	@scripts/make-environment .venv-bench requirements/bench.txt
	@touch $@
