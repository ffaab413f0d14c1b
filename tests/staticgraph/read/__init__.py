"""Tests of staticgraph.read: one file a source file, under its name."""
