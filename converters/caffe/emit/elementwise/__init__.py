"""Elementwise operators: of several operands, of one, comparisons."""
