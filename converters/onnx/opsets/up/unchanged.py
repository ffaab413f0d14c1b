"""The changes of operators between opsets that need no upgrade rule, and why; the tests hold this against onnx.defs."""

from __future__ import annotations

UNCHANGED: dict[tuple[str, int], str] = {
    **{
        (op, since): f"{attribute} came; leaving it out means what the older form did"
        for (op, since), attribute in {
            ("ArgMax", 12): "select_last_index",
            ("ArgMin", 12): "select_last_index",
            ("AveragePool", 7): "count_include_pad",
            ("AveragePool", 10): "ceil_mode",
            ("AveragePool", 19): "dilations",
            ("Cast", 19): "saturate",
            ("CastLike", 19): "saturate",
            ("DepthToSpace", 11): "mode",
            ("DequantizeLinear", 13): "axis",
            ("DequantizeLinear", 21): "block_size",
            ("GatherND", 12): "batch_dims",
            ("GRU", 3): "linear_before_reset",
            ("GRU", 14): "layout",
            ("LSTM", 14): "layout",
            ("RNN", 14): "layout",
            ("LpPool", 18): "ceil_mode",
            ("MaxPool", 8): "storage_order",
            ("MaxPool", 10): "ceil_mode",
            ("Pad", 18): "axes",
            ("QuantizeLinear", 13): "axis",
            ("QuantizeLinear", 19): "saturate",
            ("QuantizeLinear", 21): "block_size",
            ("Reshape", 14): "allowzero",
            ("Resize", 18): "antialias",
            ("ScatterElements", 16): "reduction",
            ("ScatterND", 16): "reduction",
            ("Shape", 15): "start",
            ("TopK", 11): "largest",
            ("Constant", 11): "sparse_value",
            ("Constant", 12): "value_int",
        }.items()
    },
    ("BatchNormalization", 15): "only types",
    ("Cast", 9): "strings came",
    ("Clip", 12): "integers came",
    ("Equal", 11): "floats came",
    **{(op, 8): "broadcasting came" for op in ("Max", "Mean", "Min", "Sum")},
    **{(op, 12): "integers came" for op in ("Max", "Min")},
    ("Pow", 12): "an exponent of another type came",
    **{(op, 18): "reductions max and min came" for op in ("ScatterElements", "ScatterND")},
    ("Pad", 19): "mode wrap came",
    ("Resize", 19): "half_pixel_symmetric came",
    ("OptionalGetElement", 18): "refused by name",
    ("Dropout", 10): "the type of the mask changed, which only training has",
    ("Gemm", 6): "only types",
    ("Gemm", 11): "C may be left out",
    ("OptionalHasElement", 18): "refused by name",
}
"""(operator, opset) -> why the older form is read as the newer one, where more than types changed."""
