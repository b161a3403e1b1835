# What people type. Every target makes what it needs; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CAMERA ?= scene:?seed=7
PHOTOGRAPHS ?= ../shared/glass-images
FUZZ_SECONDS ?= 300
SOURCES := glassline pi_node broker bridge web workbench tests

.DEFAULT_GOAL := help
.PHONY: lock broker accuracy accuracy-trained accuracy-events bench-detect bench-bridge bench-defects chaos faults chaos-supabase smoke-supabase fuzz fuzz-api help demo doctor test test-train lint format docs clean bench-live alone soak-stalled soak-page chaos-demo fresh

help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-17s %s\n", $$1, $$2}'

$(VENV)/.demo: pyproject.toml requirements.txt
	@deploy/make-venv.sh $(PYTHON) $(VENV)
	@echo "installing (a minute, once) …"
	@$(BIN)/pip install -q -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.demo
	@$(BIN)/pip install -q -e '.[dev]'
	@touch $@

demo: $(VENV)/.demo  ## Watch glass being inspected, all on this machine (CAMERA=folder:PATH replays photographs)
	@exec $(BIN)/glassline demo --camera '$(CAMERA)'

broker: $(VENV)/.demo  ## mosquitto with mosquitto.conf, its own CA and accounts, in var/broker (HOST=0.0.0.0: for others too)
	@exec $(BIN)/python -m workbench.mosquitto --host $(or $(HOST),127.0.0.1)

doctor: $(VENV)/.demo  ## Ask what is wrong with the demo that runs now
	@$(BIN)/glassline doctor --config var/demo/glassline.toml

test: $(VENV)/.dev  ## All tests; installs what they need where it may
	@deploy/test-needs.sh
	@$(BIN)/python -m tests.run

$(VENV)-train/.train: pyproject.toml
	@deploy/make-venv.sh $(PYTHON) $(VENV)-train
	@echo "installing what training needs (some GB) …"
	@$(VENV)-train/bin/pip install -q -e '.[train,dev]'
	@touch $@

test-train: $(VENV)-train/.train  ## Train, interrupt, resume and export for real, small (minutes)
	@$(VENV)-train/bin/python -m pytest -q -m train

lint: $(VENV)/.dev  ## Style, types, and that rooms import only from floors below
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.dev  ## Put the code into the house's form
	@$(BIN)/ruff check --fix -q $(SOURCES); $(BIN)/ruff format -q $(SOURCES)

docs: $(VENV)/.dev  ## Make the generated pages anew
	@$(BIN)/glassline settings > docs/settings.md
	@$(BIN)/python -m glassline.diagnosis > docs/troubleshooting.md
	@$(BIN)/python -m glassline.contract.schema > docs/contract-v1.schema.json
	@$(BIN)/python -m tests.garbage.page > docs/garbage.md

accuracy: $(VENV)/.demo  ## The shipped model on real photographs that it never saw (PHOTOGRAPHS=folder)
	@GLASSLINE=$(BIN)/glassline tests/accuracy/shipped.sh $(PHOTOGRAPHS)

accuracy-trained: $(VENV)-train/.train  ## Train on real photographs, measure on others; hours (SCENES="25 50 100 158": the curve)
	@PHOTOGRAPHS=$(PHOTOGRAPHS) tests/accuracy/trained.sh $(or $(SCENES),158)

accuracy-events: $(VENV)/.demo  ## Detector and tracker on ten minutes of a rendered conveyor
	@$(BIN)/glassline model events --minutes 10 --fps 10 --panes 100 --seed 4242 --json --mistakes var/accuracy/events

bench-detect: $(VENV)-train/.train  ## What a frame costs on every runtime, beside Ultralytics' own predict
	@$(VENV)-train/bin/glassline bench detect

bench-bridge: $(VENV)/.dev  ## Detections a second into SQLite and Supabase, beside one insert for each message
	@deploy/test-needs.sh
	@$(BIN)/glassline bench bridge

