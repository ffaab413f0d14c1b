"""Movement: reshape, transpose, concat, split, pad, tile, shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse

from .emission import Emission
from .expressions import Many, Sizes, Whole, item, listed
from .table import emit, emit_call
from .text import call, literal


@emit("Reshape")
def reshape(e: Emission) -> str:
    shape = e.constant(1)
    if isinstance(e.text(0), Whole | Sizes):
        return Sizes(f"[{e.text(0)}]") if isinstance(e.text(0), Whole) else Sizes(e.text(0))
    if shape is None:
        return f"{e[0]}.reshape({_with_own_sizes(e) if not e.attr('allowzero', 0) else e.sizes(1)})"
    sizes = [int(size) for size in shape]
    if 0 in sizes and not e.attr("allowzero", 0):
        parts = [f"{e[0]}.shape[{axis}]" if size == 0 else str(size) for axis, size in enumerate(sizes)]
        return f"{e[0]}.reshape({', '.join(parts)})"
    return f"{e[0]}.reshape({', '.join(map(str, sizes)) or '()'})"


def _with_own_sizes(e: Emission) -> str:
    """The computed sizes, where a 0 in front of what is only known at run time stands for the input's own size."""
    parts = e.sizes(1).removeprefix("[").split(", ")
    for axis, part in enumerate(parts):
        if not part.isdigit():
            break
        if part == "0":
            parts[axis] = f"{e[0]}.shape[{axis}]"
    text = ", ".join(parts)
    return f"[{text}" if e.sizes(1).startswith("[") else text


@emit("Flatten")
def flatten(e: Emission) -> str:
    axis, rank = e.attr("axis", 1), e.rank()
    axis += rank if axis < 0 else 0
    if axis == 1 and rank > 1:
        return f"{e[0]}.flatten(1)"
    front = f"math.prod({e[0]}.shape[:{axis}])" if axis else "1"
    return f"{e[0]}.reshape({front}, -1)" if axis < rank else f"{e[0]}.reshape(-1, 1)"


@emit_call("megengine.functional.tensor.flatten", "megengine.tensor.Tensor.flatten")
def source_flatten(e: Emission) -> str:
    start, end = e.argument("start_axis", 1, 0), e.argument("end_axis", 2, -1)
    given = [start] if end == -1 else [start, end]
    return call(f"{e.argument('inp', 0)}.flatten", *(given if given != [0] else []))


@emit_call("megengine.functional.tensor.reshape", "megengine.tensor.Tensor.reshape")
def source_reshape(e: Emission) -> str:
    x, *shape = e.arguments()
    if len(shape) == 1 and isinstance(shape[0], tuple | list):
        shape = list(shape[0])
    if len(shape) == 1 and isinstance(shape[0], Sizes):
        return f"{x}.reshape({shape[0]})"
    sizes = []
    for size in shape:
        if isinstance(size, str) and not isinstance(size, Whole):
            size = f"{size}.item()"
        sizes.append(str(size))
    return f"{x}.reshape({', '.join(sizes)})"


@emit_call("megengine.core.ops.builtin.GetVarShape")
def shape_of(e: Emission) -> str:
    axis = e.argument("axis", 1, 7)
    x = e[0]
    if axis == 7:
        return Sizes(f"{x}.shape")
    return Sizes(f"[{x}.shape[{axis}]]") if e.node.outputs[0].rank else Whole(f"{x}.shape[{axis}]")


@emit("Shape")
def shape(e: Emission) -> str:
    start, end = e.attr("start", 0), e.attr("end")
    return Sizes(
        f"{e[0]}.shape" if not start and end is None else f"{e[0]}.shape[{start}:{'' if end is None else end}]"
    )


@emit("Size")
def size(e: Emission) -> str:
    return Whole(f"{e[0]}.numel()")


@emit("Transpose")
def transpose(e: Emission) -> str:
    perm = e.attr("perm") or tuple(reversed(range(e.rank())))
    moved = [axis for axis, old in enumerate(perm) if axis != old]
    if len(moved) == 2:
        return f"{e[0]}.transpose({moved[0]}, {moved[1]})"
    return f"{e[0]}.permute({', '.join(map(str, perm))})" if perm else e[0]


@emit("Concat")
def concat(e: Emission) -> str:
    numbers = range(len(e.node.inputs))
    if e.is_whole:
        parts = []
        for number in numbers:
            array = e.constant(number)
            text = "" if array is not None else e.text(number)
            items = literal([int(size) for size in array.reshape(-1)]) if array is not None else text
            known = listed(items)
            parts.append(", ".join(known) if known or items == "[]" else f"*{items}")
        return Sizes(f"[{', '.join(filter(None, parts))}]")
    return f"torch.cat([{', '.join(e[number] for number in numbers)}], {e.attr('axis')})"


