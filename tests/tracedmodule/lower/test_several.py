"""Functions that take a list of tensors, called with one tensor."""

from __future__ import annotations

import io

import pytest

import mgeconvert
from mgeconvert.errors import UnsupportedError
from tests.tracedmodule.spelled import Network, spelled


@pytest.mark.parametrize("name", ["concat", "stack"])
def test_one_tensor_is_no_list(name: str) -> None:
    data = spelled(Network().function(f"megengine.functional.tensor.{name}", 1).done())
    with pytest.raises(UnsupportedError, match="one value where a list of tensors is expected"):
        mgeconvert.load(io.BytesIO(data), "tm")
