"""Rows of indexing, one file a kind."""
