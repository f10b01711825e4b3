# Everything starts here: `make` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help run stop logs clean backup restore upgrade-postgres test check drill bench lock fmt migrations events release ledger
PYTHON := .venv/bin/python
UV := .venv/bin/uv
SET_UP = @test -x $(PYTHON) || { echo "Nothing is set up here yet: make run"; exit 1; }

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\n  make run takes PORT, STATE_DIR, WEB_PROCESSES, WEB_THREADS, WORKER_PROCESSES, REPLICAS, DEMO=0,\n'
	@printf '  EVENTS_TRANSPORT=kafka, and the URLs of servers that are already there. Example: make run PORT=9000 REPLICAS=1\n'

run: ## Set up what is missing and run the platform until Ctrl-C
	@bin/bootstrap run
	@exec $(PYTHON) manage.py up

stop: ## Stop the platform that runs here; the data stays
	$(SET_UP)
	@$(PYTHON) manage.py stop

logs: ## Follow the logs (LOG=web: one of them)
	$(SET_UP)
	@exec $(PYTHON) manage.py logs

clean: ## Remove data, secrets and logs, after asking (YES=1: without)
	$(SET_UP)
	@$(PYTHON) manage.py clean

backup: ## Copy the running installation into one file (TO=folder)
	$(SET_UP)
	@$(PYTHON) manage.py backup $(TO)

restore: ## Make an installation of a backup in an empty STATE_DIR (FROM=file)
	$(SET_UP)
	@$(PYTHON) manage.py restore $(FROM)

upgrade-postgres: ## Carry the stopped installation's data to the newest PostgreSQL here (ARGS="--to 18")
	$(SET_UP)
	@$(PYTHON) manage.py upgrade_postgres $(ARGS)

test: ## Run the whole test-suite (ARGS="-k orders": a part)
	@bin/bootstrap test
	@exec bin/test $(ARGS)

check: ## Run every static check
	@bin/bootstrap test
	@exec bin/check

drill: ## Kill processes of a platform under load for ten minutes, then count (SECONDS=600)
	@bin/bootstrap test
	@exec $(PYTHON) -m tests.drills.killing $(SECONDS)

bench: ## Run the benchmarks (INVOICES=file: the import too)
	@bin/bootstrap test
	@exec $(PYTHON) -m bench $(ARGS)

lock: ## Lock the newest versions that requirements/*.in allow
	@bin/bootstrap test
	@$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes requirements/base.in -o requirements/base.txt
	@$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes requirements/dev.in -o requirements/dev.txt

fmt: ## Format the code
	@bin/bootstrap test
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format .

migrations: ## Write the migrations for changed models
	@bin/bootstrap test
	@exec $(PYTHON) manage.py makemigrations $(ARGS)

events: ## Write docs/events.md, the AsyncAPI document and the fixtures of new events
	@bin/bootstrap test
	@exec $(PYTHON) manage.py events write

release: ## Make the events that the code declares the released state, which later changes are held against
	@bin/bootstrap test
	@exec $(PYTHON) manage.py events release

ledger: ## Write docs/requirements.md from docs/requirements.toml, docs/conformance.md from the tests
	@bin/bootstrap test
	@$(PYTHON) -m tests.architecture.requirement_ledger && exec $(PYTHON) -m tests.conformance.matrix
