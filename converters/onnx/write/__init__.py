"""A graph, already in the form of its opset, to the bytes of an ONNX file."""
