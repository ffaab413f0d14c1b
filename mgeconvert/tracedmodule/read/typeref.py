"""Classes and functions that a pickle names, as inert data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mgeconvert.errors import UnsafePickleError


class TypeRef:
    """The name of a class: ``numpy.float32``, ``builtins.int``, ``megengine.tensor.Tensor``.

    Calling it runs `build`, a reconstructor of ours, or is refused; a pickle cannot change it.
    """

    __slots__ = ("_build", "module", "name")

    def __init__(self, module: str, name: str, build: Callable[..., Any] | None = None) -> None:
        self.module = module
        self.name = name
        self._build = build

    @property
    def qualname(self) -> str:
        """``numpy.float32``"""
        return f"{self.module}.{self.name}"

    def __call__(self, *arguments: Any) -> Any:
        if self._build is None:
            raise UnsafePickleError(f"calls {self.qualname}")
        return self._build(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise UnsafePickleError(f"changes {self.qualname}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TypeRef) and self.qualname == other.qualname

    def __hash__(self) -> int:
        return hash((self.module, self.name))

    def __repr__(self) -> str:
        return f"<{self.qualname}>"


class UsersType(TypeRef):
    """A class of the user's own, never imported: good only as the type of a container registered with MegEngine."""

    __slots__ = ()
