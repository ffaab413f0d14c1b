"""Tests of caffe.write: one file a source file, under its name."""
