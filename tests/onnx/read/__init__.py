"""Tests of onnx.read: one file a source file, under its name."""
