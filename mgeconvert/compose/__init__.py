"""Operators as compositions of more common ones, for targets that lack them: every target but ONNX begins with it."""
