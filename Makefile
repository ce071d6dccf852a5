# `make` lists the targets. Everything runs offline once `make setup` has installed the lock.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

PYTHON ?= python3
BIN := .venv/bin
STEP := .ci/step
BESIDE = $(BIN)/python .ci/beside.py
LANE = $(MAKE) --no-print-directory
SQL := $(wildcard models tests analyses)
PROCESSES := 2
UV := uv==0.13.9

# The data set that is committed: small enough to read, large enough to hold every case.
DEMO := --members 2000 --communities 12 --days 200 --seed 7

# `make test` builds the committed seeds into a file of its own: it neither reads nor overwrites your warehouse.
# DuckDB calls a database by its file's name, so the name is the same.
WAREHOUSE := warehouse/community_metrics.duckdb
TEST_DB := warehouse/test/community_metrics.duckdb
BUILT := target/.test-built

# Nothing phones home, dbt and mf find profiles.yml here, and output is UTF-8 whatever the machine's locale.
export DBT_PROFILES_DIR := .
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DO_NOT_TRACK := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUTF8 := 1
export RUST_BACKTRACE := 0
export COLUMNS := 160

# Stamps: what is installed in .venv, so that an unchanged lock is installed once.
RUNTIME := .venv/.installed-runtime
DEV := .venv/.installed-dev
PROJECT := .venv/.installed-project
SUPERSET := .superset/venv/.installed
CLIENTS := .venv/.installed-clients
POSTGRES := .venv/.installed-postgres
SPARK := .venv/.installed-spark
SPARK_SERVER := .venv/.installed-spark-server
PIP_INSTALL := $(BIN)/python -m pip install -qq --no-deps

##@ Use

.PHONY: help
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-zA-Z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: $(RUNTIME) $(PROJECT) profiles.yml ## install what is needed and build the warehouse from the committed seeds
	@$(BIN)/dbt build
	@echo
	@echo "Warehouse: $${COMMUNITY_METRICS_DB:-$(WAREHOUSE)}"
	@echo "A first KPI: .venv/bin/kpi query join_rate leave_rate interaction_rate --grain month"

.PHONY: docs
docs: $(RUNTIME) $(PROJECT) profiles.yml ## write the documentation site, one file that opens offline
	@db="$${COMMUNITY_METRICS_DB:-$(WAREHOUSE)}"; [ -e "$$db" ] || $(BIN)/dbt build || [ -e "$$db" ]
	@$(BIN)/dbt --quiet docs generate --static
	@echo "Documentation: target/static_index.html"

.PHONY: report
report: $(RUNTIME) $(PROJECT) profiles.yml ## write the report and the metric explorer, pages that open offline
	@db="$${COMMUNITY_METRICS_DB:-$(WAREHOUSE)}"; [ -e "$$db" ] || $(BIN)/dbt build || [ -e "$$db" ]
	@$(BIN)/kpi export
	@$(BIN)/kpi report --out target/report

.PHONY: check
check: $(DEV) $(PROJECT) profiles.yml ## check landed exports and metrics at their boundaries; pages in target/boundaries
	@$(BIN)/kpi check --docs target/boundaries
	@echo "Pages: target/boundaries/index.html"

# The file that Superset shows, and where it listens: make superset FILE=/srv/bi/community.duckdb PORT=8090
FILE ?= warehouse/bi/community.duckdb
PORT ?= 8088
.PHONY: superset superset-stop
superset: $(SUPERSET) ## install Superset apart, start it and build the dashboard of the nine KPIs: FILE=, PORT=
	@.superset/venv/bin/python -m bi.superset up --file "$(FILE)" --port "$(PORT)"

superset-stop: ## stop that Superset; what it holds stays in .superset
	@[ ! -e $(SUPERSET) ] || .superset/venv/bin/python -m bi.superset stop

# Where servers keep their tables and logs, and Spark's size. Ports are those that profiles.yml reads:
# COMMUNITY_METRICS_PG_PORT, COMMUNITY_METRICS_SPARK_PORT.
export SERVERS ?= $(CURDIR)/.servers
ELSEWHERE = $(if $(filter $(CURDIR)/.servers,$(SERVERS)),, SERVERS=$(SERVERS))
WORKERS ?= 0
MEMORY ?= 2g
.PHONY: postgres-client spark-client postgres-up postgres-down spark-up spark-down
postgres-client: $(RUNTIME) $(PROJECT) $(POSTGRES) profiles.yml ## install what dbt and kpi need for a PostgreSQL elsewhere

spark-client: $(RUNTIME) $(PROJECT) $(SPARK) profiles.yml ## the same for a Spark elsewhere; no Java, no Spark

