"""A network of a user, as the how-tos trace it: MegEngine code, 6 thousand parameters."""

import megengine.functional as F
import megengine.module as M


class Digits(M.Module):
    """images (N, 1, 16, 16) to logits (N, 10)."""

    def __init__(self, width=8):
        super().__init__()
        self.conv1 = M.ConvBnRelu2d(1, width, 3, padding=1)
        self.conv2 = M.ConvBnRelu2d(width, 2 * width, 3, stride=2, padding=1)
        self.conv3 = M.ConvBnRelu2d(2 * width, 4 * width, 3, stride=2, padding=1)
        self.head = M.Linear(4 * width, 10)

    def forward(self, images):
        x = self.conv3(self.conv2(self.conv1(images)))
        return self.head(F.flatten(F.mean(x, axis=(2, 3)), 1))
