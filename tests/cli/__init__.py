"""Tests of cli: one file a source file, under its name."""
