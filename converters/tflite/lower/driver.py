"""TFLite model -> IR graph: walks the operators, gives lowerings their operands in the layouts they ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from mgeconvert.errors import BadInputError, Problem, RefusedError, UnsupportedError, refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.dtypes import elem_type
from mgeconvert.ir.evaluate import EvaluationError
from mgeconvert.ir.inference import InferenceError
from mgeconvert.ir.scopes import Scope

from ..dtypes import INERT
from ..layout.holding import Held, Holding, dequantize, held, is_real, quantize, same_scales
from ..layout.plan import wants_channels_first
from ..layout.view import View
from ..layout.wants import Wants
from ..model import Layout, ModelFile, Operator, Tensor, channels_first, identity
from .fused import activated
from .state import State
from .table import LOWERINGS, REFUSED, Lowering
from .translation import Translation, image

MOST_OPERATORS = 200_000
"""A file of more operators, those of called subgraphs counted at each call, is not lowered."""
HINT = "`mgeconvert ops tflite` lists the operators"
Result = Value | Held | Tensor
"""What a lowering returns for one result: a value in `t.layout`, a value and how it holds the tensor, or a constant."""


class Driver(Holding):
    """One lowering of a file; `problems` collects what cannot be lowered."""

    def __init__(self, b: Builder, file: ModelFile, explicit_state: bool) -> None:
        preferring = {tensor for graph in file.subgraphs for tensor in wants_channels_first(graph, _reading)}
        super().__init__(b, preferring)
        self.file = file
        self.path = file.path
        self.state = State(self, explicit_state)
        self.problems: list[Problem] = []
        self.broken: set[Tensor] = set()
        self._named: set[Value] = set()
        self._inside: list[int] = []
        self._left = MOST_OPERATORS

    def run(self, number: int) -> None:
        """Lower all operators of a subgraph; BadInputError for subgraphs that call each other in a circle."""
        if number in self._inside:
            raise BadInputError(f"{self.path}: subgraph {number} calls itself")
        self._inside.append(number)
        for operator in self.file.subgraphs[number].operators:
            self._left -= 1
            if self._left < 0:
                raise BadInputError(f"{self.path}: more than {MOST_OPERATORS} operators, counted as they are called")
            self.operator(operator)
        self._inside.pop()

    def call(self, number: int, operands: Sequence[Held]) -> list[Held]:
        """The results of a subgraph on these operands."""
        if not 0 <= number < len(self.file.subgraphs):
            raise BadInputError(f"{self.path}: subgraph {number} of {len(self.file.subgraphs)} is called")
        graph = self.file.subgraphs[number]
        if len(graph.inputs) != len(operands):
            raise BadInputError(f"{self.path}: subgraph {number} takes {len(graph.inputs)} inputs, not {len(operands)}")
        self.tensors.update(zip(graph.inputs.values(), operands, strict=True))
        scope, prefix = self.b.scope, self.b.prefix
        self.run(number)
        self.b.enter(scope, prefix)
        if any(tensor in self.broken for tensor in graph.outputs.values()):
            refuse(f"subgraph {number} has operators that are not supported")
        return [self.held(self.resolved(tensor)) for tensor in graph.outputs.values()]

    def operator(self, operator: Operator) -> None:
        """Lower one operator, or note why not; what reads a result that is not there is passed over."""
        if any(tensor in self.broken for tensor in operator.inputs if tensor is not None):
            self.broken.update(operator.outputs)
            return
        op = operator.op if operator.custom is None else operator.custom[0]
        place = operator.outputs[0].name if operator.outputs else op
        self.b.enter(Scope(_module(place), op), place)
        try:
            self.lowered(operator, op)
        except RefusedError as refusal:
            self.problems.append(Problem(place, op, str(refusal)))
            self.broken.update(operator.outputs)
        except (EvaluationError, InferenceError) as error:
            raise BadInputError(f"{self.path}: {place}: {op}: {error.message}") from error
        except MemoryError as error:
            raise BadInputError(f"{self.path}: {place}: {op}: its sizes need more memory than there is") from error
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise BadInputError(f"{self.path}: {place}: {op}: its operands do not fit: {error}") from error

    def lowered(self, operator: Operator, op: str) -> None:
        """Lower one operator and hold its results."""
        if op in REFUSED:
            refuse(REFUSED[op])
        if op not in LOWERINGS:
            refuse("a custom operator that is not known" if operator.custom else "no lowering")
        row = LOWERINGS[op]
        t, operands = self._operands(operator, row)
        made = row.function(t, *operands)
        results: list[Result] = [made] if isinstance(made, Value | Held | Tensor) else list(made)
        if len(results) < len(operator.outputs) and op != "VAR_HANDLE":
            refuse(f"it has {len(operator.outputs)} results, {len(results)} are known")
        for tensor, result in zip(operator.outputs, results, strict=False):
            if isinstance(result, Tensor):
                self.same[tensor] = result
            else:
                self.keep(tensor, self._finished(t, row, tensor, result))

    def keep(self, tensor: Tensor, where: Held) -> None:
        """Note where a tensor is held; a value made for it gets its name."""
        self.tensors[tensor] = where
        value = where.value
        if tensor.name and value not in self._named and not value.is_constant and value not in self._borders():
            self.b.rename(value, tensor.name)
            self._named.add(value)

    def _borders(self) -> set[Value]:
        return set(self.b.graph.inputs.values())

    def _finished(self, t: Translation, row: Lowering, tensor: Tensor, result: Value | Held) -> Held:
        """The result with its fused activation, rounded to the tensor's scale."""
        where = result if isinstance(result, Held) else held(result, t.layout)
        value = where.value
        number = t.option("FusedActivationFunction")
        if number and not t.applied:
            value = activated(self.b, value, number)
        source = t.tensor(row.first)
        kept = row.moves and source is not None and same_scales(source.quantization, tensor.quantization)
        if tensor.quantization is not None and is_real(tensor) and not (kept and value is where.value):
            value = self._rounded(value, tensor, where.view)
        elif value.dtype is not None and value.dtype != tensor.dtype and _has_own_type(tensor):
            value = self.b.op("Cast", value, to=elem_type(tensor.dtype))
        return Held(value, where.view)

    def _rounded(self, value: Value, tensor: Tensor, view: View) -> Value:
        scales = tensor.quantization
        assert scales is not None
        if scales.scale.size > 1:
            layout = view.natural(self.preferred(tensor))
            if layout is None or len(layout) <= scales.axis:
                refuse(f"{scales.scale.size} scales along an axis that is no axis of the value")
            scales = replace(scales, axis=layout.index(scales.axis))
        return dequantize(self.b, quantize(self.b, value, scales, tensor.dtype), scales)

    def _operands(self, operator: Operator, row: Lowering) -> tuple[Translation, list[Value]]:
        if row.wants is Wants.VIEW:
            return self._translation(operator, ()), []
        data = [None if tensor is None else self.resolved(tensor) for tensor in operator.inputs[row.first :]]
        data = data if row.data is None else data[: row.data]
        there = [tensor for tensor in data if tensor is not None]
        if len(there) < len(data):
            raise BadInputError(f"{self.path}: {operator.op} has no operand where it needs one")
        for tensor in there:
            if not self.knows(tensor):
                raise BadInputError(f"{self.path}: {operator.op} reads {tensor.name}, which nothing makes before")
        rank = max((len(self.shape(tensor)) for tensor in there), default=0)
        layout = identity(rank)
        if row.wants is Wants.CHANNELS_FIRST:
            layout = image(rank)
        elif row.wants in (Wants.FOLLOW, Wants.ANY):
            layout = self._common_layout(operator, there, rank)
        t = self._translation(operator, layout)
        if row.wants is Wants.PLAIN:
            return t, [self.realise(tensor, identity(len(self.shape(tensor)))) for tensor in there]
        return t, [self.aligned(tensor, layout) for tensor in there]

    def _translation(self, operator: Operator, layout: Layout) -> Translation:
        return Translation(self, operator, layout, self.state, self)

    def _common_layout(self, operator: Operator, data: list[Tensor], rank: int) -> Layout:
        """The layout that moves the fewest elements; between equals the one the readers of the result want."""
        candidates: dict[Layout, int] = {}
        wanted = rank > 2 and any(tensor in self.preferring for tensor in (*operator.outputs, *data))
        prefer = [channels_first(rank)] if wanted else []
        for tensor in data:
            if tensor not in self.tensors or len(self.shape(tensor)) != rank:
                continue
            natural = self.tensors[tensor].view.natural(prefer)
            if natural is not None:
                size = prod(dim for dim in self.shape(tensor) if isinstance(dim, int))
                candidates[natural] = candidates.get(natural, 0) + size
        if not candidates:
            return prefer[0] if prefer else identity(rank)
        return max(candidates, key=lambda layout: (candidates[layout], layout in prefer))


def _module(name: str) -> str:
    """The module path in the name of a tensor: TensorFlow's ``model/conv1/Relu;model/bn/add`` is of ``model.conv1``."""
    parts = name.split(";")[0].split("/")
    return ".".join(parts[:-1] or parts)


def _has_own_type(tensor: Tensor) -> bool:
    """Whether a value of the tensor has the tensor's dtype: not where integers stand for real numbers, complex ones
    are pairs."""
    return not is_real(tensor) and tensor.dtype != INERT and tensor.dtype.kind != "c"


def _reading(op: str) -> tuple[Wants, int | None] | None:
    row = LOWERINGS.get(op)
    return None if row is None else (row.wants, row.data)


def unsupported(problems: Sequence[Problem]) -> UnsupportedError:
    hints = {problem.op for problem in problems} & {"ASSIGN_VARIABLE", "READ_VARIABLE"}
    state = "; --state explicit makes the state inputs and outputs" if hints else ""
    return UnsupportedError("read this TFLite model", problems, hint=HINT + state)
