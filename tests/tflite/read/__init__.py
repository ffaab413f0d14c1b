"""Tests of the bytes: what is damaged is said, whatever the damage."""
