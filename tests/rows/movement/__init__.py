"""Rows of movement, one file a kind."""
