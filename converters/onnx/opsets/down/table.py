"""The table of downgrade rules: a node in the form that its operator got at one opset, for an older opset.

    @downgrade("Celu", since=12)
    def celu(r: Replacement, node: Node) -> Result:
        ...

A rule returns the values that stand for the node's outputs, computed by nodes in the form of opset ``since - 1``, to
which older rules are applied in turn. What cannot be said raises `RefusedError` with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from mgeconvert.errors import refuse
from mgeconvert.ir import Attribute, Node, Value
from mgeconvert.ir.claims import claimed_at, here

from .replacement import Replacement

Result: TypeAlias = "Value | Sequence[Value]"


Downgrade: TypeAlias = "Callable[[Replacement, Node], Result]"


RULES: dict[str, dict[int, Downgrade]] = {}
"""operator -> opset at which the form changed -> what to do below it."""


def downgrade(*ops: str, since: int) -> Callable[[Downgrade], Downgrade]:
    """Claim (op, since) for a rule; each key is claimed once."""
    place = here()

    def claim(rule: Downgrade) -> Downgrade:
        for op in ops:
            versions = RULES.setdefault(op, {})
            assert since not in versions, f"{op} {since} has two rules"
            versions[since] = claimed_at(place, rule)
        return rule

    return claim


def without_attribute(name: str, only: Attribute | None = None, default: Attribute | None = None) -> Downgrade:
    """Op(x, a=) -> Op(x): the rule for an attribute that the older form lacks.

    It is left out where its value (or `default`, by default `only`) is `only`; None: whatever it says has no meaning in
    the older form.
    """

    def rule(r: Replacement, node: Node) -> Result:
        """Op(x, a=) -> Op(x)"""
        given = node.attrs.get(name, only if default is None else default)
        if only is not None and given != only:
            refuse(f"{name} {given}")
        return r.form(*node.inputs, **{key: value for key, value in node.attrs.items() if key != name})

    return rule
