"""ONNX of any opset to the IR, which is opset 21: one file of rules for each family of operators."""
