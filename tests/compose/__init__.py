"""Tests of operators as compositions of more common ones."""
