"""The emission of one node: what an emitter sees of the node, and how it makes operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Shape, Value
from mgeconvert.ir.inference import broadcast

from ..dtypes import NARROW, WIDENED, stored_dtype
from ..layout.merging import FAILING, LARGEST, LIMIT, collapsed
from ..layout.storage import Storage, check_sizes
from ..layout.view import Stored, View, plain
from ..model import Array, Layout, Operator, Tensor, permuted


class Emission:
    """One node being emitted.

    `layout` is the layout of the data inputs and, unless the emitter sets another, of the outputs; `view` is set
    instead for operators that work on whatever is stored.
    """

    __slots__ = ("layout", "node", "storage", "view")

    def __init__(self, storage: Storage, node: Node, layout: Layout) -> None:
        self.storage = storage
        self.node = node
        self.layout = layout
        self.view: View | None = None

    def attr(self, name: str, default: Any = None) -> Any:
        return self.node.attrs.get(name, default)

    def axis(self, axis: int) -> int:
        """The stored axis of an IR axis, which may be negative."""
        return self.layout.index(axis % len(self.layout))

    def dims(self, index: int = 0) -> Shape:
        """The IR shape of output `index`."""
        shape = self.node.outputs[index].shape
        if shape is None:
            refuse("a tensor whose sizes are not known")
        return shape

    def shape(self, index: int = 0) -> Shape:
        """The stored shape of output `index`."""
        return permuted(self.dims(index), self.layout)

    def dtype(self, index: int = 0) -> np.dtype[Any]:
        """The dtype output `index` is stored with."""
        dtype = self.node.outputs[index].dtype
        if dtype is None:
            refuse("a result of a type that is not known")
        return stored_dtype(dtype)

    def layout_of(self, value: Value) -> Layout:
        rank = value.rank or 0
        return self.layout if len(self.layout) == rank else tuple(range(rank))

    def value(self, index: int) -> Value | None:
        return self.node.inputs[index] if index < len(self.node.inputs) else None

    def input_dims(self, index: int = 0) -> Shape:
        """The IR shape of input `index`."""
        value = self.value(index)
        assert value is not None
        if value.shape is None:
            refuse("a tensor whose sizes are not known")
        return value.shape

    def array(self, index: int, what: str) -> Array | None:
        """Constant input `index`, None if omitted; refuses one that is computed at run time."""
        value = self.value(index)
        if value is None:
            return None
        array = self.constant(value)
        if array is None:
            refuse(f"its {what} is computed at run time; TFLite wants a constant")
        return array

    def constant(self, value: Value) -> Array | None:
        """The value's array if it is known now: a constant, or a dequantized one."""
        folded = self.storage.folded.get(value)
        return value.array if folded is None else folded

    def ints(self, index: int, what: str) -> list[int] | None:
        array = self.array(index, what)
        return None if array is None else [int(number) for number in array.reshape(-1)]

    def stored(self, index: int = 0) -> Stored:
        value = self.value(index)
        assert value is not None
        if value.is_constant:
            layout = tuple(range(value.rank or 0))
            return Stored(self.storage.realise(value, layout), plain(value.shape or (), layout))
        return self.storage.stored[value]

    def tensor(self, index: int, layout: Layout | None = None) -> Tensor:
        """Input `index` in a layout (default: the IR's own)."""
        value = self.value(index)
        assert value is not None
        return self.storage.realise(value, tuple(range(value.rank or 0)) if layout is None else layout)

    def const(self, array: Any, dtype: Any = None, name: str = "constant") -> Tensor:
        return self.storage.constant(np.asarray(array, dtype), name)

    def like(self, number: float, tensor: Tensor) -> Tensor:
        """A scalar of the tensor's dtype."""
        return self.const(number, tensor.dtype)

    def op(
        self, op: str, *inputs: Tensor | None, shape: Shape | None = None, dtype: Any = None, **options: Any
    ) -> Tensor:
        """Append an operator; by default its shape is the broadcast of its inputs' and its dtype that of the first."""
        return self.ops(op, 1, *inputs, shape=shape, dtype=dtype, **options)[0]

    def ops(
        self,
        op: str,
        outputs: int,
        *inputs: Tensor | None,
        shape: Shape | list[Shape] | None = None,
        dtype: Any = None,
        **options: Any,
    ) -> list[Tensor]:
        """`op` for an operator with several outputs of one dtype; `shape` may be a list."""
        wide = WIDENED.get(op)
        if wide is not None and outputs == 1 and any(_is_narrow(tensor) for tensor in inputs):
            return [self._widened(op, inputs, wide, shape, dtype, options)]
        tensors = [tensor for tensor in inputs if tensor is not None]
        if shape is None:
            shape = broadcast([tensor.shape for tensor in tensors])
            if shape is None:
                texts = ", ".join(str(list(tensor.shape)) for tensor in tensors)
                refuse(f"{op} of {texts}: shapes do not fit")
            if len(shape) > (LIMIT if any(tensor.shape != shape for tensor in tensors) else LARGEST):
                return [self._collapsed(op, tensors, shape, dtype, options)]
        largest = max((tensor.rank for tensor in tensors), default=0)
        if op in FAILING and largest > LARGEST:
            refuse(f"{op} of {largest} axes; XNNPACK has {LARGEST}")
        shapes = shape if isinstance(shape, list) else [shape] * outputs
        types = dtype if isinstance(dtype, list) else [tensors[0].dtype if dtype is None else dtype] * outputs
        for one in shapes:
            check_sizes(op, one)
        made = [
            Tensor(self.storage.name(op.lower()), np.dtype(one_type), tuple(one))
            for one, one_type in zip(shapes, types, strict=True)
        ]
        self.storage.operators.append(Operator(op, list(inputs), made, options, self.node.origin))
        return made

    def _widened(
        self,
        op: str,
        inputs: Sequence[Tensor | None],
        wide: np.dtype[Any],
        shape: Any,
        dtype: Any,
        options: dict[str, Any],
    ) -> Tensor:
        """The operator between casts: its kernel would take plain narrow integers for quantized numbers."""
        given = [self.cast(tensor, wide) if tensor is not None and _is_narrow(tensor) else tensor for tensor in inputs]
        narrow = next(tensor.dtype for tensor in inputs if tensor is not None and _is_narrow(tensor))
        result = np.dtype(narrow if dtype is None else dtype)
        made = self.op(op, *given, shape=shape, dtype=wide if result.name in NARROW else result, **options)
        return self.cast(made, result)

    def _collapsed(self, op: str, tensors: list[Tensor], shape: Shape, dtype: Any, options: dict[str, Any]) -> Tensor:
        shapes = collapsed([tensor.shape for tensor in tensors])
        if len(shapes[0]) > LIMIT:
            if all(tensor.shape == shape for tensor in tensors):
                refuse(f"{op} of {len(shape)} axes, of which several vary; its kernel has {LARGEST}")
            whole = [self.broadcast_to(tensor, shape) for tensor in tensors]
            return self.op(op, *whole, dtype=dtype, **options)
        merged = [self.reshape(tensor, one) for tensor, one in zip(tensors, shapes, strict=True)]
        return self.reshape(self.op(op, *merged, dtype=dtype, **options), shape)

    def broadcast_to(self, tensor: Tensor, shape: Shape) -> Tensor:
        """The tensor broadcast to a known shape."""
        if tensor.shape == shape:
            return tensor
        sizes = self.known(shape, "a broadcast")
        if tensor.array is not None:
            return self.const(np.broadcast_to(tensor.array, sizes), name=tensor.name)
        return self.op("BROADCAST_TO", tensor, self.const(sizes, np.int32), shape=shape)

    def reshape(self, tensor: Tensor, shape: Shape) -> Tensor:
        return self.storage.reshape(tensor, tuple(shape))

    def transpose(self, tensor: Tensor, perm: Layout) -> Tensor:
        """A TRANSPOSE the source model's operator implies."""
        if perm == tuple(range(tensor.rank)):
            return tensor
        operand = self.const(perm, np.int32, "perm")
        shape = permuted(tensor.shape, perm)
        return self.storage.operator("TRANSPOSE", [tensor, operand], shape, tensor.dtype, cause="model")

    def cast(self, tensor: Tensor, dtype: Any) -> Tensor:
        return self.storage.cast(tensor, np.dtype(dtype))

    def static(self, tensor: Tensor, what: str) -> tuple[int, ...]:
        """The tensor's shape; refuses symbolic dimensions."""
        if not tensor.is_static:
            refuse(f"{what} with {list(tensor.shape)}: TFLite wants these sizes known")
        return tensor.shape  # type: ignore[return-value]

    def known(self, shape: Shape, what: str) -> tuple[int, ...]:
        """The shape as numbers; refuses symbolic dimensions."""
        if not all(isinstance(dim, int) for dim in shape):
            refuse(f"{what} to {list(shape)}: TFLite wants these sizes known")
        return shape  # type: ignore[return-value]


def _is_narrow(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.dtype.name in NARROW and tensor.quantization is None
