"""Networks for text: BERT, GPT, CLIP, recurrent classifiers."""

import math

import megengine as mge
import megengine.functional as F
import megengine.module as M
import numpy as np


def gelu(x):
    return x * 0.5 * (1.0 + F.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * F.pow(x, 3))))


class TransposedAttention(M.Module):
    """Scores against an additive mask, as in BERT."""

    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.size = heads, dim // heads
        self.query, self.key, self.value = M.Linear(dim, dim), M.Linear(dim, dim), M.Linear(dim, dim)
        self.dense = M.Linear(dim, dim)
        self.norm = M.LayerNorm(dim, eps=1e-12)

    def split(self, x):
        x = x.reshape(*x.shape[:-1], self.heads, self.size)
        return x.transpose(0, 2, 1, 3)

    def forward(self, hidden, mask):
        query, key, value = self.split(self.query(hidden)), self.split(self.key(hidden)), self.split(self.value(hidden))
        scores = F.matmul(query, F.transpose(key, (0, 1, 3, 2))) / math.sqrt(self.size)
        weights = F.softmax(scores + mask, axis=len(scores.shape) - 1)
        context = F.matmul(weights, value).transpose(0, 2, 1, 3)
        context = context.reshape(context.shape[0], context.shape[1], self.heads * self.size)
        return self.norm(self.dense(context) + hidden)


