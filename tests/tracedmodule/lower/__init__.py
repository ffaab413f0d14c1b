"""Tests of what turns MegEngine's calls into the IR."""
