"""The IR, which is ONNX of opset 21, to ONNX of another opset: one file of rules for each family of operators."""
