# `make run` and `make test` need Python 3.11 and nothing else.
.PHONY: run test bench format lock clean

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

# Takes everything back to a fresh clone, except data/.
clean:
	rm -rf .venv .tools web/static web/frontend/node_modules tests/clients/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/.output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
