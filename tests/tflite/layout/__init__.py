"""Tests of the engine for layouts."""
