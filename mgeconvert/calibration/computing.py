"""A graph computed again and again on samples, in onnxruntime."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mgeconvert import registry
from mgeconvert.errors import BadInputError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.quiet_session import session_options

RUNTIME = "onnx"


class Computing:
    """Gives `wanted`, values of the graph, for feeds by input name; `more` are nodes behind those of the graph."""

    def __init__(self, graph: Graph, wanted: Sequence[Value], more: Sequence[Node] = ()) -> None:
        import onnxruntime

        made = replace(
            graph,
            nodes=[*graph.nodes, *more],
            outputs={f"wanted_{number}": value for number, value in enumerate(wanted)},
            calls=[],
        )
        target = registry.backend(RUNTIME)
        with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
            files = target.save(made, Path(folder) / f"model{target.suffixes[0]}")
            self.session = onnxruntime.InferenceSession(
                str(files[0]), session_options(), providers=["CPUExecutionProvider"]
            )
        self.names = [each.name for each in self.session.get_outputs()]
        self.taken = {each.name for each in self.session.get_inputs()}

    def __call__(self, feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """BadInputError where onnxruntime does not take the feeds."""
        given = {name: array for name, array in feeds.items() if name in self.taken}
        try:
            found: list[np.ndarray] = self.session.run(self.names, given)
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise BadInputError(f"the network cannot be computed on the data: {str(error).splitlines()[0]}") from error
        return found
