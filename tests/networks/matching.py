"""Stereo and optical flow: correlation, remapping, recurrent refinement in a Python loop, convex upsampling."""

import megengine as mge
import megengine.functional as F
import megengine.module as M


def coordinates(batch, height, width):
    y, x = F.meshgrid(F.arange(height), F.arange(width), indexing="ij")
    grid = F.expand_dims(F.stack([x, y], axis=0), 0)
    return F.repeat(grid, batch, axis=0)


def sample(image, grid):
    """`image` at the positions (x, y) in pixels of `grid` (N, 2, H, W)."""
    return F.vision.remap(image, grid[:, ::-1].transpose(0, 2, 3, 1)[..., ::-1], border_mode="constant")


def convex_upsample(flow, mask, rate):
    """Every fine value is a convex combination of the nine coarse ones about it."""
    n, _, h, w = flow.shape
    mask = F.softmax(mask.reshape(n, 1, 9, rate, rate, h, w), axis=2)
    around = F.nn.sliding_window(rate * flow, (3, 3), padding=(1, 1))
    around = around.reshape(n, 2, h, w, 9).transpose(0, 1, 4, 2, 3).reshape(n, 2, 9, 1, 1, h, w)
    fine = F.sum(mask * around, axis=2)
    return fine.transpose(0, 1, 4, 2, 5, 3).reshape(n, 2, rate * h, rate * w)


class SepConvGru(M.Module):
    def __init__(self, hidden, inputs):
        super().__init__()
        both = hidden + inputs
        self.gates = [
            M.Conv2d(both, 2 * hidden, (1, 5), padding=(0, 2)),
            M.Conv2d(both, 2 * hidden, (5, 1), padding=(2, 0)),
        ]
        self.states = [M.Conv2d(both, hidden, (1, 5), padding=(0, 2)), M.Conv2d(both, hidden, (5, 1), padding=(2, 0))]
        self.hidden = hidden

    def forward(self, h, x):
        for gates, state in zip(self.gates, self.states):
            both = F.sigmoid(gates(F.concat([h, x], axis=1)))
            z, r = both[:, : self.hidden], both[:, self.hidden :]
            q = F.tanh(state(F.concat([r * h, x], axis=1)))
            h = (1 - z) * h + z * q
        return h


class Encoder(M.Module):
    def __init__(self, outputs, norm):
        super().__init__()
        self.conv1, self.norm = M.Conv2d(3, 8, 7, 2, 3), norm(8)
        self.conv2 = M.Conv2d(8, outputs, 3, 2, 1)

    def forward(self, x):
        return self.conv2(F.relu(self.norm(self.conv1(x))))


class Update(M.Module):
    def __init__(self, planes, hidden, rate):
        super().__init__()
        self.motion = M.Conv2d(planes + 2, 10, 3, padding=1)
        self.gru = SepConvGru(hidden, 12 + hidden)
        self.flow = M.Sequential(M.Conv2d(hidden, 8, 3, 1, 1), M.ReLU(), M.Conv2d(8, 2, 3, 1, 1))
        self.mask = M.Conv2d(hidden, rate * rate * 9, 1)

    def forward(self, net, context, correlation, flow):
        motion = F.concat([F.relu(self.motion(F.concat([correlation, flow], 1))), flow], 1)
        net = self.gru(net, F.concat([context, motion], 1))
        return net, 0.25 * self.mask(net), self.flow(net)


