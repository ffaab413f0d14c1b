"""Foreign model to bytes."""
