"""`mgeconvert edit`: graph surgery. One step makes its edits in a fixed order; for another order chain two steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mgeconvert.api import level_for
from mgeconvert.errors import BadInputError, UsageError

from .convert import export_options, from_option, out_option, to_option
from .edit_options import IMAGE, KINDS, check_edits, edit_options, type_of
from .export import Job, check_out, implied, target_for, write
from .formats import FormatStep, named
from .options import FILE, option_values
from .passes import check_passes, selection
from .reading import model_of
from .session import Session, plural
from .state import State

if TYPE_CHECKING:
    import numpy as np

    from mgeconvert.ir import Graph, Shape
    from mgeconvert.verification.recorded import Recorded


@dataclass(frozen=True, slots=True)
class Where:
    """Where replacements stand and what they may read: the modules they are `within`, the new `module` they become,
    arrays by name. `keeps_function` says that they compute the same."""

    within: tuple[str, ...]
    module: str
    constants: Mapping[str, np.ndarray[Any, Any]]
    keeps_function: bool

    @property
    def text(self) -> str:
        """How a line about an edit ends."""
        return f" in {', '.join(self.within)}" if self.within else ""


class Edited:
    """The graph and its recorded data on their way through the edits, and what each edit was."""

    def __init__(self, graph: Graph, recorded: Recorded | None) -> None:
        self.graph, self.recorded = graph, recorded
        self.done: list[str] = []

    def constants(self, pairs: Sequence[tuple[str, str]]) -> None:
        import numpy as np

        from mgeconvert.surgery import set_inputs

        numbers = {name: np.array(_numbers(name, text), np.float64) for name, text in pairs}
        before = self.graph
        self.graph = set_inputs(self.graph, numbers)
        if self.recorded is not None:
            recorded = self.recorded.inputs
            same = all(name in recorded and bool((recorded[name] == array).all()) for name, array in numbers.items())
            self.recorded = self.recorded if same else None
            self._cut_recorded(before)
        self.done += [f"input {name} is {text}, a constant" for name, text in pairs]

    def shapes(self, shapes: Sequence[tuple[str, str]]) -> None:
        from mgeconvert.surgery import set_shapes

        wanted = dict(shapes)
        self.graph = set_shapes(self.graph, wanted)
        if any(not _agrees(self.recorded, name, self.graph.inputs[name].shape or ()) for name in wanted):
            self.recorded = None
        self.done += [f"input {name} is {self.graph.inputs[name].type_text}" for name in wanted]

    def cut(self, ends: tuple[Sequence[str] | None, Any]) -> None:
        from mgeconvert.surgery import cut

        whole, before = self.graph, len(self.graph.nodes)
        self.graph = cut(self.graph, *ends)
        self._cut_recorded(whole)
        what = f"cut from {', '.join(self.graph.inputs)} to {', '.join(self.graph.outputs)}"
        self.done.append(f"{what}: {plural(len(self.graph.nodes), 'node')} of {before} left")

    def add_outputs(self, names: Sequence[str]) -> None:
        from mgeconvert.surgery import add_outputs

        before = self.graph
        self.graph = add_outputs(self.graph, names)
        self._cut_recorded(before)
        added = [name for name in self.graph.outputs if name not in before.outputs]
        self.done.append(f"added {plural(len(added), 'output')}: {', '.join(added)}")

    def drop_outputs(self, names: Sequence[str]) -> None:
        from mgeconvert.surgery import drop_outputs

        before = self.graph
        self.graph = drop_outputs(self.graph, names)
        self._cut_recorded(before)
        self.done.append(f"dropped {plural(len(names), 'output')}: {', '.join(names)}")

    def add_inputs(self, pairs: Sequence[tuple[str, str]]) -> None:
        from mgeconvert.surgery import add_inputs

        types = {name: type_of(name, text) for name, text in pairs}
        self.graph = add_inputs(self.graph, types)
        self.recorded = None
        self.done += [f"added input {name}: {kind}" for name, kind in types.items()]

    def delete(self, names: Sequence[str], where: Where) -> None:
        from mgeconvert.surgery import delete

        before = len(self.graph.nodes)
        self.graph = delete(self.graph, names, where.within)
        self._changed(where)
        self.done.append(
            f"deleted {', '.join(names)}{where.text}: {plural(before - len(self.graph.nodes), 'node')} less"
        )

    def replace(self, pairs: Sequence[tuple[str, str]], where: Where) -> None:
        from mgeconvert.surgery import replace_pattern

        for pattern, replacement in pairs:
            is_value = pattern.strip("'\"").isidentifier() or "(" not in pattern
            self.graph = replace_pattern(
                self.graph,
                pattern,
                replacement,
                within=() if is_value else where.within,
                module=where.module,
                constants=where.constants,
            )
            self.done.append(f"replaced {pattern} by {replacement}{where.text}")
        self._changed(where)

    def assign(self, texts: Sequence[str], where: Where) -> None:
        from mgeconvert.surgery import assign

        for text in texts:
            self.graph = assign(self.graph, text, constants=where.constants, module=where.module)
            self.done.append(f"assigned {text}")
        self._changed(where)

    def half(self, names: Sequence[str], where: Where) -> None:
        from mgeconvert.surgery import to_float16

        self.graph = to_float16(self.graph, names, where.within)
        self.done.append(f"float16: {', '.join(names)}{where.text}")

    def flatten(self, _: bool) -> None:
        from mgeconvert.surgery import flatten

        self.graph = flatten(self.graph)
        self.done.append("forgot the module tree")

    def _changed(self, where: Where) -> None:
        """Another function is another truth: the edited graph is what was asked for."""
        from mgeconvert.surgery.recorded import through_change

        if self.recorded is not None and not where.keeps_function:
            self.recorded = through_change(self.recorded, self.graph)

    def preprocess(self, wanted: tuple[str | None, Mapping[str, Any]]) -> None:
        from mgeconvert.surgery.image_layout import image_layout
        from mgeconvert.surgery.processing import image_input, preprocess
        from mgeconvert.surgery.recorded import of_bytes, through_preprocess

        before, name, options = self.graph, image_input(self.graph, wanted[0]), dict(wanted[1])
        options["layout"] = image_layout(self.graph, name, options["layout"])
        self.graph = preprocess(self.graph, name, **options)
        if options.pop("resize") is not None or options.pop("crop") is not None:
            self.recorded = None  # nothing says what the image of another size was
        if self.recorded is not None:
            floats = {key: value for key, value in options.items() if key != "uint8"}
            self.recorded = (
                of_bytes(self.recorded, before, name, **floats)
                if options["uint8"]
                else through_preprocess(self.recorded, name, **floats)
            )
        added = len(self.graph.nodes) - len(before.nodes)
        self.done.append(f"input {name} takes {self.graph.inputs[name].type_text}: {plural(added, 'node')} more")

    def postprocess(self, wanted: Sequence[tuple[str, str, int | None]]) -> None:
        from mgeconvert.surgery import postprocess
        from mgeconvert.surgery.recorded import through_postprocess

        for name, kind, axis in wanted:
            self.graph = postprocess(self.graph, name, kind, axis)
            if self.recorded is not None:
                self.recorded = through_postprocess(self.recorded, name, kind, axis)
            self.done.append(f"{kind} behind output {name}")

    def rename(self, pairs: Sequence[tuple[str, str]]) -> None:
        from mgeconvert.surgery import rename
        from mgeconvert.surgery.recorded import through_rename

        names = dict(pairs)
        self.graph = rename(self.graph, names)
        if self.recorded is not None:
            self.recorded = through_rename(self.recorded, names)
        self.done += [f"{old} is called {new}" for old, new in names.items()]

    def _cut_recorded(self, before: Graph) -> None:
        """What is recorded of the ends that are left; where nothing is, what the graph before computes there."""
        from mgeconvert.surgery.recorded import recomputed, through_cut

        if self.recorded is not None:
            self.recorded = through_cut(self.recorded, self.graph) or recomputed(self.recorded, before, self.graph)


def _edit(
    session: Session,
    state: State,
    model: Path | None,
    out: Path | None,
    **rest: Any,
) -> State:
    source, written = named(model, out, rest)
    load_options, save_options = option_values(rest, "from"), option_values(rest, "to")
    passes = selection(rest, level_for(written))
    export = {
        name: rest.pop(name) for name in ("verify", "io", "rtol", "force", "keep_failed", "show_declined", "proof")
    }
    usage = "mgeconvert edit MODEL ... -o OUT"
    state, graph = model_of(session, state, model, source, usage, written, load_options)
    edited = Edited(graph, _recorded(session, state, export["io"]) if export["verify"] else None)
    had_truth = edited.recorded is not None
    with session.stage("edit"):
        _apply(edited, rest)
    if session.debug:
        edited.graph.check()
    for line in edited.done:
        session.say(line)
    if had_truth and edited.recorded is None:
        session.say("the recorded outputs do not say what the edited model computes: they are not compared any more")
    session.document(
        "edit", edits=edited.done, inputs=_types(edited.graph.inputs), outputs=_types(edited.graph.outputs)
    )
    state = replace(state, graph=edited.graph, recorded=edited.recorded, own=None, is_of_run=True)
    if rest["assign"] and export["verify"]:
        from mgeconvert.verification.own import EditedModel

        state = replace(state, own=EditedModel(edited.graph))
    target = target_for(state, out, written)
    if target is None or out is None:
        return state
    if export["verify"] and edited.recorded is None:
        from mgeconvert.surgery.recorded import of_random_inputs

        state = replace(state, recorded=of_random_inputs(edited.graph, out))
    return write(session, state, Job("edit", target, out, save_options, passes, **{**export, "io": None}))


def _apply(edited: Edited, wanted: Mapping[str, Any]) -> None:
    """Make the edits in their fixed order: what the operators see first, what users see last."""
    ends = (wanted["inputs"], wanted["outputs"])
    behind = [(name, kind, wanted["axis"]) for kind in KINDS for name in wanted[kind] or ()]
    where = _where(wanted)
    order: tuple[tuple[Any, Callable[[Any], None]], ...] = (
        (wanted["set_input"], edited.constants),
        (wanted["shape"], edited.shapes),
        (ends if any(ends) else None, edited.cut),
        (wanted["add_outputs"], edited.add_outputs),
        (wanted["drop_outputs"], edited.drop_outputs),
        (wanted["add_input"], edited.add_inputs),
        (wanted["delete"], lambda names: edited.delete(names, where)),
        (wanted["replace"], lambda pairs: edited.replace(pairs, where)),
        (wanted["assign"], lambda texts: edited.assign(texts, where)),
        (wanted["half"], lambda names: edited.half(names, where)),
        (_processing(wanted), edited.preprocess),
        (behind, edited.postprocess),
        (wanted["flatten"], edited.flatten),
        (wanted["rename"], edited.rename),
    )
    for asked, edit in order:
        if asked:
            edit(asked)


def _where(wanted: Mapping[str, Any]) -> Where:
    """UsageError for options that nothing would use."""
    changing = ("delete", "replace", "assign", "half")
    users = {
        "within": ("--in", ("delete", "replace", "half")), "module": ("--as", ("replace", "assign")),
        "constant": ("--constant", ("replace", "assign")), "keeps_function": ("--keeps-function", changing),
    }  # fmt: skip
    for name, (option, readers) in users.items():
        if wanted[name] and not any(wanted[reader] for reader in readers):
            said = " or ".join("--fp16" if reader == "half" else f"--{reader}" for reader in readers)
            raise UsageError(f"{option}: nothing would use it", hint=f"give {said} too")
    constants = dict(_constant(text) for text in wanted["constant"])
    return Where(wanted["within"] or (), wanted["module"], constants, wanted["keeps_function"])


def _constant(text: str) -> tuple[str, np.ndarray[Any, Any]]:
    from mgeconvert.verification.recorded import read_array

    name, equals, file = text.partition("=")
    if not equals or not name or not file:
        raise UsageError(f"--constant {text}: expected NAME=FILE.npy")
    try:
        return name, read_array(Path(file))
    except BadInputError as error:
        raise BadInputError(f"--constant {text}: {error.message}", hint=error.hint) from error


def _check(session: Session, **given: Any) -> None:
    """Beside what every export checks: something is edited, and nothing that is given would be ignored."""
    check_out(session, **given)
    check_passes(given["out"])
    _where(given)
    check_edits(given)
    _processing(given)


def _processing(wanted: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]] | None:
    """The input and what to do with it; None where nothing of the kind is asked for."""
    given = {name: wanted[name] for name in IMAGE}
    if not any(given.values()):
        return None
    scale = given["scale"] or (1.0,)
    if len(scale) != 1:
        raise UsageError(f"--scale takes one number, {len(scale)} given", hint="--std takes one per channel")
    numbers = {"mean": given["mean"] or (0.0,), "std": given["std"] or (1.0,), "scale": scale[0]}
    return wanted["preprocess_input"], {**given, **numbers, "layout": wanted["layout"]}


def _recorded(session: Session, state: State, io: Path | None) -> Recorded | None:
    """What the user gave, else what came along with the model."""
    from mgeconvert.verification.recorded import read_recorded

    assert state.graph is not None
    if io is not None:
        return read_recorded(io, state.graph.inputs, state.graph.outputs)
    return implied(session, state, state.graph)


def _agrees(recorded: Recorded | None, name: str, shape: Shape) -> bool:
    """Whether the recorded input still fits the new shape."""
    from mgeconvert.ir.values import admits

    return recorded is None or admits(shape, recorded.inputs[name].shape)


def _numbers(name: str, text: str) -> list[float]:
    words = {"true": 1.0, "false": 0.0}
    try:
        return [words[part.strip()] if part.strip() in words else float(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"--set-input {name}={text}: expected numbers, true or false") from None


def _types(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: value.type_text for name, value in values.items()}


command = FormatStep(
    "edit",
    _edit,
    [
        click.Argument(["model"], required=False, type=FILE),
        out_option(),
        from_option(),
        to_option(),
        *edit_options(),
        *export_options(),
    ],
    "Change MODEL: cut it, change its shapes, put processing before and behind it, replace operators, rename. The "
    "edits are made in the order they are listed here; `edit ... edit ...` makes them in another. With -o write "
    "the result; recorded outputs follow where they can.",
    formats=lambda given: named(given["model"], given["out"], given),
    example="edit m.onnx -o m.tflite",
    check=_check,
)
