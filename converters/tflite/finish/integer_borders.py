"""Inputs and outputs of integers: the casts at the borders go away, and the tensors there say their grid.

QUANTIZE(x) -> x', DEQUANTIZE(y') -> y', also with a TRANSPOSE or RESHAPE between. Integers of kernels are int8; for
uint8 a QUANTIZE adds 128 to stored numbers and zero point, which is exact.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import Problem, UnsupportedError

from ..layout.holding import same_scales
from ..model import Model, Operator, Quantization, Tensor
from .operator_list import remove_dead

FLOAT, INT8, UINT8 = np.dtype(np.float32), np.dtype(np.int8), np.dtype(np.uint8)
MOVING = frozenset(["TRANSPOSE", "RESHAPE", "SQUEEZE", "EXPAND_DIMS"])
OFFSET = 128
"""A uint8 is the int8 that is so much smaller."""


def integer_borders(model: Model, dtype: str) -> None:
    """Make float inputs and outputs `dtype`, int8 or uint8; UnsupportedError for those that nothing puts on a grid."""
    problems = [*_inputs(model, np.dtype(dtype)), *_outputs(model, np.dtype(dtype))]
    if problems:
        hint = "--input-scale says the grid of inputs; `mgeconvert quantize MODEL --data DATA` finds them all"
        raise UnsupportedError(f"write integer inputs and outputs (--io-dtype {dtype})", problems, hint=hint)
    remove_dead(model)


def _inputs(model: Model, dtype: np.dtype) -> list[Problem]:
    problems = []
    readers = model.readers()
    for name, tensor in model.inputs.items():
        if tensor.dtype != FLOAT:
            continue
        found = _ahead(tensor, readers, set(model.outputs.values()))
        if isinstance(found, str):
            problems.append(Problem(name, "Input", found))
            continue
        scales, quantizers, movers = found
        stored = Tensor(tensor.name, INT8, tensor.shape, None, scales)
        replaced = {tensor: stored}
        for mover in movers:
            moved = mover.output
            replaced[moved] = mover.outputs[0] = Tensor(moved.name, INT8, moved.shape, None, scales)
        for quantizer in quantizers:
            source = quantizer.inputs[0]
            assert source is not None
            replaced[quantizer.output] = replaced[source]
            quantizer.outputs = []
        _read(model, replaced)
        model.integer_borders.append(name)
        model.inputs[name] = stored
        if dtype == UINT8:
            model.inputs[name] = _as_uint8(stored)
            stored.name = f"{stored.name}_int8"
            model.operators.insert(0, Operator("QUANTIZE", [model.inputs[name]], [stored], origin=name))
    return problems


def _ahead(
    tensor: Tensor, readers: dict[Tensor, list[Operator]], outputs: set[Tensor]
) -> tuple[Quantization, list[Operator], list[Operator]] | str:
    """The one grid that all readers put a tensor on, the QUANTIZEs that do, and what moves it before; or why none."""
    quantizers: list[Operator] = []
    movers: list[Operator] = []
    stack = [tensor]
    while stack:
        read = stack.pop()
        if read in outputs:
            return "is an output too"
        for operator in readers.get(read, []):
            if operator.op in MOVING and operator.inputs[0] is read:
                movers.append(operator)
                stack.append(operator.output)
            elif operator.op == "QUANTIZE" and operator.output.dtype == INT8:
                quantizers.append(operator)
            else:
                return f"{operator.op} at {operator.origin or operator.output.name} reads its floats"
    grids = [quantizer.output.quantization for quantizer in quantizers]
    first = grids[0] if grids else None
    if first is None or first.scale.size != 1:
        return "nothing puts it on a grid"
    if any(not same_scales(grid, first) for grid in grids[1:]):
        return "it is put on several grids"
    return first, quantizers, movers


def _outputs(model: Model, dtype: np.dtype) -> list[Problem]:
    problems = []
    producers, public = model.producers(), dict(model.outputs)
    for name, tensor in public.items():
        if tensor.dtype != FLOAT:
            continue
        movers: list[Operator] = []
        made = producers.get(tensor)
        while made is not None and made.op in MOVING and made.inputs[0] is not None:
            movers.append(made)
            made = producers.get(made.inputs[0])
        source = made.inputs[0] if made is not None and made.op == "DEQUANTIZE" else None
        scales = None if source is None else source.quantization
        if source is None or scales is None or source.dtype != INT8 or scales.scale.size != 1:
            said = "is an input" if made is None else f"{made.op} at {made.origin or made.output.name} gives its floats"
            problems.append(Problem(name, "Output", said))
            continue
        for mover in reversed(movers):
            moved = Tensor(f"{mover.output.name}_int8", INT8, mover.output.shape, None, scales)
            step = Operator(mover.op, [source, *mover.inputs[1:]], [moved], mover.options, mover.origin, mover.cause)
            model.operators.append(step)
            source = moved
        if dtype == UINT8:
            stored = _as_uint8(source)
            model.operators.append(Operator("QUANTIZE", [source], [stored], origin=name))
            source = stored
        model.integer_borders.append(name)
        model.outputs[name] = source
    return problems


def _as_uint8(tensor: Tensor) -> Tensor:
    """The same numbers with 128 more stored for each."""
    scales = tensor.quantization
    assert scales is not None
    return Tensor(
        f"{tensor.name}_uint8", UINT8, tensor.shape, None, Quantization(scales.scale, scales.zero_point + OFFSET)
    )


def _read(model: Model, replaced: dict[Tensor, Tensor]) -> None:
    for operator in model.operators:
        operator.inputs = [None if tensor is None else replaced.get(tensor, tensor) for tensor in operator.inputs]
    model.operators[:] = [operator for operator in model.operators if operator.outputs]
