"""Tests of onnx.write: one file a source file, under its name."""
