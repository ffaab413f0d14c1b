"""Products of matrices, attention, inverses."""
