"""Rows of the forms of ONNX operators, one file a family: each goes through every target, opset and round trip."""
