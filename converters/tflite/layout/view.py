"""How a stored tensor holds an IR value: transposes and reshapes as arithmetic instead of operators.

A value's elements are indexed by *atoms*: factors of its axes. IR axis i is the product of `groups[i]` consecutive
atoms (none for an axis of size 1), and the tensor stores the atoms in `order`. An NCHW value kept channels-last is
atoms (N, C, H, W) in order (0, 2, 3, 1); a Transpose or Reshape of the IR only regroups atoms, so neither costs
anything until an operator needs the axes in a particular order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mgeconvert.ir import Dim, Shape

from ..model import Layout, Tensor, channels_last, identity, permuted
from .sizes import Size, _dim, product, quotient, resolve

LIMIT_RANK = 6
"""TRANSPOSE takes so many axes."""


@dataclass(frozen=True, slots=True)
class View:
    """`shape` is the value's IR shape; `moved` says that the source model itself transposes between here and there."""

    shape: Shape
    atoms: tuple[Dim, ...]
    groups: tuple[int, ...]
    order: tuple[int, ...]
    moved: bool = False

    def members(self) -> list[list[int]]:
        """The atoms of each IR axis."""
        result, start = [], 0
        for count in self.groups:
            result.append(list(range(start, start + count)))
            start += count
        return result

    def sequence(self, layout: Layout) -> tuple[int, ...]:
        """The order of atoms in a tensor that has the value's axes in that layout."""
        members = self.members()
        return tuple(atom for axis in layout for atom in members[axis])

    def has(self, layout: Layout) -> bool:
        """Whether the stored bytes already are the value in that layout."""
        return self.sequence(layout) == self.order

    def towards(self, target: tuple[int, ...]) -> tuple[int, ...]:
        """An order one short transpose nearer to `target`: its first run that is not in place comes there."""
        place = next(index for index, atom in enumerate(target) if self.order[index] != atom)
        start = end = self.order.index(target[place])
        while end < len(self.order) and self.order[end] == target[place + end - start]:
            end += 1
        moved = self.order[start:end]
        return (*self.order[:place], *moved, *self.order[place:start], *self.order[end:])

    def natural(self, prefer: Sequence[Layout], shape: Shape | None = None) -> Layout | None:
        """A layout the stored bytes already have, the first of `prefer` if possible; None if they have none.

        An image of one pixel has several, of which the one whose axes are the stored `shape` needs no reshape.
        """
        rank = len(self.shape)
        usual = [layout for layout in (identity(rank), channels_last(rank)) if len(layout) == rank]
        fitting = [layout for layout in usual if permuted(self.shape, layout) == shape]
        for layout in (*prefer, *fitting, *usual):
            if len(layout) == rank and self.has(layout):
                return layout
        members = self.members()
        position = {atom: place for place, atom in enumerate(self.order)}
        filled = [axis for axis, atoms in enumerate(members) if atoms]
        filled.sort(key=lambda axis: position[members[axis][0]])
        found = list(filled)
        for axis, atoms in enumerate(members):
            if not atoms:
                found.insert(min(axis, len(found)), axis)
        return tuple(found) if self.has(tuple(found)) else None

    def transposed(self, perm: Sequence[int]) -> View:
        """The view of Transpose(value, perm)."""
        members = self.members()
        renumbered = {atom: new for new, atom in enumerate(atom for axis in perm for atom in members[axis])}
        return View(
            tuple(self.shape[axis] for axis in perm),
            tuple(self.atoms[atom] for atom in renumbered),
            tuple(self.groups[axis] for axis in perm),
            tuple(renumbered[atom] for atom in self.order),
            self.moved or tuple(renumbered) != identity(len(self.atoms)),
        )

    def reshaped(self, shape: Shape) -> View | None:
        """The view of the value reshaped; None where an axis of the new shape straddles atoms."""
        sizes = resolve(product(self.atoms), shape)
        pieces = None if sizes is None or 0 in self.atoms else _split(self.atoms, sizes)
        if sizes is None or pieces is None:
            return None
        shape = tuple(_dim(size) for size in sizes)
        numbers, groups, atoms = [], [], []
        for group in pieces:
            groups.append(len(group))
            for source, size in group:
                numbers.append(source)
                atoms.append(size)
        parts: dict[int, list[int]] = {}
        for new, source in enumerate(numbers):
            parts.setdefault(source, []).append(new)
        order = tuple(new for atom in self.order for new in parts[atom])
        return View(shape, tuple(atoms), tuple(groups), order, self.moved)


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a value's elements are: a tensor and how it holds them."""

    tensor: Tensor
    view: View


def plain(shape: Shape, layout: Layout) -> View:
    """The view of a value of that IR shape whose tensor has its axes in that layout."""
    filled = [axis for axis, dim in enumerate(shape) if dim != 1]
    number = {axis: atom for atom, axis in enumerate(filled)}
    return View(
        shape,
        tuple(shape[axis] for axis in filled),
        tuple(int(dim != 1) for dim in shape),
        tuple(number[axis] for axis in layout if axis in number),
    )


def runs(view: View, target: tuple[int, ...]) -> tuple[list[list[int]], list[int]]:
    """The shortest transpose from the stored order to `target`: the runs of atoms that stay together, in stored order,
    and the permutation of the runs."""
    after = dict(zip(target, (*target[1:], -1), strict=True))
    grouped: list[list[int]] = []
    for atom in view.order:
        if grouped and after[grouped[-1][-1]] == atom:
            grouped[-1].append(atom)
        else:
            grouped.append([atom])
    number = {run[0]: index for index, run in enumerate(grouped)}
    return grouped, [number[atom] for atom in target if atom in number]


def _split(atoms: Sequence[Dim], sizes: Sequence[Size]) -> list[list[tuple[int, Dim]]] | None:
    """For each size the (source atom, size) pieces it consists of, in order."""
    result: list[list[tuple[int, Dim]]] = []
    pending: list[tuple[int, Dim]] = list(enumerate(atoms))[::-1]
    for need in sizes:
        group: list[tuple[int, Dim]] = []
        while need != (1, ()):
            if not pending:
                return None
            source, size = pending.pop()
            whole = product([size])
            rest = quotient(need, whole)
            if rest is not None:
                group.append((source, size))
                need = rest
                continue
            remainder = quotient(whole, need)
            if remainder is None or not isinstance(size, int):
                return None
            group.append((source, need[0]))
            pending.append((source, remainder[0]))
            need = (1, ())
        result.append(group)
    return None if pending else result


def direct(stored: Shape, view: View, layout: Layout, shape: Shape) -> tuple[int, ...] | None:
    """The permutation for a single transpose when the axes of the stored shape and of the target correspond one to one,
    else None."""
    filled = [axis for axis, dim in enumerate(stored) if dim != 1]
    if [stored[axis] for axis in filled] != [view.atoms[atom] for atom in view.order]:
        return None
    if len(stored) != len(shape) or max(view.groups, default=0) > 1 or len(shape) > LIMIT_RANK:
        return None
    where = dict(zip(view.order, filled, strict=True))
    ones = iter([axis for axis, dim in enumerate(stored) if dim == 1])
    members = view.members()
    return tuple(where[members[axis][0]] if members[axis] else next(ones) for axis in layout)
