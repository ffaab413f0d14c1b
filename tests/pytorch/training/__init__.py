"""Written networks train as their sources do."""
