"""The scopes of a walk: what the source called, with which arguments, where; see `mgeconvert.ir.scopes`."""

from __future__ import annotations

import collections
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mgeconvert.ir.scopes import Call, Scope

from ..read import graph as g
from ..read.pytree import LeafDef, TreeDef, arguments, plain, unflatten


@dataclass(frozen=True, slots=True)
class Form:
    """How the file writes a call: the expression (None: of the top module) and, for a TracedModule, the graph it runs
    with the structures of its arguments and of its results."""

    expr: g.Expr | None
    graph: g.InternalGraph | None = None
    arg_def: Any = None
    out_def: Any = None


class Scopes:
    """Makes the scopes of one walk and keeps them in the order of the calls; unless they are to `keep`, so that the
    weights of the file can be freed when nodes no longer need them, they say neither arguments nor results."""

    def __init__(self, *, keep: bool = True) -> None:
        self.calls: list[Scope] = []
        self.keep = keep
        self._numbers: collections.Counter[str] = collections.Counter()

    def module(self, path: str, form: Form, inputs: Sequence[Any], parent: Scope | None) -> Scope:
        """The scope of one call of a TracedModule on `inputs`, of which the first is the module itself."""
        assert form.graph is not None
        if not self.keep:
            return Scope(path, form.graph.name or "Module", None, parent)
        args, kwargs = _bound(form.expr, form.arg_def, inputs)
        names = tuple(node.name or "input" for node in form.graph.inputs[1:])
        kind = form.graph.name or "Module"
        return self._add(path, kind, Call(kind, args[1:], kwargs, names=names, form=(form, list(inputs), [])), parent)

    def leaf(self, path: str, key: str, expr: g.Expr, inputs: Sequence[Any], parent: Scope | None) -> Scope:
        """The scope of one call of a function, method, built-in module or raw operator."""
        if not self.keep:
            return Scope(path, key.rpartition(".")[2], None, parent)
        if isinstance(expr, g.FunctionOrMethod):
            args, kwargs = _bound(expr, expr.arg_def, inputs)
        else:
            args, kwargs = tuple(inputs), plain(expr.fields) if isinstance(expr, g.Apply) else {}
        call = Call(key, args, kwargs, form=(Form(expr), list(inputs), []), made=())
        return self._add(path, key.rpartition(".")[2], call, parent)

    def _add(self, path: str, kind: str, call: Call, parent: Scope | None) -> Scope:
        call.number = self._numbers[path]
        self._numbers[path] += 1
        scope = Scope(path, kind, call, parent)
        self.calls.append(scope)
        return scope


def finish(scope: Scope, results: Sequence[Any]) -> Sequence[Any]:
    """Say what a call gave, flat, unless that has been said; its results get the structure that the file says they
    have. Returns them, flat."""
    call = scope.call
    if call is None:
        return results
    if call.form[2]:
        return call.form[2]  # type: ignore[no-any-return]
    form: Form = call.form[0]
    call.form[2].extend(results)
    structure = form.out_def
    if structure is None and isinstance(form.expr, g.FunctionOrMethod):
        structure = form.expr.out_def
    if isinstance(structure, TreeDef) and structure.num_leaves == len(results):
        call.results = unflatten(structure, iter(results))
    else:
        call.results = results[0] if len(results) == 1 else tuple(results)
    return results


def _bound(expr: g.Expr | None, arg_def: Any, inputs: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if arg_def is None:
        return tuple(inputs), {}
    if isinstance(expr, g.FunctionOrMethod):
        return arguments(arg_def, inputs, expr.const_val)
    constants = [(i, leaf.const_val) for i, leaf in enumerate(_leaves(arg_def)) if not leaf.is_variable]
    return arguments(arg_def, inputs, constants)


def _leaves(tree: Any) -> Iterator[LeafDef]:
    if isinstance(tree, LeafDef):
        yield tree
    elif isinstance(tree, TreeDef):
        for child in tree.children:
            yield from _leaves(child)
