"""Tests of verification: one file a source file, under its name."""
