"""Goldens of static graphs: every row's TracedModule as real MegEngine dumps it, in several forms.

``tests/goldens/static.tar.xz`` holds ``FORM/FINGERPRINT.mge`` for each row, and ``rows.json``: for each form the rows
that MegEngine cannot dump, with its reason. ``static_layouts.tar.xz`` has some rows and networks in each memory layout.
What they compute is in the rows' own goldens. Remaking the archives gives the same bytes.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.reference import static
from tests.harness import goldens
from tests.harness.cases import Network, Row

PATH = goldens.FOLDER / "static.tar.xz"
LAID_OUT = goldens.FOLDER / "static_layouts.tar.xz"
FORMS: Mapping[str, Mapping[str, Any]] = {
    "plain": {"optimize_for_inference": False},
    "optimized": {"optimize_for_inference": True, "enable_fuse_conv_bias_nonlinearity": True},
    "old": {"optimize_for_inference": False, "dump_format": "FBS"},
    "first": {"optimize_for_inference": False, "model_version": 1},
}
"""The options of dump for each form of a row."""
LAYOUTS: Mapping[str, Mapping[str, Any]] = {"nchw": FORMS["optimized"]} | {
    layout: FORMS["optimized"] | {f"enable_{layout}": True}
    for layout in ("nchw4", "nchw44", "nchw44_dot", "nchw88", "nchw32", "nchw64", "chwn4", "hwcd4")
}
"""The memory layouts that dump can choose; NHWC comes with nchw64 for 4-bit networks."""
WITH_LAYOUTS = (
    "Conv2d-", "ConvTranspose2d-", "ConvBn2d-", "ConvBnRelu2d-", "ConvRelu2d-", "BatchNorm2d-3-2x3x4x4", "AvgPool2d-",
    "MaxPool2d-", "AdaptiveAvgPool2d-", "quantized-conv", "interpolate-1x2x4x5-size=7,9", "ShuffleNet", "DcGan",
    "LstmClassifier", "Neighbours",
)  # fmt: skip
"""How the names of rows begin that are dumped in each memory layout."""


def rows() -> Iterator[tuple[str, Row]]:
    """Every row that is no network, with its family."""
    for family, found in goldens.families().items():
        yield from ((family, row) for row in found if not isinstance(row, Network))


def laid_out() -> Iterator[tuple[str, Row]]:
    """The rows and networks that are dumped in each memory layout, with their families."""
    for family, found in goldens.families().items():
        yield from ((family, row) for row in found if row.id.startswith(WITH_LAYOUTS))


def archive(form: str) -> Path:
    """Where the dumps in that form are."""
    return LAID_OUT if form in LAYOUTS else PATH


def dumped(form: str) -> Iterator[tuple[str, Row]]:
    """The rows whose dumps in that form are in its archive."""
    found = laid_out() if form in LAYOUTS else rows()
    return ((family, row) for family, row in found if member(form, row) in goldens.unpacked(archive(form)))


def member(form: str, row: Row) -> str:
    """The row's static graph in the archive."""
    return f"{form}/{row.fingerprint()}.mge"


def model(form: str, row: Row) -> bytes:
    """The row's static graph."""
    return goldens.unpacked(archive(form))[member(form, row)]


def undumpable(form: str) -> Mapping[str, str]:
    """The rows that MegEngine cannot dump in that form, with the beginning of its reason."""
    reasons: Mapping[str, str] = json.loads(goldens.unpacked(archive(form))[goldens.INDEX])["undumpable"][form]
    return reasons


def make() -> list[Path]:
    """Ask MegEngine for every row in every form and write the archives."""
    return [_make(PATH, FORMS, list(rows())), _make(LAID_OUT, LAYOUTS, list(laid_out()))]


def _make(path: Path, forms: Mapping[str, Mapping[str, Any]], found: Sequence[tuple[str, Row]]) -> Path:
    reasons: dict[str, dict[str, str]] = {}
    files: dict[str, bytes] = {}
    for form, options in forms.items():
        reasons[form] = {}
        with tempfile.TemporaryDirectory(prefix="goldens-") as scratch:
            jobs = [
                _job(Path(scratch, str(number)), goldens.load(family, row), options)
                for number, (family, row) in enumerate(found)
            ]
            for (family, row), job, answer in zip(found, jobs, static.dump(jobs), strict=True):
                if "error" in answer:
                    reasons[form][f"{family}/{row.id}"] = answer["error"]["message"].partition("\n")[0][:100]
                else:
                    files[member(form, row)] = Path(job["out"]).read_bytes()
    files[goldens.INDEX] = json.dumps({"megengine": "1.13.0", "undumpable": reasons}, indent=1).encode()
    path.write_bytes(goldens.packed(files))
    return path


def _job(stem: Path, golden: goldens.Golden, options: Mapping[str, Any]) -> dict[str, Any]:
    source, inputs = stem.with_suffix(".pkl"), stem.with_suffix(".npz")
    source.write_bytes(golden.model)
    np.savez(inputs, *golden.inputs)
    return {
        "model": str(source), "inputs": str(inputs), "out": str(stem.with_suffix(".mge")), "arg_names": None,
        "output_names": None, "options": dict(options),
    }  # fmt: skip
