"""Tests of onnx: one file a source file, under its name."""
