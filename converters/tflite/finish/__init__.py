"""What is done to the operators after emission: fusions, integer and float16 kernels, smaller weights."""
