"""Layers and observers of networks that are trained to be quantized, as ruff formats them.

They do what megengine.module.qat, megengine.quantization.observer and megengine.quantization.fake_quant of MegEngine
1.13 do, in both modes.
"""

from __future__ import annotations

from collections.abc import Mapping

LAYERS: Mapping[str, str] = {
    "fake_quantize": '''def fake_quantize(x, scale, zero_point, low, high):
    """x on the grid of low..high steps of scale, halves away from zero; the gradient passes
    the rounding."""
    steps = x / scale
    whole = steps.sign() * torch.floor(steps.abs() + 0.5)
    steps = steps + (whole - steps).detach() + zero_point
    return (torch.clamp(steps, low, high) - zero_point) * scale''',
    "MinMaxObserver": '''class MinMaxObserver(nn.Module):
    """Rounds to a grid for the least and the largest number seen, which it goes on to
    look for in training mode."""

    def __init__(self, low, high, symmetric=True, limit=1e-5, rounds=True):
        super().__init__()
        self.low, self.high = low, high
        self.symmetric, self.limit, self.rounds = symmetric, limit, rounds
        self.register_buffer("min_val", torch.zeros(()))
        self.register_buffer("max_val", torch.zeros(()))

    def observe(self, least, largest):
        self.min_val.copy_(torch.minimum(self.min_val, least))
        self.max_val.copy_(torch.maximum(self.max_val, largest))

    def grid(self):
        least, largest = self.min_val.clamp(max=0), self.max_val.clamp(min=0)
        if self.symmetric:
            extent = 2 * torch.maximum(-least, largest)
        else:
            extent = largest - least
        scale = (extent / (self.high - self.low)).clamp(min=self.limit)
        return scale, 0 if self.symmetric else self.low - torch.round(least / scale)

    def forward(self, x):
        if self.training:
            self.observe(*x.detach().aminmax())
        return fake_quantize(x, *self.grid(), self.low, self.high) if self.rounds else x''',
    "MovingAverageObserver": '''class MovingAverageObserver(MinMaxObserver):
    """Rounds to a grid for the moving averages of the least and the largest number."""

    def __init__(self, *ends, **options):
        super().__init__(*ends, **options)
        self.register_buffer("momentum", torch.zeros(()))
        self.register_buffer("runtime_momentum", torch.zeros(()))

    def observe(self, least, largest):
        self.min_val.lerp_(least, 1 - self.runtime_momentum)
        self.max_val.lerp_(largest, 1 - self.runtime_momentum)
        self.runtime_momentum.copy_(self.momentum)''',
    "TQT": '''class TQT(nn.Module):
    """Rounds to steps of 2 ** scale, which is trained (https://arxiv.org/abs/1903.08066)."""

    def __init__(self, low, high):
        super().__init__()
        self.low, self.high = low, high
        self.scale = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return fake_quantize(x, 2**self.scale, 0, self.low, self.high)''',
    "LSQ": '''class LSQ(nn.Module):
    """Rounds to steps of a size that is trained (https://arxiv.org/abs/1902.08153)."""

    def __init__(self, low, high):
        super().__init__()
        self.low, self.high = low, high
        self.step_size = nn.Parameter(torch.ones(()))
        for name in ("zero_point", "grad_scale", "eps"):
            self.register_buffer(name, torch.zeros(()))

    def forward(self, x):
        scale = self.step_size.abs() + self.eps
        slow = scale * self.grad_scale
        scale = slow + (scale - slow).detach()
        zero_point = torch.round(self.zero_point)
        return fake_quantize(x, scale, zero_point, self.low, self.high)''',
    "QuantizedLayer": '''class QuantizedLayer(nn.Module):
    """Rounds weight, bias and result, each as its own module says."""

    def prepare(self, relu, rounds_bias, quantizers):
        self.relu = relu
        for name, quantizer in quantizers.items():
            self.add_module(name, quantizer)
        self.register_buffer("bias_scale", torch.ones(()) if rounds_bias else None)

    def rounded(self, name, x):
        for part in ("observer", "fake_quant"):
            quantizer = self._modules.get(f"{name}_{part}")
            x = x if quantizer is None else quantizer(x)
        return x

    def rounded_bias(self, bias):
        if bias is None or self.bias_scale is None:
            return bias
        return fake_quantize(bias, self.bias_scale, 0, -(2**31), 2**31 - 1)

    def result(self, x):
        return self.rounded("act", F.relu(x) if self.relu else x)''',
    "QuantizedConv2d": """class QuantizedConv2d(QuantizedLayer, nn.Conv2d):
    def __init__(self, *sizes, relu=False, rounds_bias=False, **options):
        plain = {k: v for k, v in options.items() if not isinstance(v, nn.Module)}
        super().__init__(*sizes, **plain)
        quantizers = {k: v for k, v in options.items() if k not in plain}
        self.prepare(relu, rounds_bias, quantizers)

    def forward(self, x):
        weight = self.rounded("weight", self.weight)
        return self.result(self._conv_forward(x, weight, self.rounded_bias(self.bias)))""",
    "QuantizedConvBn2d": '''class QuantizedConvBn2d(QuantizedLayer):
    """A convolution that rounds its weight with the batch norm in it. In training mode the
    result is divided by the factor again, and the batch norm is computed."""

    def __init__(self, conv, bn, relu=False, rounds_bias=False, **quantizers):
        super().__init__()
        self.conv, self.bn = conv, bn
        self.prepare(relu, rounds_bias, quantizers)

    def forward(self, x):
        conv, bn = self.conv, self.bn
        factor = bn.weight / torch.sqrt(bn.running_var + bn.eps)
        weight = self.rounded("weight", conv.weight * factor[:, None, None, None])
        if self.training:
            x = conv._conv_forward(x, weight, None) / factor[:, None, None]
            x = bn(x if conv.bias is None else x + conv.bias[:, None, None])
        else:
            offset = 0 if conv.bias is None else conv.bias
            bias = self.rounded_bias(bn.bias + factor * (offset - bn.running_mean))
            x = conv._conv_forward(x, weight, bias)
        return self.result(x)''',
    "QuantizedLinear": """class QuantizedLinear(QuantizedLayer, nn.Linear):
    def __init__(self, *sizes, relu=False, rounds_bias=False, bias=True, **quantizers):
        super().__init__(*sizes, bias=bias)
        self.prepare(relu, rounds_bias, quantizers)

    def forward(self, x):
        weight = self.rounded("weight", self.weight)
        return self.result(F.linear(x, weight, self.rounded_bias(self.bias)))""",
}
