"""Networks whose forward() takes keywords, dicts, lists, constants, any number of arguments; traced by tests."""

from __future__ import annotations

import collections

import megengine as mge
import megengine.functional as F
import megengine.module as M
import numpy as np


class KeywordOnly(M.Module):
    def forward(self, x, *, mask, scale=1.0):
        return x * mask * scale


class KeywordDefault(M.Module):
    def __init__(self):
        super().__init__()
        self.conv = weighted(M.Conv2d(3, 4, 3, padding=1))

    def forward(self, x, *, slope=0.1, mask):
        return F.leaky_relu(self.conv(x * mask), slope)


class LeftOut(M.Module):
    def forward(self, x, mask=None, bias=None):
        x = x if mask is None else x * mask
        return x if bias is None else x + bias


class Dict(M.Module):
    def forward(self, d):
        return {"sum": d["low"] + d["high"], "difference": d["low"] - d["high"]}


class Pair(M.Module):
    def forward(self, pair):
        first, second = pair
        return first - second


class Nested(M.Module):
    def forward(self, f):
        first, second = f["levels"]
        return [first - second, {"other": f["other"] * f["scale"]}]


class Positional(M.Module):
    def forward(self, *xs):
        return xs[0] - xs[1] * xs[2]


class Keywords(M.Module):
    def forward(self, x, **others):
        return x - others["z"] * others["a"]


class Ordered(M.Module):
    def forward(self, d, *, last):
        return d["b"] - d["a"] * last[0]


class NoneBetween(M.Module):
    def forward(self, x, m, y):
        return x - y if m is None else x * m - y


class Flagged(M.Module):
    def forward(self, x, flag=False, mode="once"):
        x = F.relu(x) if flag else x
        return x * 2 if mode == "twice" else x


class Inner(M.Module):
    """Modules that are called in the same odd ways."""

    def __init__(self):
        super().__init__()
        self.conv = weighted(M.Conv2d(3, 3, 1))
        self.keyword = KeywordOnly()
        self.nested = Nested()

    def forward(self, x, pair):
        y = self.keyword(self.conv(x), mask=pair[0], scale=0.5)
        return self.nested({"levels": (y, pair[1]), "other": x, "scale": 3.0})


class Mixed(M.Module):
    """Keywords of positional parameters and of others, in another order than by name."""

    def forward(self, x, m=None, b=None, *, a, c):
        return x - b * a + c if m is None else x * m


class TupleOfDicts(M.Module):
    def forward(self, pair, *, options=None):
        first, second = pair
        y = first["x"] - second["x"] * second["y"]
        return y if options is None else {"y": y * options["scale"], "list": [y, (y + options["shift"][0],)]}


class Same(M.Module):
    """One tensor that is given twice, and once more within a list."""

    def forward(self, x, y, others):
        return x * 2 - y, others[0] * others[1]


def weighted(layer):
    """The layer with weights that are the same each time."""
    for parameter in layer.parameters():
        size = int(np.prod(parameter.shape))
        parameter[...] = mge.Tensor(np.cos(np.arange(size, dtype="float32")).reshape(parameter.shape))
    return layer


def ordered():
    """Arguments in a dict whose order is not that of its names, and in a tuple."""
    x = np.random.RandomState(3).standard_normal((3, 1, 3, 8, 8)).astype("float32")
    return {"d": collections.OrderedDict([("b", x[0]), ("a", x[1])]), "last": (x[2], 7)}


def inner():
    """Arguments by position."""
    x = np.random.RandomState(3).standard_normal((3, 1, 3, 8, 8)).astype("float32")
    return x[0], (x[1], x[2])


def same():
    """The same array in three places."""
    x = np.random.RandomState(3).standard_normal((1, 3, 8, 8)).astype("float32")
    return x, x, [x, x + 1]
