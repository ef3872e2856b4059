# Felt: `make demo` sets everything up and shows it; `make test` sets everything up and tests it.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

NPM_CI := npm ci --no-audit --no-fund --loglevel=error
CACHE := $(or $(FELT_CACHE_DIR),$(HOME)/.cache/felt)
export FELT_CACHE_DIR := $(CACHE)

.PHONY: help setup assets engine kafka chromium prometheus build demo test test-rust test-web test-long lint bench bench-assets fuzz fmt clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

## --- set-up: each part is repeated only when its lock file changed ---

third-party/node_modules/.stamp: third-party/package-lock.json
	cd third-party && $(NPM_CI) && touch node_modules/.stamp

js-beacon/node_modules/.stamp: js-beacon/package-lock.json
	cd js-beacon && $(NPM_CI) && touch node_modules/.stamp

query/dashboard/node_modules/.stamp: query/dashboard/package-lock.json
	cd query/dashboard && $(NPM_CI) && touch node_modules/.stamp

tests/browser/node_modules/.stamp: tests/browser/package-lock.json
	cd tests/browser && $(NPM_CI) && touch node_modules/.stamp

tests/oidc/node_modules/.stamp: tests/oidc/package-lock.json
	cd tests/oidc && $(NPM_CI) && touch node_modules/.stamp

js-beacon/dist/.stamp: js-beacon/node_modules/.stamp $(shell find js-beacon/src -type f) js-beacon/package.json js-beacon/build.mjs js-beacon/small.mjs js-beacon/index.d.ts
	cd js-beacon && npm run --silent build && touch dist/.stamp

query/dashboard/dist/.stamp: query/dashboard/node_modules/.stamp $(shell find query/dashboard/src -type f) query/dashboard/package.json query/dashboard/build.mjs query/dashboard/short-keys.mjs
	cd query/dashboard && npm run --silent build && touch dist/.stamp

setup: third-party/node_modules/.stamp ## Fetch the pinned third-party data that is built in

assets: setup js-beacon/dist/.stamp query/dashboard/dist/.stamp ## Build the beacon and the dashboard

engine: ## Fetch the embedded ClickHouse engine (libchdb)
	scripts/fetch-libchdb.sh

kafka: ## Fetch Apache Kafka, for the tests
	scripts/fetch-kafka.sh

chromium: ## Install Chromium, for the tests
	scripts/ensure-chromium.sh

prometheus: ## Install Prometheus and Alertmanager, for the tests
	scripts/ensure-prometheus.sh

build: assets ## Build the felt binary, optimised
	cargo build --release --locked

## --- the two commands ---

demo: build engine ## Set everything up and open a small shop with four weeks of visitors
	target/release/felt demo

test: lint test-web test-rust ## Set everything up and run every test

## --- their parts ---

lint: assets ## Format and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

test-web: assets chromium tests/browser/node_modules/.stamp ## Beacon, dashboard and browser tests that need no Rust
	cd js-beacon && npm test --silent
	cd query/dashboard && npm test --silent
	cd tests/browser && npm test --silent

test-rust: assets engine kafka chromium prometheus tests/browser/node_modules/.stamp tests/oidc/node_modules/.stamp ## Unit, contract and end-to-end tests
	cargo build --workspace --bins --locked
	cargo test --workspace --locked --no-fail-fast

test-long: assets engine kafka ## Promises under fire for ten minutes a seed, a full disk, a jumping clock
	scripts/ensure-faketime.sh
	cargo build --workspace --bins --locked
	target/debug/felt-chaos

bench: build engine kafka chromium ## Benches; docs/performance.md holds their figures
	cargo bench --workspace --locked
	cd query/dashboard && npm run --silent speed

fuzz: assets ## Fuzz with a nightly compiler: TARGET=beacon FUZZ_RUNS=10000000; all targets, shortly, by default
	fuzz/run.sh

fmt: ## Format the Rust code
	cargo fmt --all

clean: ## Remove what was built; caches stay
	rm -rf target js-beacon/dist query/dashboard/dist
