"""Bytes to records: the restricted unpickler and the inert records that a pickle becomes."""
