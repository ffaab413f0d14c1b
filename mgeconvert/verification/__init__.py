"""Does a written file compute what it should: expected results, comparison, tolerance, batches, divergence."""
