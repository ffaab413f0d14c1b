"""The Python API: load, optimize, save, convert, verify."""

from __future__ import annotations

import contextlib
import functools
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from . import registry
from .errors import UsageError, VerificationError
from .files import Destination, Staging, noting, staging
from .limited import limited
from .passes import Choice, Outcome
from .registry import Source, checked_options
from .verification.tolerance import kinds_of, limit_for

if TYPE_CHECKING:
    import numpy as np

    from .ir import Graph
    from .verification.own import EditedModel, OwnRuntime
    from .verification.recorded import Recorded
    from .verification.report import VerificationReport
    from .verification.running import Given

_LOGGER = logging.getLogger(__name__)

LEVEL = 1
"""Default optimization level of every export."""

NOTHING = Outcome()
"""What became of a graph that no pass was run on."""

Stage: TypeAlias = "Callable[[str], contextlib.AbstractContextManager[Any]]"
"""Called with ``read``, ``optimize``, ``write``, ``verify``; the context is open while the stage runs."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which passes run: those of a level, with the enabled and without the disabled ones; a rewrite may make the file
    larger by `allowed_growth` bytes."""

    level: int = LEVEL
    enable: tuple[Choice, ...] = ()
    disable: tuple[str, ...] = ()
    allowed_growth: int = 0


@dataclass(frozen=True, slots=True)
class ConversionReport:
    """What a conversion did: the files it wrote (main file first; those that were kept of a failed one, or none), what
    the passes changed and declined, how it was verified (None: not asked for), and the seconds of each stage."""

    source_format: str
    target_format: str
    files: tuple[Path, ...]
    nodes: int
    outcome: Outcome = NOTHING
    verification: VerificationReport | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)


def run(
    model: str | Path | Graph,
    feeds: Given,
    *,
    format: str | None = None,  # noqa: A002
    runtime: str | None = None,
) -> dict[str, np.ndarray]:
    """Compute a model, a file or a graph; returns its outputs by name.

    `feeds` are arrays by input name, in the order of the inputs, or the one array of the one input. A file is computed
    in its own runtime (ONNX in onnxruntime, TFLite in LiteRT, Caffe in OpenCV, MegEngine's in real MegEngine), with
    `runtime` in another one; what has none here, as mgeconvert reads it, in onnxruntime. Raises UsageError,
    BadInputError (the file, or an array that does not fit) and MissingDependencyError.
    """
    from .verification.running import run as compute

    return compute(Path(model) if isinstance(model, str) else model, feeds, format, runtime)


def load(path: str | Path | BinaryIO, format: str | None = None, **options: Any) -> Graph:  # noqa: A002
    """Read a model; the suffix says the format unless `format` does.

    Raises BadInputError, UnsupportedError (every operator that cannot be lowered) and UsageError (unknown format).
    """
    source = Path(path) if isinstance(path, str | Path) else path
    if format is None and not isinstance(source, Path):
        raise UsageError("a stream has no suffix that names its format", hint="give format=")
    record = registry.frontend(format) if format else registry.frontend_for(source)  # type: ignore[arg-type]
    options = checked_options(record, options)
    with noting() as read, limited(source):
        graph = record.load(source, **options)
    graph.sources = tuple(read)
    return graph


def load_for(
    source: registry.Frontend, path: Source, target: registry.Backend | None, options: Mapping[str, Any]
) -> Graph:
    """Read a model for a target: a faithful target gets every size varying and the calls that have no lowering so.

    A target of another format that cannot take such a graph gets one of fewer sizes that vary, at last one of the
    traced sizes, which is logged.
    """
    with limited(path):
        if not source.faithful or target is None:
            return source.load(path, **options)
        if not target.faithful or target.name == source.name:
            return source.load(path, faithful=target.faithful, **options)
        graph = source.load(path, faithful=True, trains=True, **options)
        if not isinstance(path, Path) or not target.problems(graph):
            return graph
        for varying in source.varying[1:]:
            fewer = source.load(path, faithful=True, trains=True, varying=varying, **options)
            if not target.problems(fewer):
                return fewer
        traced = source.load(path, **options)
        if target.problems(traced):
            return graph
    _LOGGER.info("written for the traced sizes: %s takes calls of this model at no others yet", target.title)
    return traced


def save(
    graph: Graph,
    path: str | Path,
    format: str | None = None,  # noqa: A002
    *,
    overwrite: bool = False,
    **options: Any,
) -> list[Path]:
    """Write a model; returns the files written, main file first. Raises UnsupportedError, UsageError.

    A file that `graph` was read from is replaced only with `overwrite`.
    """
    path = Path(path)
    record = registry.backend(format) if format else registry.backend_for(path)
    options = checked_options(record, options)
    destination = Destination(path, overwrite=overwrite, inputs=graph.sources)
    destination.check(record.wrote)
    with staging() as stage, limited(graph):
        written = record.save(graph, stage.place(path), **_placed(stage, record, options))
        return list(_publish(stage, written, record, destination))


