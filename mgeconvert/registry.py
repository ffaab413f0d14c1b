"""Frontends, backends and passes, found through entry points; the one way any format reaches the core.

A package plugs a format in by naming a `Frontend` or `Backend` record in the entry-point group `mgeconvert.frontends`
or `mgeconvert.backends`, under the format's short name (``tm``, ``onnx``); an optimization pass by naming a
`mgeconvert.passes.Pass` in the group `mgeconvert.passes`, under the pass's name. Names are known without importing
anything; a record's module must import only light modules, its functions import what they need when called.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeAlias

from . import entry_points
from .entry_points import BACKENDS as BACKENDS
from .entry_points import FRONTENDS as FRONTENDS
from .entry_points import PASSES as PASSES
from .entry_points import backend_names as backend_names
from .entry_points import frontend_names as frontend_names
from .errors import BadInputError, MissingDependencyError, UsageError

if TYPE_CHECKING:
    import numpy as np

    from .errors import Problem
    from .ir import Graph, Value

Source: TypeAlias = "Path | BinaryIO"
"""A model file's path, or an open binary stream (standard input)."""
Handlers: TypeAlias = "Iterable[tuple[str, Callable[..., Any]]]"
"""The rows of a table of handlers: an operator's name in that table, and the function that handles it."""


@dataclass(frozen=True, slots=True)
class Option:
    """One keyword of a load or save function, from which the CLI makes ``--name``.

    `type` is bool (a flag), int, float or str; `choices` limits a str. `rtol` is the relative error that a written file
    may have when the option is given, for options that round on purpose (float16 weights). `file` says that the value
    names a file which is read, or written ("reads" may have several, with commas between). `metavar` is what helps call
    the value. Not `runs` says that what is written with the option cannot be computed, so it is not verified.
    """

    name: str
    type: type
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    rtol: float = 0.0
    file: Literal["", "reads", "writes"] = ""
    metavar: str = ""
    runs: bool = True


STRIP_QUANTIZATION = Option(
    "strip_quantization", bool, False, "compute in floats; with --quant-params the scales are kept beside", rtol=0.1
)
"""The option of targets that can leave out what quantizes."""

INPUT_SCALE = Option(
    "input_scale", float, 0.0, "Put float inputs that are on no grid on this one: number = scale (n - zero point)",
    metavar="SCALE", rtol=0.1,
)  # fmt: skip
INPUT_ZERO_POINT = Option("input_zero_point", int, 0, "With --input-scale: the integer that stands for 0", metavar="N")
"""The options of targets whose inputs may be on a grid that the network does not say."""

QUANT_PARAMS = Option(
    "quant_params",
    str,
    "",
    "also write the quantization parameters to this JSON file",
    file="writes",
    metavar="JSON",
)
"""The option of every backend that writes the document of `mgeconvert.quant_params` beside its file."""

VARYING = (
    Option("dynamic_batch", bool, False, "let the first axis of every input vary"),
    Option(
        "dynamic_shape", str, None, "input shapes with names for what varies: x=N,3,H,W;y=N,5", metavar="NAME=SHAPE"
    ),
    Option(
        "keep_constant",
        str,
        None,
        "numbers that stay what they are, though they equalled a size that varies: 48,3",
        metavar="NUMBERS",
    ),
)
"""The options of MegEngine's formats, whose files hold the sizes of one run."""


