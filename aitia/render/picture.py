"""A report as an SVG picture of the terminal: `python -m aitia.render.picture RUN > report.svg`."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Mapping

from aitia.core.home import aitia_home
from aitia.core.store import RunStore
from aitia.core.words import Report

WIDTH = 104


def picture(report: Report, artifacts: Mapping[str, bytes] | None = None) -> str:
    """The terminal view of a report, as SVG text. With the run's `artifacts` its measurements are drawn as sparklines."""
    from rich.console import Console

    from aitia.render.terminal import print_report

    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    print_report(console, report, artifacts=artifacts)
    svg = console.export_svg(title="aitia report", unique_id="aitia")
    # The fonts of the reader's own machine: a picture must not fetch anything.
    return re.sub(r"@font-face \{.*?\}\n?", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    run = RunStore.open(aitia_home(), sys.argv[1] if len(sys.argv) > 1 else "last")
    shown = run.report()
    print(
        picture(shown, {e.artifact: run.artifact(e.artifact) for e in shown.evidence if e.artifact}), end=""
    )
