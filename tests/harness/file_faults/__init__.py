"""Faults put into written TFLite and Caffe files, as `tests.harness.faults` puts them into ONNX files.

    python -m tests.harness.file_faults tflite 200

puts so many into five networks and prints in how many the module is named and the part that is cut out is small and
still fails.
"""
