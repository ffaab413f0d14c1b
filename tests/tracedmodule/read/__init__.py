"""Tests of what reads pickles into records."""
