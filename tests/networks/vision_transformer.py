"""Transformers and perceptrons for images: ViT, Swin, ResMLP, Mixer."""

import megengine as mge
import megengine.functional as F
import megengine.module as M
import numpy as np


class FeedForward(M.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.fc1 = M.Linear(dim, hidden)
        self.act = M.GELU()
        self.fc2 = M.Linear(hidden, dim)
        self.drop = M.Dropout(0.1)

    def forward(self, x):
        return self.drop(self.fc2(self.drop(self.act(self.fc1(x)))))


class Attention(M.Module):
    """By hand, with one projection for queries, keys and values."""

    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.scale = (dim // heads) ** -0.5
        self.qkv = M.Linear(dim, dim * 3, bias=True)
        self.proj = M.Linear(dim, dim)

    def forward(self, x):
        batch, length, dim = x.shape
        qkv = self.qkv(x).reshape(batch, length, 3, self.heads, dim // self.heads).transpose(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        weights = F.softmax(F.matmul(q, k, transpose_b=True) * self.scale, axis=-1)
        x = F.matmul(weights, v).transpose(0, 2, 1, 3).reshape(batch, length, dim)
        return self.proj(x)


class BuiltinAttention(M.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.attention = M.MultiHeadAttention(dim, heads)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=True)[0]


class Block(M.Module):
    def __init__(self, dim, attention):
        super().__init__()
        self.norm1 = M.LayerNorm(dim, eps=1e-6)
        self.attention = attention
        self.norm2 = M.LayerNorm(dim, eps=1e-6)
        self.ffn = FeedForward(dim, dim * 2)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.ffn(self.norm2(x))


class ViT(M.Module):
    def __init__(self, attention=Attention, dim=16, heads=2):
        super().__init__()
        self.patch = M.Conv2d(3, dim, 8, 8)
        self.cls_token = mge.Parameter(np.zeros((1, 1, dim), "float32"))
        self.pos_embed = mge.Parameter(np.zeros((1, 17, dim), "float32"))
        self.blocks = M.Sequential(*[Block(dim, attention(dim, heads)) for _ in range(2)])
        self.norm = M.LayerNorm(dim)
        self.head = M.Linear(dim, 5)

    def forward(self, x):
        x = F.flatten(self.patch(x), 2).transpose(0, 2, 1)
        token = F.broadcast_to(self.cls_token, (x.shape[0], 1, x.shape[2]))
        x = F.concat([token, x], axis=1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])


def windows_of(x, size):
    batch, height, width, channels = x.shape
    x = x.reshape(batch, height // size, size, width // size, size, channels)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(-1, size, size, channels)


def image_of(windows, size, height, width):
    batch = windows.shape[0] // (height * width // size // size)
    x = windows.reshape(batch, height // size, width // size, size, size, -1)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height, width, -1)


class WindowAttention(M.Module):
    def __init__(self, dim, heads, window):
        super().__init__()
        self.heads, self.window = heads, window
        self.bias_table = mge.Parameter(np.zeros(((2 * window - 1) ** 2, heads), "float32"))
        rows, columns = (axis.reshape(-1) for axis in np.mgrid[:window, :window])
        relative = (rows[:, None] - rows + window - 1) * (2 * window - 1) + columns[:, None] - columns + window - 1
        self.relative_index = mge.Tensor(relative.astype("int32"))
        self.qkv = M.Linear(dim, 3 * dim)
        self.proj = M.Linear(dim, dim)
        self.softmax = M.Softmax(axis=-1)

    def forward(self, x, mask=None):
        batch, length, dim = x.shape
        qkv = self.qkv(x).reshape(batch, length, 3, self.heads, dim // self.heads)
        q, k, v = F.split(F.transpose(qkv, (2, 0, 3, 1, 4)), 3)
        q, k, v = (F.squeeze(item, 0) for item in (q, k, v))
        scores = F.matmul(q * (dim // self.heads) ** -0.5, k.transpose(0, 1, 3, 2))
        bias = self.bias_table[self.relative_index.reshape(-1)].reshape(length, length, -1).transpose(2, 0, 1)
        scores = scores + F.expand_dims(bias, 0)
        if mask is not None:
            count = mask.shape[0]
            scores = scores.reshape(batch // count, count, self.heads, length, length) + mask[None, :, None]
            scores = scores.reshape(-1, self.heads, length, length)
        x = F.matmul(self.softmax(scores), v).transpose(0, 2, 1, 3).reshape(batch, length, dim)
        return self.proj(x)


class SwinBlock(M.Module):
    def __init__(self, dim, heads, size, window, shift):
        super().__init__()
        self.size, self.window, self.shift = size, window, shift
        self.norm1, self.norm2 = M.LayerNorm(dim), M.LayerNorm(dim)
        self.attention = WindowAttention(dim, heads, window)
        self.ffn = FeedForward(dim, dim * 2)
        self.mask = None
        if shift:
            regions = np.zeros((size, size))
            parts = (slice(0, -window), slice(-window, -shift), slice(-shift, None))
            for number, (rows, columns) in enumerate((a, b) for a in parts for b in parts):
                regions[rows, columns] = number
            count = size // window
            regions = regions.reshape(count, window, count, window).transpose(0, 2, 1, 3).reshape(count * count, -1)
            mask = np.where(regions[:, None] == regions[:, :, None], 0, -100)
            self.mask = mge.Tensor(mask.astype("float32"))

    def forward(self, x):
        batch, length, dim = x.shape
        y = self.norm1(x).reshape(batch, self.size, self.size, dim)
        if self.shift:
            y = F.roll(y, (-self.shift, -self.shift), (1, 2))
        windows = windows_of(y, self.window).reshape(-1, self.window * self.window, dim)
        windows = self.attention(windows, self.mask).reshape(-1, self.window, self.window, dim)
        y = image_of(windows, self.window, self.size, self.size)
        if self.shift:
            y = F.roll(y, (self.shift, self.shift), (1, 2))
        x = x + y.reshape(batch, length, dim)
        return x + self.ffn(self.norm2(x))


class PatchMerging(M.Module):
    def __init__(self, dim, size):
        super().__init__()
        self.size = size
        self.norm = M.LayerNorm(4 * dim)
        self.reduction = M.Linear(4 * dim, 2 * dim, bias=False)

    def forward(self, x):
        batch, _, dim = x.shape
        x = x.reshape(batch, self.size, self.size, dim)
        parts = [x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2, :], x[:, 1::2, 1::2, :]]
        return self.reduction(self.norm(F.concat(parts, -1).reshape(batch, -1, 4 * dim)))


class Swin(M.Module):
    def __init__(self, dim=8):
        super().__init__()
        self.patch = M.Conv2d(3, dim, 4, 4)
        self.norm = M.LayerNorm(dim)
        self.blocks = M.Sequential(SwinBlock(dim, 2, 8, 4, 0), SwinBlock(dim, 2, 8, 4, 2))
        self.merge = PatchMerging(dim, 8)
        self.last = SwinBlock(2 * dim, 2, 4, 4, 0)
        self.head = M.Linear(2 * dim, 5)

    def forward(self, x):
        x = F.flatten(self.patch(x), 2).transpose((0, 2, 1))
        x = self.last(self.merge(self.blocks(self.norm(x))))
        return self.head(F.mean(x, axis=1))


class Affine(M.Module):
    def __init__(self, dim):
        super().__init__()
        self.alpha = mge.Parameter(np.ones((1, 1, dim), "float32"))
        self.beta = mge.Parameter(np.zeros((1, 1, dim), "float32"))

    def forward(self, x):
        return self.alpha * x + self.beta


class ResMLP(M.Module):
    def __init__(self, dim=12, tokens=16):
        super().__init__()
        self.patch = M.Conv2d(3, dim, 8, 8)
        self.norms = [Affine(dim), Affine(dim), Affine(dim)]
        self.tokens = M.Linear(tokens, tokens)
        self.channels = FeedForward(dim, 2 * dim)
        self.gamma = mge.Parameter(np.ones(dim, "float32"))
        self.head = M.Linear(dim, 5)

    def forward(self, x):
        x = F.flatten(self.patch(x), 2).transpose(0, 2, 1)
        x = x + self.gamma * self.tokens(self.norms[0](x).transpose(0, 2, 1)).transpose(0, 2, 1)
        x = x + self.channels(self.norms[1](x)) * self.gamma
        return self.head(self.norms[2](x).mean(axis=1))


class Mixer(M.Module):
    def __init__(self, dim=12, tokens=16):
        super().__init__()
        self.patch = M.Conv2d(3, dim, 8, 8)
        self.norm1, self.norm2 = M.LayerNorm(dim), M.LayerNorm(dim)
        self.tokens, self.channels = FeedForward(tokens, 8), FeedForward(dim, 24)
        self.head = M.Linear(dim, 5)

    def forward(self, x):
        x = self.patch(x)
        x = F.swapaxes(x.reshape(x.shape[0], x.shape[1], -1), 1, 2)
        for _ in range(2):
            x = x + F.swapaxes(self.tokens(F.swapaxes(self.norm1(x), 1, 2)), 1, 2)
            x = x + self.channels(self.norm2(x))
        return self.head(x.mean(1))
