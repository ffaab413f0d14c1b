"""The reference environments: the real frameworks that judge our results, each in a virtual environment of its own."""
