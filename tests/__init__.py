"""The tests; `tests.harness` holds what test rows are made of."""
