"""Convolutions, as modules where the source has modules."""

from __future__ import annotations

from typing import Any

from mgeconvert.errors import refuse

from .emission import Emission
from .table import emit
from .text import call, literal, simplest


def _common(e: Emission, dims: int) -> dict[str, Any]:
    kwargs: dict[str, Any] = {}
    for name, ours, usual in (("strides", "stride", 1), ("dilations", "dilation", 1)):
        value = simplest(e.attr(name) or (1,) * dims)
        if value != usual:
            kwargs[ours] = value
    return kwargs


@emit("Conv")
def conv(e: Emission) -> str:
    weight, bias = e.constant(1), e.constant(2)
    dims = e.rank(1) - 2
    if dims > 3:
        refuse(f"a convolution of {dims} axes; torch has at most 3")
    kwargs = _common(e, dims)
    x, pads = e[0], _pads(e, dims)
    if pads[:dims] == pads[dims:]:
        if any(pads):
            kwargs["padding"] = simplest(pads[:dims])
    else:
        x = f"F.pad({x}, {[pad for axis in reversed(range(dims)) for pad in (pads[axis], pads[axis + dims])]})"
    group = e.attr("group", 1)
    if group != 1:
        kwargs["groups"] = group
    if weight is not None and e.wants_module and (bias is not None or not e.has(2)):
        args: dict[Any, Any] = {
            None: (weight.shape[1] * group, weight.shape[0], simplest(weight.shape[2:])), **_ordered(kwargs)
        }  # fmt: skip
        state = {"weight": weight}
        if bias is None:
            args["bias"] = False
        else:
            state["bias"] = bias
        return f"{e.module(f'nn.Conv{dims}d', args, state)}({x})"
    given = [x, e[1], *([e[2]] if e.has(2) else [])]
    return call(f"F.conv{dims}d", *given, **_ordered(kwargs))


def _ordered(kwargs: dict[str, Any]) -> dict[str, Any]:
    order = ("stride", "padding", "output_padding", "dilation", "groups")
    return {name: kwargs[name] for name in order if name in kwargs}


def _pads(e: Emission, dims: int) -> list[int]:
    mode = e.attr("auto_pad", "NOTSET")
    if mode in ("NOTSET", "VALID"):
        return [0] * (2 * dims) if mode == "VALID" else list(e.attr("pads") or [0] * (2 * dims))
    return _shared([_same(e, axis, dims) for axis in range(dims)], upper=mode == "SAME_UPPER")


def _shared(totals: list[int], *, upper: bool) -> list[int]:
    """Paddings at the starts, then at the ends; of an odd one the end has more, or the start where not `upper`."""
    starts = [total // 2 if upper else total - total // 2 for total in totals]
    return starts + [total - start for total, start in zip(totals, starts, strict=True)]


def _same(e: Emission, axis: int, dims: int) -> int:
    """The padding with which n elements give ceil(n / stride): max((ceil(n / stride) - 1) stride + span - n, 0)."""
    stride, span, size = _steps(e, dims)[axis], _span(e, axis, dims), _size(e, axis)
    if size is None and stride > 1:
        refuse(f"auto_pad={e.attr('auto_pad')} of a size that is only known at run time")
    return span - 1 if size is None else max((-(-size // stride) - 1) * stride + span - size, 0)


def _steps(e: Emission, dims: int) -> list[int]:
    return list(e.attr("strides") or (1,) * dims)


def _span(e: Emission, axis: int, dims: int) -> int:
    """How many elements of an axis a dilated kernel covers."""
    weight = e.value(1)
    shape = weight.static_shape if weight is not None else None
    if shape is None:
        refuse("a kernel whose size is only known at run time")
    return (shape[2 + axis] - 1) * (e.attr("dilations") or (1,) * dims)[axis] + 1


def _size(e: Emission, axis: int) -> int | None:
    value = e.value(0)
    size = value.shape[2 + axis] if value is not None and value.shape is not None else None
    return size if isinstance(size, int) else None


@emit("ConvTranspose")
def conv_transpose(e: Emission) -> str:
    weight, bias = e.constant(1), e.constant(2)
    dims = e.rank(1) - 2
    kwargs = _common(e, dims)
    extra = list(e.attr("output_padding") or [0] * dims)
    pads = _transposed_pads(e, dims, extra)
    ends = [extra[axis] + pads[axis] - pads[axis + dims] for axis in range(dims)]
    cut = ""
    strides = e.attr("strides") or (1,) * dims
    if any(not 0 <= end < max(2, stride) or (end and end >= stride) for end, stride in zip(ends, strides, strict=True)):
        cut = ", ".join(
            f"{pads[a]} : {f'-{n}' if (n := pads[a + dims] - extra[a]) > 0 else 'None'}" for a in range(dims)
        )
        pads, ends = [0] * (2 * dims), [max(extra[a] - pads[a + dims], 0) for a in range(dims)]
        if any(end >= stride for end, stride in zip(ends, strides, strict=True) if end):
            refuse("an output padding beyond the stride")
    if any(pads[:dims]):
        kwargs["padding"] = simplest(pads[:dims])
    if any(ends):
        kwargs["output_padding"] = simplest(ends)
    group = e.attr("group", 1)
    if group != 1:
        kwargs["groups"] = group
    end = f"[..., {cut}]" if cut else ""
    if weight is not None and e.wants_module and (bias is not None or not e.has(2)):
        args: dict[Any, Any] = {
            None: (weight.shape[0], weight.shape[1] * group, simplest(weight.shape[2:])), **_ordered(kwargs)
        }  # fmt: skip
        state = {"weight": weight}
        if bias is None:
            args["bias"] = False
        else:
            state["bias"] = bias
        return f"{e.module(f'nn.ConvTranspose{dims}d', args, state)}({e[0]}){end}"
    given = [e[0], e[1], *([e[2]] if e.has(2) else [])]
    return call(f"F.conv_transpose{dims}d", *given, **_ordered(kwargs)) + end


def _transposed_pads(e: Emission, dims: int, extra: list[int]) -> list[int]:
    """Those that are given, or with which the result has the given shape: stride (n - 1) + extra + span - shape."""
    wanted, mode = e.attr("output_shape"), e.attr("auto_pad", "NOTSET")
    if not wanted and mode in ("NOTSET", "VALID"):
        return _pads(e, dims)
    steps, totals = _steps(e, dims), []
    for axis in range(dims):
        size = _size(e, axis)
        if size is None:
            refuse("an output_shape of a size that is only known at run time")
        shape = wanted[axis - dims] if wanted else size * steps[axis]
        totals.append(max(steps[axis] * (size - 1) + extra[axis] + _span(e, axis, dims) - shape, 0))
    return _shared(totals, upper=mode == "SAME_UPPER")


@emit("DeformConv")
def deform_conv(e: Emission) -> str:
    pads = _pads(e, 2)
    bias, mask = (e[number] if e.has(number) else "None" for number in (3, 4))
    sizes = [literal(tuple(e.attr(name) or (1, 1))) for name in ("strides", "dilations")]
    padding, groups = literal(tuple(pads[:2])), e.attr("group", 1)
    return call("deform_conv2d", e[0], e[1], e[2], bias, mask, sizes[0], padding, sizes[1], groups)
