"""Rewrites of quantized graphs that several targets need: grids of values, ranges on integers, signs of integers."""
