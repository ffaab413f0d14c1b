"""Tests of tracedmodule: one file a source file, under its name."""
