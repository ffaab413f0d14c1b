"""The types of what branches and loops return, from those of their bodies (source: If, Loop and Scan of ONNX)."""

from __future__ import annotations

from .graph import Dim, Graph, Node, Shape, Value, subgraphs


def infer_control(node: Node) -> None:
    """Set the types of the outputs of an If, Loop or Scan as far as its bodies tell."""
    if node.op == "If":
        for index, value in enumerate(node.outputs):
            _common(value, [list(body.outputs.values())[index] for body in subgraphs(node)])
    elif node.op == "Loop":
        body = _body(node)
        if body is not None:
            _loop(node, node.inputs[2:], list(body.outputs.values())[1:], 0)
    elif node.op == "Scan":
        body = _body(node)
        if body is not None:
            count = node.attrs["num_scan_inputs"]
            assert isinstance(count, int)
            axes = node.attrs.get("scan_output_axes")
            _loop(node, node.inputs[: len(node.inputs) - count], list(body.outputs.values()), axes)


def _loop(node: Node, states: list[Value | None], results: list[Value], axes: object) -> None:
    """States keep their type, and their shape where the body returns the one that came in; what is collected has one
    dimension more."""
    for index, (value, result) in enumerate(zip(node.outputs, results, strict=False)):
        if index < len(states):
            first = states[index]
            _common(value, [result] if first is None else [first, result])
            continue
        value.dtype, rank = result.dtype, result.rank
        axis = axes[index - len(states)] if isinstance(axes, tuple) else 0
        if rank is not None and result.shape is not None:
            axis = int(axis) % (rank + 1)
            value.shape = (*result.shape[:axis], f"{value.name}_steps", *result.shape[axis:])
            value.shape = _named_apart(value, value.shape, axis)


def _common(value: Value, sources: list[Value]) -> None:
    """What all the sources have in common; dimensions that differ are unknown."""
    value.container = sources[0].container
    value.dtype = sources[0].dtype if all(each.dtype == sources[0].dtype for each in sources) else None
    shapes = [each.shape for each in sources]
    if value.container is not None or any(shape is None for shape in shapes):
        return
    known = [shape for shape in shapes if shape is not None]
    if all(len(shape) == len(known[0]) for shape in known):
        value.shape = tuple(
            dims[0] if len(set(dims)) == 1 and isinstance(dims[0], int) else f"{value.name}_{axis}"
            for axis, dims in enumerate(zip(*known, strict=True))
        )


def _named_apart(value: Value, shape: Shape, kept: int) -> Shape:
    """Sizes that only the body's own values have get names of their own outside."""
    dims: list[Dim] = []
    for axis, dim in enumerate(shape):
        dims.append(dim if isinstance(dim, int) or axis == kept else f"{value.name}_{axis}")
    return tuple(dims)


def _body(node: Node) -> Graph | None:
    return next(iter(subgraphs(node)), None)
