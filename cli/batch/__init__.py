"""`mgeconvert batch`: many models to many targets in worker processes, each model by itself."""