@emit("Split")
def split(e: Emission) -> str:
    axis, count = e.attr("axis", 0), len(e.node.outputs)
    if e.has(1):
        text = f"{e[0]}.split({e.sizes(1)}, {axis})"
    else:
        text = f"{e[0]}.split(-({e[0]}.shape[{axis}] // -{count}), {axis})"
    return Many(text)


@emit("Squeeze")
def squeeze(e: Emission) -> str:
    if isinstance(e.text(0), Sizes):
        return Whole(item(e.text(0), 0))
    if isinstance(e.text(0), Whole):
        return e.text(0)
    if not e.has(1):
        return f"{e[0]}.squeeze()"
    axes = e.array(1, "axes").tolist()
    return f"{e[0]}.squeeze({axes[0] if len(axes) == 1 else tuple(axes)})"


@emit("Unsqueeze")
def unsqueeze(e: Emission) -> str:
    if isinstance(e.text(0), Whole):
        return Sizes(f"[{e.text(0)}]")
    axes = e.array(1, "axes").reshape(-1).tolist()
    rank = e.rank() + len(axes)
    text = e[0]
    for axis in sorted(axis % rank for axis in axes):
        text = f"{text}.unsqueeze({axis})"
    return text


@emit("Expand")
def expand(e: Emission) -> str:
    target, value, number = e.constant(1), e.value(0), e.constant(0)
    if number is not None and number.ndim == 0 and number.dtype == np.float32:
        return _filled(e, e.sizes(1), number)
    if target is None or value is None or value.static_shape is None:
        wanted = e.sizes(1)
        known, own = listed(wanted), None if value is None else value.static_shape
        if own is not None and len(known) >= len(own):
            first = len(known) - len(own)
            kept = ["-1" if n > 1 else size for n, size in zip(own, known[first:], strict=True)]
            return f"{e[0]}.expand({', '.join([*known[:first], *kept])})"
        return f"{e[0]}.expand(torch.broadcast_shapes({e[0]}.shape, {wanted}))"
    missing = len(value.static_shape) - len(target)
    sizes = [1] * missing + [int(size) for size in target]
    start = len(sizes) - len(value.static_shape)
    sizes = [-1 if size == 1 and number >= start else size for number, size in enumerate(sizes)]
    return f"{e[0]}.expand({', '.join(map(str, sizes))})" if sizes else e[0]


def _filled(e: Emission, sizes: str, number: Any) -> str:
    """``torch.zeros(n, 4)``: a new tensor of one number."""
    name = {0.0: "zeros", 1.0: "ones"}.get(float(number))
    if name is None:
        return f"torch.full({sizes}, {literal(number)}{e.on})"
    known = listed(sizes)
    return f"torch.{name}({', '.join(known) if known else sizes}{e.on})"


@emit("Tile")
def tile(e: Emission) -> str:
    return f"{e[0]}.repeat({e.sizes(1)})"


MODES = {"reflect": "reflect", "edge": "replicate", "wrap": "circular"}


@emit("Pad")
def pad(e: Emission) -> str:
    mode, rank = e.attr("mode", "constant"), e.rank()
    if e.constant(1) is None and mode == "constant" and not e.has(3):
        return _moving_pad(e)
    pads = e.array(1, "a padding").tolist()
    axes = [axis % rank for axis in e.array(3, "axes").tolist()] if e.has(3) else list(range(rank))
    sides = {axis: (pads[number], pads[number + len(axes)]) for number, axis in enumerate(axes)}
    padded = [axis for axis in range(rank) if sides.get(axis, (0, 0)) != (0, 0)]
    first = min(padded, default=rank)
    order = [side for axis in reversed(range(first, rank)) for side in sides.get(axis, (0, 0))]
    if not order:
        return e[0]
    if mode == "constant":
        value = e.constant(2)
        if e.has(2) and value is None:
            return f"F.pad({e[0]}, {order}, value={e[2]}.item())"
        number = value.reshape(-1)[0] if value is not None else 0
        return f"F.pad({e[0]}, {order})" if number == 0 else f"F.pad({e[0]}, {order}, value={literal(number)})"
    if any(side < 0 for side in order):
        refuse(f"a negative padding in mode {mode}")
    count = len(order) // 2
    if count > 3:
        refuse(f"padding of mode {mode} over {count} axes")
    plain = e.dtype() in ("float32", "float64", "float16", "")
    if not plain and e.dtype() in ("int64", "uint64"):
        refuse(f"padding of mode {mode} of {e.dtype()}")
    x = e[0] if plain else f"{e[0]}.double()"
    back = "" if plain else f".to({e.out_dtype})"
    extra = count + 2 - rank
    name = literal(MODES[mode])
    if extra > 0:
        return f"F.pad({x}[{'None, ' * extra}...], {order}, mode={name})" + "[0]" * extra + back
    if extra < 0:
        padded_rows = f"F.pad({x}.flatten(0, {-extra}), {order}, mode={name})"
        return f"{padded_rows}.unflatten(0, {e[0]}.shape[: {1 - extra}]){back}"
    return f"F.pad({x}, {order}, mode={name}){back}"


