"""The table of upgrade rules: what to do with a node in a form that is older than opset 21, the IR's.

    @upgrade("Clip", since=11)
    def clip(b: Builder, form: Form) -> Form:
        ...

A rule takes the form in force before `since` and returns the one from `since` on, or the values that stand for the
node's outputs; newer rules follow in turn. What has no newer form raises `RefusedError` with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Attribute, Shape, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.claims import claimed_at, here


@dataclass(slots=True)
class Form:
    """A node of some opset on its way to opset 21; `outputs` is how many it has."""

    op: str
    inputs: list[Value | None]
    attrs: dict[str, Attribute] = field(default_factory=dict)
    outputs: int = 1

    def input(self, index: int) -> Value | None:
        return self.inputs[index] if index < len(self.inputs) else None

    def data(self) -> Value:
        """The first input."""
        value = self.inputs[0]
        assert value is not None
        return value

    def shape(self) -> Shape:
        """The first input's shape; RefusedError where its rank is unknown."""
        shape = self.data().shape
        if shape is None:
            refuse("an input of unknown rank")
        return shape


Result: TypeAlias = "Form | Sequence[Value]"


Upgrade: TypeAlias = "Callable[[Builder, Form], Result]"


UPGRADES: dict[str, dict[int, Upgrade]] = {}
"""operator -> opset that brought a form -> how to get there from the form before."""


def upgrade(*ops: str, since: int) -> Callable[[Upgrade], Upgrade]:
    """Claim (op, since) for a rule; each key is claimed once."""
    place = here()

    def claim(rule: Upgrade) -> Upgrade:
        for op in ops:
            versions = UPGRADES.setdefault(op, {})
            assert since not in versions, f"{op} {since} has two rules"
            versions[since] = claimed_at(place, rule)
        return rule

    return claim


def upgraded(b: Builder, form: Form, opset: int) -> Result:
    """A node in the form of `opset`, or older, in the form of opset 21."""
    while True:
        rules = UPGRADES.get(form.op, {})
        since = min((since for since in rules if since > opset), default=None)
        if since is None:
            return form
        result = rules[since](b, form)
        if not isinstance(result, Form):
            return result
        form, opset = result, since


def without_attributes(*names: str) -> Upgrade:
    """Op(x, a=) -> Op(x): the rule for attributes that say nothing about the result."""

    def rule(_: Builder, form: Form) -> Form:
        """Op(x, a=) -> Op(x)"""
        for name in names:
            form.attrs.pop(name, None)
        return form

    return rule


def attributes_to_inputs(*names: str) -> Upgrade:
    """Op(x, a=) -> Op(x, a): the rule for attributes that became inputs after the first, in this order.

    Their values are lists of integers, or one integer.
    """

    def rule(b: Builder, form: Form) -> Form:
        """Op(x, a=) -> Op(x, a)"""
        moved = [form.attrs.pop(name, None) for name in names]
        arrays = [None if given is None else np.atleast_1d(np.asarray(given, np.int64)) for given in moved]
        form.inputs[1:] = [None if array is None else b.constant(array) for array in arrays]
        return form

    return rule
