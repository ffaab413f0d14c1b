"""Small pickles that ask for more than there is: their parts are shared until they stand for more than any machine can
do. Each is a sibling of a file that once never ended, and is made here, none of them larger than 2 MB.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.tracedmodule.spelled import (
    EXPR,
    PYTREE,
    Made,
    Network,
    called,
    function,
    get_attr,
    leaf,
    made,
    method,
    module_leaf,
    module_node,
    named,
    spelled,
    structure,
    tensor,
    tensor_node,
    tree,
)

LEVELS = 60
PRIME = 2**61 - 1
"""Its multiples have one hash."""
DATA = bytes(1 << 20)
LONG = "n" * (1 << 20)
WIDE = {f"k{number}": number for number in range(10_000)}
LARGE = tuple(range(200_000))
ADD = "megengine.functional.elemwise.add"
CONV = "megengine.module.conv.Conv2d"
QUANT_MODE = "megengine.quantization.utils.QuantMode"
MODULE_STATE = "megengine.traced_module.serialization._ModuleState"


def laughs(make: Callable[[Any], Any], start: Any = 0, levels: int = LEVELS) -> Any:
    """What is made of the thing before it, so many times."""
    for _ in range(levels):
        start = make(start)
    return start


def lists() -> Any:
    return laughs(lambda each: [each, each])


def constant(value: Any) -> Made:
    return Network().function(ADD, value).done()


def attribute(value: Any) -> Made:
    """A value that no call reads."""
    return Network().relu().done(extra=value)


def ordered(*items: tuple[Any, Any]) -> Made:
    return called("collections.OrderedDict", [list(item) for item in items])


def slices() -> Made:
    return laughs(lambda each: called("builtins.slice", each, each, each))


def step(**changes: Any) -> Made:
    """A call whose record says something else."""
    network = Network().relu()
    network.exprs[-1].states[0].update(changes)
    return network.done()


def convolution(**changes: Any) -> Made:
    network, node = Network(x=tensor_node("x", (1, 4, 3, 3))), module_node("c")
    network.exprs.append(get_attr(network.own, "c", node))
    network.add(lambda inputs, output: method("__call__", [node, *inputs], output))
    network.last.states[0]["_shape"] = (1, 4, 3, 3)
    state: dict[str, Any] = dict.fromkeys(("stride", "dilation", "kernel_size"), (1, 1))
    state |= {"padding": (0, 0), "padding_mode": "zeros", "groups": 1, "conv_mode": "cross_correlation"}
    state |= {"compute_mode": "default", "weight": tensor(bytes(64), (4, 4, 1, 1)), "bias": None, "training": False}
    return network.done(c=made(CONV, **state | changes))


def equal_sets() -> bytes:
    """Two frozensets that are equal and nowhere the same, as keys: comparing them takes 2**40 steps."""

    def grown(first: int) -> bytes:
        opcodes, last = b"(\x8c\x01a\x91\x94", first
        for last in range(first, first + 40):
            opcodes += b"(h%c(h%c\x91\x91\x94" % (last, last)
        return opcodes + b"0"

    return b"\x80\x04" + grown(0) + grown(41) + b"}(h%cK\x00h%cK\x01u." % (40, 81)


def shared_operands() -> Made:
    """Two thousand calls of one list of a hundred thousand variables."""
    network = Network()
    many = [network.x] * 100_000
    for _ in range(2_000):
        network.relu()
        network.exprs[-1].states[0]["inputs"] = many
    return network.done()


def one_step_again() -> Made:
    network = Network().relu()
    network.exprs *= 60_000
    return network.done()


def one_output_again() -> Made:
    network = Network().relu()
    pairs = laughs(lambda each: tree("builtins.list", each, each), leaf(), 11)
    return network.done([network.last] * (1 << 11), pairs)


def long_path() -> Made:
    """A module that holds itself, and an attribute of it two hundred thousand levels down."""
    network, node, child = Network(), tensor_node("w"), made("megengine.traced_module.traced_module.TracedModule")
    child.states[0].update(c=child, w=tensor(bytes(16), (1, 4)))
    network.exprs.append(get_attr(network.own, "c." * 200_000 + "w", node))
    network.add(lambda inputs, output: function(ADD, [*inputs, node], output))
    return network.done(c=child)


def long_variables() -> Made:
    network = Network()
    for _ in range(1_000):
        output = tensor_node(LONG)
        network.exprs.append(function("megengine.functional.nn.relu", [network.last], output))
        network.last = output
    return network.done()


def long_modules() -> Made:
    """Modules in modules, all attributes of one long name."""
    network = Network().relu().done()
    for _ in range(150):
        outer, node = Network(), module_node("m")
        outer.exprs.append(get_attr(outer.own, LONG, node))
        inner = network
        outer.add(lambda inputs, output, node=node: method("__call__", [node, *inputs], output))
        network = outer.done(**{LONG: inner})
    return network


def shared_bytes(order: str) -> Made:
    """A thousand tensors of the same megabyte."""
    network, weights = Network(), {}
    for number in range(1_000):
        node = tensor_node("w")
        network.exprs.append(get_attr(network.own, f"w{number}", node))
        network.add(lambda inputs, output, node=node: function(ADD, [*inputs, node], output))
        weights[f"w{number}"] = tensor(DATA, (1 << 16, 4), order=order)
    return network.done(**weights)


def called_with_bytes() -> Made:
    """A module with two graphs, chosen four thousand times by a constant of a megabyte."""
    array = tensor(DATA, (1 << 18,)).arguments[0]
    child = Network().relu().done()
    state = child.states[0]
    arguments = structure(module_leaf(), leaf(), leaf(array))
    state["argdef_graph_map"][arguments] = next(iter(Network().relu().done().states[0]["argdef_graph_map"].values()))
    state["argdef_outdef_map"][arguments] = leaf()
    network = Network()
    for _ in range(4_000):
        network.child("c")
        network.exprs[-1].states[0].update(arg_def=arguments, const_val=[(2, array)])
    return network.done(c=child)


def through_constants(module: Made) -> Made:
    """Calls a module that it captured, twice."""
    network = Network()
    for _ in range(2):
        node = module_node("m")
        network.exprs.append(made(f"{EXPR}.Constant", inputs=[], outputs=[node], value=module, name="c"))
        network.add(lambda inputs, output, node=node: method("__call__", [node, *inputs], output))
    return network.done()


def through_dots(module: Made) -> Made:
    """Calls a module within one that is never called, twice."""
    holder = Network().relu().done(b=module)
    return Network().child("a.b").child("a.b").done(a=holder)


def with_two_graphs(module: Made) -> Made:
    return Network().child("a").child("b").done(a=module, b=module)


CASES: Mapping[str, tuple[Callable[[], Any], str]] = {
    # laughs in other containers
    "dicts": (lambda: constant(laughs(lambda each: {"a": each, "b": each})), "parts, all spelled out"),
    "ordered dicts": (
        lambda: constant(laughs(lambda each: ordered(("a", each), ("b", each)))), "parts, all spelled out",
    ),
    "slices": (lambda: constant(slices()), "a slice of a slice"),
    "slices as keys": (lambda: attribute({slices(): 1}), "a slice of a slice"),
    "results": (
        lambda: Network().relu().done(out_def=laughs(lambda each: tree("builtins.list", each, each), leaf())),
        "fewer arguments than the structure",
    ),
    "an attribute that nothing reads": (lambda: convolution(kernel_size=lists()), "parts, all spelled out"),
    # texts of what is not allowed
    "a class": (lambda: attribute(made(MODULE_STATE, module=(lists(), 1))), "expected (module, class)"),
    "a function": (lambda: step(func=(lists(),)), "expected (module, function)"),
    "a shape": (lambda: Network(x=tensor_node("x", (lists(),))).relu().done(), "expected sizes"),
    "classes": (lambda: step(arg_def=made(f"{PYTREE}.LeafDef", type=(lists(),))), "expected classes"),
    "a mode": (lambda: attribute(Made(named(QUANT_MODE), (lists(),))), "expected 1 or 2"),
    "an array's shape": (lambda: attribute(tensor(b"", (lists(),))), "an array whose shape is ([[[[...], [...]],"),
    "a key": (
        lambda: {laughs(lambda each: (each, each), levels=22): attribute(1)}, "is a dict with a TracedModule under (((",
    ),
    "a key of results": (
        lambda: Network().relu().done(out_def=tree("builtins.dict", leaf(), aux_data=[(lists(),)])), "keys are neither",
    ),
    "an integer": (lambda: constant(1 << 200_000), "the pickle has an integer of 25,001 bytes"),
    "a version": (lambda: step(version="1" * (1 << 20)), ""),
    # keys
    "integers of an ordered dict": (
        lambda: attribute(ordered(*((number * PRIME, 0) for number in range(30_000)))), "items are not names",
    ),
    "a tuple of ordered dicts": (
        lambda: attribute([ordered((LARGE, 0)) for _ in range(3_000)]), "parts, all spelled out",
    ),
    "sets that are equal": (equal_sets, "keys that take hours to hash"),
    "small dicts": (
        lambda: attribute([{number * PRIME: 0 for number in range(300)} for _ in range(10)]), "hours to hash",
    ),
    "integers of seven bytes": (lambda: attribute({number << 40: 0 for number in range(1 << 14)}), ""),
    # graphs and modules
    "operands": (shared_operands, "parts, all spelled out"),
    "a step": (one_step_again, "an expression stands twice in a graph"),
    "an output": (one_output_again, ""),
    "a path": (long_path, "modules are nested more than 200 deep"),
    "names of variables": (long_variables, "a name of 1,048,576 characters, expected at most 4,096"),
    "names of modules": (long_modules, "a path of 1,048,576 characters, expected at most 4,096"),
    "captured modules": (
        lambda: laughs(through_constants, Network().relu().done(), 30), "call one another without end",
    ),
    "modules behind dots": (lambda: laughs(through_dots, Network().relu().done(), 30), "call one another without end"),
    "two names": (lambda: laughs(with_two_graphs, Network().relu().done(), 30), "call one another without end"),
    "constants that choose graphs": (called_with_bytes, "parts, all spelled out"),
    # BUILD and data that is shared
    "bytes": (lambda: shared_bytes("<"), "they share their bytes"),
    "bytes in the other order": (lambda: shared_bytes(">"), "they share their bytes"),
    "a state": (lambda: attribute([Made(named(CONV), (), (WIDE,)) for _ in range(10_000)]), "parts, all spelled out"),
    "a state again": (lambda: attribute(Made(named(CONV), (), [WIDE] * 50_000)), "parts, all spelled out"),
}  # fmt: skip
"""What is shared -> how the file is made, and what is said of it; no text where it is read."""


def content(name: str) -> bytes:
    made_of = CASES[name][0]()
    return made_of if isinstance(made_of, bytes) else spelled(made_of)
