"""Tests of the form of quantized graphs that onnxruntime computes with integers."""
