# Evenkeel's commands. `make up` rehearses a deployment, `make test` proves the kit; both set up what they need.
PYTHON ?= python3
VENV   := .venv
RUN    := $(VENV)/bin/python
DOCS   := .venv-docs
# On any system, for every Python from the version on that follows.
COMPILE := $(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-annotate --python-version
# Two processes, in which tests/conftest.py keeps together what has to be.
BESIDE := -m 'not long' --numprocesses 2 --dist loadgroup --no-loadscope-reorder
# Where the set-up puts Node.js when the system has none that is new enough.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup setup-deploy lock start up down status logs queries env preview timeline unit test-one lint lint-kit lint-app docs test test-rehearsal test-long soak fuzz fuzz-api release bench bench-migrations bench-rollout bench-load

help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.rehearsal $(VENV)/.bench $(VENV)/.lint ## the Python environment and the system's packages, for all below

setup-deploy: $(VENV)/.deploy ## what deploying to an AWS account needs, and no more: Python's packages, Node.js

# One stamp for each group of requirements; pip takes turns.
.NOTPARALLEL:
$(VENV)/.deploy $(VENV)/.unit $(VENV)/.rehearsal $(VENV)/.bench $(VENV)/.lint: $(VENV)/.%: requirements/%.txt setup.sh
	@PYTHON=$(PYTHON) ./setup.sh $*
	@touch $@

# uv takes the versions that a lock has, unless the requirements above it ask for others. That of `lint` has all packages
# but the documentation's: the others take theirs from it.
lock: $(VENV)/.lint ## pin all that the requirements need, with hashes: after a change of requirements.txt or requirements/*.in
	@$(COMPILE) 3.11 requirements/lint.in --output-file requirements/lint.txt
	@$(foreach group,bench rehearsal unit,$(COMPILE) 3.11 requirements/$(group).in --constraints requirements/lint.txt --output-file requirements/$(group).txt &&) true
	@$(COMPILE) 3.11 requirements.txt --constraints requirements/lint.txt --output-file requirements/deploy.txt
	@$(COMPILE) 3.11.5 requirements/docs.in --output-file requirements/docs.txt

start: $(VENV)/.rehearsal ## the rehearsal's cloud alone, to set secrets before the first `make up`
	@$(RUN) -m rehearsal start

up: $(VENV)/.rehearsal ## deploy the whole stack in rehearsal
	@$(RUN) -m rehearsal up

down: ## end the rehearsal, remove all but packages and cache
	@test ! -x $(RUN) || $(RUN) -m rehearsal down

status: $(VENV)/.rehearsal ## what runs where
	@$(RUN) -m rehearsal status

logs: $(VENV)/.rehearsal ## the rehearsal's logs
	@$(RUN) -m rehearsal logs

queries: $(VENV)/.rehearsal app/node_modules/.ready ## what costs the rehearsed database most: make queries ARGS="--since before.json"
	@$(RUN) -m rehearsal queries -- $(ARGS)

env: $(VENV)/.rehearsal ## the shell lines that let plain `pulumi` work: eval "$(make -s env)"; ARGS=--admin for all rights
	@$(RUN) -m rehearsal env $(ARGS)

preview: $(VENV)/.rehearsal ## preview every stack, without an AWS account
	@$(RUN) -m rehearsal preview

timeline: $(VENV)/.unit ## a stack's time-outs and capacity: make timeline STACK=prod
	@$(RUN) -m stacks timeline $(or $(STACK),local)

unit: $(VENV)/.unit ## the quick tests: they need Python alone
	@$(RUN) -m pytest tests/unit --numprocesses 2 --dist loadfile --hypothesis-profile quick

test-one: $(VENV)/.$(if $(filter tests/unit%,$(T)),unit,rehearsal) ## one file of tests, or one test: make test-one T=tests/unit/stacks/test_settings.py
	@$(RUN) -m pytest $(T)

lint: $(VENV)/.lint app/node_modules/.ready ## ruff, mypy --strict, import contracts, shellcheck, spelling and unwanted words, the app's linter
	@printf '%s\n' lint-kit lint-app | xargs -n 1 -P 2 $(MAKE) --no-print-directory

lint-kit: $(VENV)/.lint
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy .
	@$(VENV)/bin/lint-imports --no-cache >/dev/null || $(VENV)/bin/lint-imports --no-cache
	@shellcheck --external-sources setup.sh packaging/*.sh components/boot/*.sh rehearsal/cloud/ec2/*.sh
	@$(VENV)/bin/codespell

lint-app: app/node_modules/.ready
	@npm run --silent --prefix app lint

app/node_modules/.ready: app/package-lock.json
	@npm ci --prefix app --no-audit --no-fund --loglevel=error
	@touch $@

docs: $(DOCS)/.ready website/node_modules/.ready ## the documentation as a site, in site/; needs Python and npm, and no `make setup`
	@NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/python -m mkdocs build --strict

$(DOCS)/.ready: requirements/docs.txt
	@$(PYTHON) -m venv --clear $(DOCS)
	@$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/docs.txt
	@touch $@

website/node_modules/.ready: website/package-lock.json
	@npm ci --prefix website --no-audit --no-fund --loglevel=error
	@touch $@

test: setup lint ## lint, the app's tests, unit, preview, rehearsal, infra
	@$(RUN) -m rehearsal engine
	@npm test --silent --prefix app
	@$(RUN) -m pytest tests $(BESIDE)

test-rehearsal: $(VENV)/.rehearsal app/node_modules/.ready ## the app's tests and all that start something, but infra
	@$(RUN) -m rehearsal engine
	@npm test --silent --prefix app
	@$(RUN) -m pytest tests --ignore tests/unit --ignore tests/infra $(BESIDE)

test-long: $(VENV)/.rehearsal app/node_modules/.ready ## what takes minutes: every fault, runbooks, a life of prod; an hour
	@$(RUN) -m rehearsal engine
	@$(RUN) -m pytest tests -m long

soak: $(VENV)/.rehearsal app/node_modules/.ready ## rollouts, reloads and lives in a mean cloud, twenty times each; every kill of a build; 50 kills of the app, 1,000 of the migrator
	@npm run --silent --prefix app soak
	@$(RUN) -m pytest tests/faults tests/migrator/test_kills.py --times 20 -rP -k 'rolling or mean_cloud or builds or kills'

fuzz: $(VENV)/.rehearsal app/node_modules/.ready ## ten minutes of odd requests to the app: make fuzz SECONDS=60 SEED=7
	@npm run --silent --prefix app build
	@cd app && FUZZ_SECONDS=$(or $(SECONDS),600) $(if $(SEED),FUZZ_SEED=$(SEED)) node test/fuzz.test.js

fuzz-api: $(VENV)/.rehearsal ## ten minutes of odd calls to the rehearsal's cloud: make fuzz-api SECONDS=3600 SEED=7
	@FUZZ_SECONDS=$(or $(SECONDS),600) $(if $(SEED),FUZZ_SEED=$(SEED)) \
		$(RUN) -m pytest tests/rehearsal/cloud/test_fuzzed_api.py -k no_request -s

release: ## a version of the kit, as a commit and a tag: make release VERSION=0.3.0
	@packaging/release.sh $(VERSION)

bench: $(VENV)/.bench ## cold and warm `make up`, no-change `pulumi up`, the program alone; JSON
	@$(RUN) -m bench

bench-migrations: $(VENV)/.bench ## writers' latency during a build, four ways, and during a backfill; a long history; JSON and a plot
	@$(RUN) -m bench.migrations
	@$(RUN) -m bench.migrations.backfill
	@$(RUN) -m bench.migrations.history

bench-rollout: $(VENV)/.bench ## what the users see of a rollout, and how long it takes; JSON and a plot
	@$(RUN) -m bench.rollout

bench-load: $(VENV)/.bench app/node_modules/.ready ## what each part of the workload buys, before and after; JSON, a plot and tables
	@npm run --silent --prefix app build
	@$(RUN) -m bench.load $(if $(QUICK),--quick)
