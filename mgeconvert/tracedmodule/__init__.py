"""Reads and writes TracedModule pickles without MegEngine."""
