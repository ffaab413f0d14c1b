"""IR to program: importing this package fills the table of emitters."""

from . import activation, convolution, elementwise, matmul, movement, pooling, reduction
from .table import EMITTERS as EMITTERS

FAMILIES = (activation, convolution, elementwise, matmul, movement, pooling, reduction)
