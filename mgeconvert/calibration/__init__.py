"""Float networks quantized after their training: ranges of values observed on data, scales, the quantized graph."""
