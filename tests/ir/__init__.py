"""Tests of ir: one file a source file, under its name."""
