"""Tests of surgery: one file a source file, under its name."""
