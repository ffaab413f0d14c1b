"""Tests of caffe.lower: one file a source file, under its name."""
