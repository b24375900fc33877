# `make help` lists what there is. Everything honours CARGO_TARGET_DIR.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup python build demo test fuzz chaos lint bench

TARGET := $(or $(CARGO_TARGET_DIR),target)
# A crate's folder bears its name.
BENCHED := $(notdir $(patsubst %/benches,%,$(wildcard */*/benches)))

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

setup: ## Install what is missing (Debian, Ubuntu)
	@.ci/setup

# What tests and benchmarks compare with.
python: setup
	@.ci/python

build: setup ## Build the release binary
	cargo build --release --locked --package trader --bin sextant

demo: build ## Trade on its own; CANDLES=DIR replays a folder of candle files
	$(TARGET)/release/sextant demo $(if $(CANDLES),--candles '$(CANDLES)') $(ARGS)

test: python ## Run every test; they start a private PostgreSQL themselves
	SEXTANT_FUZZ_SECONDS=$${SEXTANT_FUZZ_SECONDS:-60} PATH="$(CURDIR)/.venv/bin:$$PATH" \
		cargo test --workspace --locked

CHAOS_RUNS ?= 1000

chaos: build ## Trade through random faults and kills, a thousand times
	$(TARGET)/release/sextant chaos --runs $(CHAOS_RUNS) $(ARGS)

FUZZ := infra/exchange/fuzz
FUZZ_TARGETS ?= market account refusal stream candle_file requests
FUZZ_SECONDS ?= 60
SEXTANT_DATA ?= ../shared/data

# libFuzzer needs flags that the stable compiler only gives when it is told so. What a server's threads
# hold between two requests is no leak.
fuzz: ## Fuzz every reader of the network, a minute each (needs cargo-fuzz)
	@python3 $(FUZZ)/lay_out.py $(SEXTANT_DATA)/fixtures $(FUZZ)/corpus/recorded
	@cd infra/exchange; for target in $(FUZZ_TARGETS); do \
		mkdir -p fuzz/corpus/$$target; \
		ASAN_OPTIONS=detect_leaks=0 RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir fuzz $$target fuzz/corpus/$$target fuzz/corpus/recorded -- \
			-max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 -max_len=65536; \
	done

lint: setup ## Check formatting, lints, licences, bans and sources
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- --deny warnings
	@if ! cargo deny --version >/dev/null 2>&1; then \
		echo "cargo deny: skipped, it is not installed (cargo install --locked cargo-deny)"; \
	elif ! cargo fetch --locked --quiet; then \
		echo "cargo deny: skipped, what it looks at could not be fetched"; \
	else \
		cargo deny --offline --locked check licenses bans sources; \
	fi

bench: python ## Measure, and say on what machine
	@.ci/machine
	$(if $(BENCHED),PATH="$(CURDIR)/.venv/bin:$$PATH" cargo bench --locked $(addprefix --package ,$(BENCHED)) --bench '*',@echo "no crate has benchmarks")
