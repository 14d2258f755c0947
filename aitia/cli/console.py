"""Where output goes: data to stdout or a file, progress to stderr."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from aitia.core.errors import EXIT_CAUSE, EXIT_HEALTHY, EXIT_NOT_STORED, EXIT_UNKNOWN, BadInput
from aitia.core.redaction.speech import said

if TYPE_CHECKING:
    from rich.console import Console

    from aitia.core.words import Report

Format = Literal["text", "md", "json", "html", "pdf"]
_ENDINGS: dict[str, Format] = {".md": "md", ".json": "json", ".html": "html", ".htm": "html", ".pdf": "pdf"}
_NOT_WRITTEN = {
    ".doc", ".docx", ".odt", ".rtf", ".tex", ".epub", ".ppt", ".pptx", ".odp", ".xls", ".xlsx", ".ods", ".csv", ".tsv",
    ".xml", ".yaml", ".yml", ".rst", ".adoc", ".xhtml", ".png", ".jpg", ".jpeg", ".svg", ".zip", ".ipynb",
}  # fmt: skip
_EXIT = {"cause": EXIT_CAUSE, "healthy": EXIT_HEALTHY, "unknown": EXIT_UNKNOWN}


def stdout_console(*, piped_width: int = 100) -> Console:
    """The console for people: colour on a terminal only, NO_COLOR and COLUMNS honoured."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else piped_width
    return Console(highlight=False, width=width)


def stderr_console() -> Console:
    """The console for progress and notes."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def note(message: str) -> None:
    """A line on stderr."""
    from aitia.render.text import clean

    print(clean(said(message)), file=sys.stderr)


def print_json(value: Any) -> None:
    """JSON on stdout, non-ASCII as it is."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def write_out(text: str, output: Path | None) -> None:
    """To a file, or to stdout. Raises BadInput where the file cannot be written."""
    if output is None or str(output) == "-":
        sys.stdout.write(text)
        return
    _write_bytes(text.encode("utf-8"), output)


def _write_bytes(data: bytes, output: Path | None) -> None:
    if output is None or str(output) == "-":
        sys.stdout.buffer.write(data)
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        raise BadInput(
            f"Cannot write --output {str(output)!r} ({error.strerror}). Choose a path that can be written."
        ) from None
    note(f"written to {output}")


def pick_format(format: Format | None, *, as_json: bool, output: Path | None) -> Format:
    """The format asked for, else by the file's ending, else text.

    Raises BadInput where the ending is that of a document that is not written, or where a PDF cannot be made.
    """
    ending = output.suffix.lower() if output else ""
    if format is None and not as_json and ending in _NOT_WRITTEN:
        known = ", ".join((*_ENDINGS, ".txt"))
        raise BadInput(
            f"{ending} is not a known format. End the --output file in one of {known}, or add --format."
        )
    by_name = _ENDINGS.get(ending, "text")
    picked: Format = format or ("json" if as_json else by_name)
    if picked == "pdf":
        from aitia.render.pdf import browser

        browser()
        if output is None and sys.stdout.isatty():
            raise BadInput("A PDF cannot be shown in a terminal. Add --output FILE.")
    return picked


def put_report(report: Report, *, format: Format, output: Path | None, full: bool) -> None:
    """Print or write a report in one of its renderings."""
    if format == "text" and output is None:
        from aitia.render.terminal import print_report

        print_report(stdout_console(), report, full=full, artifacts=artifacts_of(report))
        return
    if format == "pdf":
        from aitia.render.pdf import render_pdf

        _write_bytes(render_pdf(report, artifacts=artifacts_of(report)), output)
        return
    write_out(rendered(report, format, full=full), output)


def put_work_order(report: Report, *, format: Format, output: Path | None) -> None:
    """Write a report's work order: a page where HTML or PDF is asked for, else JSON. Raises BadInput where there is none."""
    from aitia.render.work_order import render_work_order, work_order_json

    if format == "md":
        raise BadInput(
            "A work order is written as JSON, HTML or PDF: choose one with --format or the file's name."
        )
    if format in ("html", "pdf"):
        page = render_work_order(report, artifacts=artifacts_of(report))
        if format == "html":
            write_out(page, output)
            return
        from aitia.render.pdf import printed_page

        _write_bytes(printed_page(page), output)
        return
    write_out(work_order_json(report), output)


def artifacts_of(report: Report) -> dict[str, bytes]:
    """The plot data of the report's run, as far as the run still holds it."""
    from aitia.core.errors import NotRecorded, RunNotFound
    from aitia.core.home import aitia_home
    from aitia.core.store import RunStore

    found: dict[str, bytes] = {}
    for name in {e.artifact for e in report.evidence if e.artifact}:
        with contextlib.suppress(NotRecorded, RunNotFound):
            found[name] = RunStore.open(aitia_home(), report.run).artifact(name)
    return found


def rendered(report: Report, format: Format, *, full: bool) -> str:
    """The report as text in a format."""
    if format == "json":
        from aitia.core.store import report_bytes

        return report_bytes(report).decode("utf-8")
    if format == "html":
        from aitia.render.html import render_html

        return render_html(report, artifacts=artifacts_of(report))
    if format == "md":
        from aitia.render.markdown import render_markdown

        return render_markdown(report, full=full)
    from aitia.render.terminal import render_text

    return render_text(report, full=full)


def exit_code(report: Report) -> int:
    """0 a cause was found, 10 nothing is wrong, 11 unknown; 3 whatever it says, where it could not be stored."""
    from aitia.core.home import aitia_home
    from aitia.core.store import not_stored

    if why := not_stored(aitia_home(), report.run):
        note(f"this report is not stored and will be lost when the machine restarts: {why}")
        return EXIT_NOT_STORED
    return _EXIT[report.verdict]
