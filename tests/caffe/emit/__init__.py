"""Tests of caffe.emit: one file a source file, under its name."""
