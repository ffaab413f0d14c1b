"""The ONNX project's own test cases of every operator, and real networks, through the frontend and the backend."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.reference
import onnxruntime
import pytest

import mgeconvert
from mgeconvert.errors import BadInputError, ConversionError, UnsupportedError
from mgeconvert.ir import OPSET
from mgeconvert_converters.onnx.opsets.up.driver import load
from mgeconvert_converters.onnx.run import run
from mgeconvert_converters.onnx.write.save import problems, save

TARGETS = (OPSET, 17, 13, 11, 9, 7)
RANDOM = ("bernoulli", "dropout", "multinomial", "random", "training")
"""Parts of names of cases whose results differ from run to run."""
UNJUDGED = (
    "flexattention_causal_mask",
    "flexattention_prob_mod",
    "flexattention_relative_positional",
    "flexattention_score_mod",
    "flexattention_soft_cap",
)
"""Cases whose bodies read constants of the graph around them when we write them, which onnx's evaluator, the only judge
of this operator, does not let them."""

READABLE_REASONS = (
    "a loop; only straight networks can be converted",
    "a branch that is chosen at run time; only straight networks can be converted",
    "a sequence of tensors; only tensors are read",
    "an optional tensor; only tensors are read",
    "has no form in opset 21",
    "mode CRD",
    "operator set ai.onnx",
    "type ",
    "input ",
)
"""How the reasons of all refusals begin."""


def compute(model: bytes, feed: dict[str, Any]) -> list[Any]:
    """onnxruntime's outputs, or those of onnx's evaluator where onnxruntime has no kernel."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        return list(onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"]).run(None, feed))
    except Exception:  # noqa: BLE001 - whatever it refuses, the evaluator is asked
        return list(onnx.reference.ReferenceEvaluator(onnx.load_from_string(model)).run(None, feed))


def _arrays(values: list[Any]) -> Iterator[np.ndarray]:
    """The arrays of outputs, those of sequences one by one."""
    for value in values:
        if isinstance(value, list):
            yield from _arrays(value)
        else:
            yield np.asarray(value)


def differences(wanted: list[Any], found: list[Any]) -> Iterator[str]:
    """What differs beyond the rounding of the type."""
    for before, after in zip(_arrays(wanted), _arrays(found), strict=True):
        if (before.dtype, before.shape) != (after.dtype, after.shape):
            yield f"{after.dtype}{after.shape} instead of {before.dtype}{before.shape}"
        elif before.dtype.kind in "fc":
            tolerance = 2e-3 if before.dtype.itemsize == 2 else 1e-5
            if not np.allclose(after, before, rtol=tolerance, atol=tolerance, equal_nan=True):
                yield f"off by {np.nanmax(np.abs(after - before))}"
        elif before.tolist() != after.tolist():
            yield "other values"


@pytest.mark.filterwarnings("ignore")
def test_official_cases_of_every_operator() -> None:
    """Read each, write it at several opsets: refused for a known reason, or the same numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        cases = [
            case for case in collect_testcases(None) if not any(word in case.name for word in (*RANDOM, *UNJUDGED))
        ]
    failures: list[str] = []
    compared = 0
    for case in cases:
        model = case.model.SerializeToString()
        try:
            graph = load(io.BytesIO(model))
        except UnsupportedError as error:
            if not error.problems[0].reason.startswith(READABLE_REASONS):
                failures.append(f"{case.name}: {error}")
            continue
        except ConversionError as error:
            if "is no tensor" not in error.message:
                failures.append(f"{case.name}: {error}")
            continue
        except BadInputError as error:
            if "ONNX is read at opset" not in error.message:
                failures.append(f"{case.name}: {error}")
            continue
        feed = dict(zip((info.name for info in case.model.graph.input), case.data_sets[0][0], strict=False))
        try:
            wanted = compute(model, feed)
        except (ImportError, NotImplementedError, RuntimeError, TypeError, ValueError):
            continue  # neither judge can compute the case itself
        for opset in TARGETS:
            if problems(graph, opset=opset):
                continue
            stream = io.BytesIO()
            save(graph, stream, opset=opset)
            try:
                found = compute(stream.getvalue(), {name: feed[name] for name in graph.inputs})
            except RuntimeError as error:
                if "No implementation for operator" not in str(error):
                    failures.append(f"{case.name} at {opset}: {error}")
                continue
            compared += 1
            # the numbers of the case itself, or those of the judge where its kernels round or mask in their own way
            if any(differences(case.data_sets[0][1], found)):
                failures += [f"{case.name} at {opset}: {difference}" for difference in differences(wanted, found)]
    assert failures == []
    assert compared > 3 * len(cases)


@pytest.mark.shared_models
@pytest.mark.parametrize("name", ["resnet18", "shufflenet_v2_x0_5", "bert_one_input_cut2", "dcgan_generator_cifar"])
@pytest.mark.parametrize("opset", [7, 11, 17])
def test_real_networks_round_trip(name: str, opset: int, shared_models: Path, tmp_path: Path) -> None:
    """TracedModule to ONNX of old and new opsets, read back and written again: MegEngine's numbers each time."""
    graph = mgeconvert.load(shared_models / f"{name}.pkl")
    recorded = np.load(shared_models / f"{name}.npz")
    feed = {public: recorded[f"in_{index}"] for index, public in enumerate(graph.inputs)}
    first, second = tmp_path / "first.onnx", tmp_path / "second.onnx"
    save(graph, first, opset=opset)
    onnx.checker.check_model(first, full_check=True)
    save(load(first), second, opset=max(opset, 11))
    for path in (first, second):
        outputs = run(path, feed)
        assert list(outputs) == list(graph.outputs)
        for index, output in enumerate(outputs.values()):
            wanted = recorded[f"out_{index}"]
            assert np.abs(output - wanted).max() <= 1e-4 * np.abs(wanted).max()
