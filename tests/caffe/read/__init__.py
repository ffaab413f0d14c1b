"""Tests of caffe.read: one file a source file, under its name."""
