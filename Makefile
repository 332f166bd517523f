# Commands for developers. The CI (`.ci/run`) runs `make test`, `make deny` and `make audit`, and installs what they need.

# Use the pinned toolchain if it is installed, else the stable one. rust-version in Cargo.toml sets the minimum.
ifneq ($(shell cargo --version >/dev/null 2>&1 && echo there),there)
export RUSTUP_TOOLCHAIN ?= stable
endif

.DEFAULT_GOAL := help
.PHONY: help dev lint test screenshots chaos fuzz deploy settings deny audit bench

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST)

# The first build takes minutes, so its output is shown (on standard error). Standard output is for the two addresses.
dev: ## start the bridge with an OpenHEXA emulator, on this machine only; ARGS="--port 8080 …"
	@cargo build
	@exec cargo run --quiet -- dev $(ARGS)

lint: ## check format and lints, with and without the `dev` feature
	@cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 || rustup component add rustfmt clippy
	cargo fmt --all --check
	cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
	cargo clippy --quiet --locked --no-default-features -- -D warnings

# The scripts in tests/env install what is missing and print its path.
test: lint ## run all tests on SQLite and PostgreSQL; downloads what they need; ARGS="name of a test"
	@set -e; \
	OPENHEXA_BRIDGE_TEST_PG_BIN=$$(sh tests/env/postgres.sh); \
	OPENHEXA_BRIDGE_TEST_PYTHON=$$(sh tests/env/python.sh); \
	OPENHEXA_BRIDGE_FUZZ_PYTHON=$$(sh tests/env/python.sh fuzz); \
	OPENHEXA_BRIDGE_TEST_NGINX=$$(sh tests/env/nginx.sh); \
	OPENHEXA_BRIDGE_TEST_CHROMEDRIVER=$$(sh tests/env/chromium.sh); \
	OPENHEXA_BRIDGE_TEST_AXE=$$(sh tests/env/axe.sh); \
	export OPENHEXA_BRIDGE_TEST_PG_BIN OPENHEXA_BRIDGE_TEST_PYTHON; \
	export OPENHEXA_BRIDGE_FUZZ_PYTHON OPENHEXA_BRIDGE_TEST_NGINX; \
	export OPENHEXA_BRIDGE_TEST_CHROMEDRIVER OPENHEXA_BRIDGE_TEST_AXE; \
	set -x; exec cargo test --locked $(ARGS)

# The tests contain a shorter version.
chaos: ## kill processes and restart PostgreSQL during 1,000 tasks and about 100 runs of flows; TASKS=1000 SEED=… AWAY=30 (seconds without PostgreSQL)
	@set -e; \
	OPENHEXA_BRIDGE_TEST_PG_BIN=$$(sh tests/env/postgres.sh); \
	OPENHEXA_BRIDGE_CHAOS_TASKS=$(or $(TASKS),1000); \
	OPENHEXA_BRIDGE_CHAOS_SEED=$(or $(SEED),$$(date +%s)); \
	OPENHEXA_BRIDGE_CHAOS_AWAY=$(or $(AWAY),30); \
	export OPENHEXA_BRIDGE_TEST_PG_BIN OPENHEXA_BRIDGE_CHAOS_TASKS OPENHEXA_BRIDGE_CHAOS_SEED OPENHEXA_BRIDGE_CHAOS_AWAY; \
	exec cargo test --locked --test it chaos::random_failures -- --nocapture

# The tests contain a shorter version.
fuzz: ## send more than ten thousand random requests that the API reference allows; EXAMPLES=600 per operation
	@set -e; \
	OPENHEXA_BRIDGE_FUZZ_PYTHON=$$(sh tests/env/python.sh fuzz); \
	OPENHEXA_BRIDGE_FUZZ_EXAMPLES=$(or $(EXAMPLES),600); \
	export OPENHEXA_BRIDGE_FUZZ_PYTHON OPENHEXA_BRIDGE_FUZZ_EXAMPLES; \
	exec cargo test --locked --test it fuzz:: -- --nocapture

deploy: ## test deploy/nginx.conf with a real nginx, and check the other files of deploy/; part of `make test`
	@set -e; \
	OPENHEXA_BRIDGE_TEST_NGINX=$$(sh tests/env/nginx.sh); \
	OPENHEXA_BRIDGE_TEST_PG_BIN=$$(sh tests/env/postgres.sh); \
	export OPENHEXA_BRIDGE_TEST_NGINX OPENHEXA_BRIDGE_TEST_PG_BIN; \
	exec cargo test --locked --test it deploy::

screenshots: ## update the pictures of the pages in docs/images/
	@set -e; \
	OPENHEXA_BRIDGE_TEST_CHROMEDRIVER=$$(sh tests/env/chromium.sh); \
	OPENHEXA_BRIDGE_TEST_AXE=$$(sh tests/env/axe.sh); \
	OPENHEXA_BRIDGE_SCREENSHOTS=docs/images; \
	export OPENHEXA_BRIDGE_TEST_CHROMEDRIVER OPENHEXA_BRIDGE_TEST_AXE OPENHEXA_BRIDGE_SCREENSHOTS; \
	exec cargo test --locked --test it browser::screenshots::the_pages

settings: ## update docs/settings.md from config/default.toml
	@cargo build
	cargo run --quiet -- settings > docs/settings.md.new
	mv docs/settings.md.new docs/settings.md

# Install both first: cargo install --locked cargo-deny cargo-machete
deny: ## check licences, banned crates, sources and unused dependencies
	cargo deny --locked check bans licenses sources
	cargo machete --skip-target-dir .

# If the list of vulnerabilities cannot be downloaded, nothing is checked, which is an error. In the CI (the variable CI is
# set) it is only a message, so that a machine without access to the list can run all other checks.
audit: ## check for known vulnerabilities; downloads the list
	@if cargo deny --locked fetch db; then \
	    cargo deny --locked check --disable-fetch advisories; \
	else \
	    echo "make audit: cannot download the list of known vulnerabilities, NOTHING WAS CHECKED" >&2; \
	    [ -n "$$CI" ]; \
	fi

# Measures a release build without `dev`. The emulator is a `dev` build. Each stream needs an open file (ulimit).
bench: ## measure performance and update BENCHMARKS.md; ARGS="--seconds 1 --rounds 1", --large, or --url … for another server
	@set -e; \
	ulimit -n $$(ulimit -Hn); \
	OPENHEXA_BRIDGE_TEST_PG_BIN=$$(sh tests/env/postgres.sh); \
	export OPENHEXA_BRIDGE_TEST_PG_BIN; \
	cargo build --locked; \
	exec cargo bench --locked --no-default-features --bench figures -- $(ARGS)
