"""A real Chromium for tests, spoken to over its pipe, and axe-core for what it shows.

axe-core stays outside the repository: `npm install --prefix ~/.cache/aitia/axe axe-core`, or AITIA_AXE=.../axe.min.js.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next((p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), "")
AXE = Path(os.environ.get("AITIA_AXE") or Path.home() / ".cache/aitia/axe/node_modules/axe-core/axe.min.js")
OPEN_ALL = "document.querySelectorAll('details').forEach(d => d.open = true)"
needs_browser = pytest.mark.skipif(not CHROMIUM, reason="no chromium in PATH (Debian: apt install chromium)")
needs_axe = pytest.mark.skipif(
    not AXE.is_file(), reason=f"no axe-core at {AXE} (npm install --prefix ~/.cache/aitia/axe axe-core)"
)
_KEYS = {"Tab": 9, "Enter": 13, "Space": 32}


class Browser:
    """A headless Chromium over `--remote-debugging-pipe`: JSON messages that end in a zero byte."""

    def __init__(self, profile: Path) -> None:
        down, self._to = os.pipe()
        self._from, up = os.pipe()
        switches = ["--headless", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe", "--hide-scrollbars",
                    f"--user-data-dir={profile}", *(["--no-sandbox"] if os.geteuid() == 0 else []), "about:blank"]  # fmt: skip
        wired = f'exec "$0" "$@" 3<&{down} 4>&{up}'
        self._process = subprocess.Popen(
            ["bash", "-c", wired, CHROMIUM, *switches], pass_fds=(down, up), stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(down)
        os.close(up)
        self._rest, self._number, self.session = b"", 0, ""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            told = self._read()
            if told.get("id") == self._number:
                assert "error" not in told, (method, told)
                result: dict[str, Any] = told["result"]
                return result
            self.events.append(told)

    def _read(self, seconds: float = 60.0) -> dict[str, Any]:
        while b"\0" not in self._rest:
            assert select.select([self._from], [], [], seconds)[0], "chromium says nothing"
            part = os.read(self._from, 1 << 20)
            assert part, "chromium has gone"
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(line)
        return told

    def run(self, script: str) -> Any:
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def text(self, selector: str = "body") -> str:
        """What can be read in an element; "" where there is none."""
        return str(self.run(f"document.querySelector({selector!r})?.innerText ?? ''"))

    def show(
        self,
        page: Path | str,
        *,
        width: int = 1100,
        height: int = 900,
        scale: float = 1,
        scheme: str = "light",
        media: str = "",
    ) -> None:
        """Load a file or an address."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call(
            "Emulation.setEmulatedMedia",
            media=media,
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        self.events.clear()
        self.call("Page.navigate", url=page if isinstance(page, str) else page.as_uri())
        self.loaded()

    def loaded(self) -> None:
        """Wait for the page that is on its way."""
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self._read())

    def wait(self, script: str, what: str, seconds: float = 20.0) -> None:
        """Until a script is true. The page may be replaced by another one meanwhile."""
        until = time.monotonic() + seconds
        while True:
            done = self.call("Runtime.evaluate", expression=f"Boolean({script})", returnByValue=True)
            if done["result"].get("value"):
                return
            assert time.monotonic() < until, (
                f"{what} did not happen within {seconds:g} s: {self.text()[:600]}"
            )
            time.sleep(0.1)

    def press(self, key: str, *, shift: bool = False) -> None:
        code, text = _KEYS[key], {"Enter": "\r", "Space": " "}.get(key, "")
        name = " " if key == "Space" else key
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=key, windowsVirtualKeyCode=code,
                      modifiers=8 if shift else 0, **({"text": text} if text and kind == "keyDown" else {}))  # fmt: skip

    def write(self, text: str) -> None:
        """Type into what has the focus."""
        self.call("Input.insertText", text=text)

    def tab_to(self, selector: str, most: int = 200) -> None:
        """Press Tab until an element has the focus."""
        for _ in range(most):
            if self.run(f"document.activeElement.matches({selector!r})"):
                return
            self.press("Tab")
        raise AssertionError(f"{selector} is not reached by Tab")

    def complaints(self) -> list[str]:
        """Exceptions, errors of the console and of the log (a refused style or script among them), and dialogs."""
        found = []
        for event in self.events:
            name, told = event.get("method"), event.get("params", {})
            if (
                name in ("Runtime.exceptionThrown", "Page.javascriptDialogOpening")
                or (name == "Runtime.consoleAPICalled" and told["type"] in ("error", "assert"))
                or (name == "Log.entryAdded" and told["entry"]["level"] == "error")
            ):
                found.append(json.dumps(told)[:400])
        return found

    def axe(self) -> tuple[int, list[Any]]:
        """How many checks of axe-core passed, and its violations."""
        self.run(AXE.read_text(encoding="utf-8") + "; 0")
        passed, violations = self.run(
            "axe.run(document).then(r => [r.passes.length, r.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 120))])])"
        )
        return passed, violations

    def picture(self, file: Path, *, whole: bool = False) -> None:
        """A screenshot as PNG."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        os.close(self._to)
        os.close(self._from)
        self._process.terminate()
        self._process.wait(timeout=20)
