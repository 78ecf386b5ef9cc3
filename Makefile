# Evenkeel's commands. `make up` rehearses a deployment, `make test` proves the kit; both set up what they need.
PYTHON ?= python3
VENV   := .venv
RUN    := $(VENV)/bin/python
# Where the set-up puts Node.js when the system has none that is new enough.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup setup-deploy up down status logs queries env preview timeline unit test-one lint test soak fuzz fuzz-api bench bench-migrations bench-rollout bench-load

help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## the Python environment and the system's packages

$(VENV)/.ready: requirements.txt requirements-dev.txt setup.sh
	@PYTHON=$(PYTHON) ./setup.sh
	@touch $@

setup-deploy: ## what deploying to an AWS account needs, and no more: Python's packages, Node.js
	@PYTHON=$(PYTHON) ./setup.sh deploy

up: setup ## deploy the whole stack in rehearsal
	@$(RUN) -m rehearsal up

down: ## end the rehearsal, remove all but packages and cache
	@test ! -x $(RUN) || $(RUN) -m rehearsal down

status: setup ## what runs where
	@$(RUN) -m rehearsal status

logs: setup ## the rehearsal's logs
	@$(RUN) -m rehearsal logs

queries: setup app/node_modules/.ready ## what costs the rehearsed database most: make queries ARGS="--since before.json"
	@$(RUN) -m rehearsal queries -- $(ARGS)

env: setup ## the shell lines that let plain `pulumi` work: eval "$(make -s env)"; ARGS=--admin for all rights
	@$(RUN) -m rehearsal env $(ARGS)

preview: setup ## preview every stack, without an AWS account
	@$(RUN) -m rehearsal preview

timeline: setup ## a stack's time-outs and capacity: make timeline STACK=prod
	@$(RUN) -m stacks timeline $(or $(STACK),local)

unit: setup ## the quick tests
	@$(RUN) -m pytest tests/unit --numprocesses 2

test-one: setup ## one file of tests, or one test: make test-one T=tests/unit/stacks/test_settings.py
	@$(RUN) -m pytest $(T)

lint: setup app/node_modules/.ready ## ruff, mypy --strict, import contracts, shellcheck, the app's linter
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy .
	@$(VENV)/bin/lint-imports --no-cache >/dev/null || $(VENV)/bin/lint-imports --no-cache
	@shellcheck --external-sources setup.sh components/boot/*.sh rehearsal/cloud/ec2/*.sh
	@npm run --silent --prefix app lint

app/node_modules/.ready: app/package-lock.json
	@npm ci --prefix app --no-audit --no-fund --loglevel=error
	@touch $@

test: setup lint ## everything: lint, the app's tests, unit, preview, rehearsal, infra
	@$(RUN) -m rehearsal engine
	@npm test --silent --prefix app
	@$(RUN) -m pytest tests --numprocesses 2 --dist loadgroup --no-loadscope-reorder

soak: setup ## rollouts, reloads and lives in a mean cloud, twenty times each; every kill of a build
	@$(RUN) -m pytest tests/faults --times 20 -rP -k 'rolling or mean_cloud or builds'

fuzz: setup app/node_modules/.ready ## ten minutes of odd requests to the app: make fuzz SECONDS=60 SEED=7
	@npm run --silent --prefix app build
	@cd app && FUZZ_SECONDS=$(or $(SECONDS),600) $(if $(SEED),FUZZ_SEED=$(SEED)) node test/fuzz.test.js

fuzz-api: setup ## ten minutes of odd calls to the rehearsal's cloud: make fuzz-api SECONDS=3600 SEED=7
	@FUZZ_SECONDS=$(or $(SECONDS),600) $(if $(SEED),FUZZ_SEED=$(SEED)) \
		$(RUN) -m pytest tests/rehearsal/cloud/test_fuzzed_api.py -k no_request -s

bench: setup ## cold and warm `make up`, no-change `pulumi up`, the program alone; JSON
	@$(RUN) -m bench

bench-migrations: setup ## writers' latency while an index is built, four ways; JSON and a plot
	@$(RUN) -m bench.migrations

bench-rollout: setup ## what the users see of a rollout, and how long it takes; JSON and a plot
	@$(RUN) -m bench.rollout

bench-load: setup app/node_modules/.ready ## what each part of the workload buys, before and after; JSON, a plot and tables
	@npm run --silent --prefix app build
	@$(RUN) -m bench.load $(if $(QUICK),--quick)
