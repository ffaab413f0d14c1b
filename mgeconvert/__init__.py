"""Converts MegEngine TracedModules to ONNX, TFLite and Caffe and back, without MegEngine."""
