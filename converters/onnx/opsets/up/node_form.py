"""What a NodeProto must have, and what can be read off it alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx

from mgeconvert.errors import refuse
from mgeconvert.ir import Attribute

from ..schema import OpSchema


def check_form(node: onnx.NodeProto, schema: OpSchema) -> None:
    """Raise RefusedError where a node lacks what its operator needs, or has what it does not know."""
    for index, formal in enumerate(schema.inputs):
        if not formal.optional and not formal.variadic and not (index < len(node.input) and node.input[index]):
            refuse(f"input {formal.name} is missing")
    for index, name in enumerate(node.input):
        formal_of = schema.input(index)
        if not name and formal_of is not None and formal_of.variadic:
            refuse(f"input {formal_of.name} number {index} is missing")
    if node.input and schema.input(len(node.input) - 1) is None:
        refuse(f"it has {len(node.input)} inputs; the operator takes {len(schema.inputs)}")
    if not any(node.output) or schema.output(len(node.output) - 1) is None:
        refuse(f"it has {len(node.output)} outputs; the operator has {len(schema.outputs)}")
    given = {attribute.name: attribute.type for attribute in node.attribute}
    for name in schema.required - set(given):
        refuse(f"attribute {name} is missing")
    for name, number in given.items():
        kind = onnx.AttributeProto.AttributeType.Name(number)
        if schema.attributes.get(name) != kind:
            refuse(f"attribute {name} of type {kind} is none that the operator knows")


def count_of(outputs: Sequence[str]) -> int:
    """How many outputs there are up to the last that has a name."""
    return max((index + 1 for index, name in enumerate(outputs) if name), default=1)


def constant_of(attrs: Mapping[str, Attribute]) -> np.ndarray:
    """The array of a Constant node, whichever attribute holds it."""
    (name, attribute), *_ = attrs.items()
    types = {"value_int": np.int64, "value_float": np.float32, "value_string": object}
    return np.asarray(attribute, types.get(name.removesuffix("s")))
