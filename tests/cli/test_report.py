"""`--report`: one page by itself, of every command that has it; what it does in a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from mgeconvert import save
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert_cli.main import application
from mgeconvert_cli.report.collect import Collected
from mgeconvert_cli.report.page import page
from tests.harness.browser import browser
from tests.harness.runner import Runner
from tests.verification.layers.test_compare import _change_weight, network

Invoke = Callable[[str], Result]
NODES, LARGEST = 1500, 3_000_000


class Page(HTMLParser):
    """What a page is made of: its ids, its text, what it would load, and whether all that opens is closed."""

    VOID = ("meta", "link", "input", "br", "img")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.titles: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.loads += [value for name, value in attrs if name in ("src", "srcset", "data", "action") and value]
        self.links += [given.get("href") or ""] * (tag in ("a", "link"))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "h2":
            self.titles.append(data)


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.chdir(tmp_path)
    save(network(), "a.onnx")
    save(network(), "b.onnx")
    _change_weight(Path("b.onnx"), "body.3.conv.weight")
    Path("mine.toml").write_text('[defaults]\ntargets = ["tflite"]\n[[model]]\npath = "?.onnx"\n')
    return lambda line: Runner().invoke(application, line.split())


COMMANDS = {
    "onnx-to-tflite a.onnx -o c.tflite": (0, ["Summary", "Outputs", "Before and after", "Modules", "Graph"]),
    "onnx-to-caffe a.onnx -o a.caffe": (2, []),
    "optimize a.onnx -o o.onnx": (0, ["Summary", "Outputs", "Before and after", "Modules", "Graph"]),
    "verify a.onnx b.onnx": (1, ["Summary", "Outputs", "Modules", "Graph"]),
    "verify a.onnx b.onnx --per-layer": (
        1,
        ["Summary", "Outputs", "Layer by layer", "Error by layer", "The worst values", "Modules", "Graph"],
    ),
    "check a.onnx --target tflite": (0, ["Summary", "Modules", "Graph"]),
    "diff a.onnx b.onnx --only parameters,numbers": (
        1,
        ["Summary", "Parameters", "What they compute", "The first value that differs", "Modules", "Graph"],
    ),
    "batch mine.toml -j 1": (0, ["Summary", "Models"]),
}


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command(invoke: Invoke, line: str) -> None:
    code, titles = COMMANDS[line]
    result = invoke(f"{line} --report r.html")
    assert result.exit_code == code, result.output
    assert Path("r.html").is_file() is bool(titles)
    if titles:
        found = Page(Path("r.html").read_text())
        assert [title for title in found.titles if title not in ("Passes", "Patterns left alone")] == titles
        assert found.open == []
        assert found.loads == []
        assert len(set(found.ids)) == len(found.ids)
        assert {link.removeprefix("#") for link in found.links} <= set(found.ids)


def test_a_refusal_is_on_the_page(invoke: Invoke) -> None:
    b = Builder()
    b.enter(Scope("head.odd", "Odd"))
    b.output("y", b.op("Det", b.input("x", "float32", (2, 4, 4))))
    save(b.graph, "det.onnx")
    assert invoke("onnx-to-caffe det.onnx -o det.prototxt --report r.html").exit_code == 1
    text = Path("r.html").read_text()
    assert "Refused" in Page(text).titles
    assert "Det" in text


def test_what_is_quantized(invoke: Invoke) -> None:
    """Weights by channel and an activation, with their grids."""
    b = Builder()
    b.enter(Scope("body.conv", "Conv2d"))
    x = b.input("x", "float32", (1, 2, 4, 4))
    scale, zero = np.float32(0.5), np.uint8(128)
    x = b.op("DequantizeLinear", b.op("QuantizeLinear", x, scale, zero), scale, zero)
    stored = b.constant(np.ones((3, 2, 1, 1), np.int8), name="weight")
    weight = b.op("DequantizeLinear", stored, np.float32([0.25, 0.5, 1]), np.zeros(3, np.int8), axis=0)
    b.output("y", b.op("Conv", x, weight))
    save(b.graph, "q.onnx")
    assert invoke("onnx-to-onnx q.onnx -o r.onnx --report r.html").exit_code == 0
    text = Path("r.html").read_text()
    assert "Quantization" in Page(text).titles
    section = text[text.index('id="quantization"') :].partition("</table>")[0]
    rows = re.findall(r"<tr.*?</tr>", section, re.DOTALL)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in rows]
    assert [row[2:7] for row in cells if row] == [
        ["activation", "uint8", "0.5", "0.5", "128"],
        ["weight", "int8", "0.25", "1", "0"],
    ]


def test_names_are_text(tmp_path: Path) -> None:
    b = Builder()
    b.enter(Scope("</script><b>&", "<i>"))
    b.output("y", b.op("Relu", b.input("x", "float32", (2,))))
    collected = Collected(report=tmp_path / "r.html", graph=b.graph)
    text = page(collected, [{"command": "check", "source": "<img src=x>"}], None)
    assert Page(text).loads == []
    assert "<b>" not in text
    assert "<i>" not in text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("check a.onnx --report none/r.html", "none/r.html: cannot be written: the folder none does not exist"),
        ("check a.onnx --report a.onnx", "a.onnx: is an input of this run"),
        ("check a.onnx --report -", "standard output takes what the command answers"),
    ],
)
def test_a_page_that_cannot_be_written(invoke: Invoke, line: str, said: str) -> None:
    result = invoke(line)
    assert result.exit_code in (1, 2)
    assert said in result.stderr


def test_node_data(invoke: Invoke) -> None:
    assert invoke("verify a.onnx b.onnx --per-layer --node-data n.json").exit_code == 1
    (found,) = json.loads(Path("n.json").read_text()).values()
    assert len(found["results"]) == 10
    assert max(found["results"].values(), key=lambda each: each["value"])["value"] > 0.1
    assert found["gradient"][0] == {"stop": 0, "bgColor": "#ffffff"}


def large() -> Graph:
    """A network of 1,500 nodes in modules of three levels."""
    b = Builder()
    x = b.input("x", "float32", (1, 8, 4, 4))
    weight = b.constant(np.full((8, 8, 3, 3), 0.01, np.float32), name="weight")
    for number in range(NODES // 3):
        b.enter(Scope(f"stage{number // 100}.block{number % 100}.conv", "Conv2d"))
        y = b.op("Conv", x, weight, pads=(1, 1, 1, 1))
        b.enter(Scope(f"stage{number // 100}.block{number % 100}", "Block"))
        x = b.op("Add", b.op("Relu", y), x)
    b.output("y", x)
    return b.graph


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big.html"
    graph = large()
    assert len(graph.nodes) == NODES
    collected = Collected(report=path)
    collected.begins(graph)
    path.write_text(page(collected, [{"command": "optimize", "source": "large.onnx"}], None))
    assert path.stat().st_size < LARGEST
    return path


@pytest.mark.browser
def test_the_page_in_a_browser(big: Path, tmp_path: Path) -> None:
    """It renders, folds, zooms, opens modules, scrolls; nothing on the console, nothing asked of the network."""
    with browser(tmp_path / "profile") as chrome:
        chrome.call("Performance.enable", timeDomain="threadTicks")
        chrome.open(big)
        figures = {each["name"]: each["value"] for each in chrome.call("Performance.getMetrics")["metrics"]}
        assert figures["TaskDuration"] < 2  # seconds of the processor: other tests run beside this one
        assert chrome.ask("document.querySelectorAll('#picture g.module').length") == 5
        chrome.ask("scrollTo(0, 1e6)")
        assert chrome.ask("scrollY") > 0
        fold = "document.querySelectorAll('.tree details')[1]"
        assert chrome.ask(f"{fold}.open") is False
        chrome.ask(f"{fold}.querySelector('summary').focus()")
        chrome.press("Enter", "\r")
        assert chrome.ask(f"{fold}.open") is True
        chrome.ask(f"{fold}.querySelector('button').click()")
        assert chrome.ask("document.getElementById('picture').dataset.module") == "stage0"
        assert chrome.ask("document.querySelectorAll('#picture g.module').length") == 100
        assert chrome.ask("document.activeElement.id") == "picture"
        width = "Number(document.getElementById('picture').getAttribute('viewBox').split(' ')[2])"
        before = chrome.ask(width)
        chrome.press("+", "+")
        assert chrome.ask(width) == pytest.approx(before * 0.8)
        for narrow in (360, 1440):
            chrome.open(big, width=narrow, dark=narrow == 360)
            assert chrome.ask("document.documentElement.scrollWidth <= innerWidth")
        assert chrome.console == []
        assert set(chrome.requests) == {big.as_uri()}
