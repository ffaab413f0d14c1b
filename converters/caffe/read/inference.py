"""What Caffe keeps of a net for inference, and which of its blobs are outputs."""

from __future__ import annotations

from collections.abc import Iterable

from ..messages import Message


def net_outputs(layers: Iterable[Message]) -> list[tuple[str, str]]:
    """(layer, top) of each top that no later layer reads, in order: the outputs of a net."""
    open_tops: dict[str, str] = {}
    for layer in layers:
        for bottom in layer.bottom:
            open_tops.pop(bottom, None)
        for top in layer.top:
            open_tops[top] = layer.name
    return [(layer, top) for top, layer in open_tops.items()]


def in_test_phase(net: Message, layer: Message) -> bool:
    """Whether Caffe would keep the layer when it loads the net for inference: phase TEST, and the level and stages of
    the net's own state."""
    if layer.include:
        return any(_meets(net.state, rule) for rule in layer.include)
    return not any(_meets(net.state, rule) for rule in layer.exclude)


TEST = 1


def _meets(state: Message, rule: Message) -> bool:
    stages = set(state.stage)
    return (
        (not rule.HasField("phase") or rule.phase == TEST)
        and (not rule.HasField("min_level") or state.level >= rule.min_level)
        and (not rule.HasField("max_level") or state.level <= rule.max_level)
        and stages.issuperset(rule.stage)
        and stages.isdisjoint(rule.not_stage)
    )
