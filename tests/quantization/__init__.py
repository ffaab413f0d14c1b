"""Tests of mgeconvert.quantization."""
