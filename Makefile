.PHONY: check soak docs
BIN := .venv/bin

check:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

soak:
	$(BIN)/python -m pytest -n 2 -m soak

docs:
	$(BIN)/mkdocs serve
