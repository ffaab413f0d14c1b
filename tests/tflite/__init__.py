"""Tests of tflite: one file a source file, under its name."""
