"""Tests of pytorch.write: one file a source file, under its name."""
