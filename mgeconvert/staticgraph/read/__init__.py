"""Bytes to records: containers, FlatBuffers tables, operators with their parameters and tensors."""