@dataclass(frozen=True, slots=True)
class OpSupport:
    """A row of a format's support table: `op` is the name in that table (a backend's may be a wildcard: ``*``,
    ``Reduce*``), `refused` why it is not supported."""

    op: str
    note: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """What a model file says of itself, without being converted: its inputs and outputs by public name, who wrote it
    (``MegEngine 1.13.0``) and how often it uses each of its format's operators."""

    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value]
    writer: str = ""
    operators: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Frontend:
    """Reads one model format.

    `load(source, **options)` returns a checked Graph or raises BadInputError / UnsupportedError; `ops()` is the table
    of foreign operators it lowers, `handlers()` the functions that do, for `mgeconvert ops --where`. `describe(path)`
    reads a file's own description, also where operators of it cannot be lowered. With `progress`, load also takes a
    keyword `progress`: a function of (bytes read, all bytes). With `faithful` it takes a keyword `faithful`, whether
    the graph is for a target that can write the calls of the source as they were, and `varying`, one of the names in
    `varying`, which say from the most on what sizes of the inputs may vary in such a graph, and `trains`, whether what
    is computed from parameters stays computed. `recorded(path)` gives the inputs and
    outputs that the file itself holds, of formats with test cases. `check(**options)` raises UsageError for options
    that cannot be taken, before anything is read. `companions(path)` names the other files that reading the model at
    that path opens, of formats that have them; whether they are there is not said.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    load: Callable[..., Graph]
    ops: Callable[[], Sequence[OpSupport]]
    options: tuple[Option, ...] = ()
    describe: Callable[[Path], Description] | None = None
    progress: bool = False
    faithful: bool = False
    varying: tuple[str, ...] = ()
    handlers: Callable[[], Handlers] | None = None
    recorded: Callable[[Path], Any] | None = None
    check: Callable[..., None] | None = None
    companions: Callable[[Path], Iterable[Path]] | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """Another runtime, or other kernels of the same one, that can compute a file: `compute()` gives its outputs under
    the same names. `differs` says that it is known to give other numbers than the first."""

    runtime: str
    compute: Callable[[], Mapping[str, np.ndarray]]
    differs: bool = False


class Computed(dict[str, "np.ndarray"]):
    """What `Backend.run` computed, where more is to be said of it than the arrays: `runtime` is the one that computed
    them, `opinions` are others that may be asked where these arrays are not what they should be, `held` the arrays as
    the file itself holds them, where notes of the file say that they stand for other types."""

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray],
        runtime: str = "",
        opinions: Sequence[Opinion] = (),
        held: Mapping[str, np.ndarray] = MappingProxyType({}),
    ) -> None:
        super().__init__(arrays)
        self.runtime = runtime
        self.opinions = tuple(opinions)
        self.held = held


@dataclass(frozen=True, slots=True)
class Backend:
    """Writes one model format.

    `save(graph, path, **options)` writes the file or raises UnsupportedError, leaving an old file intact, and returns
    the paths of the files it wrote, main file first; `problems(graph, **options)` says what stops it without writing;
    `ops()` is the table of IR operators it emits, `handlers()` the functions that do; `run(path, inputs)` computes the
    model in the format's own runtime: named arrays in, named arrays out in the order of the graph's outputs; `runtime`
    is that runtime's name. Where run had to take another one, or others can be asked too, it returns `Computed`, which
    says so. `means(path, inputs)` is what a model of the format is held to be where its runtime rounds what it computes
    as it goes; without it what it computes. `watch(path, inputs)` gives every value that a file computes, by the file's
    own names and in its layouts, in the same runtime. `narrows` are the types that files of the format have in place of
    some that they lack, ``{"int64": "int32"}``: a written file is not wrong for that.
    `describe(path)` says a written file's inputs and outputs, for `mgeconvert verify`; without it the format's frontend
    is asked. `introduces(**options)` names the operators that optimization may introduce, those the file has under its
    options without rewriting; without it all that `ops()` lists. `rewritten(graph, **options)` is the graph that the
    file's reader will find, where saving makes several nodes of one, so that passes can run on that too; None where it
    does not. A `faithful` target writes modules and calls as the
    source had them: passes run only where they are asked for. `calls(graph)` counts the calls that it writes a graph
    with; no level of passes leaves more than there were. `files(path)` are the files that save makes of a path, main
    file first, unless its options or the size of the model say otherwise: without it one file of that name.
    `leftovers(files)` are files of an earlier export that readers would take for some of these new ones.
    `check(**options)` raises UsageError for options that cannot be taken, before any model is read.
    `example` is a program that opens a written model in its framework, with ``{0}``, ``{1}`` for its files as Python
    strings; `python` is what runs it in a shell. `weights(arrays, path)` writes weights alone, by MegEngine's names,
    and returns them as they are in the file. `on_grids`: quantized values stay on their grids in the format's files;
    False where they are floats.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    save: Callable[..., Sequence[Path]]
    problems: Callable[..., Sequence[Problem]]
    ops: Callable[[], Sequence[OpSupport]]
    run: Callable[[Path, Mapping[str, np.ndarray]], dict[str, np.ndarray]] | None = None
    options: tuple[Option, ...] = ()
    describe: Callable[[Path], Description] | None = None
    runtime: str = ""
    means: Callable[[Path, Mapping[str, np.ndarray]], dict[str, np.ndarray]] | None = None
    watch: Callable[[Path, Mapping[str, np.ndarray]], dict[str, np.ndarray]] | None = None
    introduces: Callable[..., Collection[str]] | None = None
    rewritten: Callable[..., Graph | None] | None = None
    faithful: bool = False
    calls: Callable[[Graph], int] | None = None
    files: Callable[[Path], Sequence[Path]] | None = None
    leftovers: Callable[[Sequence[Path]], Iterable[Path]] | None = None
    narrows: Mapping[str, str] = field(default_factory=dict)
    handlers: Callable[[], Handlers] | None = None
    check: Callable[..., None] | None = None
    example: str = ""
    python: str = "python"
    weights: Callable[[Mapping[str, np.ndarray], Path], Mapping[str, np.ndarray]] | None = None
    on_grids: bool = True

    def computes(self, options: Mapping[str, Any]) -> bool:
        """Whether what is written with these options can be run."""
        return not any(options.get(option.name) for option in self.options if not option.runs)

    def names(self, path: Path) -> Sequence[Path]:
        """The files of a model that is saved to `path`, main file first."""
        return self.files(path) if self.files is not None else [path]

    def wrote(self, path: Path) -> bool:
        """Whether mgeconvert wrote this model, as its own description says; False for what is no such model."""
        from .version import NAME

        describe = self.describe or (frontend(self.name).describe if self.name in frontend_names() else None)
        try:
            return describe is not None and describe(path).writer.startswith(NAME)
        except BadInputError:
            return False


