"""Tests of PyTorch source; those that ask real torch are in the reference lane."""
