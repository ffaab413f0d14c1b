"""`make bench-graphs`: whether other optimizers find anything left to do in the files that mgeconvert writes."""
