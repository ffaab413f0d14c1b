"""Goldens of static graphs: every row's TracedModule as real MegEngine dumps it, in several forms.

``tests/goldens/static.tar.xz`` holds ``FORM/FINGERPRINT.mge`` for each row, and ``rows.json``: for each form the rows
that MegEngine cannot dump, with its reason. What they compute is in the rows' own goldens. Remaking the archive gives
the same bytes. Networks are left out: the reference lane dumps them.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.reference import static
from tests.harness import goldens
from tests.harness.cases import Network, Row

PATH = goldens.FOLDER / "static.tar.xz"
FORMS: Mapping[str, Mapping[str, Any]] = {
    "plain": {"optimize_for_inference": False},
    "optimized": {"optimize_for_inference": True, "enable_fuse_conv_bias_nonlinearity": True},
    "old": {"optimize_for_inference": False, "dump_format": "FBS"},
    "first": {"optimize_for_inference": False, "model_version": 1},
}
"""The options of dump for each form of a row."""


def rows() -> Iterator[tuple[str, Row]]:
    """Every row that is no network, with its family."""
    for family, found in goldens.families().items():
        yield from ((family, row) for row in found if not isinstance(row, Network))


def dumped(form: str) -> Iterator[tuple[str, Row]]:
    """The rows whose dumps in that form are in the archive."""
    return ((family, row) for family, row in rows() if member(form, row) in goldens.unpacked(PATH))


def member(form: str, row: Row) -> str:
    """The row's static graph in the archive."""
    return f"{form}/{row.fingerprint()}.mge"


def model(form: str, row: Row) -> bytes:
    """The row's static graph."""
    return goldens.unpacked(PATH)[member(form, row)]


def undumpable(form: str) -> Mapping[str, str]:
    """The rows that MegEngine cannot dump in that form, with the beginning of its reason."""
    reasons: Mapping[str, str] = json.loads(goldens.unpacked(PATH)[goldens.INDEX])["undumpable"][form]
    return reasons


def make() -> Path:
    """Ask MegEngine for every row in every form and write the archive."""
    reasons: dict[str, dict[str, str]] = {}
    files: dict[str, bytes] = {}
    for form, options in FORMS.items():
        reasons[form] = {}
        with tempfile.TemporaryDirectory(prefix="goldens-") as scratch:
            found = list(rows())
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
    PATH.write_bytes(goldens.packed(files))
    return PATH


def _job(stem: Path, golden: goldens.Golden, options: Mapping[str, Any]) -> dict[str, Any]:
    source, inputs = stem.with_suffix(".pkl"), stem.with_suffix(".npz")
    source.write_bytes(golden.model)
    np.savez(inputs, *golden.inputs)
    return {
        "model": str(source), "inputs": str(inputs), "out": str(stem.with_suffix(".mge")), "arg_names": None,
        "output_names": None, "options": dict(options),
    }  # fmt: skip
