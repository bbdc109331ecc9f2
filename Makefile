# Everything a newcomer needs: `make up` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BINARY := .build/release/mainstay
TRAIT_FLAGS := $(if $(TRAITS),--traits $(TRAITS),)

.PHONY: help setup setup-test build up test format format-check api docs vectors overload-plots kill-matrix kill-database traces simulate mutants fuzz fuzz-wire journey bench

help: ## Lists what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## Installs the system libraries that are missing
	@scripts/setup.sh $(if $(findstring PostgreSQL,$(TRAITS)),postgresql,build)

setup-test:
	@scripts/setup.sh test

build: setup ## Builds the release executable, which runs also where Swift is not installed
	swift build -c release --product mainstay --static-swift-stdlib $(TRAIT_FLAGS)

up: build ## Builds and starts everything, in the foreground
	@$(BINARY) up $(ARGS)

test: setup-test ## Runs every test
	@scripts/test.sh $(TRAIT_FLAGS)

format: ## Formats the sources
	swift format -i -r Package.swift Sources Tests

format-check: ## Checks the formatting
	swift format lint --strict -r Package.swift Sources Tests

api: setup-test ## Writes the listing of the public API, Docs/API
	swift build --traits PostgreSQL
	@scripts/api.py

docs: ## Makes readable pages of the documents: .build/docs/index.html
	@scripts/setup.sh docs
	@test -x .build/docs-venv/bin/python || python3 -m venv .build/docs-venv
	@.build/docs-venv/bin/pip install --quiet --disable-pip-version-check 'markdown-it-py==4.3.0' 'mdit-py-plugins==0.7.0' 'Pygments==2.21.0'
	@.build/docs-venv/bin/python scripts/docs.py

kill-database: setup-test ## Kills a PostgreSQL server under load KILLS times and checks that nothing acknowledged is lost
	CI=true KILLS=$(or $(KILLS),50) swift test --traits PostgreSQL --filter KillTests

vectors: setup-test ## Checks the JOSE front against outside vectors: make vectors VECTORS=DIR
	@test -n "$(VECTORS)" || { echo "say where the vectors are: make vectors VECTORS=DIR"; exit 2; }
	VECTORS=$(abspath $(VECTORS)) swift test --traits PostgreSQL --filter Wycheproof

traces: ## Plays recorded traces to the cache and compares hit ratios: make traces TRACES=DIR
	@test -n "$(TRACES)" || { echo "say where the traces are: make traces TRACES=DIR"; exit 2; }
	swift build -c release --package-path Benchmarks/Caching
	Benchmarks/Caching/traces.py $(abspath $(TRACES))

overload-plots: setup-test ## Plays the overload simulation and draws Docs/Resilience/overload-*.svg
	OVERLOAD_PLOTS=1 swift test --traits PostgreSQL --filter OverloadPlots

kill-matrix: build ## Kills the running platform KILLS times and checks that nothing is lost
	python3 scripts/kill_matrix.py --binary $(BINARY) --kills $(or $(KILLS),200) $(if $(SEED),--seed $(SEED),)

simulate: build ## Runs SEEDS seeds of the whole shop in the simulator: make simulate SEEDS=1000
	$(BINARY) simulate --seeds $(or $(SEEDS),1000) $(ARGS)

mutants: setup ## Plants every known mistake, one at a time, and checks that the simulator finds it
	swift build -c release --product mainstay --traits PlantedFaults --scratch-path .build/planted
	scripts/mutants.sh .build/planted/release/mainstay $(or $(SEEDS),400) $(FAULTS)

fuzz: build ## Plays schemathesis against the served OpenAPI document
	scripts/fuzz.sh $(BINARY)

fuzz-wire: setup ## Plays random bytes against HTTPWire, TLS and HTTP2 with AddressSanitizer: make fuzz-wire MINUTES=10
	scripts/fuzz_wire.sh $(or $(MINUTES),10)

journey: ## Walks a customer's whole journey against a running `mainstay up --demo`
	Examples/journey.sh

bench: ## Runs one suite of Benchmarks/: make bench NAME=checkout, make bench NAME=resilience ARGS=--check
	@test -x Benchmarks/$(NAME).sh || { echo "there is no suite '$(NAME)'; there are: $$(cd Benchmarks && ls *.sh | sed 's/\.sh//' | xargs)"; exit 2; }
	@if grep -q 'the mainstay binary' Benchmarks/$(NAME).sh; then $(MAKE) build && Benchmarks/$(NAME).sh $(BINARY) $(ARGS); else Benchmarks/$(NAME).sh $(ARGS); fi
