"""MegEngine's static graphs (``.mge``, what `trace(...).dump` writes): the `FRONTEND` record. Reads them without
MegEngine."""

from __future__ import annotations

from mgeconvert.registry import Frontend, Option, deferred

FRONTEND = Frontend(
    name="mge",
    title="MegEngine static graph",
    suffixes=(".mge", ".mgb", ".mdl", ".lite"),
    load=deferred("mgeconvert.staticgraph.lower.load:load"),
    ops=deferred("mgeconvert.staticgraph.support:read"),
    handlers=deferred("mgeconvert.staticgraph.support:lowerings"),
    options=(
        Option("dynamic_batch", bool, False, "let the first axis of every input vary"),
        Option("dynamic_shape", str, None, "input shapes with names for what varies: x=N,3,H,W;y=N,5"),
    ),
    describe=deferred("mgeconvert.staticgraph.describe:describe"),
    recorded=deferred("mgeconvert.staticgraph.describe:recorded"),
)
