"""Bytes to foreign model: bounds are checked, weights are views of the file."""
