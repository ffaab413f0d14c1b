"""Tests of onnx.opsets.up: one file a source file, under its name."""
