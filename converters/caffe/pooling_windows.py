"""How many windows Caffe's Pooling has along an axis: what reading and writing must agree on."""

from __future__ import annotations


def caffe_count(size: int, kernel: int, stride: int, pad: int) -> int:
    """ceil((size + 2 * pad - kernel) / stride) + 1, less one where the last window would start behind the input and
    its first padding.

    Source: PoolingLayer::Reshape of BVLC Caffe. A MAX window ends at the input; the divisor of an AVE window counts
    the padding at both ends.
    """
    count = -((kernel - size - 2 * pad) // stride) + 1
    if pad and (count - 1) * stride >= size + pad:
        count -= 1
    return count
