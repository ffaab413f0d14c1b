"""Rows of quantization, one file a kind."""
