"""Headless Chromium, driven through its debugging pipe: what a page does, says on the console and asks the network for.

Source: the Chrome DevTools Protocol; messages are JSON, each ended by a zero byte, on descriptors 3 (in) and 4 (out).
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
PROGRAM = next((found for found in map(shutil.which, NAMES) if found), None)
"""The browser, None where there is none."""


class Browser:
    """One page. `console` are its messages and exceptions, `requests` the addresses it asked for."""

    def __init__(self, sink: int, source: int) -> None:
        self._sink, self._source = os.fdopen(sink, "wb", buffering=0), os.fdopen(source, "rb", buffering=0)
        self._number, self._session, self._rest = 0, "", b""
        self.console: list[str] = []
        self.requests: list[str] = []
        self.loaded = 0
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask, and wait for the answer; what happens meanwhile is noted."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._sink.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result

    def close(self) -> None:
        """Leave the browser."""
        self._sink.close()
        self._source.close()

    def open(self, page: Path | str, width: int = 1440, height: int = 900, *, dark: bool = False) -> None:
        """Load a file or an address at a size of window, and wait until it is there."""
        media = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=media)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        before = self.loaded
        self.call("Page.navigate", url=page if isinstance(page, str) else page.absolute().as_uri())
        while self.loaded == before:
            self._next()

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise AssertionError(found["exceptionDetails"])
        return found["result"].get("value")

    def press(self, key: str, text: str = "") -> None:
        """A key as a person presses it."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, **({"text": text} if text else {}))

    def picture(self, path: Path) -> None:
        """A PNG of what is seen."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            block = self._source.read(1 << 16)
            if not block:
                raise AssertionError("the browser has ended")
            self._rest += block
        text, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.console.append(str(parameters["args"]))
        elif method == "Runtime.exceptionThrown":
            self.console.append(str(parameters["exceptionDetails"]))
        elif method == "Log.entryAdded":
            self.console.append(parameters["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Page.loadEventFired":
            self.loaded += 1
        return message


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser with a profile in the folder."""
    assert PROGRAM is not None
    read, sink = os.pipe()
    source, write = os.pipe()
    words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    command = [
        PROGRAM,
        *words,
        "--disable-background-networking",
        "--remote-debugging-pipe",
        f"--user-data-dir={folder}",
    ]
    script = f'exec "$@" 3<&{read} 4>&{write}'
    with subprocess.Popen(
        ["bash", "-c", script, "browser", *command], pass_fds=(read, write), stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        os.close(read)
        os.close(write)
        page = Browser(sink, source)
        try:
            yield page
        finally:
            process.kill()
            page.close()
