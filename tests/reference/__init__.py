"""Tests of reference: one file a source file, under its name."""