postgres-up: $(RUNTIME) $(PROJECT) $(POSTGRES) profiles.yml ## start a PostgreSQL on the loopback, for the target postgres
	@$(BIN)/python -m servers postgres up
	@echo "构建 build: .venv/bin/dbt build --target postgres --target-path target/postgres"
	@echo "停止 stop: make postgres-down$(ELSEWHERE)"

postgres-down: ## stop it; its data stay in .servers/postgres
	@[ ! -x $(BIN)/python ] || $(BIN)/python -m servers postgres down

spark-up: $(RUNTIME) $(PROJECT) $(SPARK) $(SPARK_SERVER) profiles.yml ## start Spark SQL there, for the target spark: MEMORY=2g, WORKERS=2 for a cluster
	@$(BIN)/python -m servers spark up --memory "$(MEMORY)" --workers "$(WORKERS)"
	@echo "构建 build: .venv/bin/dbt build --target spark --target-path target/spark"
	@echo "停止 stop: make spark-down$(ELSEWHERE)"

spark-down: ## stop it; its tables stay in .servers/spark
	@[ ! -x $(BIN)/python ] || $(BIN)/python -m servers spark down

##@ Develop

.PHONY: setup
setup: $(DEV) $(CLIENTS) $(PROJECT) profiles.yml ## install everything for development into .venv

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Creating .venv"
	@$(PYTHON) -m venv .venv

$(RUNTIME): requirements.lock | $(BIN)/python
	@echo "Installing requirements.lock"
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@touch $@

# The development lock holds the run-time lock too.
$(DEV): requirements-dev.lock | $(BIN)/python
	@echo "Installing requirements-dev.lock"
	@$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@ $(RUNTIME)

# Adapters of the shared targets, and Spark itself, which pip builds of its source package.
$(POSTGRES) $(SPARK) $(SPARK_SERVER): .venv/.installed-%: requirements-%.lock | $(BIN)/python
	@echo "Installing $<"
	@$(PIP_INSTALL) --require-hashes -r $<
	@touch $@

# What a BI tool brings, an older DuckDB: beside the environment, not in it (bi/clients.in).
$(CLIENTS): bi/clients.lock | $(BIN)/python
	@echo "Installing bi/clients.lock"
	@rm -rf .venv/clients
	@$(PIP_INSTALL) --target .venv/clients --require-hashes -r bi/clients.lock
	@touch $@

# Superset needs its own environment, and wheels that end at Python 3.12.
$(SUPERSET): bi/superset/requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' || \
	  { echo "Superset needs Python 3.11 or 3.12: make superset PYTHON=python3.12" >&2; exit 1; }
	@echo "安装 Installing Superset into .superset/venv: 900 MB, 2 minutes of computing"
	@rm -rf .superset/venv && $(PYTHON) -m venv .superset/venv
	@.superset/venv/bin/python -m pip install -qq --no-deps --require-hashes -r bi/superset/requirements.lock || \
	  { echo "安装失败 Superset was not installed: is the package index within reach (pip's message above)?" >&2; exit 1; }
	@touch $@

$(PROJECT): pyproject.toml $(RUNTIME)
	@$(PIP_INSTALL) --no-build-isolation --editable .
	@touch $@

profiles.yml:
	@cp profiles.example.yml profiles.yml

# What is tested is the committed seeds, in a warehouse of the tests' own.
TESTS := test lint test-lint test-parse test-build test-metrics test-docs test-house test-golden test-boundaries test-python \
  test-faults test-coverage test-stage test-postgres test-spark mutants
$(TESTS): export COMMUNITY_METRICS_DB := $(TEST_DB)
$(TESTS): export COMMUNITY_METRICS_EXPORTS :=
# nor is it on a server that these name; .ci/engine starts the tests' own
OWN := build docs report ratchet kills bench pages
$(TESTS) $(OWN): export COMMUNITY_METRICS_TARGET := duckdb
$(TESTS) $(OWN): export DBT_TARGET_PATH := target
.PHONY: $(TESTS)

# dbt, MetricFlow and Great Expectations work on one core, and golden cases wait for their warehouse: such steps have
# another one beside them. No two at a time open the same warehouse or write the same files.
test: setup ## every check, two beside each other where one would leave a core idle
	@$(BESIDE) "$(LANE) test-build test-metrics test-docs test-house" "$(LANE) test-parse test-lint PROCESSES=1"
	@$(BESIDE) "$(LANE) test-boundaries test-coverage" "$(LANE) test-golden"
	@$(LANE) test-python test-faults
	@[ -e $(WAREHOUSE) ] || cp $(TEST_DB) $(WAREHOUSE)
	@echo "All checks passed."

lint: test-lint ## the same as test-lint