def _moving_pad(e: Emission) -> str:
    """A padding that is only known at run time, by a constant: torch has pairs, from the last axis on."""
    known, rank = listed(e.sizes(1)), e.rank()
    order = f"{e[1]}.reshape(2, -1).flip(1).T.flatten().tolist()"
    if len(known) == 2 * rank:
        pairs = [known[place] for axis in reversed(range(rank)) for place in (axis, axis + rank)]
        while pairs[-2:] == ["0", "0"]:
            pairs = pairs[:-2]
        order = f"[{', '.join(pairs)}]"
    value = e.constant(2)
    number = (
        ""
        if not e.has(2)
        else f", value={e[2]}.item()"
        if value is None
        else f", value={literal(value.reshape(-1)[0])}"
    )
    return f"F.pad({e[0]}, {order}{'' if number == ', value=0.0' else number})"


@emit("Range")
def arange(e: Emission) -> str:
    def bound(number: int) -> Any:
        array = e.constant(number)
        text = literal(array.reshape(-1)[0]) if array is not None else e.text(number)
        if isinstance(text, Sizes):
            return item(text, 0)
        return text if array is not None or isinstance(e.text(number), Whole) else f"{text}.item()"

    bounds = [str(bound(number)) for number in range(3)]
    if bounds[2] in ("1", "1.0"):
        bounds = bounds[1:2] if bounds[0] in ("0", "0.0") else bounds[:2]
    return f"torch.arange({', '.join(bounds)}, dtype={e.out_dtype}{e.on})"


@emit("ConstantOfShape")
def full(e: Emission) -> str:
    value = e.attr("value")
    number = 0.0 if value is None else value.reshape(-1)[0]
    return f"torch.full({e.sizes(0)}, {literal(number)}, dtype={e.out_dtype}{e.on})"


@emit("EyeLike")
def eye(e: Emission) -> str:
    k = e.attr("k", 0)
    return f"torch.ones({e[0]}.shape, dtype={e.out_dtype}{e.on}).triu({k}).tril({k})"


@emit("DepthToSpace")
def depth_to_space(e: Emission) -> str:
    block = e.attr("blocksize")
    if e.attr("mode", "DCR") == "CRD":
        return f"F.pixel_shuffle({e[0]}, {block})"
    x = e[0]
    swapped = f"{x}.unflatten(1, ({block * block}, -1)).transpose(1, 2).flatten(1, 2)"
    return f"F.pixel_shuffle({swapped}, {block})"


@emit("SpaceToDepth")
def space_to_depth(e: Emission) -> str:
    block = e.attr("blocksize")
    return f"F.pixel_unshuffle({e[0]}, {block}).unflatten(1, (-1, {block * block})).transpose(1, 2).flatten(1, 2)"


@emit_call("megengine.functional.tensor.broadcast_to")
def source_broadcast(e: Emission) -> str:
    shape = e.argument("shape", 1)
    if isinstance(shape, str) and not isinstance(shape, Sizes):
        refuse("a shape that is a tensor, which is lowered")
    sizes = shape if isinstance(shape, str) else f"[{', '.join(map(_int, shape))}]"
    known = listed(sizes)
    return f"{e[0]}.expand({', '.join(known) if known else sizes})"


def _int(size: object) -> str:
    return str(size) if isinstance(size, int | Whole) else f"{size}.item()"


@emit_call("megengine.functional.tensor.ones_like", "megengine.functional.tensor.zeros_like")
def source_like(e: Emission) -> str:
    return call(f"torch.{e.node.op.rpartition('.')[2]}", e[0])


@emit_call("megengine.functional.tensor.linspace")
def source_linspace(e: Emission) -> str:
    bounds = [e.argument(name, number) for number, name in enumerate(("start", "stop", "num"))]
    if not all(isinstance(bound, int | float | Whole) for bound in bounds):
        refuse("bounds that are tensors, which are lowered")
    return call("torch.linspace", *bounds)


@emit_call("megengine.functional.tensor.stack")
def source_stack(e: Emission) -> str:
    parts, axis = e.argument("inps", 0), e.argument("axis", 1, 0)
    if not isinstance(parts, tuple | list) or any(isinstance(each, Whole | Sizes) for each in parts):
        refuse("a stack of sizes, which is lowered")
    return f"torch.stack([{', '.join(map(str, parts))}], {axis})"
