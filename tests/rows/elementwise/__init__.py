"""Rows of elementwise operators, one file a kind."""
