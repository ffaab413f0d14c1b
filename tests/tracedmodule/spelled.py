"""Pickles of TracedModules put together from parts: shared parts stay shared, so that small files may stand for much.

spelled(Network().function("megengine.functional.elemwise.add", 1.5).relu().done(attribute=value))
"""

from __future__ import annotations

import io
import itertools
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

PYTREE = "megengine.traced_module.pytree"
EXPR = "megengine.traced_module.expr"
NODE = "megengine.traced_module.node"
TRACED = "megengine.traced_module.traced_module"
TENSOR = "megengine.tensor.Tensor"


@dataclass(eq=False)
class Named:
    """A class or function that the file names."""

    qualname: str


@dataclass(eq=False)
class Made:
    """What the file makes by calling `kind` with `arguments`; then each of `states` is given to it with BUILD."""

    kind: Named
    arguments: tuple[Any, ...] = ()
    states: Sequence[Any] = ()
    opcode: bytes = pickle.NEWOBJ


class _Pickler(pickle._Pickler):  # type: ignore[misc]
    dispatch: ClassVar[dict[type, Callable[..., None]]] = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def save_named(self, value: Named) -> None:
        module, _, name = value.qualname.rpartition(".")
        self.save(module)
        self.save(name)
        self.write(pickle.STACK_GLOBAL)
        self.memoize(value)

    def save_made(self, value: Made) -> None:
        self.save(value.kind)
        self.save(value.arguments)
        self.write(value.opcode)
        self.memoize(value)
        for state in value.states:
            self.save(state)
            self.write(pickle.BUILD)

    dispatch[Named] = save_named
    dispatch[Made] = save_made


def spelled(value: Any) -> bytes:
    """The pickle of plain data, `Named` and `Made`."""
    stream = io.BytesIO()
    _Pickler(stream, 4).dump(value)
    return stream.getvalue()


_NAMES: dict[str, Named] = {}


def named(qualname: str) -> Named:
    return _NAMES.setdefault(qualname, Named(qualname))


def made(qualname: str, **state: Any) -> Made:
    """A record with that state."""
    return Made(named(qualname), (), (state,))


def called(qualname: str, *arguments: Any) -> Made:
    """What a function of the file's gives."""
    return Made(named(qualname), arguments, (), pickle.REDUCE)


def leaf(*value: Any) -> Made:
    """A tensor among arguments, or a constant of that value."""
    kinds = (named("builtins.int"),) if value else (named(TENSOR),)
    constant = value[0] if value else None
    return made(f"{PYTREE}.LeafDef", type=kinds, aux_data=None, children_defs=[], num_leaves=1, const_val=constant)


def tree(kind: str, *children: Any, aux_data: Any = None) -> Made:
    """A container among arguments."""
    return made(
        f"{PYTREE}.TreeDef", type=named(kind), aux_data=aux_data, children_defs=list(children), num_leaves=len(children)
    )


def module_leaf() -> Made:
    """A module among arguments."""
    kinds = (named("megengine.module.module.Module"),)
    return made(f"{PYTREE}.LeafDef", type=kinds, aux_data=None, children_defs=[], num_leaves=1, const_val=None)


def structure(*positional: Any) -> Made:
    """The arguments of a call."""
    return tree("builtins.tuple", tree("builtins.tuple", *positional), tree("builtins.dict", aux_data=()))


def tensor_node(name: Any, shape: Any = (1, 4)) -> Made:
    return made(f"{NODE}.TensorNode", _name=name, _shape=shape, _dtype=named("numpy.float32"))


def module_node(name: Any) -> Made:
    return made(f"{NODE}.ModuleNode", _name=name, module_type=named("megengine.module.module.Module"))


def function(qualname: str, inputs: list[Made], output: Made, constants: Sequence[Any] = ()) -> Made:
    """A call of a function: its tensors, then its constants."""
    leaves = [leaf() for _ in inputs] + [leaf(value) for value in constants]
    return made(
        f"{EXPR}.CallFunction",
        inputs=inputs,
        outputs=[output],
        const_val=[(len(inputs) + at, value) for at, value in enumerate(constants)],
        arg_def=structure(*leaves),
        out_def=leaf(),
        version="1.13.0",
        func=tuple(qualname.rsplit(".", 1)),
    )


def get_attr(owner: Made, name: str, output: Made) -> Made:
    return made(f"{EXPR}.GetAttr", inputs=[owner], outputs=[output], name=name)


def method(name: str, inputs: list[Made], output: Made, constants: Sequence[Any] = ()) -> Made:
    """A call of a method of the first input."""
    expr = function("a.b", inputs, output, constants)
    state = {key: value for key, value in expr.states[0].items() if key != "func"}
    return made(f"{EXPR}.CallMethod", **state, method=name)


@dataclass
class Network:
    """A TracedModule of one input; `relu` and the others add steps, `done` makes the module."""

    own: Made = field(default_factory=lambda: module_node("self"))
    x: Made = field(default_factory=lambda: tensor_node("x"))
    exprs: list[Made] = field(default_factory=list)
    last: Made = field(init=False)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.last = self.x

    def fresh(self) -> Made:
        return tensor_node(f"t{next(self._numbers)}")

    def add(self, make: Callable[[list[Made], Made], Made]) -> Network:
        """A step from the last tensor to a new one."""
        output = self.fresh()
        self.exprs.append(make([self.last], output))
        self.last = output
        return self

    def function(self, qualname: str, *constants: Any) -> Network:
        return self.add(lambda inputs, output: function(qualname, inputs, output, constants))

    def relu(self) -> Network:
        return self.function("megengine.functional.nn.relu")

    def child(self, name: str) -> Network:
        """A call of the child of that name."""
        node = module_node(name.rpartition(".")[2] or "m")
        self.exprs.append(get_attr(self.own, name, node))
        return self.add(lambda inputs, output: method("__call__", [node, *inputs], output))

    def done(self, outputs: list[Made] | None = None, out_def: Any = None, **attributes: Any) -> Made:
        arg_def = structure(module_leaf(), leaf())
        graph = made(
            f"{TRACED}.InternalGraph",
            _name="net",
            _exprs=self.exprs,
            _inputs=[self.own, self.x],
            _outputs=[self.last] if outputs is None else outputs,
        )
        return made(
            f"{TRACED}.TracedModule",
            argdef_graph_map={arg_def: graph},
            argdef_outdef_map={arg_def: leaf() if out_def is None else out_def},
            argspec=None,
            dump_info={"version": "1.13.0"},
            **attributes,
        )


def tensor(data: bytes, shape: tuple[int, ...], code: str = "f4", order: str = "<") -> Made:
    """A Tensor whose array has these bytes."""
    kind = called("numpy.dtype", code, False, True)
    kind.states = [(3, order, None, None, None, -1, -1, 0)]
    array = called("numpy.core.multiarray._reconstruct", named("numpy.ndarray"), (0,), b"b")
    array.states = [(1, shape, kind, False, data)]
    return Made(named(TENSOR), (array, kind, "xpux:0"), ({},))
