"""The list of operators while rules change it: who makes a tensor, who reads it, what is no longer needed."""

from __future__ import annotations

from ..model import Model, Operator, Tensor


class OperatorList:
    """The operators of a model while rules change them."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.producers = model.producers()
        self.uses = model.use_counts()
        self.public = {*model.inputs.values(), *model.outputs.values()}

    def producer(self, tensor: Tensor | None, *ops: str) -> Operator | None:
        """What makes the tensor, if it is one of these operators."""
        made = None if tensor is None else self.producers.get(tensor)
        return made if made is not None and made.op in ops else None

    def alone(self, tensor: Tensor) -> bool:
        """Whether exactly one operator reads it and nobody else."""
        return self.uses.get(tensor) == 1 and tensor not in self.public

    def read(self, operator: Operator, index: int, tensor: Tensor) -> None:
        """Let an operator read another tensor."""
        old = operator.inputs[index]
        if old is not None:
            self.uses[old] -= 1
        self.uses[tensor] = self.uses.get(tensor, 0) + 1
        operator.inputs[index] = tensor

    def take_over(self, operator: Operator, follower: Operator) -> None:
        """`operator` makes what its only reader `follower` made; that one is dropped."""
        for tensor in follower.inputs:
            if tensor is not None:
                self.uses[tensor] -= 1
        operator.outputs = follower.outputs
        self.producers[operator.output] = operator
        follower.outputs = []


def remove_dead(model: Model) -> None:
    live = set(model.outputs.values())
    kept = []
    for operator in reversed(model.operators):
        if any(tensor in live for tensor in operator.outputs):
            live.update(tensor for tensor in operator.inputs if tensor is not None)
            kept.append(operator)
    model.operators[:] = reversed(kept)
