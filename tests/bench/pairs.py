"""Every pair of formats on one network, with verification and without, beside copying the file."""

from __future__ import annotations

from pathlib import Path

from .conversion import TARGETS, model
from .measured import Row, base, least, mgeconvert

SOURCES = ("tm", "onnx", "tflite", "caffe")
RUNS = 1


def pair_rows(folder: Path) -> list[Row]:
    """No limit stands here: what a runtime takes to compute the network is part of the figure."""
    path, title = model(folder)
    sources = {"tm": path}
    for name in SOURCES[1:]:
        sources[name] = folder / f"source{TARGETS[name]}"
        least([mgeconvert(f"tm-to-{name}", path, "-o", sources[name], "--no-verify", "--quiet")], 1)
    rows: list[Row] = []
    for source, given in sources.items():
        for target, suffix in TARGETS.items():
            command = mgeconvert(f"{source}-to-{target}", given, "-o", folder / f"pair{suffix}", "--quiet", "--force")
            commands = [base(path, folder / "copy"), [*command, "--no-verify"], command]
            plain, without, verified = least(commands, RUNS)
            found = f"{without.seconds:.2f} s, {without.memory / 1e6:.0f} MB; verified {verified.seconds:.2f} s, "
            found += f"{verified.memory / 1e6:.0f} MB"
            beside = (
                f"{without.seconds / plain.seconds:.2f}x and {verified.seconds / plain.seconds:.2f}x numpy, onnx, copy"
            )
            rows.append(Row(f"{source}-to-{target} {title}", found, beside))
    return rows
