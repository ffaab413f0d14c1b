"""The form of a quantized graph that onnxruntime computes with integers, and how halves are rounded in it."""
