"""Tests of onnx.opsets: one file a source file, under its name."""
