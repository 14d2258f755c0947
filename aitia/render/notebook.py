"""The report in a notebook: the whole page in a frame of its own, so that neither changes the other's style."""

from __future__ import annotations

import contextlib
from html import escape
from typing import Final

from aitia.core.errors import NotRecorded, RunNotFound
from aitia.core.home import aitia_home
from aitia.core.store import RunStore
from aitia.core.words import Report

_FRAME: Final = (
    '<div><p style="margin:0 0 .4em;overflow-wrap:anywhere">{told}</p>'
    "<iframe sandbox title='{title}' srcdoc='{page}' "
    'style="display:block;width:100%;height:38rem;resize:vertical;overflow:auto;border:1px solid #8888"></iframe></div>'
)


def notebook_html(report: Report) -> str:
    """The page in a frame without scripts, below 300 KB, under a line that also stands where frames are taken out."""
    from aitia.render.document import build
    from aitia.render.fitting import short
    from aitia.render.html import LARGEST, render_html

    head = build(report, amount="short").headline
    told = short(f"{head.told}: {head.subject} (run {report.run})", 300)
    plots, framed = _plots(report), ""
    for largest in (LARGEST, LARGEST // 2):  # quoting makes a page 1.8 times as long at most
        page = _quoted(render_html(report, artifacts=plots, largest=largest))
        framed = _FRAME.format(
            told=escape(told), title=escape(f"Report of run {short(report.run, 60)}"), page=page
        )
        if len(framed.encode("utf-8")) < LARGEST:
            break
    return framed


def notebook_markdown(report: Report) -> str:
    """The short report, for viewers that show no HTML."""
    from aitia.render.markdown import render_markdown

    return render_markdown(report, full=False)


def _quoted(page: str) -> str:
    """The page as the value of an attribute in single quotes: it has few of those, so that it grows little.

    Without a base of its own a link to a place within it would lead to the notebook's address.
    """
    based = page.replace("<head>", '<head><base href="about:srcdoc">', 1)
    return based.replace("&", "&amp;").replace("'", "&#39;")


def _plots(report: Report) -> dict[str, bytes]:
    """The plot data of the report's run, as far as this machine holds it."""
    found: dict[str, bytes] = {}
    with contextlib.suppress(RunNotFound, NotRecorded):
        store = RunStore.open(aitia_home(), report.run)
        for name in {e.artifact for e in report.evidence if e.artifact}:
            found[name] = store.artifact(name)
    return found
