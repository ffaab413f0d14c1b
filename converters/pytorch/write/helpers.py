"""Functions that torch lacks; a file gets those that it calls.

`HELPERS` is the text of each by its name, as ruff formats it. They follow the ONNX operators RoiAlign, MaxRoiPool,
NonMaxSuppression, DeformConv and Resize (https://onnx.ai/onnx/operators/).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .quantized_layers import LAYERS

HELPERS: Mapping[str, str] = {
    "FakeQuantize": '''class FakeQuantize(nn.Module):
    """Rounds x to low..high steps of scale; the gradient passes the rounding."""

    def __init__(self, low, high, shape=(), learns=False):
        super().__init__()
        self.low, self.high = low, high
        self.scale = nn.Parameter(torch.ones(shape), requires_grad=learns)
        self.register_buffer("zero_point", torch.zeros(shape))

    def forward(self, x):
        steps = x / self.scale
        steps = steps + (torch.round(steps) - steps).detach() + self.zero_point
        return (torch.clamp(steps, self.low, self.high) - self.zero_point) * self.scale''',
    "FrozenBatchNorm2d": '''class FrozenBatchNorm2d(nn.BatchNorm2d):
    """Batch normalization that keeps its statistics, in training mode too."""

    def train(self, mode=True):
        return super().train(False)''',
    "FrozenBatchNorm1d": '''class FrozenBatchNorm1d(nn.BatchNorm1d):
    """Batch normalization that keeps its statistics, in training mode too."""

    def train(self, mode=True):
        return super().train(False)''',
    "roi_align": '''def roi_align(x, boxes, images, size, samples, scale=1.0, offset=0.5, largest=False):
    """Boxes (R, 4) of the images (R) of x, each resampled to (R, C, *size).

    Each output is the mean, or the largest, of samples x samples bilinear samples. What
    is more than a pixel outside is zero. samples=0 takes about one sample per pixel.
    """
    if samples == 0:
        regions = []
        for box, image in zip(boxes, images):
            height, width = (box[2:] - box[:2]).mul(scale).flip(0).tolist()
            count = [max(1, math.ceil(a / b)) for a, b in zip((height, width), size)]
            one = box[None], image[None]
            regions.append(roi_align(x, *one, size, count, scale, offset, largest))
        return torch.cat(regions) if regions else x.new_zeros(0, x.shape[1], *size)
    count = samples if isinstance(samples, list) else [samples, samples]
    start = boxes[:, :2] * scale - offset
    extent = boxes[:, 2:] * scale - offset - start
    extent = extent if offset else extent.clamp(min=1)
    grids = []
    for axis in (0, 1):
        steps = torch.arange(size[axis] * count[axis], device=x.device) + 0.5
        along = start[:, 1 - axis, None] + steps * extent[:, 1 - axis, None] / len(
            steps
        )
        inside = (along >= -1) & (along <= x.shape[2 + axis])
        along = along.clamp(0, x.shape[2 + axis] - 1)
        low = along.floor().long()
        part = along - low
        high = (low + 1).clamp(max=x.shape[2 + axis] - 1)
        grids.append(((low, (1 - part) * inside), (high, part * inside)))
    images = images.long()[:, None, None]
    corners = [
        x[images, :, row[:, :, None], column[:, None, :]]
        * (y_part[:, :, None] * x_part[:, None, :])[..., None]
        for row, y_part in grids[0]
        for column, x_part in grids[1]
    ]
    if largest:
        best = torch.stack(corners).amax(0).permute(0, 3, 1, 2)
        return F.max_pool2d(best, count)
    return F.avg_pool2d(sum(corners).permute(0, 3, 1, 2), count)''',
    "roi_max_pool": '''def roi_max_pool(x, rois, size, scale=1.0):
    """The largest value of each part of the regions (R, 5: image, x1, y1, x2, y2)."""
    result = []
    for roi in rois:
        image = int(roi[0])
        left, top, right, bottom = (
            torch.floor(roi[1:] * scale + 0.5).to(torch.int64).tolist()
        )
        height, width = max(bottom - top + 1, 1), max(right - left + 1, 1)
        rows = [
            (math.floor(i * height / size[0]), math.ceil((i + 1) * height / size[0]))
            for i in range(size[0])
        ]
        columns = [
            (math.floor(i * width / size[1]), math.ceil((i + 1) * width / size[1]))
            for i in range(size[1])
        ]
        for y0, y1 in rows:
            for x0, x1 in columns:
                ys = slice(max(top + y0, 0), max(top + y1, 0))
                xs = slice(max(left + x0, 0), max(left + x1, 0))
                part = x[image, :, ys, xs].flatten(1)
                empty = x.new_zeros(x.shape[1])
                result.append(part.amax(1) if part.shape[1] else empty)
    shape = (len(rois), *size, x.shape[1])
    return torch.stack(result).reshape(shape).permute(0, 3, 1, 2)''',
    "non_max_suppression": '''@torch.library.custom_op("mgeconvert::non_max_suppression", mutates_args=())
def non_max_suppression(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    most: int,
    limit: float,
    least: float | None = None,
    centered: bool = False,
) -> torch.Tensor:
    """Rows (image, class, box) of the boxes that overlap no better one by more than limit.

    boxes is (N, B, 4), scores (N, C, B); of each class at most `most` boxes are kept.
    For torch.export and torch.jit.trace, it is one operator.
    """
    if centered:
        half = boxes[..., 2:] / 2
        boxes = torch.cat([boxes[..., :2] - half, boxes[..., :2] + half], -1)
    first = torch.minimum(boxes[..., :2], boxes[..., 2:])
    last = torch.maximum(boxes[..., :2], boxes[..., 2:])
    kept = []
    for image in range(scores.shape[0]):
        low, high = first[image], last[image]
        area = (high - low).prod(-1)
        for group in range(scores.shape[1]):
            score = scores[image, group]
            order = torch.argsort(score, descending=True, stable=True)
            if least is not None:
                order = order[score[order] > least]
            count = 0
            while len(order) and count < most:
                best, order = order[0], order[1:]
                kept.append(
                    torch.stack([best.new_tensor(image), best.new_tensor(group), best])
                )
                count += 1
                sides = torch.minimum(high[best], high[order]) - torch.maximum(
                    low[best], low[order]
                )
                shared = sides.clamp(min=0).prod(-1)
                order = order[~(shared > limit * (area[best] + area[order] - shared))]
    empty = torch.zeros(0, 3, dtype=torch.int64, device=scores.device)
    return torch.stack(kept) if kept else empty


@non_max_suppression.register_fake
def _(boxes, *_args, **_kwargs):
    count = torch.library.get_ctx().new_dynamic_size()
    return boxes.new_empty(count, 3, dtype=torch.int64)''',
    "scatter_nd": '''def scatter_nd(x, indices, updates, how):
    """x with updates put together ("amax", "amin", "prod") at indices (..., K) of its first K axes."""
    depth = indices.shape[-1]
    place = torch.zeros_like(indices[..., 0])
    for axis in range(depth):
        place = place * x.shape[axis] + indices[..., axis] % x.shape[axis]
    rows = x.reshape(math.prod(x.shape[:depth]), -1)
    updates = updates.reshape(-1, rows.shape[1])
    return rows.index_reduce(0, place.flatten(), updates, how).reshape(x.shape)''',
    "reverse_sequence": '''def reverse_sequence(x, lengths, time, batch):
    """x with the first lengths[n] elements of axis `time` reversed for each n of axis `batch`."""
    x = x.movedim((time, batch), (0, 1))
    step = torch.arange(x.shape[0], device=x.device)[:, None]
    place = torch.where(step < lengths, lengths - 1 - step, step)
    x = x[place, torch.arange(x.shape[1], device=x.device)]
    return x.movedim((0, 1), (time, batch))''',
    "gru": '''def gru(x, weight, recurrent, bias=None, state=None, reverse=False):
    """GRU with the reset gate before the product: (T, D, N, H) and the last states.

    x is (T, N, I), weight (D, 3 H, I), recurrent (D, 3 H, H), bias (D, 6 H), state
    (D, N, H); gates are update, reset, hidden. The second direction goes backwards.
    """
    size = recurrent.shape[2]
    sequences, last = [], []
    for way in range(weight.shape[0]):
        backwards = reverse or way == 1
        hidden = x.new_zeros(x.shape[1], size) if state is None else state[way]
        to_gates, to_hidden = recurrent[way].split([2 * size, size])
        given = x @ weight[way].T
        if bias is not None:
            given = given + bias[way].reshape(2, -1).sum(0)
        steps = []
        for part in given.flip(0) if backwards else given:
            gates = torch.sigmoid(part[:, : 2 * size] + hidden @ to_gates.T)
            update, reset = gates.chunk(2, 1)
            new = torch.tanh(part[:, 2 * size :] + (reset * hidden) @ to_hidden.T)
            hidden = (1 - update) * new + update * hidden
            steps.append(hidden)
        sequences.append(torch.stack(steps[::-1] if backwards else steps))
        last.append(hidden)
    return torch.stack(sequences, 1), torch.stack(last)''',
    "deform_conv2d": '''def deform_conv2d(x, weight, offset, bias, mask, stride, padding, dilation, groups):
    """A convolution whose samples are moved by offset (N, 2 G KH KW, OH, OW), y before x."""
    rows, columns = weight.shape[2:]
    height, width = offset.shape[2:]
    parts = offset.shape[1] // (2 * rows * columns)
    x_axis = torch.arange(width, device=x.device)
    y_axis = torch.arange(height, device=x.device)
    k = torch.arange(rows * columns, device=x.device)
    y = (y_axis * stride[0] - padding[0])[:, None] + ((k // columns) * dilation[0])[
        :, None, None
    ]
    x_ = (x_axis * stride[1] - padding[1]) + ((k % columns) * dilation[1])[
        :, None, None
    ]
    offset = offset.unflatten(1, (parts, rows * columns, 2))
    y, x_ = y + offset[:, :, :, 0], x_ + offset[:, :, :, 1]
    size = torch.tensor([x.shape[3], x.shape[2]], device=x.device)
    grid = (2 * torch.stack([x_, y], -1) + 1) / size - 1
    image = x.unflatten(1, (parts, -1)).flatten(0, 1)
    values = F.grid_sample(image, grid.flatten(0, 1).flatten(1, 2), align_corners=False)
    values = values.unflatten(2, (rows * columns, height)).unflatten(0, (-1, parts))
    if mask is not None:
        values = values * mask.unflatten(1, (parts, 1, rows * columns))
    values = values.flatten(1, 2).unflatten(1, (groups, -1))
    weight = weight.flatten(2).unflatten(0, (groups, -1))
    result = torch.einsum("ngckhw,gock->ngohw", values, weight).flatten(1, 2)
    return result if bias is None else result + bias.reshape(-1, 1, 1)''',
    "interpolate_axis": '''def interpolate_axis(x, dim, positions, taps, a=-0.75, inside=False):
    """x at positions between the elements of an axis, linear (2 taps) or cubic (4).

    inside: what lies outside of the axis has no weight.
    """
    low = positions.floor()
    part = positions - low
    if taps == 2:
        weights = [1 - part, part]
    else:
        near, far = [part, 1 - part], [1 + part, 2 - part]
        inner = [((a + 2) * t - (a + 3)) * t * t + 1 for t in near]
        outer = [((a * t - 5 * a) * t + 8 * a) * t - 4 * a for t in far]
        weights = [outer[0], inner[0], inner[1], outer[1]]
    places = [low.long() + 1 - taps // 2 + n for n in range(taps)]
    end = x.shape[dim] - 1
    if inside:
        weights = [w * ((p >= 0) & (p <= end)) for w, p in zip(weights, places)]
        weights = [w / sum(weights) for w in weights]
    shape = [-1, *[1] * (x.dim() - 1 - dim)]
    return sum(
        x.index_select(dim, place.clamp(0, end)) * weight.reshape(shape)
        for place, weight in zip(places, weights)
    )''',
    **LAYERS,
}


def called(body: str) -> list[str]:
    """The texts of the functions and classes that a file's classes call, and those that these call, in their order."""
    found: set[str] = set()
    pending = [body]
    while pending:
        text = pending.pop()
        new = [name for name in HELPERS if name not in found and re.search(rf"(?<![\w.]){name}[(,)]", text)]
        found.update(new)
        pending += [HELPERS[name].partition("\n" if HELPERS[name].startswith("def") else " ")[2] for name in new]
    return [text for name, text in HELPERS.items() if name in found]
