"""Tests of onnx.opsets.down: one file a source file, under its name."""
