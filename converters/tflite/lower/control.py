"""Subgraphs and variables: branches and loops that are decided now, and state.

State is what a variable holds between two runs. The IR is a function, so with ``--state explicit`` each variable is one
more input (what it holds before) and one more output (what it holds after); its first contents are told in the report.

Source: if.cc, while.cc, call_once.cc and the variables' kernels of tensorflow/lite/kernels/.
"""

from __future__ import annotations

from mgeconvert.errors import refuse

from ..layout.holding import Held
from ..layout.wants import VIEW
from .table import lower
from .translation import Translation

MOST_TURNS = 4096
"""A loop of more turns is not unrolled."""


@lower("IF", wants=VIEW, note="a condition that is known")
def if_(t: Translation) -> list[Held]:
    condition = t.array(0, "condition")
    if condition is None:
        refuse("its condition is missing")
    branch = t.option("ThenSubgraphIndex" if condition.all() else "ElseSubgraphIndex")
    return t.subgraphs.call(branch, [t.held(at) for at in range(1, len(t.operator.inputs))])


@lower("WHILE", wants=VIEW, note="a known number of turns")
def while_(t: Translation) -> list[Held]:
    """Unrolled: as long as the condition's subgraph gives a constant that is true."""
    values = [t.held(at) for at in range(len(t.operator.inputs))]
    for _ in range(MOST_TURNS):
        (decided,) = t.subgraphs.call(t.option("CondSubgraphIndex"), values)
        if decided.value.array is None:
            refuse("how often it turns is computed at run time")
        if not decided.value.array.all():
            return values
        values = t.subgraphs.call(t.option("BodySubgraphIndex"), values)
    refuse(f"a loop of more than {MOST_TURNS} turns")


@lower("CALL_ONCE", wants=VIEW, note="--state explicit")
def call_once(t: Translation) -> list[Held]:
    """Its subgraph gives the variables their first contents."""
    t.state.starting = True
    t.subgraphs.call(t.option("InitSubgraphIndex"), [])
    t.state.starting = False
    return []


@lower("VAR_HANDLE", wants=VIEW, note="--state explicit")
def var_handle(t: Translation) -> list[Held]:
    name = t.option("SharedName", "") or t.output.name
    t.state.handles[t.output] = f"{t.option('Container', '')}/{name}" if t.option("Container", "") else name
    return []


@lower("READ_VARIABLE", wants=VIEW, note="--state explicit")
def read_variable(t: Translation) -> Held:
    return t.state.read(t.given(0, "handle"), t.output)


@lower("ASSIGN_VARIABLE", wants=VIEW, note="--state explicit")
def assign_variable(t: Translation) -> list[Held]:
    t.state.assign(t.given(0, "handle"), t.given(1, "value"), t.held(1))
    return []
