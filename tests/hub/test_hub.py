"""A small hub: killed at half, it goes on; what is unchanged is not done again, good or bad."""

from __future__ import annotations

import json
from pathlib import Path

from tests.harness import goldens
from tests.hub.networks import lay_out_broken, manifest, rows
from tests.hub.running import JOURNAL, killed, run

NETWORKS = ("Shared", "LstmClassifier", "FlowNet", "Trained")
TARGETS = ("onnx", "tflite")


def test_a_hub_that_is_killed_at_half(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    for family, row in rows():
        if row.id in NETWORKS:
            (tmp_path / "good" / f"{row.id}.pkl").write_bytes(goldens.load(family, row).model)
    broken = lay_out_broken(tmp_path / "broken", tmp_path / "good" / "Shared.pkl")
    assert len(broken) == 8
    words = ["batch", manifest(tmp_path, TARGETS).name, "-j", "2"]
    every = (len(NETWORKS) + len(broken)) * len(TARGETS)
    before = killed(*words, folder=tmp_path, lines=every // 2)
    journal = tmp_path / "converted" / JOURNAL
    rest = run(*words, folder=tmp_path)
    assert rest.code == 1
    assert len(journal.read_text().splitlines()) == every
    wanted = {f"{name} {target}": "error" for name in broken for target in TARGETS}
    good = {title: state for title, state in rest.states.items() if title not in wanted}
    assert {title: state for title, state in rest.states.items() if title in wanted} == wanted
    assert sorted(good) == sorted(f"{name} {target}" for name in NETWORKS for target in TARGETS)
    assert set(good.values()) <= {"verified", "written", "unchanged"}
    done = [json.loads(line) for line in journal.read_text().splitlines()]
    assert len({(line["name"], line["target"]) for line in done}) == every
    finished = sum(line["state"] in ("verified", "written") for line in done[:before])
    assert finished == list(good.values()).count("unchanged")
    again = run(*words, folder=tmp_path)
    assert again.states == wanted | dict.fromkeys(good, "unchanged")
    assert len(journal.read_text().splitlines()) == every
    messages = {row["name"]: row["message"] for row in again.document["models"] if row["target"] == "onnx"}
    assert messages["shell"].startswith("broken/shell.pkl: ")
