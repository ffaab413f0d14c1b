"""The bytes of an ONNX file to a ModelProto without its weights, which stay in the mapped file."""
