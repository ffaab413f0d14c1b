"""Makes tests/goldens/tracedmodule.tar.xz with real MegEngine: small TracedModules in every form a file can have.

Run in the reference environment: `$(mgeconvert reference path) tests/tracedmodule/fixtures.py [ARCHIVE]`. Each name
below gives NAME.pkl and NAME.npz (in_0.., out_0..: MegEngine's own outputs, flat). Byte-identical when run again.
"""

from __future__ import annotations

import collections
import importlib
import io
import pathlib
import pickle
import sys
import tarfile

import megengine as mge
import megengine.functional as F  # noqa: N812 -- as in MegEngine's documentation
import megengine.module as M  # noqa: N812
import megengine.optimizer as optim
import megengine.traced_module as tm
import numpy as np
from fixture_files import ARCHIVE, FILES, Pair, add, case, flat, linear, tensor, values
from megengine.core._imperative_rt.core2 import apply
from megengine.core.ops import builtin
from megengine.jit import trace


class Small(M.Module):
    def __init__(self):
        super().__init__()
        self.fc = linear()

    def forward(self, x):
        return F.relu(self.fc(x)) + 1


SMALL = Small()
for protocol in (2, 3, 4, 5):
    add(f"protocol{protocol}", tm.trace_module(SMALL, tensor(2, 4)), tensor(2, 4), protocol=protocol)
add("plain_dump", tm.trace_module(SMALL, tensor(2, 4)), tensor(2, 4), save=pickle.dump)


class Block(M.Module):
    def __init__(self):
        super().__init__()
        self.fc = linear()
        self.act = M.ReLU()

    def forward(self, x):
        return self.act(self.fc(x))


@case(tensor(2, 4))
class Nested(M.Module):
    """A block called twice, the same block under a second name, one in a list, one in a dict, one in a Sequential."""

    def __init__(self):
        super().__init__()
        self.stem = Block()
        self.alias = self.stem
        self.layers = [Block(), Block()]
        self.table = {"left": Block()}
        self.tail = M.Sequential(Block(), M.Identity())

    def forward(self, x):
        x = self.alias(self.stem(self.stem(x)))
        for layer in self.layers:
            x = layer(x) * 0.125
        return self.tail(self.table["left"](x))


add("flattened", tm.trace_module(Nested(), tensor(2, 4)).flatten(), tensor(2, 4))


class Flexible(M.Module):
    def forward(self, x, y=None, scale=2.0):
        return x * scale if y is None else x * scale + y


@case(tensor(2, 4))
class Structures(M.Module):
    """A submodule with three graphs by the structure of its arguments, constants included."""

    def __init__(self):
        super().__init__()
        self.sub = Flexible()

    def forward(self, x):
        a = self.sub(x)
        b = self.sub(x, a)
        c = self.sub(b, scale=0.5)
        return self.sub(c, b, scale=0.5) + self.sub(a)


@case(tensor(2, 4), tensor(4), shift=tensor(2, 1), flag=True)
class Keywords(M.Module):
    def forward(self, x, y, z=None, *, shift, flag=False):
        assert z is None
        return (x - y) * 2 + shift if flag else x


@case(tensor(2, 4), tensor(4), (tensor(2, 1), tensor(1)), table={"b": tensor(1), "a": [tensor(4), 3.0]})
class Arguments(M.Module):
    """*args and **kwargs, with a tuple, a dict and a list among them."""

    def forward(self, x, *rest, **options):
        y, (first, second) = rest
        table = options["table"]
        return x * y + first - second * table["b"] + table["a"][0] * table["a"][1]


class Several(M.Module):
    def forward(self, x):
        return {"sum": x + 2, "pair": (x * 3, F.relu(x)), "again": x}


@case(tensor(2, 4))
class Outputs(M.Module):
    def __init__(self):
        super().__init__()
        self.inner = Several()

    def forward(self, x):
        result = self.inner(x)
        return [{"boxes": x + 1, "all": (result["sum"], result["pair"][0])}, result["pair"][1], x * 2]


@case(tensor(2, 4))
class Named(M.Module):
    """A result of a class that is registered with register_supported_type."""

    def forward(self, x):
        return Pair(x + 1, x * 2)


