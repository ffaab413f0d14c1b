"""Tests of static graphs: one file a source file, under its name."""
