"""Tests of what is done to the operators after emission."""
