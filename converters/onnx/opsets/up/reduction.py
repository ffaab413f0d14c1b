"""The axes of reductions were an attribute before opset 18, those of ReduceSum before 13."""

from __future__ import annotations

from .table import attributes_to_inputs, upgrade

upgrade("ReduceSum", since=13)(attributes_to_inputs("axes"))


upgrade(
    *(f"Reduce{name}" for name in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare")),
    since=18,
)(attributes_to_inputs("axes"))
