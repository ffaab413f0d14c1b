"""Pools."""

from __future__ import annotations

from typing import Any

from mgeconvert.errors import refuse

from .emission import Emission
from .table import emit
from .text import call, simplest


@emit("MaxPool", "AveragePool")
def pool(e: Emission) -> str:
    kernel = e.attr("kernel_shape")
    dims = len(kernel)
    name = "max" if e.node.op == "MaxPool" else "avg"
    if len(e.node.outputs) > 1:
        refuse("the indices of a max pool, which torch counts within each channel")
    if e.attr("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        refuse(f"auto_pad={e.attr('auto_pad')}")
    pads = list(e.attr("pads") or [0] * (2 * dims))
    strides, dilations = (simplest(e.attr(key) or (1,) * dims) for key in ("strides", "dilations"))
    kwargs: dict[str, Any] = {"stride": strides}
    x = e[0]
    average = name == "avg"
    if average and dilations != 1:
        refuse("a dilated average")
    symmetric = pads[:dims] == pads[dims:] and all(2 * pad <= size for pad, size in zip(pads, kernel, strict=False))
    if not symmetric:
        order = [pad for axis in reversed(range(dims)) for pad in (pads[axis], pads[axis + dims])]
        if average and not e.attr("count_include_pad", 0):
            return _shared(e, dims, kernel, order, kwargs)
        x = f"F.pad({x}, {order})" if average else f"F.pad({x}, {order}, value=-math.inf)"
    elif any(pads):
        kwargs["padding"] = simplest(pads[:dims])
        if average and not e.attr("count_include_pad", 0):
            kwargs["count_include_pad"] = False
    if dilations != 1:
        kwargs["dilation"] = dilations
    if e.attr("ceil_mode", 0):
        kwargs["ceil_mode"] = True
    if e.dtype() in ("int8", "uint8") and not average:
        return call(f"F.{name}_pool{dims}d", f"{x}.float()", simplest(kernel), **kwargs) + f".to({e.out_dtype})"
    scope = e.node.scope
    if scope is not None and scope.call is not None and e.wants_module:
        title = "Max" if name == "max" else "Avg"
        return f"{e.module(f'nn.{title}Pool{dims}d', {None: (simplest(kernel),), **kwargs}, {})}({x})"
    return call(f"F.{name}_pool{dims}d", x, simplest(kernel), **kwargs)


@emit("GlobalAveragePool", "GlobalMaxPool")
def global_pool(e: Emission) -> str:
    scope, kind = e.node.scope, "Avg" if e.node.op == "GlobalAveragePool" else "Max"
    if scope is not None and scope.call is not None and e.wants_module and e.rank() == 4:
        return f"{e.module(f'nn.Adaptive{kind}Pool2d', {None: (1,)}, {})}({e[0]})"
    axes = tuple(range(2, e.rank()))
    return call(f"{e[0]}.{'mean' if kind == 'Avg' else 'amax'}", axes, keepdim=True)


def _shared(e: Emission, dims: int, kernel: Any, order: list[int], kwargs: dict[str, Any]) -> str:
    """An average that does not count a padding which differs on both sides: the mean over the mean of ones."""
    if e.attr("ceil_mode", 0):
        kwargs["ceil_mode"] = True
    x, size = e[0], simplest(kernel)
    sums = call(f"F.avg_pool{dims}d", f"F.pad({x}, {order})", size, **kwargs)
    return f"{sums} / {call(f'F.avg_pool{dims}d', f'F.pad(torch.ones_like({x}), {order})', size, **kwargs)}"
