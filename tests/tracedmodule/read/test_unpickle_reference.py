"""The reader against MegEngine live: nothing of it is missing on the list, and the small models are what it writes."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pytest

from mgeconvert.reference.environment import environment
from mgeconvert.tracedmodule.read import allowed, records
from mgeconvert.tracedmodule.read.typeref import TypeRef
from tests.tracedmodule import files as traced_files

pytestmark = pytest.mark.reference

LIST_CLASSES = """
import importlib, inspect, json, pkgutil
import megengine.module as M
import megengine.core._imperative_rt.ops as ops
found = set()
for package in ("megengine.module", "megengine.module.qat", "megengine.module.quantized", "megengine.quantization",
                "megengine.traced_module"):
    root = importlib.import_module(package)
    for info in pkgutil.iter_modules(root.__path__):
        module = importlib.import_module(package + "." + info.name)
        found |= {(c.__module__, c.__qualname__) for _, c in inspect.getmembers(module, inspect.isclass)
                  if issubclass(c, M.Module)}
opdefs = [n for n, c in inspect.getmembers(ops, inspect.isclass) if issubclass(c, ops.OpDef)]
print(json.dumps({"modules": sorted(found), "opdefs": opdefs}))
"""
BASES = {"QATModule", "QuantizedModule", "RNNBase", "RNNCellBase"}
"""Classes that are only derived from; those that begin with an underscore are, too, but for the two containers."""


def python(*arguments: str | Path) -> str:
    done = subprocess.run([environment("megengine").python, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def test_the_list_has_every_module_and_operator_of_megengine() -> None:
    listed = json.loads(python("-c", LIST_CLASSES))
    modules = {
        (module, name)
        for module, name in listed["modules"]
        if name not in BASES and (not name.startswith("_") or name in ("_ModuleList", "_ModuleDict"))
    }
    ours = {
        key
        for key, value in allowed.ALLOWED.items()
        if isinstance(value, type) and issubclass(value, records.ModuleRecord) and key[1] != "_ModuleState"
    }
    assert ours == modules
    opdefs = {
        name
        for (module, name), value in allowed.ALLOWED.items()
        if module.endswith(".ops") and isinstance(value, TypeRef)
    }
    assert opdefs == set(listed["opdefs"]) - {"OpDef", "PyOpBase"}


def test_the_small_models_can_be_remade(tmp_path: Path) -> None:
    """The same pickles to the byte, the same numbers but for another processor's rounding."""
    remade = tmp_path / "remade.tar.xz"
    python(Path(__file__).parents[1] / "fixtures.py", remade)
    with tarfile.open(remade) as archive:
        members = {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}  # type: ignore[union-attr]
    assert members.keys() == traced_files.files().keys()
    for name, data in members.items():
        committed = traced_files.files()[name]
        if name.endswith(".npz"):
            with np.load(io.BytesIO(data)) as ours, np.load(io.BytesIO(committed)) as theirs:
                for key in theirs:
                    np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-6, err_msg=f"{name} {key}")
        elif name.startswith(("qat_", "quantised", "not/checkpoint")):  # computed numbers among the state
            assert len(data) == len(committed), name
        else:
            assert data == committed, name