class Attributes(M.Module):
    """Tensors among the attributes, with names that MegEngine or a reader use themselves."""

    def __init__(self):
        super().__init__()
        self.weight = mge.Parameter(values(4))
        self.expr = tensor(2, 4)
        self.inputs = mge.Parameter(values(2, 1))
        self.attributes = self.weight
        self.inner = linear()

    def forward(self, x):
        y = x * self.weight + self.expr * self.inputs
        return F.linear(y, self.inner.weight, self.inner.bias) - self.attributes


case(tensor(2, 4))(Attributes)
add("attributes_flat", tm.trace_module(Attributes(), tensor(2, 4)).flatten(), tensor(2, 4))


@case(tensor(2, 4))
class Constants(M.Module):
    """A tensor made in forward(), numpy arrays (C, Fortran and big-endian), scalars, dtypes, classes."""

    def forward(self, x):
        x = x + mge.tensor(values(4)) + values(2, 4)
        x = x * np.asfortranarray(values(2, 4)) - values(2, 4).astype(">f4")
        x = (x + np.float32(0.5)) * np.int32(2)
        x = x.astype("int32").astype(np.float32).astype(np.dtype("int32"))
        return F.zeros((2, 4), dtype=np.float32) + x.astype(np.dtype("float32")) * 1.5


@case(tensor(3, 4, 5))
class Indexing(M.Module):
    def forward(self, x):
        n = x.shape[0]
        y = x[1:, ..., ::2] + x[: n - 1, :, :1]
        z = x[None, :, 1, [0, 2]].reshape(n, -1)
        x[..., 0:2] = 7.0
        x[1] = x[0] * 2
        x += 1
        return x.reshape(-1, x.shape[2]), y, z


class Echo(M.Module):
    def forward(self, x, y):
        return x, (y, y)


@case(tensor(2, 4))
class Passing(M.Module):
    """Submodules whose graphs are empty; one of them twice; a result that is an argument."""

    def __init__(self):
        super().__init__()
        self.echo = Echo()

    def forward(self, x):
        a, (b, c) = self.echo(x, self.echo(x, x)[0])
        return x, a + b, c


@case(tensor(2, 4))
class Made(M.Module):
    """Tensor.__new__ on a tensor, a copy between devices, raw operators."""

    def forward(self, x):
        y = mge.tensor(x.sum()) + mge.Parameter(x.mean())
        y = y.to("xpux") if hasattr(y, "to") else y
        return apply(builtin.Elemwise(mode="RELU"), x)[0] * y + x.detach()


class Weighted(M.Module):
    def forward(self, x):
        return x * self.weight


class Shared(M.Module):
    """One Parameter under two names, one module inside another one's arguments."""

    def __init__(self):
        super().__init__()
        self.first = mge.Parameter(values(4))
        self.sub = Weighted()
        self.sub.weight = self.first

    def forward(self, x):
        return self.sub(x) + self.first


case(tensor(2, 4))(Shared)


class Deep(M.Module):
    def __init__(self, depth):
        super().__init__()
        self.inner = Deep(depth - 1) if depth else M.ReLU()

    def forward(self, x):
        return self.inner(x) + 1


net = Deep(40)
add("deep", tm.trace_module(net, tensor(2, 4)), tensor(2, 4))

# points and surgery
traced = tm.trace_module(Nested(), tensor(2, 4))
expected = flat(traced(tensor(2, 4)))
traced.set_watch_points(traced.graph.get_node_by_id([3]).as_unique())
traced(tensor(2, 4))
add("watched", traced, tensor(2, 4))
traced = tm.trace_module(Small(), tensor(2, 4))
add("ended", traced, tensor(2, 4))
traced.set_end_points(traced.graph.get_function_by_type(F.relu).as_unique().outputs)
stream = io.BytesIO()
mge.save(traced, stream)
FILES["ended.pkl"] = stream.getvalue()
traced = tm.trace_module(Small(), tensor(2, 4))
extra = traced.graph.add_input_node(shape=(2, 4), name="extra")
relu = traced.graph.get_function_by_type(F.relu).as_unique()
with traced.graph.insert_exprs():
    total = relu.outputs[0] + extra
traced.graph.add_output_node(total)
traced.graph.compile()
add("surgery", traced, tensor(2, 4), tensor(2, 4))