bench-defects: $(VENV)/.dev  ## What the page asks of a store with 100,000 defects, in SQLite and Supabase (COUNT=100000)
	@deploy/test-needs.sh
	@$(BIN)/glassline bench defects --count $(or $(COUNT),100000)

bench-live: $(VENV)/.demo  ## What the live picture costs, against a bare relay and a naive loop (VIEWERS=50)
	@$(BIN)/glassline bench live --viewers $(or $(VIEWERS),50)

alone: $(VENV)/.dev  ## A node without a server for MINUTES=10 and without a clock: all arrives, with the true times
	@$(BIN)/python -m tests.chain.alone --minutes $(or $(MINUTES),10)

soak-stalled: $(VENV)/.dev  ## Clients that never read, MINUTES=10 long: the others lose nothing, memory stays
	@$(BIN)/python -m tests.soak.run --minutes $(or $(MINUTES),10)

soak-page: $(VENV)/.dev  ## The page of defects kept open for MINUTES=15 at ten times the usual rates: memory stays, none is missing
	@$(BIN)/python -m tests.soak.page --minutes $(or $(MINUTES),15)

$(VENV)/.fuzz: $(VENV)/.dev
	@$(BIN)/pip install -q -e '.[fuzz]'
	@touch $@

fuzz: $(VENV)/.fuzz  ## Attack the readers of frames and messages for FUZZ_SECONDS (300), keep what reaches new code
	@$(BIN)/python -m tests.fuzz.run --seconds $(FUZZ_SECONDS)

fuzz-api: $(VENV)/.dev  ## Schemathesis against the API for FUZZ_SECONDS (300), as admin and as viewer
	@deploy/test-needs.sh
	@FUZZ_SECONDS=$(FUZZ_SECONDS) $(BIN)/python -m pytest -q tests/web/test_openapi.py -k whatever

$(VENV)/.lock: $(VENV)/.demo
	@$(BIN)/pip install -q -e '.[lock]'
	@touch $@

lock: $(VENV)/.lock  ## Resolve anew what a Pi installs: deploy/pi-py311.lock and pi-py313.lock
	@deploy/make-lock.sh $(VENV)

chaos-demo: $(VENV)/.demo  ## 60 s of demo with bridge, broker, node and web killed in turn; prints the report
	@$(BIN)/glassline demo --seconds 60 --kill --folder var/chaos --report var/chaos.json

chaos: $(VENV)/.dev  ## 3 minutes of everything being killed, stopped and cut off: nothing is lost (BROKER=embedded|mosquitto|both SEED=n)
	@deploy/test-needs.sh
	@$(BIN)/python -m tests.chaos.run --broker $(or $(BROKER),both) --seconds $(or $(SECONDS),180) $(if $(SEED),--seed $(SEED))

faults: $(VENV)/.dev  ## Inject every fault, two at once, and none: are they named? (ONLY="wrong host", PART=pairs, PART=healthy)
	@deploy/test-needs.sh
	@$(BIN)/python -m tests.faults.run $(if $(ONLY),--only "$(ONLY)") $(if $(PART),--part $(PART))

chaos-supabase: $(VENV)/.dev  ## COUNT=10000 detections into a Supabase project that is killed ten times: nothing is lost
	@deploy/test-needs.sh
	@$(BIN)/python -m tests.chaos.supabase --count $(or $(COUNT),10000)

smoke-supabase: $(VENV)/.dev  ## One defect through the project that SUPABASE_URL and SUPABASE_SECRET_KEY name, and away again
	@: $${SUPABASE_URL:?name the project} $${SUPABASE_SECRET_KEY:?name its secret key}
	@$(BIN)/python -m pytest -q tests/store/test_supabase_smoke.py -k hosted

fresh:  ## The newcomer's way, measured: clean clone in a bare Debian root, demo and tests (wants root, debootstrap)
	@tests/fresh/fresh-root.sh $(or $(FRESH),/tmp/glassline-fresh)

clean:  ## Remove what the demo and the tests made
	rm -rf var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
