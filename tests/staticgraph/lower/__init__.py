"""Tests of staticgraph.lower: one file a source file, under its name."""