# the form of MegEngine 1.6, as its source tells it: functions as globals, no versions, no _ModuleState


def without(record, *dropped, **changed):
    state = type(record).__dict__["now"](record)
    return {key: value for key, value in {**state, **changed}.items() if key not in dropped}


def node_of_1_6(node):
    names = (node._qualname or "").partition(".")[2].replace("[", "").replace("]", "")
    return without(node, "_qualname", _orig_name=names)


def apply_of_1_6(expr):
    opdef = {**expr.opdef.__getstate__(), "type": type(expr.opdef), "version": "1.6.0"}
    return without(expr, "opdef_state", "version", opdef=opdef)


def module_of_1_6(module):
    state = {key: value for key, value in module.__dict__.items() if key not in M.Module.__dict__}
    return {key: value for key, value in state.items() if key not in ("argspec", "_m_dump_modulestate")}


def graph_of_1_6(graph):
    return without(graph, "_qualname", "_namespace", "_total_ids", _module_name=graph._qualname, _prefix_name="")


OLD_STATES = {
    tm.traced_module.InternalGraph: graph_of_1_6,
    tm.expr.CallFunction: lambda expr: without(expr, "version", func=expr.func),
    tm.expr.CallMethod: lambda expr: without(expr, "version"),
    tm.expr.Apply: apply_of_1_6,
    tm.node.TensorNode: node_of_1_6,
    tm.node.ModuleNode: lambda node: {**node_of_1_6(node), "module_type": node.module_type},
    tm.TracedModule: module_of_1_6,
}


@case(tensor(2, 4))
class Old(M.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()

    def forward(self, x):
        return F.relu(self.block(x)).reshape(x.shape[0], -1) + 1


net = Old()
net.eval()
traced = tm.trace_module(net, tensor(2, 4))
for kind, state in OLD_STATES.items():
    kind.now, kind.__getstate__ = kind.__getstate__, state
add("v1_6", traced, tensor(2, 4))
for kind in OLD_STATES:
    kind.__getstate__ = kind.now
    del kind.now

importlib.import_module("quantized_fixtures")
importlib.import_module("call_fixtures")
importlib.import_module("tree_fixtures")

# what is no TracedModule


def other(name, value):
    stream = io.BytesIO()
    mge.save(value, stream)
    FILES[name + ".pkl"] = stream.getvalue()


net = Small()
other("not/module", net)
other("not/sequential", M.Sequential(linear(), M.ReLU()))
other("not/state_dict", net.state_dict())
other("not/state_dict_tensors", net.state_dict(keep_var=True))
optimizer = optim.Adam(net.parameters(), lr=0.1)
with mge.autodiff.GradManager().attach(net.parameters()) as manager:
    manager.backward(F.mean(net(tensor(2, 4))))
optimizer.step()
other("not/checkpoint", {"epoch": 3, "state_dict": net.state_dict(), "optimizer": optimizer.state_dict()})
other("not/wrapped", {"epoch": 3, "model": tm.trace_module(net, tensor(2, 4))})
other("not/tensor", tensor(2, 4))
other("not/list", [1, 2, 3])


class Strange(M.Module):
    """Operators that no target has: one, or two with complex numbers between them."""

    def __init__(self, is_complex):
        super().__init__()
        self.is_complex = is_complex

    def forward(self, x):
        return x + (F.imag(F.complex(x, x)) if self.is_complex else F.svd(x)[1].sum())


strange = M.Sequential(
    collections.OrderedDict(
        body=M.Sequential(*map(Strange, (False, True, False, True))),
        head=M.Sequential(*map(Strange, (False, True, False))),
    )
)
other("not/ten_unsupported", tm.trace_module(strange, tensor(4, 4)))


@trace(symbolic=True, capture_as_const=True)
def static(x):
    return net(x)


static(tensor(2, 4))
for name, dump_format in {"not/static.mge": "FBS_V2", "not/static_v1.mge": "FBS"}.items():
    stream = io.BytesIO()
    static.dump(stream, arg_names=["x"], output_names=["y"], dump_format=dump_format)
    FILES[name] = stream.getvalue()

if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ARCHIVE
    with tarfile.open(target, "w:xz", preset=9) as archive:
        for name, data in sorted(FILES.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    print(f"{target}: {len(FILES)} files, {target.stat().st_size} bytes")
