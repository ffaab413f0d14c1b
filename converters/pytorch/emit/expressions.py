"""Kinds of expressions that are no tensor: whole numbers, lists of them, several results."""

from __future__ import annotations

import re

_PART = re.compile(r"(.+\.shape)\[(\d*):(\d*)\]")


class Whole(str):
    """Text of a Python int."""

    __slots__ = ()


class Sizes(str):
    """Text of a list, tuple or torch.Size of Python ints."""

    __slots__ = ()


class Many(str):
    """Text of an expression with several results."""

    __slots__ = ()


class Nested(Many):
    """Text of an expression with results in a structure: ``0,(1,2)`` is ``first, (second, third)``.

    `after` is what follows the name of the first result where that is used.
    """

    after: str
    form: str

    def __new__(cls, text: str, form: str, after: str = "") -> Nested:
        """The text, the structure of the results and what is done with the first."""
        made = super().__new__(cls, text)
        made.form, made.after = form, after
        return made


def item(sizes: str, number: int) -> str:
    """One of a list of sizes: ``x.shape[1]`` of ``x.shape[1:2]``, ``b`` of ``[a, b]``."""
    part = _PART.fullmatch(sizes)
    if part and number >= 0:
        return f"{part[1]}[{int(part[2] or 0) + number}]"
    items = listed(sizes)
    return items[number] if items and -len(items) <= number < len(items) else f"{sizes}[{number}]"


def listed(sizes: str) -> list[str]:
    """The texts of a list whose length is known, else none of them."""
    part = _PART.fullmatch(sizes)
    if part and part[3]:
        return [f"{part[1]}[{number}]" for number in range(int(part[2] or 0), int(part[3]))]
    if not sizes.startswith("[") or not sizes.endswith("]"):
        return []
    depth, items, start = 0, [], 1
    for place, letter in enumerate(sizes):
        depth += (letter in "([") - (letter in ")]")
        if not depth and place < len(sizes) - 1:
            return []
        if (letter == "," and depth == 1) or place == len(sizes) - 1:
            items.append(sizes[start:place].strip())
            start = place + 1
    return [] if any(text.startswith("*") for text in items) else [text for text in items if text]
