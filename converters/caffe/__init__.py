"""Caffe models: prototxt and caffemodel."""
