"""Make the files of digits.py with real MegEngine: $(mgeconvert reference path) examples/make_digits.py

digits-weights.pkl is a checkpoint, digits.mge a static graph, digits-qat.pkl a TracedModule trained for quantization,
digits-qat.npz what it computes. The pictures are bars at ten angles; the same script gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path

import megengine as mge
import megengine.functional as F
import numpy as np
from digits import Digits
from megengine.autodiff import GradManager
from megengine.core import set_option
from megengine.jit import trace
from megengine.module import ConvBnRelu2d
from megengine.optimizer import SGD
from megengine.quantization import quantize_qat
from megengine.traced_module import trace_module

set_option("async_level", 0)  # the default mode may give wrong numbers while tracing
FOLDER = Path(__file__).parent


def pictures(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Bars through the middle with noise, (count, 1, 16, 16) in [-1, 1], and which of ten angles each has."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[-7.5:8, -7.5:8]
    labels = random.randint(0, 10, count)
    angles = (labels + random.uniform(-0.3, 0.3, count)) * np.pi / 10
    distance = np.abs(x * np.sin(angles)[:, None, None] - y * np.cos(angles)[:, None, None])
    images = np.where(distance < 1.5, 0.75, -0.75) + random.uniform(-0.25, 0.25, distance.shape)
    return images[:, None].astype(np.float32), labels.astype(np.int32)


def train(model: Digits, steps: int, rate: float) -> None:
    """Cross entropy on pictures, by gradient descent with momentum."""
    optimizer = SGD(model.parameters(), lr=rate, momentum=0.9)
    manager = GradManager().attach(model.parameters())
    model.train()
    for step in range(steps):
        images, labels = pictures(32, seed=step)
        with manager:
            manager.backward(F.nn.cross_entropy(model(mge.Tensor(images)), mge.Tensor(labels)))
        optimizer.step().clear_grad()
    model.eval()


def initialize(model: Digits) -> None:
    """He-initialised weights from a fixed seed."""
    random = np.random.RandomState(1)
    for parameter in model.parameters():
        if parameter.ndim > 1 and parameter.size > parameter.shape[1]:
            scale = np.sqrt(2 / np.prod(parameter.shape[1:]))
            parameter[...] = mge.Tensor((random.standard_normal(parameter.shape) * scale).astype(np.float32))


def main() -> None:
    """Write the files beside this script."""
    model = Digits()
    initialize(model)
    for convolution in (module for module in model.modules() if isinstance(module, ConvBnRelu2d)):
        convolution.bn.weight[...] = mge.Tensor(np.ones(convolution.bn.weight.shape, np.float32))
    train(model, 150, 0.05)
    images, _ = pictures(1, seed=10**6)
    mge.save(model.state_dict(), str(FOLDER / "digits-weights.pkl"))

    @trace(symbolic=True, capture_as_const=True)
    def forward(images: mge.Tensor) -> mge.Tensor:
        return model(images)

    forward(mge.Tensor(images))
    forward.dump(str(FOLDER / "digits.mge"), arg_names=["images"], output_names=["logits"])
    quantized = quantize_qat(model)
    train(quantized, 50, 0.01)
    mge.save(trace_module(quantized, mge.Tensor(images)), str(FOLDER / "digits-qat.pkl"))
    logits = mge.load(str(FOLDER / "digits-qat.pkl"))(mge.Tensor(images)).numpy()
    np.savez(FOLDER / "digits-qat.npz", in_0=images, out_0=logits)
    unseen, answers = pictures(500, seed=10**6 + 1)
    right = np.mean(np.argmax(model(mge.Tensor(unseen)).numpy(), 1) == answers)
    print(f"right on pictures it has not seen: {right:.1%}")


if __name__ == "__main__":
    main()
