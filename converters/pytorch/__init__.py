"""PyTorch source: a file of `torch.nn` modules with the source's module tree, and its weights as safetensors."""

from __future__ import annotations

from mgeconvert.registry import Backend, Option, deferred

BACKEND = Backend(
    name="pytorch",
    title="PyTorch source",
    suffixes=(".py",),
    save=deferred(f"{__name__}.write.save:save"),
    problems=deferred(f"{__name__}.support:problems"),
    ops=deferred(f"{__name__}.support:ops"),
    handlers=deferred(f"{__name__}.support:emitters"),
    run=deferred(f"{__name__}.run:run"),
    describe=deferred(f"{__name__}.describe:describe"),
    runtime="PyTorch",
    example='import runpy; print(runpy.run_path({0})["load"]())',
    faithful=True,
    weights=deferred(f"{__name__}.write.save:save_weights"),
    options=(
        Option("weights_only", bool, False, "write only the safetensors, for PyTorch code of your own", runs=False),
    ),
)
