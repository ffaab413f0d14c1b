"""Tests of emission: what LiteRT computes, borders, dynamic sizes, refusals."""
