"""The HTML report printed to PDF by a Chromium that is there; aitia brings none."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aitia.core.children import environment, program
from aitia.core.errors import BadInput
from aitia.core.words import Report
from aitia.render.html import render_html

_NAMES: Final = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)  # fmt: skip
_SECONDS: Final = 60.0


def browser() -> str:
    """The Chromium to print with. Raises BadInput where there is none."""
    for name in _NAMES:
        with contextlib.suppress(FileNotFoundError):
            found = program(name)
            if os.access(found, os.X_OK):
                return found
    raise BadInput(
        "None of chromium, google-chrome, microsoft-edge is in PATH. Install Chromium for a PDF "
        "(Debian: apt install chromium), or use --format html and print it in a browser."
    )


def render_pdf(report: Report, *, artifacts: Mapping[str, bytes] | None = None) -> bytes:
    """The report as PDF, everything unfolded."""
    return printed_page(render_html(report, artifacts=artifacts, opened=True))


def printed_page(html: str) -> bytes:
    """A page as PDF. Raises BadInput where there is no browser, or it fails."""
    with tempfile.TemporaryDirectory(prefix="aitia-pdf-") as folder:
        page, printed = Path(folder, "report.html"), Path(folder, "report.pdf")
        page.write_text(html, encoding="utf-8")
        command = [
            browser(), "--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer",
            "--disable-background-networking", "--disable-extensions", "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={folder}/profile", f"--print-to-pdf={printed}",
            *(["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []), page.as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_SECONDS, check=False, cwd=folder,
                env=environment("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "FONTCONFIG_PATH"),
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BadInput(
                f"{command[0]} could not print the PDF ({error}). Use --format html instead."
            ) from None
        if not printed.is_file():
            said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise BadInput(f"{command[0]} printed nothing: {said}. Use --format html instead.")
        return printed.read_bytes()
