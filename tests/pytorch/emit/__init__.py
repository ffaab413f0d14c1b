"""Tests of pytorch.emit: one file a source file, under its name."""
