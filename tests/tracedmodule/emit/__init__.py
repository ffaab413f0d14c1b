"""Tests of what writes the IR as calls of MegEngine."""
