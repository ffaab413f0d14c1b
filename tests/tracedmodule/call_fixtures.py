"""The small TracedModules of `fixtures.py` whose modules are called several times with structures of arguments."""

from __future__ import annotations

import megengine.module as M  # noqa: N812 -- as in MegEngine's documentation
from fixture_files import case, linear, tensor


class Fold(M.Module):
    def __init__(self):
        super().__init__()
        self.layer = linear()

    def forward(self, parts):
        result = parts[0]
        for part in parts[1:]:
            result = result + self.layer(part)
        return result


@case([tensor(2, 4), tensor(1, 4), tensor(2, 1) + tensor(4)])
class Repeated(M.Module):
    """Arguments that are three values in one call and one in another. MegEngine traces the first call only."""

    def __init__(self):
        super().__init__()
        self.fold = Fold()

    def forward(self, parts):
        result = self.fold(parts)
        return {"all": result, "one": self.fold([result, result, result]), "back": self.fold(parts[::-1])}


class Mapped(M.Module):
    def __init__(self):
        super().__init__()
        self.norm = linear()

    def forward(self, x, table):
        result = (self.norm(x) + table["key"]) * table["list"][1]
        return result, result - table["list"][0]


@case(tensor(2, 4), {"pair": (tensor(1, 4), tensor(2, 4))})
class MappedTwice(M.Module):
    """A dict with a list in it among the arguments, at several shapes."""

    def __init__(self):
        super().__init__()
        self.inner = Mapped()
        self.layer = linear()

    def forward(self, x, table):
        one, two = self.inner(x, {"key": x + 1, "list": [x * 2, x - 1]})
        again = self.inner(one, {"key": two, "list": [x, x]})
        other = self.inner(x[:1], {"key": x[:1], "list": [table["pair"][0], x[1:]]})
        return self.layer(self.layer(one + again[0])), (other, {"more": table["pair"][1]})
