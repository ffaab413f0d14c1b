"""The small TracedModules of `fixtures.py` with odd trees: modules and parameters at two paths, weights computed
from parameters, layers with states, names that Python or torch keep for themselves."""

from __future__ import annotations

import megengine as mge
import megengine.functional as F  # noqa: N812 -- as in MegEngine's documentation
import megengine.module as M  # noqa: N812
import megengine.traced_module as tm
import numpy as np
from fixture_files import add, tensor, values


def settled(net: M.Module) -> M.Module:
    """The network in inference mode, with numbers that are the same in each run."""
    for name, each in sorted(net.named_tensors()):
        if each.dtype == np.float32:
            numbers = values(*each.shape, scale=0.25) if each.ndim else np.float32(0.5)
            each[...] = mge.tensor(np.abs(numbers) + 0.5 if name.endswith(("running_var", "gain")) else numbers)
    net.eval()
    return net


def store(name: str, net: M.Module, *inputs: mge.Tensor) -> None:
    """Store what the settled network is traced to."""
    add(name, tm.trace_module(settled(net), *inputs), *inputs)


class Step(M.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = M.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm = M.BatchNorm2d(outputs)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))


class Tied(M.Module):
    """Blocks in a list and under a name, a list in a list, an embedding that is a layer's weight."""

    def __init__(self):
        super().__init__()
        self.words = M.Embedding(7, 4)
        self.steps = [Step(3, 3), Step(3, 3)]
        self.steps.append(self.steps[0])
        self.again = self.steps[1]
        self.inner = M.Sequential(M.Linear(4, 4), M.ReLU())
        self.outer = M.Sequential(self.inner, M.Linear(4, 4))
        self.last = M.Linear(4, 7, bias=False)
        self.last.weight = self.words.weight

    def forward(self, tokens, x):
        for step in self.steps:
            x = step(x)
        return self.last(self.outer(self.inner(self.words(tokens)))), self.again(x)


store("tied", Tied(), mge.tensor(np.array([[1, 5, 2], [0, 6, 6]], np.int32)), tensor(2, 3, 4, 4))


class Computed(M.Module):
    """A weight of direction and length, a table that is read at fixed places, scales of a list of parameters."""

    def __init__(self):
        super().__init__()
        self.direction = mge.Parameter(values(4, 3, 3, 3))
        self.gain = mge.Parameter(values(4, 1, 1, 1))
        self.table = mge.Parameter(values(9, 4))
        self.places = mge.Tensor(np.array([0, 4, 4, 8], np.int32))
        self.factor = mge.Parameter(values(1))
        self.note, self.sizes = "kept", (1, 2)

    def forward(self, x):
        length = F.sqrt(F.sum(self.direction**2, axis=(1, 2, 3), keepdims=True) + 1)
        x = F.conv2d(x, self.direction * (self.gain / length), None, 1, 1)
        x = x + F.expand_dims(self.table[self.places], (0, 3))
        return F.linear(x, self.table[:, :4]) * (self.factor * 2), F.matmul(x, self.table, transpose_b=True)


store("computed", Computed(), tensor(2, 3, 4, 4))


class States(M.Module):
    """Layers with states: two of an LSTM, a cell in a loop."""

    def __init__(self):
        super().__init__()
        self.lstm = M.LSTM(3, 4, num_layers=2, batch_first=True)
        self.cell = M.LSTMCell(4, 2)
        self.plain = M.RNNCell(2, 2, bias=False)
        self.fc = M.Linear(2, 3)

    def forward(self, x):
        sequence, (last, _) = self.lstm(x)
        state = (F.zeros((x.shape[0], 2)), F.ones((x.shape[0], 2)))
        hidden = state[0]
        for step in range(2):
            state = self.cell(sequence[:, step], state)
            hidden = self.plain(state[0], hidden)
        return self.fc(hidden), last


store("states", States(), tensor(2, 2, 3))


class Layers(M.Module):
    """Layers whose weights have forms of their own; a normalization fixes sizes that could vary."""

    def __init__(self):
        super().__init__()
        self.conv = M.Conv2d(3, 4, 3, padding=1, groups=1)
        self.group = M.GroupNorm(2, 4)
        self.instance = M.InstanceNorm(4)
        self.slope = M.PReLU(4)
        self.layer = M.LayerNorm((4, 4, 4))
        self.local = M.LocalConv2d(4, 2, 4, 4, 3, padding=1)
        self.offsets = M.Conv2d(4, 18, 3, padding=1)
        self.weights = M.Conv2d(4, 9, 3, padding=1)
        self.moved = M.DeformableConv2d(4, 2, 3, padding=1)

    def forward(self, x):
        x = self.layer(self.slope(self.instance(self.group(self.conv(x)))))
        return self.local(x), self.moved(x, self.offsets(x), F.sigmoid(self.weights(x)))


store("layers", Layers(), tensor(2, 3, 4, 4))


class Words(M.Module):
    """Attributes whose names are keywords, no identifiers, or torch's own."""

    NAMES = ("class", "1", "a-b", "a_b", "lambda", "self", "x", "torch", "print", "type", "half")

    def __init__(self):
        super().__init__()
        for name in self.NAMES:
            setattr(self, name, M.Linear(4, 4))
        self.float = mge.Parameter(values(4))

    def forward(self, x):
        for name in self.NAMES:
            x = F.tanh(getattr(self, name)(x)) + x
        return x * self.float


store("words", Words(), tensor(2, 4))
