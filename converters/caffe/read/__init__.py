"""Bytes to a net: its description and its weights."""
