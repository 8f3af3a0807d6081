# The commands of the README. Needs git, make and an npm of Node 20 or newer; brings the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

FLEET := bin/fleet.mjs
DEMO := examples/demo
DEMO_DATA := $(DEMO)/data/train.jsonl
PAGE := dashboard/dist/index.html
PAGE_SOURCES := $(shell find dashboard -path dashboard/dist -prune -o -type f -print)

.PHONY: help
help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort | awk -F'\t' '{ printf "make %-14s %s\n", $$1, $$2 }'

node_modules/.installed: package.json package-lock.json
	@echo "installing npm packages"
	@npm ci --no-progress --loglevel=error
	@touch $@

$(PAGE): node_modules/.installed $(PAGE_SOURCES)
	@vite build dashboard --config dashboard/vite.config.ts --logLevel warn

.PHONY: dashboard
dashboard: $(PAGE) ## build the page that a run's coordinator serves

.PHONY: setup
setup: node_modules/.installed $(PAGE) ## npm packages, nats-server and the dashboard's page
	@$(FLEET) doctor --setup

.PHONY: kernels
kernels: setup ## compile ggml's CPU kernels here, where that is faster: needs cmake and a C++ compiler
	@$(FLEET) kernels

# A machine without compilers measures the packaged ones: results.json says which they were.
.PHONY: bench-kernels
bench-kernels: setup
	-@$(FLEET) kernels

$(DEMO_DATA): node_modules/.installed $(wildcard $(DEMO)/task/*.ts) $(DEMO)/make-dataset.ts
	@node $(DEMO)/make-dataset.ts --out $(DEMO)/data

.PHONY: demo
demo: setup $(DEMO_DATA) ## train a small Llama in about five minutes
	@$(FLEET) train $(DEMO)/run.yaml

.PHONY: demo-seeds
demo-seeds: setup $(DEMO_DATA) ## the demo with three seeds, one after the other
	@node $(DEMO)/seeds.ts

.PHONY: demo-model
demo-model: setup ## make the demo's model again (about 40 minutes of one free core)
	@node $(DEMO)/make-model.ts

.PHONY: check
check: node_modules/.installed ## types, lint, boundaries, dead code, generated files
	tsc -p .
	tsc -p dashboard
	biome check .
	depcruise --config .dependency-cruiser.mjs --output-type err core proto llama telemetry transport rewards dashboard coordinator workers updater autoscaler cli
	knip
	proto/generate.sh --check
	node docs/generate.ts --check
	node helm/generate.ts --check
	node $(DEMO)/make-model.ts --check

.PHONY: test
test: setup $(DEMO_DATA) ## everything that proves it
	vitest run

.PHONY: test-short
test-short: setup $(DEMO_DATA) ## the slow suites in their short form, some minutes
	vitest run --config vitest.slow.config.ts

.PHONY: cluster-binaries
cluster-binaries: ## build a Kubernetes control plane and node from Go modules, for test-cluster (7 to 20 minutes, once): [ONLY=helm], [ONLY=keda] (10 to 30 more)
	@test/cluster/node/binaries.sh $(ONLY)

.PHONY: test-cluster
test-cluster: setup ## the chart on a real cluster: FLEET_KUBECONFIG's, else a node of its own where cluster-binaries has run: [ONLY=scaling]
	vitest run --config vitest.cluster.config.ts $(ONLY)

.PHONY: soak
soak: setup ## a simulated fleet of 1,000 workers that come and go: MINUTES=30
	node test/slow/soak/main.ts

.PHONY: chaos
chaos: setup ## kill and stop the processes of small runs: ROUNDS=N [SEED=...]; goes on where it stopped
	node test/slow/chaos/main.ts --rounds $(or $(ROUNDS),10) --seed $(or $(SEED),1)

.PHONY: fuzz
fuzz: node_modules/.installed ## hostile inputs for every reader: [SECONDS=60] [SEED=…] [TARGET=…] [NUMBER=…]
	@node test/slow/fuzz/main.ts --seconds "$(or $(SECONDS),60)" --seed "$(SEED)" --target "$(TARGET)" --number "$(NUMBER)"

.PHONY: bench
bench: setup bench-kernels $(DEMO_DATA) ## measure, with kernels compiled here where they can be; writes bench/results.json
	node bench/main.ts

PEERS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/rollout-fleet/bench/peers

$(PEERS)/.installed: bench/peers/requirements.txt
	@echo "installing PyTorch and TRL into $(PEERS): some gigabytes"
	@python3 -m venv $(PEERS)
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.PHONY: bench-peers
bench-peers: setup bench-kernels $(PEERS)/.installed ## measure beside PyTorch and TRL; adds to bench/results.json
	PEERS_PYTHON=$(PEERS)/bin/python node bench/main.ts pytorch trl
