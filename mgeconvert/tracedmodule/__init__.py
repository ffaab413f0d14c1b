"""TracedModule pickles: the `FRONTEND` and `BACKEND` records. Reads them without MegEngine and without executing
anything in them, and writes what MegEngine 1.13 loads."""

from __future__ import annotations

from mgeconvert.registry import VARYING, Backend, Frontend, deferred

FRONTEND = Frontend(
    name="tm",
    title="MegEngine TracedModule",
    suffixes=(".pkl", ".tm", ".tm.pkl"),
    load=deferred("mgeconvert.tracedmodule.lower.load:load"),
    ops=deferred("mgeconvert.tracedmodule.support:read"),
    handlers=deferred("mgeconvert.tracedmodule.support:lowerings"),
    options=VARYING,
    check=deferred("mgeconvert.tracedmodule.lower.dynamic_shapes:check"),
    describe=deferred("mgeconvert.tracedmodule.describe:describe"),
    progress=True,
    faithful=True,
    varying=("all", "free", "batch"),
)

BACKEND = Backend(
    name="tm",
    title="MegEngine TracedModule",
    suffixes=(".pkl", ".tm"),
    save=deferred("mgeconvert.tracedmodule.emit.backend:save"),
    problems=deferred("mgeconvert.tracedmodule.emit.backend:problems"),
    ops=deferred("mgeconvert.tracedmodule.support:written"),
    handlers=deferred("mgeconvert.tracedmodule.support:emitters"),
    run=deferred("mgeconvert.tracedmodule.run:run"),
    describe=deferred("mgeconvert.tracedmodule.describe:describe"),
    runtime="MegEngine",
    example="import megengine, megengine.traced_module as t; print(megengine.load({0}).graph)",
    python="$(mgeconvert reference path)",
    narrows={"int64": "int32", "uint32": "int32", "uint64": "int32", "float64": "float32"},
    faithful=True,
    calls=deferred("mgeconvert.tracedmodule.emit.backend:calls"),
)
