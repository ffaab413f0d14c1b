"""`make hub`: the whole of it, with the figures; exit code 1 where something is not as it must be."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.conftest import unpacked_models
from tests.hub.networks import TARGETS, lay_out, lay_out_broken, manifest
from tests.hub.running import Run, killed, run

GOOD, BROKEN, SMALLEST = 56, 8, 40
UNCHANGED_SECONDS, CPU = 5.0, 0.4
SINGLE = ("onnx", "tflite", "caffe")
"""The targets that are verified in the process itself, whose processor time can be counted."""


def converted(folder: Path) -> tuple[list[str], Run]:
    """Half of it, killed, and the rest; names of good networks, and the run that went on."""
    names = lay_out(folder / "good", GOOD, sorted(unpacked_models().glob("*.pkl")))
    broken = lay_out_broken(folder / "broken", folder / "good" / f"{names[0]}.pkl")
    manifest(folder)
    every = (len(names) + len(broken)) * len(TARGETS)
    print(f"{len(names)} networks and {len(broken)} broken files to {len(TARGETS)} formats", flush=True)
    before = killed("batch", "hub.toml", "-j", "2", folder=folder, lines=every // 2)
    print(f"killed after {before} of {every}", flush=True)
    rest = run("batch", "hub.toml", "-j", "2", folder=folder)
    return names, rest


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="hub-"))
    wrong = []
    names, rest = converted(folder)
    good = {title: state for title, state in rest.states.items() if title.split()[0] in set(names)}
    broken = {title: state for title, state in rest.states.items() if title not in good}
    print(f"good: {dict(Counter(good.values()))}, broken: {dict(Counter(broken.values()))}, {rest.seconds:.0f} s")
    for row in rest.document["models"]:
        if f"{row['name']} {row['target']}" in good and row["state"] not in ("verified", "unchanged"):
            print(f"  {row['name']} {row['target']}: {row['state']}: {row['message'].splitlines()[:2]}")
    wrong += [title for title, state in good.items() if state not in ("verified", "unchanged", "refused")]
    wrong += [title for title, state in broken.items() if state != "error"]
    again = run("batch", "hub.toml", "-j", "2", folder=folder)
    print(f"once more without a change: {again.seconds:.1f} s, {dict(Counter(again.states.values()))}", flush=True)
    wrong += ["the unchanged run is too slow"] * (again.seconds > UNCHANGED_SECONDS)
    small = [f"good/{name}.pkl" for name in names[:SMALLEST]]
    together = run("batch", *small, "--targets", ",".join(SINGLE), "-o", "together", "-j", "2", folder=folder)
    alone = 0.0
    (folder / "alone").mkdir()
    for model in small:
        for target in SINGLE:
            suffix = {"caffe": "prototxt"}.get(target, target)
            out = f"alone/{Path(model).stem}.{suffix}"
            alone += run(f"tm-to-{target}", model, "-o", out, folder=folder).cpu
    print(f"{len(small)} smallest to {len(SINGLE)}: {together.cpu:.0f} s of processor, {alone:.0f} s alone: "
          f"{together.cpu / alone:.2f}")  # fmt: skip
    wrong += ["the batch takes too much processor time"] * (together.cpu > CPU * alone)
    shutil.rmtree(folder)
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
