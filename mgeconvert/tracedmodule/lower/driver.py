"""Lowers a TracedModule to a Graph: binds each call to its handler, names what it built, collects what is refused."""

from __future__ import annotations

import enum
import importlib
import inspect
import pkgutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import NONSENSE, BadInputError, Problem, RefusedError, UnsupportedError, refuse
from mgeconvert.ir import Graph, Node, Shape, TracedDim, Value
from mgeconvert.ir.families import FAMILIES
from mgeconvert.ir.graph import Made
from mgeconvert.ir.inference import InferenceError
from mgeconvert.ir.scopes import Scope, leaves
from mgeconvert.ir.whole_calls import CALL

from ..read.arrays import DType, MgeDType
from ..read.model import InputInfo, Model
from ..read.records import ModuleRecord, TensorRecord
from .arguments import check_arguments
from .attributes import attribute
from .dynamic_shapes import sizes_when_traced
from .grids import Quantization, dequantized, of_dtype, quantize, settle
from .quantization.qat import stated
from .scopes import Scopes, finish
from .shapes import ShapeBuilder
from .table import LastOutput, Lowering, find, refusal
from .walk import TracedCall, walk


class Calls(enum.Enum):
    """What the graph says of the calls of the source: nothing, so that weights are freed as early as possible; what
    they were; or that too, and a call that cannot be lowered is a node of its own instead of a problem."""

    NONE = enum.auto()
    KEPT = enum.auto()
    WHOLE = enum.auto()


def load_table() -> None:
    """Import the file, or the files of the folder, of every family, so that the lowering table is complete."""
    for family in [*FAMILIES, "refused"]:
        module = importlib.import_module(f"{__package__}.{family}")
        for info in pkgutil.iter_modules(getattr(module, "__path__", ())):
            importlib.import_module(f"{module.__name__}.{info.name}")


def lower_model(
    model: Model,
    shapes: Mapping[str, Shape] | None = None,
    calls: Calls = Calls.NONE,
    kept: Collection[int] = (),
    *,
    free: bool = False,
    trains: bool = False,
) -> tuple[Graph, list[Problem]]:
    """The graph of a model and the calls that could not be lowered (their outputs are placeholders).

    `shapes` overrides traced input shapes, also with symbolic dimensions. Where calls are to stay whole, every size of
    an input may vary, so that nothing is a constant that the source computes; with `free`, those that no constant of
    the model holds to one size. With `trains`, what is computed from parameters is no constant. A number that equals a
    size which varies is taken for it, unless it is `kept`; each is logged.
    """
    load_table()
    lacking = next((info.name for info in model.inputs if info.shape is None), None)
    if lacking is not None:
        raise BadInputError(f"{model.name}: the input {lacking} has no shape: TensorNode._shape")
    traced = {info.name: info.shape or () for info in model.inputs}
    whole = calls is Calls.WHOLE
    shapes = {name: varying(name, shape) if whole else shape for name, shape in traced.items()} | dict(shapes or {})
    driver = Driver(sizes_when_traced(shapes, traced), calls, kept, trains)
    inputs = [driver.input(info, shapes[info.name]) for info in model.inputs]
    scopes = Scopes(keep=calls is not Calls.NONE)
    outputs = walk(model, inputs, driver, scopes)
    if free and driver.builder.fixed:
        shapes = {name: _settled(shape, driver.builder) for name, shape in shapes.items()}
        return lower_model(model, shapes, calls, kept, free=True, trains=trains)
    for info, value in zip(model.outputs, outputs, strict=True):
        driver.builder.output(info.name, value)
    graph = driver.builder.graph
    graph.remove_dead_nodes()
    driver.name_weights()
    if calls is not Calls.NONE:
        graph.calls, graph.root = scopes.calls, model.module
        _note_nodes(graph)
    if not whole:
        driver.builder.say_guesses()
    return graph, driver.problems


def _note_nodes(graph: Graph) -> None:
    """Let each leaf call know the nodes that it was lowered to and that are needed."""
    made: dict[Scope | None, list[Made]] = {}
    for node in graph.nodes:
        made.setdefault(node.scope, []).append(Made.of(node))
    for scope in graph.calls:
        if scope.call is not None and scope.call.made is not None:
            scope.call.made = tuple(made.get(scope, ()))


def lower_or_raise(
    model: Model,
    shapes: Mapping[str, Shape] | None = None,
    calls: Calls = Calls.NONE,
    kept: Collection[int] = (),
    *,
    free: bool = False,
    trains: bool = False,
) -> Graph:
    """`lower_model`; raises UnsupportedError with every problem."""
    graph, problems = lower_model(model, shapes, calls, kept, free=free, trains=trains)
    if problems:
        raise UnsupportedError("read the TracedModule", problems, hint="`mgeconvert ops tm` lists what can be read")
    return graph


