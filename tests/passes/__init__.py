"""Tests of passes: one file a source file, under its name."""
