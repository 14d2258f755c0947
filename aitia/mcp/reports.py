"""Reports as MCP resources: `aitia://runs/RUN/report.md`, `.json` and `.html`."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from mcp import types
from pydantic import AnyUrl

from aitia.core.errors import BadInput, NotRecorded
from aitia.core.store import RunStore, list_runs
from aitia.render.html import render_html
from aitia.render.markdown import render_markdown
from aitia.render.text import clean, clip

MOST_LISTED: Final = 20  # newest runs whose reports are listed; any other can be read
_URI = re.compile(r"aitia://runs/([A-Za-z0-9-]{1,60})/report\.(md|json|html)")
MIME: Final[Mapping[str, str]] = {"md": "text/markdown", "json": "application/json", "html": "text/html"}


def uri(run: str, form: str) -> AnyUrl:
    """The address of a report."""
    return AnyUrl(f"aitia://runs/{run}/report.{form}")


def listed(home: Path) -> list[types.Resource]:
    """The newest reports, as Markdown."""
    runs = [run for run in list_runs(home) if run.get("state") == "finished"][:MOST_LISTED]
    return [
        types.Resource(
            uri=uri(str(run["id"]), "md"),
            name=f"report of {run['id']}",
            title=clip(clean(str(run.get("title", ""))), 200) or None,
            mimeType=MIME["md"],
        )
        for run in runs
    ]


def templates() -> list[types.ResourceTemplate]:
    """How reports are addressed."""
    return [
        types.ResourceTemplate(
            uriTemplate=f"aitia://runs/{{run}}/report.{form}",
            name=f"report.{form}",
            description=f"The whole report of a run as {form}.",
            mimeType=mime,
        )
        for form, mime in MIME.items()
    ]


def read(address: str, home: Path) -> tuple[str, str]:
    """The text of a report and its media type. Raises BadInput, RunNotFound."""
    match = _URI.fullmatch(address)
    if match is None:
        raise BadInput(f"Ask for aitia://runs/RUN/report.md, .json or .html, not {clip(address, 80)!r}.")
    store = RunStore.open(home, match[1])
    return _FORMS[match[2]](store), MIME[match[2]]


def _html(store: RunStore) -> str:
    report = store.report()
    artifacts: dict[str, bytes] = {}
    for name in {e.artifact for e in report.evidence if e.artifact}:
        with contextlib.suppress(NotRecorded):
            artifacts[name] = store.artifact(name)
    return render_html(report, artifacts=artifacts)


_FORMS: Final[Mapping[str, Callable[[RunStore], str]]] = {
    "md": lambda store: render_markdown(store.report()),
    "json": lambda store: store.report_json().decode("utf-8"),
    "html": _html,
}