def varying(name: str, shape: Shape) -> Shape:
    """The shape with a name of its own for each size."""
    return tuple(TracedDim(f"{name}_{axis}", size if isinstance(size, int) else 1) for axis, size in enumerate(shape))


def _settled(shape: Shape, builder: ShapeBuilder) -> Shape:
    """The shape with the traced sizes of dimensions that cannot vary."""
    return tuple(builder.traced[dim] if isinstance(dim, str) and dim in builder.fixed else dim for dim in shape)


def storage(dtype: DType | None) -> np.dtype:
    """The numpy dtype that holds a MegEngine dtype's values; float32 for bfloat16 and what else is refused."""
    if isinstance(dtype, np.dtype):
        return dtype
    return np.dtype(np.float32) if dtype is None or dtype.scale is None else dtype.storage


class Driver:
    """Receives the walk's calls."""

    def __init__(
        self, traced: Mapping[str, int], calls: Calls = Calls.NONE, kept: Collection[int] = (), trains: bool = False
    ) -> None:
        self.builder = ShapeBuilder(traced, kept)
        self.calls, self.trains = calls, trains
        self.problems: list[Problem] = []
        self._constants: dict[int, Value] = {}

    def tensor(self, record: TensorRecord, path: str) -> Value:
        """One constant per record, under the path it was first met by."""
        if id(record) not in self._constants:
            b = self.builder
            value = b.constant(record.array, name=path)
            if self.trains and record.is_parameter and record.array.dtype.kind == "f":
                b.trained.add(value)
            grid = self._grid(record.dtype, path, "constant")
            if grid is not None:
                caller, b.scope = b.scope, b.scope and Scope(b.scope.path, b.scope.kind, None, b.scope.parent)
                value = dequantized(b, value, grid)
                b.scope = caller
            self._constants[id(record)] = value
        return self._constants[id(record)]

    def input(self, info: InputInfo, shape: Shape) -> Value:
        """One input of the graph; on the grid that its tensor says, where calls need not stay as they are."""
        self._grid(info.dtype, info.name, "input")
        value = self.builder.input(info.name, storage(info.dtype), shape)
        said = info.qparams
        if said is None or said.scale is None or said.dtype_meta is None or self.calls is Calls.WHOLE:
            return value
        try:
            return quantize(self.builder, value, stated(said.dtype_meta, said))
        except RefusedError as refusal:
            self.problems.append(Problem(info.name, "input", refusal.reason))
            return value

    def _grid(self, dtype: DType | None, place: str, what: str) -> Quantization | None:
        """The grid of a quantized dtype, None for one of numpy's; one that is neither is a problem at `place`."""
        if not isinstance(dtype, MgeDType):
            return None
        try:
            return of_dtype(dtype)
        except RefusedError as refused:
            self.problems.append(Problem(place, what, refused.reason))
            return None

    def name_weights(self) -> None:
        """At the end: a weight that is used in another form only (``fc.weight_1``) gets its module path."""
        paths = dict.fromkeys(value.name for value in self._constants.values())
        live = {value.name: value for value in self.builder.graph.values()}
        for path in paths:
            form = live.get(f"{path}_1")
            if path not in live and form is not None and form.is_constant and form.name not in paths:
                form.name = path

    def call(self, call: TracedCall) -> Sequence[Value]:
        b = self.builder
        short = call.key.rpartition(".")[2]
        b.enter(call.scope)
        lowering = find(call.key, call.version)
        reason = refusal(call.key)
        if reason is not None or lowering is None:
            return self._refuse(call, short, reason or f"{call.key} has no lowering")
        args, kwargs = self._arguments(call)
        try:
            bound = lowering.bind((b, *args), kwargs)
        except TypeError as error:
            return self._refuse(call, short, f"called with arguments that MegEngine 1.13 does not take: {error}")
        first = len(b.graph.nodes)
        try:
            results = self._results(call, lowering, bound)
        except RefusedError as refused:
            return self._refuse(call, short, refused.reason)
        except InferenceError as error:
            return self._placeholders_for(call) if self.problems else self._refuse(call, short, str(error))
        except NONSENSE as error:
            fact = f"its arguments do not fit it ({type(error).__name__}: {error})"
            raise BadInputError(f"{call.scope.path}: {call.key}: {fact}") from error
        built = {value for node in b.graph.nodes[first:] for value in node.outputs}
        self._name(call, results, set(built))
        if self.calls is not Calls.NONE and len(results) == len(call.names):
            finish(call.scope, self._variables(call, results, built))
        return results

    def _variables(self, call: TracedCall, results: Sequence[Value], built: set[Value]) -> list[Value]:
        """The call's results for those who ask what the source computed: a value that the call passed on, or that is
        constant, is a variable of its own there, for which that value stands."""
        variables = []
        for value, name in zip(results, call.names, strict=True):
            variable = value
            if value in built:
                built.remove(value)
            else:
                variable = Value(name, value.dtype, value.shape)
                self.builder.graph.replaced[variable] = value
            variables.append(variable)
        return variables

    def _results(self, call: TracedCall, lowering: Lowering, bound: inspect.BoundArguments) -> list[Value]:
        """What the handler gives, flat, each on the grid of its dtype where the file is quantized."""
        b = self.builder
        for name in lowering.numbers:
            if name in bound.arguments:
                bound.arguments[name] = _numbers(bound.arguments[name], name)
        try:
            check_arguments(lowering.expected, bound.arguments)
        except BadInputError as error:
            raise BadInputError(f"{call.scope.path or 'model'}: {call.key}: {error.message}") from error
        first = len(b.graph.nodes)
        result = lowering.call(bound)
        results = [result.value] * len(call.names) if isinstance(result, LastOutput) else list(flat(result))
        if len(results) != len(call.hints):
            return results
        nodes = b.graph.nodes[first:]
        return [settle(b, value, dtype, nodes) for value, (_, dtype) in zip(results, call.hints, strict=True)]

    def _name(self, call: TracedCall, results: Sequence[Value], built: set[Value]) -> None:
        """What the call built gets the traced node's name; what it passed on keeps its own."""
        for value, name in zip(results, call.names, strict=False):
            if value in built:
                built.remove(value)
                self.builder.rename(value, name)

    def _arguments(self, call: TracedCall) -> tuple[list[Any], dict[str, Any]]:
        args = [self._argument(value, call.place) for value in call.args]
        return args, {key: self._argument(value, call.place) for key, value in call.kwargs.items()}

    def _argument(self, value: Any, place: str) -> Any:
        return BoundModule(self, value, place) if isinstance(value, ModuleRecord) else value

    def _refuse(self, call: TracedCall, op: str, reason: str) -> list[Value]:
        if self.calls is Calls.WHOLE:
            return self._whole(call)
        self.problems.append(Problem(call.place or "model", op, reason))
        return self._placeholders_for(call)

    def _whole(self, call: TracedCall) -> list[Value]:
        """A call that stays what it is, for a target of the same world: a node of the domain `CALL`."""
        assert call.scope.call is not None
        given = leaves((call.scope.call.args, call.scope.call.kwargs))
        inputs: list[Value | None] = [self.builder.graph.current(item) for item in given if isinstance(item, Value)]
        outputs = self._placeholders_for(call)
        for value in outputs:
            value.shape = varying(value.name, value.shape or ())
        node = Node(call.key, inputs, list(outputs), {}, self.builder.name_node(call.scope.text), call.scope, CALL)
        self.builder.graph.nodes.append(node)
        return outputs

    def _placeholders_for(self, call: TracedCall) -> list[Value]:
        """Values of the traced types let the walk go on, so that every problem is found in one run."""
        names = [self.builder.name_value(name) for name in call.names]
        return [Value(name, storage(dtype), shape) for name, (shape, dtype) in zip(names, call.hints, strict=True)]