def optimize(
    graph: Graph,
    passes: Choice | Iterable[Choice] | None = None,
    *,
    level: int = LEVEL,
    enable: Choice | Iterable[Choice] = (),
    disable: str | Iterable[str] = (),
    target: str | None = None,
    allowed_growth: int = 0,
    target_options: Mapping[str, Any] | None = None,
) -> Outcome:
    """Optimize the graph in place: exactly `passes`, or those of `level` with `enable` and without `disable`. A pass is
    given by its name, as a `mgeconvert.passes.Pass`, or as one `mgeconvert.passes.rule`.

    Returns what each pass did and which patterns were declined, and why. With a `target` format no pass introduces an
    operator that its backend lacks; a rewrite may make the file larger by `allowed_growth` bytes. With the options that
    it will be saved with (`target_options`) passes also run on what saving makes of the graph. Raises UsageError for
    unknown names and options.
    """
    chosen = (*_listed(passes or ()), *_listed(enable))
    selection = Selection(level if passes is None else 0, chosen, _listed(disable), allowed_growth)
    record = registry.backend(target) if target else None
    options = None if record is None or target_options is None else checked_options(record, target_options)
    return run_passes(graph, selection, record, options)


def run_passes(
    graph: Graph, selection: Selection, target: registry.Backend | None, options: Mapping[str, Any] | None = None
) -> Outcome:
    """Run the selected passes in place; with a target none introduces an operator that it lacks under its `options`,
    and where these are known, passes run on what saving with them makes of the graph too."""
    from . import passes
    from .passes.introduced import introduced

    level, enable, disable, growth = selection.level, selection.enable, selection.disable, selection.allowed_growth
    if target is None:
        return passes.optimize(graph, level, enable, disable, None, growth)
    supported = introduced(target, options or {})
    calls = target.calls if graph.calls else None
    rewritten = None
    if target.rewritten is not None and options is not None:
        rewritten = functools.partial(target.rewritten, **options)
    return passes.optimize(graph, level, enable, disable, supported, growth, calls, rewritten)


def convert(
    src: str | Path,
    dst: str | Path,
    *,
    source_format: str | None = None,
    target_format: str | None = None,
    optimize: bool | int | str | Iterable[str] = True,
    verify: bool = True,
    io: str | Path | None = None,
    rtol: float | None = None,
    load_options: Mapping[str, Any] | None = None,
    save_options: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    keep_failed: bool = False,
) -> ConversionReport:
    """Read `src`, optimize, write `dst`, verify it.

    `optimize` is a level, the names of passes, False (no passes) or True: level 1, for a faithful target no passes.

    `io` is an .npz with recorded inputs and outputs; without it the .npz beside `src` is used; where there is none
    either, the file is run for sanity. Raises VerificationError where an output fails: then `dst` is what it was
    before, and with `keep_failed` the new file is called ``NAME.failed.SUFFIX``. A `dst` that is `src`, or another file
    that was read, is a UsageError without `overwrite`.
    """
    src, dst = Path(src), Path(dst)
    source = registry.frontend(source_format) if source_format else registry.frontend_for(src)
    target = registry.backend(target_format) if target_format else registry.backend_for(dst)
    known = [src, *([Path(io)] if io else [])]
    destination = Destination(dst, overwrite=overwrite, keep_failed=keep_failed, inputs=tuple(known))
    destination.check(target.wrote)
    load_options, save_options = checked_options(source, load_options), checked_options(target, save_options)
    from .verification.own import own_runtime

    watch = Stopwatch()
    with watch("read"):
        graph = load_for(source, src, target, load_options)
    report = export(
        graph,
        destination,
        target,
        source_format=source.name,
        selection=_selected(optimize, target),
        verify=verify,
        io=Path(io) if io else _recorded_along(src, source, graph) if verify else None,
        own=own_runtime(src, source, load_options) if verify else None,
        rtol=rtol,
        options=save_options,
        stage=watch,
        seconds=watch.seconds,
        consume=True,
    )
    if report.verification:
        report.verification.require()
    return report