def checked_options(record: Frontend | Backend, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The options for a load or save of this format, as keywords of it; UsageError for one that it does not have, and
    for values that it cannot take. An option that is None has its default; a path may be given where a name is meant.
    """
    known = {option.name: option for option in record.options}
    values = {name: value for name, value in (given or {}).items() if value is not None}
    for name, value in values.items():
        if name not in known:
            raise UsageError(f"{name}: no option of the {record.title} format; it has {', '.join(known) or 'none'}")
        option = known[name]
        if option.type is str and isinstance(value, Path):
            values[name] = value = str(value)
        kinds = (int, float) if option.type is float else (option.type,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and option.type is not bool):
            raise UsageError(f"{name}: is {value!r}, expected {option.type.__name__}")
        if option.choices and value not in option.choices:
            raise UsageError(f"{name}: is {value!r}, expected one of {', '.join(map(repr, option.choices))}")
    if record.check is not None:
        record.check(**values)
    return values


def ran_in(backend: Backend, arrays: Mapping[str, np.ndarray]) -> str:
    """The name of the runtime that computed what `backend.run` returned."""
    return arrays.runtime if isinstance(arrays, Computed) else backend.runtime or backend.title


def deferred(home: str) -> Callable[..., Any]:
    """The function named ``package.module:function``, imported when called: this keeps a record's module light."""
    module, _, name = home.partition(":")

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(importlib.import_module(module), name)(*args, **kwargs)

    return call


@functools.cache
def frontend(name: str) -> Frontend:
    """The frontend of that short name; UsageError for an unknown one."""
    record: Frontend = _load(FRONTENDS, name, "source format")
    return record


@functools.cache
def backend(name: str) -> Backend:
    """The backend of that short name; UsageError for an unknown one."""
    record: Backend = _load(BACKENDS, name, "target format")
    return record


def pass_names() -> list[str]:
    """The names of the optimization passes of other packages; imports no plugin."""
    return list(entry_points.of_group(PASSES))


@functools.cache
def plugin_pass(name: str) -> Any:
    """The record (a `mgeconvert.passes.Pass`) of another package's pass of that name; UsageError for an unknown one."""
    return _load(PASSES, name, "pass")


def frontend_for(path: Path) -> Frontend:
    """The frontend whose suffix the path has; UsageError names the known suffixes."""
    record: Frontend = _by_suffix(path, [frontend(name) for name in frontend_names()], "--from")
    return record


def backend_for(path: Path) -> Backend:
    """The backend whose suffix the path has; UsageError names the known suffixes."""
    record: Backend = _by_suffix(path, [backend(name) for name in backend_names()], "--to")
    return record


def _load(group: str, name: str, kind: str) -> Any:
    entries = entry_points.of_group(group)
    if name not in entries:
        known = ", ".join(entries) or "none: is mgeconvert installed?"
        raise UsageError(f"{name}: unknown {kind}; known: {known}")
    try:
        return entries[name].load()
    except Exception as error:  # a third-party plugin may fail in any way while it is imported
        raise MissingDependencyError(f"{name}: its plugin {entries[name].value} cannot be loaded: {error}") from error


def _by_suffix(path: Path, records: Sequence[Any], option: str) -> Any:
    for record in records:
        if path.name.lower().endswith(record.suffixes):
            return record
    known = ", ".join(suffix for record in records for suffix in record.suffixes)
    raise UsageError(f"{path}: the suffix names no known format; known: {known}", hint=f"say the format with {option}")
