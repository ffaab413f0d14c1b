"""Source and weights to bytes."""