test-lint: | setup ## YAML, Python and SQL lint
	@$(STEP) "YAML lint" $(BIN)/yamllint --strict .
	@$(STEP) "Python lint" $(BIN)/ruff check --no-cache
	@$(STEP) "Python layout" $(BIN)/ruff format --check --no-cache
	@$(STEP) "SQL lint" $(BIN)/sqlfluff lint --processes $(PROCESSES) --disable-progress-bar $(SQL)

# The next parser is not told which warnings of this one are silenced: it rejects names that it does not know.
test-parse: | setup ## dbt parse with deprecations as errors, then the stricter next parser where it is installed
	@$(STEP) "dbt parse" $(BIN)/dbt --no-write-json --log-path target/lint parse --no-partial-parse \
	  --show-all-deprecations --target lint --target-path target/lint
	@if [ -x $(BIN)/dbt-core-experimental-parser ]; then \
	  $(STEP) "next dbt's parser" $(BIN)/dbt-core-experimental-parser parse --target lint --target-path target/next --log-path target/next \
      --warn-error-options '{error: [Deprecations]}'; \
	else echo "next dbt's parser                 not available on this platform"; fi

test-build: | setup ## build the seeds from nothing, with data tests and unit tests
	@mkdir -p $(dir $(TEST_DB)) && rm -f $(TEST_DB) $(TEST_DB).wal $(BUILT) target/catalog.json
	@$(STEP) "dbt build" $(BIN)/dbt build --selector everything
	@touch $(BUILT)

# The steps below read what test-build left; run alone, they have it build again after a change.
$(BUILT): $(shell find dbt_project.yml models seeds macros tests/*.sql -type f 2>/dev/null)
	@$(MAKE) --no-print-directory test-build

test-metrics: | setup $(BUILT) ## the semantic layer against the warehouse
	@$(STEP) "mf validate-configs" $(BIN)/mf validate-configs

test-docs: | setup $(BUILT) ## the documentation site, which compiles the analyses too
	@$(STEP) "dbt docs" $(BIN)/dbt docs generate --static

test-house: | setup $(BUILT) ## the rules of dbt-bouncer.yml over what dbt wrote
	@[ -f target/catalog.json ] || $(MAKE) --no-print-directory test-docs
	@$(STEP) "dbt-bouncer" $(BIN)/dbt-bouncer --config-file dbt-bouncer.yml --show-all-failures

test-golden: | setup ## metrics of the golden rows against what a person counts from them
	@$(STEP) "golden cases" $(BIN)/pytest --quiet -p no:cacheprovider -p no:logging --numprocesses $(PROCESSES) tests/golden

test-boundaries: | setup $(BUILT) ## Great Expectations over the committed exports and the metrics
	@$(STEP) "Great Expectations" $(BIN)/kpi check --docs target/boundaries

# tests/python/conftest.py says which tests stay in one process, and has the long ones first.
test-python: | setup $(BUILT) ## Python tests: conventions, metric numbers, the kpi command
	@$(STEP) "pytest" $(BIN)/pytest --quiet -p no:cacheprovider \
	  --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder

test-coverage: | setup $(BUILT) ## what is documented and tested, not below .ci/ratchet.yml
	@[ -f target/catalog.json ] || $(MAKE) --no-print-directory test-docs
	@$(BIN)/python .ci/coverage.py

# Beside the stage, what was changed since the last whole build and may lead to it.
STAGES := $(filter-out core,$(notdir $(patsubst %/,%,$(wildcard models/marts/*/))))
GOLDEN := $(wildcard tests/golden/test_golden.py tests/python/test_golden.py)
test-stage: | setup ## a stage alone, in under a minute once built: make test-stage STAGE=retention
	@[[ " $(STAGES) " == *" $(STAGE) "* && -n "$(STAGE)" ]] || { echo "STAGE is one of: $(STAGES)" >&2; exit 2; }
	@[ -e $(TEST_DB) ] && [ -e $(BUILT) ] || $(MAKE) --no-print-directory test-build
	@$(STEP) "dbt build, $(STAGE)" $(BIN)/dbt --no-write-json build --select path:models/marts/$(STAGE) \
	  $$(find models seeds \( -name '*.sql' -o -name '*.csv' \) -newer $(BUILT) -exec basename {} \; | sed 's/\.[a-z]*$$//')
	@[ -z "$(GOLDEN)" ] || $(STEP) "golden cases, $(STAGE)" $(BIN)/pytest --quiet -p no:cacheprovider $(GOLDEN) -k $(STAGE)

.PHONY: ratchet
ratchet: export COMMUNITY_METRICS_DB := $(TEST_DB)
ratchet: export COMMUNITY_METRICS_EXPORTS :=
ratchet: | setup $(BUILT) ## raise the floors of .ci/ratchet.yml to what there is
	@[ -f target/catalog.json ] || $(MAKE) --no-print-directory test-docs
	@$(BIN)/python .ci/coverage.py --raise

