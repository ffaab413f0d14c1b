"""The page for a browser: its script in Chromium, and mgeconvert in the Python that the page loads."""

from __future__ import annotations

import http.server
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click
import pytest

from mgeconvert.reference.environment import cache_folder
from tests.harness import browser

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "examples" / "browser"
VERSION = re.search(r'VERSION = "(.*)"', (PAGE / "build.py").read_text(encoding="utf-8")).group(1)  # type: ignore[union-attr]
PACKAGES = {"mgeconvert": "mgeconvert", "mgeconvert_cli": "cli", "mgeconvert_converters": "converters"}
PROGRAM = """
import io, json, mmap, pathlib, sys
sys.path.insert(0, "/site")
from mgeconvert_cli.main import application

said, sys.stdout = sys.stdout, io.StringIO()
try:
    application.main(["explain", "MGE201", "--language", "en"])
except SystemExit as end:
    code = end.code
explained, sys.stdout = sys.stdout.getvalue(), said
files = sorted(pathlib.Path("/site").rglob("*.py"))
for file in files:
    compile(file.read_text(encoding="utf-8"), str(file), "exec")
pathlib.Path("/tmp/x").write_bytes(b"abc")
with open("/tmp/x", "rb") as file:
    mapped = bytes(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
json.dumps([sys.version_info[:2], code, explained.splitlines()[0], len(files), mapped.decode()])
"""
STUB = """
self.postMessage({ state: "ready" });
self.onmessage = ({ data }) => self.postMessage({ state: "done", code: 0, text: "read " + data.bytes.length,
  files: { [data.name.replace(".pkl", data.target)]: data.bytes } });
"""
DROP = """
(() => {
  const files = new DataTransfer();
  files.items.add(new File([new Uint8Array(7)], "net.pkl"));
  document.getElementById("drop").dispatchEvent(new DragEvent("drop", { dataTransfer: files, cancelable: true }));
})()
"""
LINK = """
new Promise((done) => setInterval(() => {
  const link = document.querySelector("#files a");
  if (link) done([link.download, link.protocol, document.getElementById("said").textContent,
    document.getElementById("state").textContent]);
}, 20))
"""


@pytest.fixture(scope="module")
def pyodide() -> Path:
    """Pyodide's own files from the npm registry, kept in the cache."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    folder = cache_folder() / f"pyodide-{VERSION}"
    if not (folder / "package" / "pyodide.asm.wasm").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            ["npm", "pack", f"pyodide@{VERSION}"], cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )
        if packed.returncode:
            pytest.skip(f"the npm registry does not give pyodide: {packed.stderr.strip().splitlines()[-1:]}")
        shutil.unpack_archive(folder / packed.stdout.split()[-1], folder)
    return folder / "package"


def test_the_command_line_runs_in_pyodide(pyodide: Path, tmp_path: Path) -> None:
    """All files compile under its Python 3.14, and commands that need no numpy run."""
    site = tmp_path / "site"
    for name, folder in PACKAGES.items():
        shutil.copytree(ROOT / folder, site / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(Path(click.__file__).parent, site / "click", ignore=shutil.ignore_patterns("__pycache__"))
    archive = shutil.make_archive(str(tmp_path / "site"), "zip", site)
    (tmp_path / "program.py").write_text(PROGRAM)
    script = ROOT / "tests" / "examples" / "pyodide.mjs"
    done = subprocess.run(
        ["node", str(script), str(pyodide), str(tmp_path / "program.py"), archive],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    version, code, explained, files, mapped = json.loads(done.stdout.splitlines()[-1])
    assert (version, code, explained) == ([3, 14], 0, "MGE201: There is no such file")
    assert (files, mapped) == (len(list(site.rglob("*.py"))), "abc")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server that does not say what it serves."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The page on this machine, with a worker that gives back what it gets."""
    shutil.copy(PAGE / "index.html", tmp_path)
    (tmp_path / "worker.mjs").write_text(STUB)
    handler = partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/index.html"
        server.shutdown()


@pytest.mark.browser
def test_a_file_that_is_dropped_becomes_a_link(address: str, tmp_path: Path) -> None:
    with browser.browser(tmp_path / "profile") as page:
        page.open(address)
        page.ask(DROP)
        assert page.ask(LINK) == [
            "net.onnx", "blob:", "read 7", "Done; it was not verified: that needs a runtime."
        ]  # fmt: skip
        assert page.console == []


def test_what_the_page_loads_is_what_the_build_names() -> None:
    worker = (PAGE / "worker.mjs").read_text(encoding="utf-8")
    assert "wheels.json" in worker
    assert 'new Worker("worker.mjs"' in (PAGE / "index.html").read_text(encoding="utf-8")