class Raft(M.Module):
    """All pairs, looked up in a pyramid about the present guess."""

    def __init__(self, hidden=6, radius=1):
        super().__init__()
        self.features, self.context = Encoder(8, M.InstanceNorm), Encoder(2 * hidden, M.BatchNorm2d)
        self.hidden, self.radius = hidden, radius
        self.update = Update(2 * (2 * radius + 1) ** 2, hidden, 4)

    def pyramid(self, left, right):
        n, c, h, w = left.shape
        pairs = F.matmul(left.reshape(n, c, -1).transpose(0, 2, 1), right.reshape(n, c, -1)) / F.sqrt(
            mge.Tensor(float(c))
        )
        finest = pairs.reshape(n * h * w, 1, h, w)
        return [finest, F.avg_pool2d(finest, 2, 2)]

    def look_up(self, pyramid, places):
        n, _, h, w = places.shape
        places = places.transpose(0, 2, 3, 1)
        offset = F.linspace(-self.radius, self.radius, 2 * self.radius + 1)
        y, x = F.meshgrid(offset, offset, indexing="ij")
        window = F.expand_dims(F.stack([x, y], axis=-1), 0)
        found = []
        for level, pairs in enumerate(pyramid):
            centre = places.reshape(n * h * w, 1, 1, 2) / 2**level
            sampled = F.vision.remap(pairs, centre + window, border_mode="constant")
            found.append(sampled.reshape(n, h, w, -1))
        return F.concat(found, axis=-1).transpose(0, 3, 1, 2)

    def forward(self, left, right):
        left, right = 2 * (left / 255.0) - 1, 2 * (right / 255.0) - 1
        pyramid = self.pyramid(self.features(left), self.features(right))
        net, context = F.split(self.context(left), [self.hidden], axis=1)
        net, context = F.tanh(net), F.relu(context)
        n, _, h, w = net.shape
        start = coordinates(n, h, w)
        places, flows = start, []
        for _ in range(2):
            correlation = self.look_up(pyramid, places)
            net, mask, delta = self.update(net, context, correlation, places - start)
            places = places + delta
            flows.append(convex_upsample(places - start, mask, 4))
        return flows


class Crestereo(M.Module):
    """Local correlation in groups, by shifting one image and by searching rows; attention by position."""

    def __init__(self, hidden=6):
        super().__init__()
        self.features = Encoder(8, M.InstanceNorm)
        self.context = Encoder(2 * hidden, M.BatchNorm2d)
        self.hidden = hidden
        self.update = Update(2 * 9, hidden, 4)
        self.query, self.key = M.Linear(8, 8, bias=False), M.Linear(8, 8, bias=False)

    def attention(self, x):
        """Linear attention with elu + 1 as its feature map."""
        n, c, h, w = x.shape
        rows = x.reshape(n, c, h * w).transpose(0, 2, 1)
        q, k = F.nn.relu(self.query(rows)) + 1, F.nn.relu(self.key(rows)) + 1
        product = F.matmul(F.transpose(k, (0, 2, 1)), rows)
        norm = 1 / (F.sum(q * F.sum(k, axis=1, keepdims=True), axis=-1, keepdims=True) + 1e-6)
        return x + (F.matmul(q, product) * norm).transpose(0, 2, 1).reshape(n, c, h, w)

    def correlation(self, left, right, rows):
        _, _, h, w = left.shape
        reach = (1, 1) if rows else (0, 4)
        right = F.nn.pad(right, ((0, 0), (0, 0), (reach[0],) * 2, (reach[1],) * 2), mode="replicate")
        found = []
        for down in range(reach[0] * 2 + 1):
            for across in range(reach[1] * 2 + 1):
                part = right[:, :, down : down + h, across : across + w]
                found.append(F.mean(left * part, axis=1, keepdims=True))
        return F.concat(found, axis=1)

    def forward(self, left, right):
        left_features, right_features = self.attention(self.features(left)), self.attention(self.features(right))
        context = self.context(left)
        net, context = F.tanh(context[:, : self.hidden]), F.relu(context[:, self.hidden :])
        n, _, h, w = left_features.shape
        grid = coordinates(n, h, w)
        flow = F.zeros((n, 2, h, w))
        for step in range(2):
            flow = flow.detach()
            warped = F.vision.remap(
                right_features, (grid + flow).transpose(0, 2, 3, 1), border_mode="constant", interp_mode="linear"
            )
            parts = []
            for a, b in zip(F.split(left_features, 2, axis=1), F.split(warped, 2, axis=1)):
                parts.append(self.correlation(a, b, step % 2 == 0))
            net, mask, delta = self.update(net, context, F.concat(parts, axis=1), flow)
            flow = flow + delta
        return convex_upsample(flow, mask, 4)


class FlowNet(M.Module):
    """The built-in correlation of both images."""

    def __init__(self):
        super().__init__()
        self.features = M.Sequential(M.Conv2d(3, 6, 3, 2, 1), M.LeakyReLU(0.1))
        self.flow = M.Conv2d(25 + 6, 2, 3, 1, 1)

    def forward(self, pair):
        left, right = self.features(pair[:, :3]), self.features(pair[:, 3:])
        correlation = F.vision.correlation(left, right, 1, 2, 1, 1, 2, True)
        flow = self.flow(F.concat([F.leaky_relu(correlation, 0.1), left], 1))
        return F.vision.interpolate(flow * 2, scale_factor=2, mode="bilinear", align_corners=True)