class BoundModule:
    """A built-in module at its place: tensors come out as values named by their path, submodules bound as well."""

    def __init__(self, driver: Driver, record: ModuleRecord, path: str) -> None:
        self._driver = driver
        self._record = record
        self._path = path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{self._record.qualname} has no attribute {name}")
        path = f"{self._path}.{name}" if self._path else name
        value = attribute(self._record, name, path)
        if isinstance(value, TensorRecord):
            return self._driver.tensor(value, path)
        if isinstance(value, ModuleRecord):
            return BoundModule(self._driver, value, path)
        return value

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute that older versions did not have."""
        return getattr(self, name) if name in self._record.attributes else default

    @property
    def qualname(self) -> str:
        return self._record.qualname


def _numbers(argument: Any, name: str) -> Any:
    """Constant tensors as Python numbers; a size that MegEngine took from a shape is one."""
    if isinstance(argument, list | tuple):
        return type(argument)(_numbers(item, name) for item in argument)
    if not isinstance(argument, Value):
        return argument
    if argument.array is None:
        refuse(f"{name} is only known at run time")
    return argument.array.tolist()


def flat(result: Any) -> Iterator[Value]:
    """The leaves of what a handler returned, in MegEngine's order (dictionaries by key)."""
    if isinstance(result, Value):
        yield result
    elif isinstance(result, Mapping):
        for key in sorted(result):
            yield from flat(result[key])
    elif isinstance(result, Iterable):
        for item in result:
            yield from flat(item)