class BertLayer(M.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.attention = TransposedAttention(dim, heads)
        self.inner, self.outer = M.Linear(dim, 2 * dim), M.Linear(2 * dim, dim)
        self.norm = M.LayerNorm(dim)

    def forward(self, x, mask):
        x = self.attention(x, mask)
        return self.norm(self.outer(gelu(self.inner(x))) + x)


class Bert(M.Module):
    def __init__(self, dim=16, words=30, length=12):
        super().__init__()
        self.words = M.Embedding(words, dim)
        self.positions = M.Embedding(length, dim)
        self.types = M.Embedding(2, dim)
        self.norm = M.LayerNorm(dim)
        self.layers = [BertLayer(dim, 2), BertLayer(dim, 2)]
        self.pooler = M.Linear(dim, dim)
        self.classifier = M.Linear(dim, 3)

    def forward(self, tokens, types, mask):
        length = tokens.shape[1]
        places = F.broadcast_to(F.expand_dims(F.linspace(0, length - 1, length).astype(np.int32), 0), tokens.shape)
        x = self.norm(self.words(tokens) + self.positions(places) + self.types(types))
        hidden = (1.0 - F.expand_dims(mask, (1, 2)).astype("float32")) * -10000.0
        for layer in self.layers:
            x = layer(x, hidden)
        pooled = F.tanh(self.pooler(x[:, 0]))
        return x, F.logsoftmax(self.classifier(pooled), axis=-1)


class Gpt(M.Module):
    """One projection for queries, keys and values; a triangular buffer hides the future; the head is the embedding."""

    def __init__(self, dim=16, heads=2, words=40, length=10):
        super().__init__()
        self.heads = heads
        self.wte, self.wpe = M.Embedding(words, dim), M.Embedding(length, dim)
        self.norm1, self.norm2, self.last = M.LayerNorm(dim), M.LayerNorm(dim), M.LayerNorm(dim)
        self.qkv, self.proj = M.Linear(dim, 3 * dim), M.Linear(dim, dim)
        self.inner, self.outer = M.Linear(dim, 4 * dim), M.Linear(4 * dim, dim)
        self.causal = mge.Tensor(np.tril(np.ones((1, 1, length, length), "float32")))

    def attend(self, x):
        batch, length, dim = x.shape
        q, k, v = F.split(self.qkv(x), 3, axis=2)
        q, k, v = (
            item.reshape(batch, length, self.heads, dim // self.heads).transpose(0, 2, 1, 3) for item in (q, k, v)
        )
        scores = F.matmul(q, k.transpose(0, 1, 3, 2)) * (1.0 / math.sqrt(k.shape[-1]))
        hidden = self.causal[:, :, :length, :length] == 0
        scores = F.where(hidden, F.full_like(scores, -1e9), scores)
        return self.proj(F.matmul(F.softmax(scores, -1), v).transpose(0, 2, 1, 3).reshape(batch, length, dim))

    def forward(self, tokens):
        x = self.wte(tokens) + self.wpe(F.arange(tokens.shape[1], dtype="int32"))
        for _ in range(2):
            x = x + self.attend(self.norm1(x))
            x = x + self.outer(F.gelu(self.inner(self.norm2(x))))
        logits = F.matmul(self.last(x), self.wte.weight, transpose_b=True)
        values, indices = F.topk(logits[:, -1], 5, descending=True)
        return logits, F.softmax(values), indices


class CausalAttention(M.Module):
    """The built-in attention under a mask of minus infinities made by full and triangle arithmetic."""

    def __init__(self, dim=12, length=6):
        super().__init__()
        self.attention = M.MultiHeadAttention(dim, 2)
        self.norm = M.LayerNorm(dim)
        self.length = length

    def forward(self, x):
        rows = F.arange(self.length).reshape(-1, 1)
        columns = F.arange(self.length).reshape(1, -1)
        hidden = F.full((self.length, self.length), float("-inf"))
        mask = F.where(columns > rows, hidden, F.zeros((self.length, self.length)))
        x = self.norm(x)
        return self.attention(x, x, x, attn_mask=mask, need_weights=True)


class WideLayerNorm(M.LayerNorm):
    """Computes in float32, whatever it is given."""

    def forward(self, x):
        return super().forward(x.astype("float32")).astype(x.dtype)


class QuickGelu(M.Module):
    def forward(self, x):
        return x * F.sigmoid(1.702 * x)


class ClipBlock(M.Module):
    def __init__(self, dim, heads, mask=None):
        super().__init__()
        self.attention = M.MultiHeadAttention(dim, heads)
        self.norm1, self.norm2 = WideLayerNorm(dim), WideLayerNorm(dim)
        self.mlp = M.Sequential(M.Linear(dim, 2 * dim), QuickGelu(), M.Linear(2 * dim, dim))
        self.mask = mask

    def forward(self, x):
        y = self.norm1(x)
        x = x + self.attention(y, y, y, attn_mask=self.mask, need_weights=True)[0]
        return x + self.mlp(self.norm2(x))


class Clip(M.Module):
    def __init__(self, dim=16, length=8):
        super().__init__()
        self.patch = M.Conv2d(3, dim, 8, 8, bias=False)
        self.class_embedding = mge.Parameter(np.zeros(dim, "float32"))
        self.image_positions = mge.Parameter(np.zeros((17, dim), "float32"))
        self.image = M.Sequential(WideLayerNorm(dim), ClipBlock(dim, 2), WideLayerNorm(dim))
        self.image_projection = mge.Parameter(np.zeros((dim, 8), "float32"))
        self.words = M.Embedding(20, dim)
        self.text_positions = mge.Parameter(np.zeros((length, dim), "float32"))
        mask = np.triu(np.full((length, length), -np.inf, "float32"), 1)
        self.text = M.Sequential(ClipBlock(dim, 2, mge.Tensor(mask)), WideLayerNorm(dim))
        self.text_projection = mge.Parameter(np.zeros((dim, 8), "float32"))
        self.logit_scale = mge.Parameter(np.zeros(1, "float32"))

    def encode_image(self, image):
        x = self.patch(image)
        x = x.reshape(x.shape[0], x.shape[1], -1).transpose(0, 2, 1)
        first = self.class_embedding + F.zeros((x.shape[0], 1, x.shape[-1]))
        x = F.concat([first, x], axis=1) + self.image_positions
        return F.matmul(self.image(x)[:, 0, :], self.image_projection)

    def encode_text(self, text):
        x = self.text(self.words(text) + self.text_positions)
        x = x[F.arange(x.shape[0]).astype("int32"), F.argmax(text, axis=-1)]
        return F.matmul(x, self.text_projection)

    def forward(self, image, text):
        image = self.encode_image(image)
        text = self.encode_text(text)
        image = image / F.norm(image, axis=1, keepdims=True)
        text = F.normalize(text, axis=-1)
        logits = F.exp(self.logit_scale) * F.matmul(image, text.T)
        return logits, logits.T


class LstmClassifier(M.Module):
    def __init__(self, **options):
        super().__init__()
        self.embedding = M.Embedding(20, 6)
        self.lstm = M.LSTM(6, 5, batch_first=True, **options)
        self.fc = M.Linear(5 * (2 if options.get("bidirectional") else 1), 3)

    def forward(self, tokens):
        y, (h, _) = self.lstm(self.embedding(tokens))
        return self.fc(y[:, -1]), h, F.max(y, axis=1)


class RnnTagger(M.Module):
    """A built-in recurrence over time first, then a cell in a Python loop."""

    def __init__(self):
        super().__init__()
        self.rnn = M.RNN(4, 5, num_layers=2)
        self.cell = M.LSTMCell(5, 5)
        self.out = M.Linear(5, 3)

    def forward(self, x):
        y, _ = self.rnn(x.transpose(1, 0, 2))
        h, c = F.zeros((y.shape[1], 5)), F.zeros((y.shape[1], 5))
        tags = []
        for step in range(3):
            h, c = self.cell(y[step], (h, c))
            tags.append(F.argmax(self.out(h), axis=1))
        return F.stack(tags, axis=1), h
