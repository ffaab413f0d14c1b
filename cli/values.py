"""What options take: lists of names, lists of numbers, pairs."""

from __future__ import annotations

from typing import Any

import click


class Names(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """``a,b``: a tuple of names."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        names = value if isinstance(value, tuple) else tuple(part.strip() for part in value.split(","))
        if not all(names):
            self.fail(f"{value}: an empty name", param, ctx)
        return names


class Outputs(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """``a,b`` or ``({"x": a}, b)``: names in a structure."""

    name = "outputs"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from mgeconvert.errors import UsageError
        from mgeconvert.surgery.structures import structured_outputs

        if not isinstance(value, str):
            return value
        try:
            return structured_outputs(value)
        except UsageError as error:
            form = f"; {error.hint}" if value.strip()[:1] in ("(", "[", "{") else ""
            self.fail(f"{error.message}{form}", param, ctx)


class Numbers(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """``0.5`` or ``1,2,3`` or ``1/255``: a tuple of numbers."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        try:
            return tuple(_number(part) for part in value.split(","))
        except (ValueError, ZeroDivisionError):
            self.fail(f"{value}: expected numbers: 0.5 or 104,117,123 or 1/255", param, ctx)


class HeightWidth(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """``480x640``: a height and a width in pixels."""

    name = "HEIGHTxWIDTH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value[0], value[1]
        height, _, width = value.partition("x")
        if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)):
            self.fail(f"{value}: expected a height and a width: 480x640", param, ctx)
        return int(height), int(width)


class Positive(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A number above zero: seconds, bytes, a limit."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = float(value)
        except ValueError:
            self.fail(f"{value}: expected a number", param, ctx)
        if not 0 < number < float("inf"):
            self.fail(f"{value}: expected a positive number", param, ctx)
        return number


class Pair(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """``OLD=NEW``."""

    def __init__(self, form: str, separator: str = "=") -> None:
        self.name, self.form, self.separator = form, form, separator

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value[0], value[1]
        first, _, second = (part.strip() for part in value.partition(self.separator))
        if not first or not second:
            self.fail(f"{value}: expected {self.form}", param, ctx)
        return first, second


def _number(text: str) -> float:
    above, slash, below = text.partition("/")
    return float(above) / float(below) if slash else float(above)
