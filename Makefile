# `make run` and `make test` need Python 3.11 and nothing else.
.PHONY: run test bench format lock materials audit clean

run:
	@scripts/bootstrap run
	@exec .venv/bin/fanlight up

test:
	@scripts/bootstrap test
	@scripts/test

# Prints one line per figure; nothing passes or fails.
bench:
	@scripts/bootstrap test
	@scripts/bench

format:
	@scripts/bootstrap test
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

lock:
	@scripts/bootstrap run
	@scripts/lock

# What Fanlight is made of (CycloneDX), and what is known against it; the latter asks the network.
materials:
	@scripts/bootstrap run
	@scripts/materials list materials

audit:
	@scripts/bootstrap run
	@scripts/materials audit

# Takes everything back to a fresh clone, except data/.
clean:
	rm -rf .venv .tools materials web/static web/frontend/node_modules tests/clients/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/.output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
