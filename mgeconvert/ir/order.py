"""Topological order."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from typing import Any


def topological(before: Sequence[Collection[int]], keys: Sequence[Any]) -> list[int]:
    """The numbers of items, each after those that stand `before` it, and of several the one with the smallest key
    first. What is on a circle, or behind one, is left out."""
    users: list[list[int]] = [[] for _ in before]
    pending = [len(earlier) for earlier in before]
    for number, earlier in enumerate(before):
        for each in earlier:
            users[each].append(number)
    ready = [(keys[number], number) for number, count in enumerate(pending) if not count]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        _, number = heapq.heappop(ready)
        order.append(number)
        for user in users[number]:
            pending[user] -= 1
            if not pending[user]:
                heapq.heappush(ready, (keys[user], user))
    return order
