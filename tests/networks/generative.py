"""Generators: VQGAN, DCGAN, StyleGAN with modulated convolutions."""

import megengine as mge
import megengine.functional as F
import megengine.module as M
import numpy as np


def swish(x):
    return x * F.sigmoid(x)


class ResBlock(M.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1, self.conv1 = M.GroupNorm(4, inputs), M.Conv2d(inputs, outputs, 3, 1, 1)
        self.norm2, self.conv2 = M.GroupNorm(4, outputs, eps=1e-6), M.Conv2d(outputs, outputs, 3, 1, 1)
        self.skip = M.Conv2d(inputs, outputs, 1) if inputs != outputs else M.Identity()

    def forward(self, x):
        y = self.conv1(swish(self.norm1(x)))
        return self.skip(x) + self.conv2(swish(self.norm2(y)))


class AttentionBlock(M.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = M.GroupNorm(4, channels)
        self.q, self.k, self.v, self.out = (M.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x):
        y = self.norm(x)
        q, k, v = self.q(y), self.k(y), self.v(y)
        b, c, h, w = q.shape
        q = q.reshape(b, c, h * w).transpose(0, 2, 1)
        weights = F.softmax(F.matmul(q, k.reshape(b, c, h * w)) * int(c) ** (-0.5), axis=2)
        y = F.matmul(v.reshape(b, c, h * w), weights.transpose(0, 2, 1)).reshape(b, c, h, w)
        return x + self.out(y)


class Codebook(M.Module):
    def __init__(self, codes, dim):
        super().__init__()
        self.codes, self.dim = codes, dim
        self.embedding = M.Embedding(codes, dim)

    def forward(self, z):
        z = F.transpose(z, (0, 2, 3, 1))
        flat = z.reshape(-1, self.dim)
        weight = self.embedding.weight
        distance = F.sum(flat**2, axis=1, keepdims=True) + F.sum(weight**2, axis=1) - 2 * F.matmul(flat, weight.T)
        index = F.argmin(distance, axis=1)
        quantized = F.matmul(F.one_hot(index, self.codes).astype("float32"), weight).reshape(z.shape)
        quantized = z + (quantized - z).detach()
        return F.transpose(quantized, (0, 3, 1, 2)), index.reshape(z.shape[:-1])


class VqGan(M.Module):
    def __init__(self):
        super().__init__()
        self.encode = M.Sequential(M.Conv2d(3, 8, 3, 1, 1), ResBlock(8, 8), M.Conv2d(8, 8, 3, 2, 0), ResBlock(8, 8))
        self.quant, self.codebook = M.Conv2d(8, 4, 1), Codebook(16, 4)
        self.post = M.Conv2d(4, 8, 1)
        self.middle = M.Sequential(ResBlock(8, 12), AttentionBlock(12), ResBlock(12, 8))
        self.up, self.norm, self.out = M.Conv2d(8, 8, 3, 1, 1), M.GroupNorm(4, 8), M.Conv2d(8, 3, 3, 1, 1)

    def forward(self, x):
        z, index = self.codebook(self.quant(self.encode(x)))
        y = self.middle(self.post(z))
        y = self.up(F.vision.interpolate(y, scale_factor=2, mode="nearest"))
        return F.tanh(self.out(swish(self.norm(y)))), index


class DcGan(M.Module):
    def __init__(self):
        super().__init__()
        self.net = M.Sequential(
            M.ConvTranspose2d(12, 16, 4, 1, 0, bias=False),
            M.BatchNorm2d(16),
            M.ReLU(),
            M.ConvTranspose2d(16, 8, 4, 2, 1, bias=False),
            M.BatchNorm2d(8),
            M.ReLU(),
            M.ConvTranspose2d(8, 3, 4, 2, 1),
        )

    def forward(self, z):
        return F.tanh(self.net(z.reshape(-1, 12, 1, 1)))


class ModulatedConv(M.Module):
    """The weight is scaled by the style of each image, so the batch becomes groups."""

    def __init__(self, inputs, outputs, style, demodulate=True, upsample=False):
        super().__init__()
        self.inputs, self.outputs = inputs, outputs
        self.weight = mge.Parameter(np.zeros((1, outputs, inputs, 3, 3), "float32"))
        self.affine = M.Linear(style, inputs)
        self.demodulate, self.upsample = demodulate, upsample

    def forward(self, x, style):
        batch, _, height, width = x.shape
        scale = self.affine(style).reshape(batch, 1, self.inputs, 1, 1) + 1
        weight = self.weight * scale
        if self.demodulate:
            weight = weight * (1 / F.sqrt((weight**2).sum(axis=(2, 3, 4)) + 1e-8)).reshape(batch, self.outputs, 1, 1, 1)
        x = x.reshape(1, batch * self.inputs, height, width)
        if self.upsample:
            weight = weight.transpose(0, 2, 1, 3, 4)
            y = F.conv_transpose2d(x, weight, stride=2, padding=1, output_padding=1, groups=batch)
        else:
            y = F.conv2d(x, weight, padding=1, groups=batch)
        return y.reshape(batch, self.outputs, y.shape[2], y.shape[3])


class StyleGan(M.Module):
    def __init__(self, style=8):
        super().__init__()
        self.mapping = M.Sequential(M.Linear(style, style), M.LeakyReLU(0.2), M.Linear(style, style))
        self.constant = mge.Parameter(np.ones((1, 6, 4, 4), "float32"))
        self.conv1, self.conv2 = ModulatedConv(6, 6, style), ModulatedConv(6, 4, style)
        self.to_rgb = ModulatedConv(4, 3, style, demodulate=False)
        self.blur = mge.Tensor(np.outer([1, 3, 3, 1], [1, 3, 3, 1]).astype("float32").reshape(1, 1, 4, 4) / 64)
        self.noise = mge.Parameter(np.zeros((1, 1, 8, 8), "float32"))
        self.strength = mge.Parameter(np.ones(1, "float32"))

    def forward(self, z):
        z = z * (1 / F.sqrt(F.mean(z**2, axis=1, keepdims=True) + 1e-8))
        style = self.mapping(z)
        x = F.repeat(self.constant, z.shape[0], axis=0)
        x = F.leaky_relu(self.conv1(x, style), 0.2) * 2**0.5
        x = F.vision.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = self.conv2(x, style) + self.noise * self.strength
        channels = x.shape[1]
        kernel = F.broadcast_to(F.expand_dims(self.blur, 0), (channels, 1, 1, 4, 4))
        x = F.conv2d(F.nn.pad(x, ((0, 0), (0, 0), (2, 1), (2, 1))), kernel, groups=int(channels))
        return self.to_rgb(F.leaky_relu(x, 0.2), style)
