"""Layers to IR."""