test-faults: | setup ## spoil the golden exports in every way of tests/faults/faults.yml: each has its alarm
	@$(STEP) "faults and alarms" $(BIN)/pytest --quiet -p no:cacheprovider -p no:logging --numprocesses $(PROCESSES) tests/faults

# Servers of the tests' own, at ports of their own: yours may go on beside them.
test-postgres: export COMMUNITY_METRICS_PG_PORT := 5545
test-postgres: | setup $(POSTGRES) $(BUILT) ## build the seeds on a PostgreSQL and compare marts and metrics with those of DuckDB
	@.ci/engine postgres

test-spark: export COMMUNITY_METRICS_SPARK_PORT := 10016
test-spark: | setup $(SPARK) $(SPARK_SERVER) $(BUILT) ## the same on Spark; WHOLE=1: all data tests and unit tests there too; REDUCED=1: a third of it
	@.ci/engine spark $(if $(WHOLE),whole,$(if $(REDUCED),reduced,equal))

MUTANTS ?= 60
mutants: | setup $(BUILT) ## make mistakes in SQL and metrics, one at a time, and see which ones a fast check notices: MUTANTS=60
	@PYTHONPATH=.:tests $(BIN)/python -m harness.mutants --sample $(MUTANTS)

KILLS ?= 50
.PHONY: kills
kills: export COMMUNITY_METRICS_EXPORTS :=
kills: | setup $(BUILT) ## kill builds and publications of the demo at random moments and see what is left: KILLS=50
	@PYTHONPATH=.:tests $(BIN)/python -m harness.kills --kills $(KILLS)

MESSAGES ?= 1000000 10000000
.PHONY: bench
bench: export COMMUNITY_METRICS_EXPORTS :=
bench: | setup ## how the work grows, beside hand-written SQL: MESSAGES="10000000 50000000", OPTIONS="--steps models,hand"
	@$(BIN)/python bench/scale.py 0 $(MESSAGES) $(OPTIONS)

.PHONY: format
format: | setup ## lay out Python and SQL
	@$(BIN)/ruff check --fix --quiet || true
	@$(BIN)/ruff format --quiet
	@$(BIN)/sqlfluff fix --quiet $(SQL)

.PHONY: demo
demo: $(RUNTIME) $(PROJECT) ## write the committed exports and the true KPI values afresh
	@$(BIN)/kpi generate --out target/demo --form both $(DEMO)
	@mkdir -p tests/truth
	@cp target/demo/*.csv seeds/exports/
	@cp target/demo/truth/metrics.csv tests/truth/
	@rm -rf examples/exports
	@cp -R target/demo/original examples/exports

.PHONY: pages
pages: export COMMUNITY_METRICS_DB := $(TEST_DB)
pages: export COMMUNITY_METRICS_EXPORTS :=
pages: | setup $(BUILT) ## write the pages of docs/ that come from the project afresh
	@$(BIN)/dbt --quiet compile
	@$(BIN)/python -m kpi.pages

.PHONY: contracts
contracts: | setup ## write afresh what comes from the contracts of exports; METRICS=1 measures which metric needs which export
	@[ -z "$(METRICS)" ] || PYTHONPATH=.:tests $(BIN)/python -m harness.absent
	@$(BIN)/python -m kpi.contracts.derive

.PHONY: lock
lock: ## resolve all lock files afresh; make lock UV_FLAGS=--upgrade for newer versions
	@tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && \
	  $(PYTHON) -m venv "$$tmp" && "$$tmp/bin/python" -m pip install -qq "$(UV)" && \
	  compile() { "$$tmp/bin/uv" pip compile --quiet --universal --generate-hashes \
	    --no-emit-index-url --custom-compile-command "make lock" $(UV_FLAGS) "$$@"; } && \
	  compile --group dev --output-file requirements-dev.lock && \
	  compile pyproject.toml --constraint requirements-dev.lock --no-emit-package dbt-core-experimental-parser \
	    --output-file requirements.lock && \
	  for group in postgres spark spark-server; do \
	    compile --group $$group --constraint requirements-dev.lock --no-emit-package dbt-core-experimental-parser \
	      --output-file requirements-$$group.lock || exit 1; \
	  done && \
	  compile bi/clients.in --output-file bi/clients.lock && \
	  compile bi/superset/requirements.in --output-file bi/superset/requirements.lock

.PHONY: clean
clean: ## remove what was generated; your warehouse and .venv stay
	@rm -rf target logs .pytest_cache .ruff_cache $(dir $(TEST_DB))
