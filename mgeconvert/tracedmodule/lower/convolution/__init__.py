"""Convolutions, transposed and deformable ones, sliding windows."""
