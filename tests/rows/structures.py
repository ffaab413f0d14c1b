"""Rows of no one operator: how modules nest and are shared, and what a network returns."""

from __future__ import annotations

from tests.harness import Code, X

ROWS = [
    Code("{'a': x + 1, 'b': [x * 2, (y, x - y)]}", X(2, 3), X(2, 3), id="nested-outputs"),
    Code(
        "x = self.conv(x)\nreturn self.fc(F.flatten(F.relu(self.bn(x)) + x, 1))",
        X(1, 3, 6, 6),
        init="self.conv = M.Conv2d(3, 4, 3)\nself.bn = M.BatchNorm2d(4)\nself.fc = M.Linear(64, 5)",
        id="small-network",
    ),
    Code("self.conv(self.conv(x))", X(1, 3, 6, 6), init="self.conv = M.Conv2d(3, 3, 3, padding=1)", id="shared-module"),
    Code(
        "for block in self.blocks:\n    x = block(x)\nreturn x",
        X(1, 4),
        init="self.blocks = [M.Linear(4, 6), M.Sequential(M.ReLU(), M.Linear(6, 3))]",
        id="module-list",
    ),
    Code(
        "self.net(x)", X(2, 3), init="self.net = M.Sequential(M.ReLU(), M.Linear(3, 4), M.Sigmoid())", id="Sequential"
    ),
]
