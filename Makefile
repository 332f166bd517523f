# What people type. CI (`.ci/run`) is `make test`, `make deny` and `make audit` on a machine that has next to nothing.

# The pinned toolchain where it is there; else the machine's own, which rust-version judges.
ifneq ($(shell cargo --version >/dev/null 2>&1 && echo there),there)
export RUSTUP_TOOLCHAIN ?= stable
endif

.DEFAULT_GOAL := help
.PHONY: help dev lint test screenshots chaos fuzz deploy settings deny audit bench

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST)

# The build speaks, on standard error: on a fresh machine it takes minutes. Standard output is for the two addresses.
dev: ## the bridge with a small OpenHEXA, on this machine only; ARGS="--port 8080 …"
	@cargo build
	@exec cargo run --quiet -- dev $(ARGS)

lint: ## format and lints, with and without the `dev` feature
	@cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 || rustup component add rustfmt clippy
	cargo fmt --all --check
	cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
	cargo clippy --quiet --locked --no-default-features -- -D warnings

# The helpers make what is missing and print where it is.
test: lint ## everything that must hold; makes what the tests need; ARGS="name of a test"
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

# The suite has the same story, shorter.
chaos: ## kill -9 and restarts of PostgreSQL among a thousand tasks; TASKS=1000 SEED=… AWAY=30 (seconds without PostgreSQL)
	@set -e; \
	OPENHEXA_BRIDGE_TEST_PG_BIN=$$(sh tests/env/postgres.sh); \
	OPENHEXA_BRIDGE_CHAOS_TASKS=$(or $(TASKS),1000); \
	OPENHEXA_BRIDGE_CHAOS_SEED=$(or $(SEED),$$(date +%s)); \
	OPENHEXA_BRIDGE_CHAOS_AWAY=$(or $(AWAY),30); \
	export OPENHEXA_BRIDGE_TEST_PG_BIN OPENHEXA_BRIDGE_CHAOS_TASKS OPENHEXA_BRIDGE_CHAOS_SEED OPENHEXA_BRIDGE_CHAOS_AWAY; \
	exec cargo test --locked --test it chaos::whatever -- --nocapture

# The suite has the same, shorter.
fuzz: ## asks whatever the API's document allows, ten thousand times and more; EXAMPLES=600 for each operation
	@set -e; \
	OPENHEXA_BRIDGE_FUZZ_PYTHON=$$(sh tests/env/python.sh fuzz); \
	OPENHEXA_BRIDGE_FUZZ_EXAMPLES=$(or $(EXAMPLES),600); \
	export OPENHEXA_BRIDGE_FUZZ_PYTHON OPENHEXA_BRIDGE_FUZZ_EXAMPLES; \
	exec cargo test --locked --test it fuzz:: -- --nocapture

deploy: ## tries deploy/nginx.conf with a real nginx, and reads the rest of deploy/; the suite does it too
	@set -e; \
	OPENHEXA_BRIDGE_TEST_NGINX=$$(sh tests/env/nginx.sh); \
	OPENHEXA_BRIDGE_TEST_PG_BIN=$$(sh tests/env/postgres.sh); \
	export OPENHEXA_BRIDGE_TEST_NGINX OPENHEXA_BRIDGE_TEST_PG_BIN; \
	exec cargo test --locked --test it deploy::

screenshots: ## takes the pages in both languages and two widths into docs/images/
	@set -e; \
	OPENHEXA_BRIDGE_TEST_CHROMEDRIVER=$$(sh tests/env/chromium.sh); \
	OPENHEXA_BRIDGE_TEST_AXE=$$(sh tests/env/axe.sh); \
	OPENHEXA_BRIDGE_SCREENSHOTS=docs/images; \
	export OPENHEXA_BRIDGE_TEST_CHROMEDRIVER OPENHEXA_BRIDGE_TEST_AXE OPENHEXA_BRIDGE_SCREENSHOTS; \
	exec cargo test --locked --test it browser::screenshots::the_pages

settings: ## writes docs/settings.md from config/default.toml
	@cargo build
	cargo run --quiet -- settings > docs/settings.md.new
	mv docs/settings.md.new docs/settings.md

# Both are installed once: cargo install --locked cargo-deny cargo-machete
deny: ## licences, banned crates, sources, unused dependencies
	cargo deny --locked check bans licenses sources
	cargo machete --skip-target-dir .

# Without the list nothing is known, which is a failure. In CI (the variable CI is set) it is only said: a machine without
# access to the list must still be able to run everything else.
audit: ## known vulnerabilities; fetches the list of them
	@if cargo deny --locked fetch db; then \
	    cargo deny --locked check --disable-fetch advisories; \
	else \
	    echo "make audit: the list of known vulnerabilities could not be fetched, so NOTHING WAS CHECKED" >&2; \
	    [ -n "$$CI" ]; \
	fi

# The OpenHEXA beside it is the `dev` build's; what is measured is a release build without it. Streams are open files.
bench: ## what the bridge costs, into BENCHMARKS.md; ARGS="--seconds 1 --rounds 1", --large, or --url … for another server
	@set -e; \
	ulimit -n $$(ulimit -Hn); \
	OPENHEXA_BRIDGE_TEST_PG_BIN=$$(sh tests/env/postgres.sh); \
	export OPENHEXA_BRIDGE_TEST_PG_BIN; \
	cargo build --locked; \
	exec cargo bench --locked --no-default-features --bench figures -- $(ARGS)
