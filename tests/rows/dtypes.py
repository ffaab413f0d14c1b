"""Every dtype that MegEngine takes, through one operator of each kind.

What MegEngine answers to argmax of bools and max pooling of float16 is memory it did not write.
"""

from __future__ import annotations

from tests.harness import Code, X

INTEGERS = ["int8", "uint8", "int16", "int32"]
NUMBERS = ["float16", *INTEGERS]
ALL = [*NUMBERS, "bool"]
FORMS: dict[str, tuple[str, list[str]]] = {
    "add": ("x + x", NUMBERS),
    "add-scalar": ("x + 1", NUMBERS),
    "sub": ("5 - x", NUMBERS),
    "mul": ("x * 2", ALL),
    "div": ("x / 2", ALL),
    "floordiv": ("x // 2", ALL),
    "mod": ("x % 2", ALL),
    "pow": ("x ** 2", NUMBERS),
    "neg": ("-x", ["float16", "int8", "int16", "int32"]),
    "abs": ("F.abs(x)", NUMBERS),
    "relu": ("F.relu(x)", NUMBERS),
    "sqrt": ("F.sqrt(x)", NUMBERS),
    "exp": ("F.exp(x)", NUMBERS),
    "sigmoid": ("F.sigmoid(x)", ["float16"]),
    "maximum": ("F.maximum(x, 2)", NUMBERS),
    "clip": ("F.clip(x, 1, 2)", NUMBERS),
    "greater": ("x > 1", NUMBERS),
    "equal": ("F.equal(x, x)", ALL),
    "isnan": ("F.isnan(x)", ALL),
    "where": ("F.where(x > 1, x, x * 2)", NUMBERS),
    "sum": ("F.sum(x)", ALL),
    "sum-axis": ("F.sum(x, axis=0)", ALL),
    "prod": ("F.prod(x, axis=0)", NUMBERS),
    "mean": ("F.mean(x)", ALL),
    "max": ("F.max(x, axis=-1, keepdims=True)", ALL),
    "min": ("F.min(x)", ALL),
    "argmax": ("F.argmax(x, axis=0)", NUMBERS),
    "cumsum": ("F.cumsum(x, 1)", NUMBERS),
    "sort": ("F.sort(x)[0]", NUMBERS),
    "topk": ("F.topk(x, 2)[0]", NUMBERS),
    "concat": ("F.concat([x, x], axis=1)", ALL),
    "stack": ("F.stack([x, x], axis=1)", ALL),
    "split": ("F.split(x, 2)", ALL),
    "tile": ("F.tile(x, (2, 1))", ALL),
    "repeat": ("F.repeat(x, 2, axis=1)", ALL),
    "transpose": ("x.transpose(1, 0)", ALL),
    "reshape": ("x.reshape(3, 2)", ALL),
    "broadcast": ("F.broadcast_to(x, (3, 2, 3))", ALL),
    "getitem": ("x[:, ::2]", ALL),
    "getitem-int": ("x[1]", ALL),
    "gather": ("F.gather(x, 1, (x > 0).astype('int32'))", ALL),
    "pad": ("F.pad(x, ((1, 1), (0, 2)))", NUMBERS),
    "zeros-like": ("F.zeros_like(x)", NUMBERS),
    "astype-float": ("x.astype('float32')", ALL),
    "astype-int": ("x.astype('int32')", ALL),
    "astype-bool": ("x.astype('bool')", NUMBERS),
    "matmul": ("F.matmul(x, x.transpose(1, 0))", ["float16"]),
    "conv2d": ("F.conv2d(x.reshape(1, 1, 2, 3), x.reshape(1, 1, 2, 3), padding=1)", ["float16"]),
    "avg-pool2d": ("F.avg_pool2d(x.reshape(1, 1, 2, 3), 2, 1)", ["float16"]),
    "softmax": ("F.softmax(x, axis=1)", ["float16"]),
    "gelu": ("F.gelu(x)", ["float16"]),
    "layer-norm": ("F.nn.layer_norm(x, (3,), False)", ["float16"]),
    "linear": ("F.linear(x, x)", ["float16"]),
    "interpolate": ("F.vision.interpolate(x.reshape(1, 1, 2, 3), (4, 6))", ["float16"]),
}
"""Name: body of forward(), and the dtypes that MegEngine takes there."""

ROWS = [
    Code(
        body,
        X(2, 3, dtype=dtype, low=None if dtype == "bool" else 1, high=None if dtype == "bool" else 4),
        id=f"{name}-{dtype}",
        **(
            {"rtol": 2e-3, "reason": "float16 has 11 bits, and kernels round between steps"}
            if dtype == "float16"
            else {}
        ),
    )
    for name, (body, dtypes) in FORMS.items()
    for dtype in dtypes
]
