"""Normalization by stored and by computed statistics, of batches, layers, groups and instances; dropout."""

from __future__ import annotations

from tests.harness import OP, Case, Code, F, M, P, X
from tests.harness.dtypes import matrices

STATISTICS = (P(1, 3, 1, 1), P(1, 3, 1, 1, low=0.5, high=1.5))
"""Running mean and variance of three channels."""

NETWORK = "self.bn = M.BatchNorm{}(3, track_running_stats=False{})"

ROWS = [
    Case(F + "nn.batch_norm", (X(2, 3, 4, 4), *STATISTICS), {"training": False}),
    Case(
        F + "nn.batch_norm",
        (X(2, 3, 4, 4), *STATISTICS, P(1, 3, 1, 1), P(1, 3, 1, 1)),
        {"training": False, "eps": 0.01},
    ),
    Case(F + "nn.sync_batch_norm", (X(2, 3, 4, 4), *STATISTICS, P(1, 3, 1, 1), P(1, 3, 1, 1)), {"eps": 0.01}),
    Case(F + "nn.dropout", (X(2, 3), 0.5), {"training": False}),
    Case(F + "nn.layer_norm", (X(2, 3, 4), (4,), True, P(4), P(4))),
    Case(F + "nn.layer_norm", (X(2, 3, 4), (3, 4), False), {"eps": 1e-3}),
    Case(F + "nn.group_norm", (X(2, 6, 4, 4), 3, True, P(6), P(6))),
    Case(F + "nn.group_norm", (X(2, 6, 4, 4), 2, False), {"eps": 1e-3}),
    Case(F + "nn.instance_norm", (X(2, 3, 4, 4), True, P(3), P(3))),
    Case(F + "nn.instance_norm", (X(2, 3, 4, 4), False)),
    Case(F + "nn.general_norm", (X(2, 3, 4, 5), (1, 3), True, P(3, 5), P(3, 5))),
    Case(F + "nn.general_norm", (X(2, 3, 4, 5), (-1,), False)),
    Case(F + "nn.local_response_norm", (X(1, 7, 4, 4),)),
    Case(F + "nn.local_response_norm", (X(1, 7, 4, 4), 3, 1.0), {"alpha": 0.01, "beta": 0.5}),
    Case(F + "math.normalize", (X(2, 3, 4),), {"axis": 1}),
    Case(F + "math.normalize", (X(2, 3, 4),), {"axis": -1, "ord": 1.0}),
    Case(M + "batchnorm.BatchNorm2d", (X(2, 3, 4, 4),), init=(3,)),
    Case(M + "batchnorm.BatchNorm2d", (X(2, 3, 4, 4),), init=(3,), init_kwargs={"eps": 1e-3, "affine": False}),
    Case(M + "dropout.Dropout", (X(2, 3, 4),), init=(0.5,)),
    Case(M + "batchnorm.BatchNorm1d", (X(2, 3, 5),), init=(3,)),
    Case(M + "batchnorm.BatchNorm1d", (X(4, 3),), init=(3,)),
    Case(M + "batchnorm.SyncBatchNorm", (X(2, 3, 4, 4),), init=(3,)),
    Case(M + "normalization.GroupNorm", (X(2, 6, 4, 4),), init=(3, 6)),
    Case(M + "normalization.InstanceNorm", (X(2, 3, 4, 4),), init=(3,)),
    Case(M + "normalization.LayerNorm", (X(2, 3, 4),), init=(4,)),
    Case(M + "normalization.LayerNorm", (X(2, 3, 4),), init=((3, 4),), init_kwargs={"affine": False}),
    Case(M + "lrn.LocalResponseNorm", (X(1, 7, 3, 3, low=-9, high=9),), init=(5,)),
    Case(M + "normalization.GeneralNorm", (X(2, 3, 4),), init=((3, 4), (1, 2))),
    *(
        Case(
            F + "nn.batch_norm",
            (X(*shape),),
            {"weight": P(3), "bias": P(3), "training": True},
            id=f"vector-weights-{len(shape)}d",
        )
        for shape in ((4, 3), (2, 3, 5), (2, 3, 4, 5))
    ),
    Case(
        F + "nn.batch_norm",
        (X(2, 3, 4, 3),),
        {"weight": P(3), "bias": P(3), "training": True},
        id="as-wide-as-channels",
    ),
    Case(
        F + "nn.batch_norm",
        (X(2, 3, 4, 5),),
        {"weight": P(1, 3, 1, 1), "bias": P(3), "training": True},
        id="weights-of-two-shapes",
    ),
    Case(F + "nn.batch_norm", (X(2, 3, 4, 5),), {"weight": P(3), "training": True}, id="weight-alone"),
    Case(F + "nn.batch_norm", (X(2, 3, 4, 5),), {"bias": P(3), "training": True}, id="bias-alone"),
    Case(F + "nn.batch_norm", (X(2, 3, 4, 5),), {"training": True, "eps": 0.1}, id="no-weights"),
    Case(
        F + "nn.batch_norm",
        (X(2, 3, 4, 5),),
        {"running_mean": P(1, 3, 1, 1), "training": True, "inplace": True},
        id="mean-alone",
    ),
    *(
        Code("self.bn(x)", X(*shape), init=NETWORK.format(kind, affine), id=f"module-{kind}{affine[2:]}-{len(shape)}d")
        for kind, shape in (("1d", (4, 3)), ("1d", (2, 3, 5)), ("2d", (2, 3, 4, 5)))
        for affine in ("", ", affine=False")
    ),
    Code(
        "apply(builtin.BatchNorm(fwd_mode='inference', epsilon=1e-3, param_dim='dim_1c11'), "
        "x, self.w, self.b, self.m, self.v)[-1]",
        X(2, 3, 4, 4),
        w=P(1, 3, 1, 1),
        b=P(1, 3, 1, 1),
        m=P(1, 3, 1, 1),
        v=P(1, 3, 1, 1, low=0.5),
        id="BatchNorm",
    ),
    Case(OP + "LayerNorm", (X(2, 3, 4), P(4), P(4)), {"normalized_dim": 1, "normalized_size": 4, "eps": 1e-3}),
    Case(OP + "LayerNorm", (X(2, 3, 4),), {"normalized_dim": 2, "normalized_size": 12, "affine": False}),
    Case(OP + "GroupNorm", (X(2, 4, 3, 3), P(4), P(4)), {"group": 2, "eps": 1e-3}),
    Case(OP + "InstanceNorm", (X(2, 4, 3, 3), P(4), P(4)), {"eps": 1e-3}),
    Case(OP + "GeneralNorm", (X(2, 3, 4), P(3, 4), P(3, 4)), {"axis_start": 1, "axis_end": 3, "eps": 1e-3}),
    Case(OP + "LRN", (X(1, 7, 3, 3, low=-5, high=5),), {"n": 3, "k": 1.0, "alpha": 0.1, "beta": 0.5}),
    *matrices(
        {
            "layer-norm": ("F.nn.layer_norm(x, (3,), False)", ["float16"]),
        }
    ),
]
