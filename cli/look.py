"""`mgeconvert FILE`: what a file is, and what can be done with it next, in lines for the shell."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from mgeconvert import registry
from mgeconvert.errors import BadInputError, UsageError
from mgeconvert.files import missing
from mgeconvert.registry import Backend, Description, Frontend

from . import guide
from .session import Session, number, plural, size
from .steps import Command

MANIFESTS = (".toml", ".yaml", ".yml")
MOST_OPERATORS = 6
"""How many of its operators are shown of a model, the most frequent."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a file is, in words, more lines on it, and what to do next."""

    what: str
    lines: Sequence[str] = ()
    following: Sequence[str] = ()
    document: dict[str, Any] = field(default_factory=dict)


def is_file_name(text: str) -> bool:
    """Whether a word in place of a command is meant as a file."""
    path = Path(text)
    return path.exists() or "/" in text or bool(path.suffix)


def _look(session: Session, files: tuple[str, ...]) -> None:
    root = click.get_current_context().find_root()
    assert isinstance(root.command, click.Group)
    commands = root.command.list_commands(root)
    unknown = next((word for word in files if word.startswith("-")), None)
    for word in files[1:]:
        if word in commands:
            command = guide.command("load", Path(files[0]), *files[1:])
            raise UsageError(f"{files[0]}: is a file, expected a command before it", hint=command)
    if unknown is not None:
        raise UsageError(f"{unknown}: is no option here", hint=guide.command("inspect", Path(files[0])))
    if len(files) == 2 and not Path(files[1]).exists():
        hint = guide.command("convert", Path(files[0]), files[1])
        raise UsageError(f"{files[0]}: is a file, expected a command before it", hint=hint)
    documents = []
    for file in files:
        path = Path(file)
        seen = look(path)
        session.answer(f"{path}: {seen.what}", *(f"  {line}" for line in seen.lines))
        session.answer(*(f"next: {line}" for line in seen.following))
        documents.append({"file": file, "what": seen.what, **seen.document, "next": list(seen.following)})
    session.document("look", files=documents)


def look(path: Path) -> Seen:
    """What the file is; BadInputError for one that is not there, of no known format, or damaged."""
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise missing(path)
    if path.suffix == ".py":
        return _python(path)
    if path.suffix == ".npz":
        return _arrays(path)
    if path.suffix in MANIFESTS:
        return Seen("a manifest of a batch", following=[guide.command("batch", path, "--dry-run")])
    return _model(path)


def _model(path: Path) -> Seen:
    from mgeconvert.recognise import HEAD, filled, recognise

    with path.open("rb") as file:
        kind = recognise(file.read(HEAD))
    name = kind.format if kind is not None else _format_of_suffix(path)
    if kind is not None and kind.suffix == ".caffemodel":
        path = path.with_suffix(".prototxt")
        if not path.is_file():
            return Seen(kind.what, following=[filled(kind.hint, str(path.with_suffix(".caffemodel")))])
    if name not in registry.frontend_names():
        if kind is None:
            raise BadInputError(f"{path}: is of no known format", hint="mgeconvert ops")
        return Seen(f"{kind.what}, which mgeconvert does not read", following=[filled(kind.hint, str(path))])
    return _readable(path, registry.frontend(name))


def _format_of_suffix(path: Path) -> str:
    try:
        return registry.frontend_for(path).name
    except UsageError:
        return ""


