"""The options of `mgeconvert edit`, and what their texts mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from mgeconvert.errors import UsageError

from .options import InputNames
from .sections import Section
from .values import HeightWidth, Names, Numbers, Outputs, Pair

if TYPE_CHECKING:
    from mgeconvert.ir import TensorType

KINDS = ("softmax", "sigmoid", "argmax")
IMAGE = ("mean", "std", "scale", "uint8", "nhwc", "swap_channels", "resize", "crop")
"""The edits of an image input."""
EDITS = (
    "set_input", "shape", "inputs", "outputs", "add_outputs", "drop_outputs", "add_input", "delete", "replace",
    "assign", "half", *IMAGE, *KINDS, "flatten", "rename",
)  # fmt: skip
"""The options that edit something; the others say how or where."""


def check_edits(given: Mapping[str, Any]) -> None:
    """UsageError where nothing is edited, or an option would be ignored."""
    if given["axis"] is not None and not (given["softmax"] or given["argmax"]):
        raise UsageError("--axis is of --softmax and --argmax", hint="give one of them too, or leave it out")
    for name in ("preprocess_input", "layout"):
        if given[name] is not None and not any(given[edit] for edit in IMAGE):
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} says where, and nothing says what", hint="give --mean or another of them")
    if not any(given[name] for name in EDITS):
        raise UsageError("no edit is asked for", hint="`mgeconvert edit --help` lists the edits")


def edit_options() -> list[Section]:
    """In the order in which the edits are made."""
    names, numbers = Names(), Numbers()
    shape, rename, pattern = Pair("NAME=1,3,224,224"), Pair("OLD=NEW"), Pair("PATTERN=>REPLACEMENT", "=>")
    constant = InputNames()
    graph = [
        click.Option(["--set-input"], type=Pair("NAME=16000"), multiple=True, help="A constant in place of an input."),
        click.Option(["--shape"], type=shape, multiple=True, help="An input's new shape; letters are names of sizes."),
        click.Option(
            ["--inputs"], type=names, metavar="A,B", help="Cut: begin at these values or before these modules."
        ),
        click.Option(
            ["--outputs"],
            type=Outputs(),
            metavar="A,B",
            help='Cut: end at these values or behind these modules; or ({"a": A}, B).',
        ),
        click.Option(["--add-outputs"], type=names, metavar="A,B", help="More outputs (end points)."),
        click.Option(["--drop-outputs"], type=names, metavar="A,B", help="Outputs to leave out."),
        click.Option(
            ["--add-input"],
            type=Pair("NAME=1,1000 or NAME=int32[1,1000]"),
            multiple=True,
            help="One more input, for what is replaced or assigned to read.",
        ),
        click.Option(
            ["--constant"], type=constant, multiple=True, metavar="NAME=FILE.npy", help="An array for replacements."
        ),
        click.Option(
            ["--in", "within"],
            type=names,
            metavar="A,B",
            help="Delete, replace, --fp16 only in these modules: path, glob (layer*.0, **.bn1) or class (Conv2d).",
        ),
        click.Option(["--delete"], type=names, metavar="A,B", help="Modules and nodes to leave out."),
        click.Option(
            ["--replace"],
            type=pattern,
            multiple=True,
            help='"Mul(x, Sigmoid(x)) => HardSwish(x)", or what stands behind a value: "fc_out => Neg(fc_out)".',
        ),
        click.Option(["--assign"], multiple=True, metavar="ASSIGNMENT", help='"fc_out[0, 2:5] = 1"'),
        click.Option(["--as", "module"], default="", metavar="NAME[:CLASS]", help="Put what is replaced in a module."),
        click.Option(
            ["--keeps-function"], is_flag=True, help="The replacements compute the same: compare with recorded outputs."
        ),
        click.Option(
            ["--fp16", "half"], type=names, metavar="A,B", help="Operators or modules that compute in float16."
        ),
    ]
    image = [
        click.Option(["--mean"], type=numbers, metavar="A,B,C", help="Subtract: the input becomes (x*scale-mean)/std."),
        click.Option(["--std"], type=numbers, metavar="A,B,C", help="Divide by these."),
        click.Option(["--scale"], type=numbers, metavar="1/255", help="Multiply first."),
        click.Option(["--uint8"], is_flag=True, help="Take bytes."),
        click.Option(["--nhwc"], is_flag=True, help="Take images with the channels last."),
        click.Option(["--resize"], type=HeightWidth(), help="Take images of that size, resized to the network's."),
        click.Option(
            ["--crop"],
            type=HeightWidth(),
            help="Take images of that size (or --resize them to it), of which the network gets the middle.",
        ),
        click.Option(["--swap-channels"], is_flag=True, help="Reverse the channels: BGR for RGB."),
        click.Option(
            ["--layout"],
            type=click.Choice(["nchw", "nhwc"]),
            help="Where the model has the channels; else its operators say it, or its shape.",
        ),
        click.Option(["--preprocess-input"], metavar="NAME", help="The input these are for; else the only image."),
    ]
    ends = [
        *(click.Option([f"--{kind}"], type=names, metavar="OUT", help=f"Put {kind} behind outputs.") for kind in KINDS),
        click.Option(["--axis"], type=int, metavar="AXIS", help="The axis of softmax and argmax; else 1."),
        click.Option(["--flatten"], is_flag=True, help="Forget the module tree."),
        click.Option(["--rename"], type=rename, multiple=True, help="A new name for an input, output or inner value."),
    ]
    return [
        Section("Edits of the graph, in the order they are made", graph),
        Section("Then an image input", image),
        Section("Then what is behind", ends),
    ]


def type_of(name: str, text: str) -> TensorType:
    """The type in ``int32[1,1000]`` or, of float32, ``1,1000``."""
    import numpy as np

    from mgeconvert.ir import TensorType
    from mgeconvert.surgery.input_shapes import parsed_shape

    place = f"--add-input {name}={text}"
    dtype, bracket, rest = text.partition("[")
    if not bracket:
        return TensorType(np.dtype(np.float32), parsed_shape(place, text))
    if dtype not in DTYPES or not rest.endswith("]"):
        known = ", ".join(DTYPES)
        raise UsageError(f"{place}: is no type", hint=f"write it as float32[1,3]; there are {known}")
    return TensorType(np.dtype(dtype), parsed_shape(place, rest[:-1]))


DTYPES = ("float32", "float16", "float64", "int8", "uint8", "int16", "int32", "int64", "bool")
