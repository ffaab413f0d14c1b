"""`mgeconvert run`: compute a model, in its own runtime or another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mgeconvert import registry
from mgeconvert.errors import BadInputError, MissingDependencyError, UsageError
from mgeconvert.files import Staging, check_replaceable, is_stream, missing, staging
from mgeconvert.registry import Backend

from .convert import from_option
from .guide import open_arrays
from .options import FILE, OUTPUT, STREAM, InputNames, one_of
from .outputs import check_file, force_option
from .reading import read
from .session import Session
from .state import State
from .steps import Step
from .table import Table
from .values import Outputs

if TYPE_CHECKING:
    import numpy as np

    from mgeconvert.ir import Value

IR_RUNTIME = "onnx"
"""The target whose runtime computes what has no runtime of its own here."""
Arrays = Mapping[str, "np.ndarray"]


def _check(
    session: Session, inputs: Sequence[str], random: bool, out: Path | None, runtime: str | None, force: bool, **_: Any
) -> None:
    if random and inputs:
        raise UsageError("--random and -i are given, expected one of them")
    if runtime is not None:
        from mgeconvert.verification.running import runtime_named

        runtime_named(runtime)
    if out is None:
        if force:
            raise UsageError("--force replaces a file, and nothing is written without -o", hint="give -o OUT.npz")
        return
    if out.suffix != ".npz" and not is_stream(out):
        raise UsageError(f"{out}: outputs are written as .npz", hint="give -o OUT.npz")
    check_file(session, out, force=force)


def _run(
    session: Session,
    state: State,
    model: Path | None,
    inputs: Sequence[str],
    random: bool,
    out: Path | None,
    runtime: str | None,
    source_format: str | None,
    force: bool,
    outputs: Any,
) -> State:
    if model is None and state.graph is None:
        raise UsageError("MODEL is missing and no step before gives one", hint="mgeconvert run MODEL -i x=x.npy")
    from mgeconvert.verification.running import runtime_named

    wanted = None if runtime is None else runtime_named(runtime)
    given = (inputs, random)
    with staging() as stage:
        place = None if out is None else stage.place(out)  # what cannot be written is not computed first
        if outputs is not None:
            arrays, said, state = _watch(session, state, model, given, wanted, source_format, outputs)
        elif model is None:
            assert state.graph is not None
            feeds = _feeds(*given, state.graph.inputs, "the model")
            arrays, said = _run_graph(session, state, feeds, wanted or registry.backend(IR_RUNTIME))
        else:
            arrays, said, state = _run_file(session, state, model, given, wanted, source_format)
        session.say(f"ran in {said}, {session.seconds['run']:.2f} s")
        session.answer(_table(arrays))
        if place is not None and out is not None:
            _write(session, stage, place, out, arrays, force)
    session.document(
        "run",
        runtime=said,
        outputs=[{"name": n, "dtype": str(a.dtype), "shape": list(a.shape), **_range(a)} for n, a in arrays.items()],
        file=None if out is None else str(out),
        seconds=dict(session.seconds),
    )
    return state


def _write(session: Session, stage: Staging, place: Path, out: Path, arrays: Arrays, force: bool) -> None:
    from mgeconvert.verification.recorded import write_arrays

    check_replaceable(out, session.inputs, overwrite=force)
    write_arrays(place, arrays)
    stage.publish([place])
    session.say(f"wrote {out}: {', '.join(arrays)}")
    session.next(*([] if is_stream(out) else [open_arrays(out)]))


def _run_file(
    session: Session,
    state: State,
    model: Path,
    given: tuple[Sequence[str], bool],
    wanted: Backend | None,
    source_format: str | None,
) -> tuple[Arrays, str, State]:
    """Run a file in its own runtime; in another one, or where it has none here, what it converts to."""
    from mgeconvert.verification.running import runtime_of

    own = None if model == STREAM else runtime_of(model, source_format)
    if own is not None and model != STREAM and (wanted is None or wanted.runtime == own.runtime):
        from mgeconvert.verification.asking import describe
        from mgeconvert.verification.running import taken

        if not model.is_file():
            raise missing(model)
        feeds = _feeds(*given, taken(own, describe(model, own.name).inputs), str(model))
        try:
            computed = _timed(session, own, model, feeds)
            return computed, registry.ran_in(own, computed), state
        except MissingDependencyError as error:
            if wanted is not None or own.name not in registry.frontend_names():
                raise
            session.say(f"{error.message}; computing what mgeconvert reads in it")
    record = registry.frontend(source_format) if source_format else registry.frontend_for(model)
    state = read(session, model, record, {})
    assert state.graph is not None
    feeds = _feeds(*given, state.graph.inputs, str(model))
    arrays, said = _run_graph(session, state, feeds, wanted or registry.backend(IR_RUNTIME))
    return arrays, said, state


def _watch(
    session: Session,
    state: State,
    model: Path | None,
    given: tuple[Sequence[str], bool],
    wanted: Backend | None,
    source_format: str | None,
    outputs: Any,
) -> tuple[Arrays, str, State]:
    """Run the model up to inner values or modules, in its own runtime where that is here."""
    from mgeconvert.surgery import cut
    from mgeconvert.verification.running import runtime_of

    own = runtime_of(model, source_format) if model not in (None, STREAM) else None
    target = wanted or own or registry.backend(IR_RUNTIME)
    if model is not None:
        record = registry.frontend(source_format) if source_format else registry.frontend_for(model)
        state = read(session, model, record, {}, target)
    assert state.graph is not None
    watched = replace(state, graph=cut(state.graph, None, outputs))
    assert watched.graph is not None
    feeds = _feeds(*given, watched.graph.inputs, "the model")
    try:
        arrays, said = _run_graph(session, watched, feeds, target)
    except MissingDependencyError as error:
        if wanted is not None or target.name == IR_RUNTIME:
            raise
        session.say(f"{error.message}; computing what mgeconvert reads in it")
        arrays, said = _run_graph(session, watched, feeds, registry.backend(IR_RUNTIME))
    return arrays, said, state


def _run_graph(session: Session, state: State, feeds: Arrays, target: Backend) -> tuple[Arrays, str]:
    """What the graph becomes in that format, computed there."""
    from mgeconvert.verification.running import run_in

    assert state.graph is not None
    with session.stage("run"):
        arrays = run_in(target, state.graph, feeds)
    title = registry.frontend(state.formats[0]).title if state.formats else "the model"
    return arrays, f"{arrays.runtime}, what mgeconvert made of {title}"


def _timed(session: Session, backend: Backend, path: Path, feeds: Arrays) -> dict[str, np.ndarray]:
    assert backend.run is not None
    with session.stage("run"):
        return backend.run(path, feeds)


def _runtimes() -> list[str]:
    """What `--runtime` takes, the runtimes' short names."""
    from mgeconvert.verification.running import runtimes

    return list(dict.fromkeys(record.runtime.lower().split()[0] for record in runtimes()))


