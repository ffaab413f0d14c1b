"""Tests of tracedmodule.write: one file a source file, under its name."""
