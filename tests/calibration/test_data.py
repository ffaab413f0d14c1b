"""Samples of folders, archives and scripts; every array that does not fit is refused with its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.calibration.data import read_samples
from mgeconvert.errors import BadInputError, UsageError
from mgeconvert.ir import Value

X = Value("x", np.dtype(np.float32), (1, 3))
N = Value("n", np.dtype(np.int64), (1,))
ONE, TWO = {"x": X}, {"x": X, "n": N}


def test_an_archive_of_one_sample_and_of_several(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    for array, count in ((np.ones((1, 3)), 1), (np.ones((5, 3)), 5), (np.ones((4, 1, 3)), 4)):
        np.savez(path, x=array)
        found = read_samples(str(path), ONE)
        assert len(found) == count
        assert all(sample["x"].shape == (1, 3) and sample["x"].dtype == np.float32 for sample in found)
    np.savez(path, in_0=np.ones((2, 3), np.float32), in_1=np.arange(2), out_0=np.zeros(1))
    assert [sample["n"].tolist() for sample in read_samples(str(path), TWO)] == [[0], [1]]


def test_a_folder(tmp_path: Path) -> None:
    np.save(tmp_path / "b.npy", np.full((1, 3), 2, np.float32))
    np.savez(tmp_path / "a.npz", x=np.full((2, 3), 1, np.float32))
    (tmp_path / "readme.txt").write_text("no sample")
    assert [float(sample["x"][0, 0]) for sample in read_samples(str(tmp_path), ONE)] == [1, 1, 2]


def test_a_script(tmp_path: Path) -> None:
    path = tmp_path / "s.py"
    path.write_text(
        "import numpy as np\n"
        "x = np.ones((1, 3), np.float32)\n"
        "def feeds():\n    yield {'x': x}\n    yield x\n    yield (x,)\n"
        "many = [x, x]\n"
    )
    assert len(read_samples(f"{path}:feeds", ONE)) == 3
    assert len(read_samples(f"{path}:many", ONE)) == 2


BAD = {
    "y=np.ones((1, 3), 'f')": "holds y; expected x: nothing for x",
    "x=np.ones((1, 4), 'f')": "the array for input x is float32[1,4], expected float32[1,3]",
    "x=np.ones((1, 3), 'i')": "the array for input x is int32[1,3], expected float32[1,3]",
    "x=np.full((1, 3), np.nan, 'f')": "the array for input x has NaN or infinity in it",
    "x=np.full((2, 3), np.inf, 'f')": "sample 0: the array for input x has NaN or infinity in it",
    "x=np.ones((0, 3), 'f')": "holds no samples",
}


@pytest.mark.parametrize("arrays", BAD)
def test_arrays_that_do_not_fit(arrays: str, tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, **eval(f"dict({arrays})", {"np": np}))
    with pytest.raises(BadInputError) as caught:
        read_samples(str(path), ONE)
    assert caught.value.message == f"{path}: {BAD[arrays]}"


SCRIPTS = {
    "feeds = 3": (BadInputError, "is int, expected samples, one after the other"),
    "def feeds(): raise KeyError('k')": (BadInputError, "KeyError: 'k'"),
    "feeds = []": (BadInputError, "holds no samples"),
    "feeds = [(1, 2)]": (BadInputError, "gives 2 arrays a sample, expected 1: x"),
    "feeds = [{'z': 1}]": (BadInputError, "sample 0: holds z; expected x: nothing for x"),
    "other = 1": (UsageError, "the script has no feeds"),
}


@pytest.mark.parametrize("text", SCRIPTS)
def test_scripts_that_give_no_samples(text: str, tmp_path: Path) -> None:
    path = tmp_path / "s.py"
    path.write_text(text)
    kind, said = SCRIPTS[text]
    with pytest.raises(kind) as caught:
        read_samples(f"{path}:feeds", ONE)
    assert said in caught.value.message


def test_what_is_no_data(tmp_path: Path) -> None:
    for given, said in (("gone", "no such file or folder"), ("gone.py", "says no function"), ("g.py:f", "no file")):
        with pytest.raises(UsageError, match=said):
            read_samples(str(tmp_path / given), ONE)
    with pytest.raises(BadInputError, match="holds no samples"):
        read_samples(str(tmp_path), ONE)
    np.save(tmp_path / "x.npy", np.ones((1, 3), np.float32))
    with pytest.raises(BadInputError, match="is one array, and the network has 2 inputs"):
        read_samples(str(tmp_path / "x.npy"), TWO)