def _readable(path: Path, record: Frontend) -> Seen:
    described = record.describe(path) if record.describe is not None else Description({}, {})
    writer = f", written by {described.writer}" if described.writer else ""
    lines = [f"input {name}: {value.type_text}" for name, value in described.inputs.items()]
    lines += [f"output {name}: {value.type_text}" for name, value in described.outputs.items()]
    if described.operators:
        lines.append(_operators(described))
    beside = path.with_suffix(".npz")
    if beside.is_file():
        lines.append(f"{beside} beside it is taken for what it was recorded to compute")
    following = [guide.command("inspect", path)]
    if record.name in registry.backend_names() and registry.backend(record.name).run is not None:
        following.append(guide.command("run", path, "--random"))
    targets = [registry.backend(target) for target in registry.backend_names() if target != record.name]
    following += [_conversion(path, record, target) for target in targets]
    document = {
        "format": record.name,
        "writer": described.writer or None,
        "inputs": {name: value.type_text for name, value in described.inputs.items()},
        "outputs": {name: value.type_text for name, value in described.outputs.items()},
        "operators": dict(described.operators),
    }
    return Seen(f"{record.title}{writer}, {size(path.stat().st_size)}", lines, following, document)


def _conversion(path: Path, source: Frontend, target: Backend) -> str:
    """A line with a name for the output where a file has the default one."""
    name = f"{source.name}-to-{target.name}"
    out = path.with_suffix(target.suffixes[0])
    if not any(file.exists() for file in target.names(out)):
        return guide.command(name, path)
    return guide.command(name, path, "-o", str(path.with_name(f"{path.stem}.converted{target.suffixes[0]}")))


def _operators(described: Description) -> str:
    counts = sorted(described.operators.items(), key=lambda row: (-row[1], row[0]))
    shown = ", ".join(f"{number(count)} {name}" for name, count in counts[:MOST_OPERATORS])
    more = ", ..." if len(counts) > MOST_OPERATORS else ""
    return f"{plural(sum(described.operators.values()), 'operator')}: {shown}{more}"


def _folder(path: Path) -> Seen:
    suffixes = tuple(suffix for name in registry.frontend_names() for suffix in registry.frontend(name).suffixes)
    models = sorted(each for each in path.rglob("*") if each.is_file() and each.name.lower().endswith(suffixes))
    if not models:
        raise BadInputError(f"{path}: is a folder without models", hint="mgeconvert ops")
    following = [guide.command("batch", path, "--targets", "onnx", "-o", "converted", "--dry-run")]
    return Seen(
        f"a folder with {plural(len(models), 'model')}",
        [str(model.relative_to(path)) for model in models[:MOST_OPERATORS]],
        [*following, *(guide.command("inspect", model) for model in models[:1])],
    )


def _python(path: Path) -> Seen:
    """A network that was written with its weights beside it, or source of a user, which is parsed and not run."""
    target = registry.backend("pytorch") if "pytorch" in registry.backend_names() else None
    beside = path.with_suffix(".safetensors")
    if target is not None and beside.is_file() and target.wrote(path):
        return Seen(f"{target.title}, written by mgeconvert", following=guide.use(target, [path, beside]))
    found = list(_modules(path)) or ["FACTORY"]
    following = [guide.command("trace", Path(f"{path}:{name}"), "--input", "1,3,224,224") for name in found]
    return Seen("Python source", ["MegEngine traces a module of it, with an input of the shape you give"], following)


def _modules(path: Path) -> Iterator[str]:
    """The names of its classes that are derived from a Module."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise BadInputError(f"{path}: is no Python source: {error}") from error
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("Module") for base in node.bases):
            yield node.name


def _arrays(path: Path) -> Seen:
    from mgeconvert.verification.recorded import read_arrays

    arrays = read_arrays(path)
    lines = [f"{name}: {array.dtype}[{','.join(map(str, array.shape))}]" for name, array in arrays.items()]
    suffixes = [suffix for name in registry.backend_names() for suffix in registry.backend(name).suffixes]
    models = [model for model in map(path.with_suffix, dict.fromkeys(suffixes)) if model.is_file()]
    following = [guide.command("verify", model, "--io", str(path)) for model in models[:1]]
    return Seen(f"{plural(len(arrays), 'array')} of numpy", lines, following or [guide.open_arrays(path)])


command = Command(
    "FILE",
    _look,
    [click.Argument(["files"], nargs=-1, required=True)],
    "Say what FILE is, and what can be done with it next.",
)
command.context_settings = {"ignore_unknown_options": True}
