"""ONNX between its opsets: `up` to opset 21, which is the IR, and `down` from there; `schema` says what each has."""
