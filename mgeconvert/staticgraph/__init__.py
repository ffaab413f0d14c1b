"""MegEngine's static graphs (``.mge``, what `trace(...).dump` writes): the `FRONTEND` and `BACKEND` records. Reads
them without MegEngine, and writes them through it."""

from __future__ import annotations

from mgeconvert.registry import VARYING, Backend, Frontend, Option, deferred

FRONTEND = Frontend(
    name="mge",
    title="MegEngine static graph",
    suffixes=(".mge", ".mgb", ".mdl", ".lite"),
    load=deferred("mgeconvert.staticgraph.lower.load:load"),
    ops=deferred("mgeconvert.staticgraph.support:read"),
    handlers=deferred("mgeconvert.staticgraph.support:lowerings"),
    options=VARYING,
    check=deferred("mgeconvert.tracedmodule.lower.dynamic_shapes:check"),
    describe=deferred("mgeconvert.staticgraph.describe:describe"),
    recorded=deferred("mgeconvert.staticgraph.describe:recorded"),
)

BACKEND = Backend(
    name="mge",
    title="MegEngine static graph",
    suffixes=(".mge",),
    save=deferred("mgeconvert.staticgraph.write:save"),
    problems=deferred("mgeconvert.staticgraph.write:problems"),
    ops=deferred("mgeconvert.tracedmodule.support:written"),
    handlers=deferred("mgeconvert.tracedmodule.support:emitters"),
    run=deferred("mgeconvert.staticgraph.run:run"),
    check=deferred("mgeconvert.staticgraph.write:check"),
    options=(
        Option("optimize_for_inference", bool, False, "let MegEngine optimize the graph for inference"),
        Option(
            "layout",
            str,
            "",
            "the memory layout that the optimized graph gets",
            ("", "nchw4", "nchw44", "nchw44_dot", "nchw88", "nchw32", "nchw64", "chwn4", "hwcd4"),
        ),
        Option("fuse_conv_bias", bool, False, "fuse convolution, bias and activation while optimizing"),
        Option("fuse_z", bool, False, "fuse convolution and the addition behind it while optimizing"),
        Option("fuse_preprocess", bool, False, "fuse conversion, padding and reordering of images while optimizing"),
        Option("fuse_grain", bool, True, "fuse small operators into larger ones while optimizing"),
        Option("float16", bool, False, "compute in float16 after optimizing", rtol=1e-2),
        Option("float16_io", bool, False, "store in float16 and compute in float32 after optimizing", rtol=1e-2),
        Option("dump_format", str, "FBS_V2", "the container; FBS is what older MegEngine reads", ("FBS_V2", "FBS")),
        Option("model_version", int, 2, "the version of the container FBS_V2: 1 or 2", metavar="1|2"),
        Option("output_names", str, "", "names of the outputs in the file, with commas between", metavar="A,B"),
        Option("keep_var_name", int, 1, "keep the names of no values (0), outputs (1), all (2)", metavar="0|1|2"),
        Option("keep_opr_name", bool, False, "keep the names of operators"),
        Option("keep_param_name", bool, False, "keep the names of weights"),
        Option("keep_opr_priority", bool, False, "keep the order in which operators were traced"),
        Option("no_change_graph", bool, False, "do not rewrite the graph for older versions of MegEngine"),
        Option("cases", str, "", "an .npz whose inputs become a test case in front of the graph", metavar="NPZ"),
        Option("max_error", float, 1e-4, "what may differ in that test case", metavar="LIMIT"),
    ),
    describe=deferred("mgeconvert.staticgraph.describe:describe"),
    runtime="MegEngine",
    example="from megengine.utils.network import Network; print(Network.load({0}).input_vars)",
    python="$(mgeconvert reference path)",
)
