"""Quantized and fake-quantized modules, functions and opdefs."""
