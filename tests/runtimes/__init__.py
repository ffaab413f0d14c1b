"""`make runtimes`: what OpenVINO, MNN and ncnn compute for ONNX files of ours."""