def _feeds(inputs: Sequence[str], random: bool, wanted: Mapping[str, Value], place: str) -> dict[str, np.ndarray]:
    """The arrays by input: ``x=x.npy``, an .npz with all of them, or random ones."""
    from mgeconvert.verification.comparison import random_inputs
    from mgeconvert.verification.recorded import read_array, read_inputs
    from mgeconvert.verification.running import fitting

    if random:
        return random_inputs(wanted)
    feeds: dict[str, np.ndarray] = {}
    for text in inputs:
        name, equals, file = text.partition("=")
        if not equals and text.endswith(".npz"):
            feeds.update(read_inputs(Path(text), wanted))
            continue
        if not equals and len(wanted) == 1:
            name, file = next(iter(wanted)), text
        if name not in wanted:
            raise UsageError(f"-i {text}: {place} has no input {name}", hint=_known(wanted))
        try:
            feeds[name] = read_array(Path(file))
        except BadInputError as error:
            raise BadInputError(f"-i {text}: {error.message}", hint=error.hint) from error
    missing = [name for name in wanted if name not in feeds]
    if missing:
        raise UsageError(f"no array is given for {', '.join(missing)}", hint=_known(wanted))
    return {name: fitting(name, feeds[name], value, place) for name, value in wanted.items()}


def _known(wanted: Mapping[str, Value]) -> str:
    return "; ".join(f"-i {name}={name}.npy ({value.type_text})" for name, value in wanted.items())


def _table(arrays: Arrays) -> Table:
    rows = []
    for name, array in arrays.items():
        figures = _range(array)
        rows.append(
            (
                name,
                f"{array.dtype}[{','.join(map(str, array.shape))}]",
                *("-" if figures[key] is None else f"{figures[key]:.6g}" for key in ("min", "max", "mean")),
            )
        )
    return Table("", ("output", "type", "min", "max", "mean"), rows, frozenset({2, 3, 4}))


def _range(array: np.ndarray) -> dict[str, Any]:
    """Least, greatest and mean value; None where there is none that JSON could hold."""
    import numpy as np

    if array.size == 0 or array.dtype.kind not in "fiub" or not np.isfinite(array).all():
        return dict.fromkeys(("min", "max", "mean"))
    return {"min": float(array.min()), "max": float(array.max()), "mean": float(array.mean(dtype=np.float64))}


command = Step(
    "run",
    _run,
    [
        click.Argument(["model"], required=False, type=FILE),
        click.Option(
            ["-i", "--input", "inputs"],
            multiple=True,
            type=InputNames(),
            metavar="NAME=FILE.npy",
            help="The array for an input, once for each; or an .npz with all: in_0, in_1, ... or by name.",
        ),
        click.Option(
            ["--outputs"],
            type=Outputs(),
            metavar="A,B",
            help="Compute these inner values or modules instead of the outputs.",
        ),
        click.Option(["--random"], is_flag=True, help="Random inputs, always the same."),
        click.Option(["-o", "--out"], type=OUTPUT, metavar="OUT.npz", help="Write the outputs, by name."),
        force_option(),
        click.Option(
            ["--runtime"],
            metavar="NAME",
            shell_complete=one_of(_runtimes),
            help="megengine, onnxruntime, ...; else the format's own.",
        ),
        from_option(),
    ],
    "Compute MODEL: ONNX in onnxruntime, TFLite in LiteRT, Caffe in OpenCV, a TracedModule in MegEngine, or without "
    "MegEngine what mgeconvert reads in it in onnxruntime. Another --runtime gets what MODEL converts to.",
    check=_check,
)
