"""How the pages look: their templates, what a template may say of outside text, and the files that they load."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from aitia.agent.taxonomy import Taxonomy
from aitia.core.percent import chance
from aitia.render.text import NOT_VISIBLE, clean, clean_lines, clip, duration
from aitia.web.progress import line

LONGEST_TEXT: Final = 4_000  # characters of a text from outside that has lines
_NOBODY: Final = {"healthy": "nothing is wrong", "unknown": NOT_VISIBLE}
_FILES: Final = {
    "page.css": ("aitia.web", "static/page.css", "text/css"),
    "live.js": ("aitia.web", "static/live.js", "text/javascript"),
    "icon.svg": ("aitia.web", "static/icon.svg", "image/svg+xml"),
    "report.css": ("aitia.render", "templates/report.css", "text/css"),
}


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A file that pages load, and the tag that changes with its content."""

    body: bytes
    media_type: str
    tag: str


@cache
def assets() -> Mapping[str, Asset]:
    """The files that pages load, by name."""
    found = {}
    for name, (package, path, kind) in _FILES.items():
        body = files(package).joinpath(path).read_bytes()
        found[name] = Asset(body=body, media_type=kind, tag=hashlib.sha256(body).hexdigest()[:16])
    return found


def asset(request: Request, name: str) -> Response:
    """One of these files; kept for a year under its own address, which changes with its content."""
    if (found := assets().get(name)) is None:
        return Response(status_code=404)
    kept = "public, max-age=31536000, immutable" if request.query_params.get("v") == found.tag else "no-cache"
    headers = {"ETag": f'"{found.tag}"', "Cache-Control": kept}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(found.body, media_type=found.media_type, headers=headers)


def page(request: Request, template: str, *, status: int = 200, **shown: Any) -> HTMLResponse:
    """A page from its template."""
    closed = bool(request.app.state.guard.keeper)
    html = _environment().get_template(template).render(closed=closed, **shown)
    return HTMLResponse(html, status_code=status)


def namer(taxonomy: Taxonomy) -> Callable[[str, str], str]:
    """What says a suspect in words: its component and the title of its fault kind."""

    def named(component: str, fault: str) -> str:
        if not component:
            return _NOBODY.get(fault, line(fault))
        return f"{line(component)}: {line(taxonomy.title(fault))}" if fault else line(component)

    return named


def _lines(text: str, limit: int = LONGEST_TEXT) -> str:
    return clip(clean_lines(text[: limit * 4]), limit)


def _short(text: str, limit: int) -> str:
    return clip(clean(text[: limit * 4]), limit)


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _file(name: str) -> str:
    return f"/static/{name}?v={assets()[name].tag}"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("aitia.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {
        "line": line,
        "lines": _lines,
        "short": _short,
        "when": _when,
        "percent": chance,
        "duration": duration,
    }
    made.globals["file"] = _file
    return made
