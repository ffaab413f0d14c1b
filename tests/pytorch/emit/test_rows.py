"""Every row in real torch: MegEngine's and onnxruntime's numbers, or an expected refusal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from mgeconvert.reference import torch
from tests.harness.check import difference
from tests.pytorch.judge import FILE, Job, megengine_rows, operator_rows, said, write
from tests.pytorch.written import unread

OTHER = {
    "LayerNormalization-float162x4x5x6-cfloat166": "one unit in the last place of float16",
    "GridSample-1x1x5x5-1x2x41x2-mode=nearest-padding_mode=reflection": "positions on the edge between two pixels",
}
"""Rows whose numbers differ in torch, and why."""


def check(jobs: Iterable[Job], folder: Path) -> None:
    """Fail with every row that torch computes otherwise, or that is refused with another text than the table's."""
    known: dict[str, str] = json.loads(FILE.read_text())
    complaints, written = [], []
    for number, job in enumerate(jobs):
        path = folder / f"network_{number}.py"
        if write(job, path):
            written.append((job, path))
            complaints += [f"{job.id}: nothing reads {name}" for name in unread(path.read_text())]
        if (reason := "" if path.is_file() else said(job.graph)) != known.get(job.id, ""):
            complaints.append(f"{job.id}: says {reason!r}, expected {known.get(job.id, '')!r}")
    results = torch.run_all([(path, job.inputs) for job, path in written])
    for (job, _), result in zip(written, results, strict=True):
        if isinstance(result, str):
            complaints.append(f"{job.id}: {result}")
            continue
        found = [difference(a, b, job.rtol) for a, b in zip(result, job.expected, strict=True)]
        if any(found) != (job.id in OTHER):
            complaints.append(f"{job.id}: {found}")
    assert len(written) > 1000
    assert not complaints, "\n".join(complaints)


@pytest.mark.reference("torch")
def test_megengine_rows(tmp_path: Path) -> None:
    check(megengine_rows(tmp_path), tmp_path)


@pytest.mark.reference("torch")
def test_operator_rows(tmp_path: Path) -> None:
    check(operator_rows(), tmp_path)
