"""Tests of caffe: one file a source file, under its name."""
