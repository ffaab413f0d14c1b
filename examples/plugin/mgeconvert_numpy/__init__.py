"""``.npnet``: a network as a list of numpy calls and its weights, in one .npz archive."""

from __future__ import annotations

from mgeconvert.registry import Backend, Option, deferred

BACKEND = Backend(
    name="numpy",
    title="numpy program",
    suffixes=(".npnet",),
    save=deferred(f"{__name__}.write:save"),
    problems=deferred(f"{__name__}.support:problems"),
    ops=deferred(f"{__name__}.support:ops"),
    handlers=deferred(f"{__name__}.support:handlers"),
    describe=deferred(f"{__name__}.describe:describe"),
    run=deferred(f"{__name__}.run:run"),
    runtime="numpy",
    options=(Option("compress", bool, False, "Compress the weights"),),
)