def verify(
    candidate: str | Path,
    model: str | Path | None = None,
    *,
    io: str | Path | None = None,
    rtol: float | None = None,
    candidate_format: str | None = None,
    model_format: str | None = None,
    through_ir: bool = False,
) -> VerificationReport:
    """Compare a written model with recorded outputs (`io`, or the .npz beside `model`), or with the run of `model`.

    Never raises for a mismatch: ask `.passed`, or call `.require()`. Raises BadInputError and MissingDependencyError.
    """
    from .verification.expected import verify_files

    model, io = (None if path is None else Path(path) for path in (model, io))
    return verify_files(Path(candidate), model, io, rtol, candidate_format, model_format, through_ir)


def export(
    graph: Graph,
    destination: Destination,
    target: registry.Backend,
    *,
    source_format: str,
    selection: Selection,
    verify: bool,
    io: Path | Recorded | None,
    rtol: float | None,
    options: Mapping[str, Any],
    stage: Stage,
    seconds: Mapping[str, float],
    check: bool = False,
    consume: bool = False,
    own: OwnRuntime | EditedModel | None = None,
) -> ConversionReport:
    """Optimize a copy of the graph, write it, verify the file, and only then give it its name; a failed verification is
    reported, not raised.

    `consume` optimizes the graph itself, so that weights which a pass replaces are freed; `check` runs Graph.check()
    after the passes. The recorded data is read and checked against the graph before anything is written. `own` is the
    runtime of the model that the graph was read from, asked where nothing is recorded; None where the graph is not that
    model any more.
    """
    from .verification.recorded import Recorded, read_recorded

    recorded = None
    if verify and io is not None:
        recorded = io if isinstance(io, Recorded) else read_recorded(io, graph.inputs, graph.outputs)
    read = [] if recorded is None or recorded.method == "ir" else [recorded.path]
    known = (*destination.inputs, *graph.sources, *read)
    destination = replace(destination, inputs=known)
    outcome = NOTHING
    if selection != Selection(0):
        graph = graph if consume else graph.copy()
        with stage("optimize"):
            outcome = run_passes(graph, selection, target, options)
        if check:
            graph.check()
    if verify:
        from .verification.cost import check_runnable

        check_runnable(graph)
    verification = None
    with staging() as place:
        with stage("write"), limited(graph):
            written = target.save(graph, place.place(destination.path), **_placed(place, target, options))
        try:
            if verify and target.computes(options):
                from .verification.written import judge_written

                with stage("verify"):
                    limit = limit_for(kinds_of(graph), rtol, target, options)
                    verification = judge_written(written[0], target, graph, recorded, limit, options, own)
                    verification = verification.under(place.final(written[0]), place.spoken)
        except VerificationError:
            _keep_failed(place, written, destination)
            raise
        if verification is not None and verification.refuted:
            files = _keep_failed(place, written, destination)
        else:
            files = _publish(place, written, target, destination)
    return ConversionReport(source_format, target.name, files, len(graph.nodes), outcome, verification, seconds)


def _placed(stage: Staging, target: registry.Backend, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, with those that name a file which is written naming one in the staging folder."""
    writes = {option.name for option in target.options if option.file == "writes"}
    return {
        name: str(stage.place(Path(value))) if name in writes and value else value for name, value in options.items()
    }


def _publish(
    stage: Staging, written: Sequence[Path], target: registry.Backend, destination: Destination
) -> tuple[Path, ...]:
    """Give the files their names; what an earlier export left that would be taken for theirs goes."""
    finals = [stage.final(file) for file in written]
    destination.check(target.wrote, finals)
    return stage.publish(written, target.leftovers)


def _keep_failed(stage: Staging, written: Sequence[Path], destination: Destination) -> tuple[Path, ...]:
    return stage.publish_failed(written) if destination.keep_failed else ()


def _selected(optimize: bool | int | str | Iterable[str], target: registry.Backend) -> Selection:
    if optimize is True:
        return Selection(level_for(target))
    return Selection(int(optimize)) if isinstance(optimize, int) else Selection(0, _listed(optimize))


def _listed(names: Any) -> tuple[Any, ...]:
    """What was given, one or several; the text ``"a,b"`` is two, as on the command line."""
    if isinstance(names, str):
        return tuple(name.strip() for name in names.split(",") if name.strip())
    return tuple(names) if isinstance(names, Iterable) else (names,)


def level_for(target: registry.Backend | None) -> int:
    """The optimization level where none is asked for: a target that writes the source's own calls gets none."""
    return 0 if target is not None and target.faithful else LEVEL


@dataclass(slots=True)
class Stopwatch:
    """Times stages."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def _recorded_along(path: Path, source: registry.Frontend, graph: Graph) -> Recorded | None:
    from .verification.recorded import along, read_beside

    found = along(path, source)
    return read_beside(found, graph.inputs, graph.outputs) if isinstance(found, Path) else found
