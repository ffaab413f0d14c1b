"""Arithmetic, comparison, logic, rounding, casts: each element by itself."""
