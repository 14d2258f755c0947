"""SVG as text: elements, a picture with its name and description, and how wide words are."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from markupsafe import Markup, escape

from aitia.render import text as t

Attributes = Mapping[str, object]
_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[] -/\\"), frozenset("mwMW@%—…<>=+~#")
_BOLD = 1.12  # how much wider bold words are


def tag(name: str, attributes: Attributes, *children: str) -> Markup:
    """One element; plain strings are cleaned and escaped, `Markup` is neither."""
    told = "".join(f' {key}="{escape(_number(value))}"' for key, value in attributes.items())
    inner = "".join(child if isinstance(child, Markup) else escape(t.clean(child)) for child in children)
    return Markup(f"<{name}{told}>{inner}</{name}>" if children else f"<{name}{told}/>")  # escaped above


def _number(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def picture(key: str, *body: str, title: str, desc: str, attributes: Attributes) -> Markup:
    """A drawing that a screen reader announces as one image; `key` makes its ids unique in the page."""
    named = {"role": "img", "aria-labelledby": f"{key}-t {key}-d"}
    names = (tag("title", {"id": f"{key}-t"}, title), tag("desc", {"id": f"{key}-d"}, desc))
    return tag("svg", {**named, **attributes}, *names, *body)


def text(x: float | str, y: float, words: str, *, kind: str = "", anchor: str = "") -> Markup:
    """Words at a place, in the page's font."""
    extra = ({"class": kind} if kind else {}) | ({"text-anchor": anchor} if anchor else {})
    return tag("text", {"x": x, "y": y, **extra}, words)


def width(words: str, size: float = 12.0) -> float:
    """About how many pixels words take in a wide sans-serif of `size` pixels; rather too many than too few."""
    return size * sum(_share(c) for c in words)


def _share(c: str) -> float:
    if unicodedata.east_asian_width(c) in "WF":
        return 1.0
    if c in _NARROW:
        return 0.41
    return 1.0 if c in _WIDE else 0.76 if c.isupper() else 0.635


def fit(words: str, room: float, size: float = 12.0, *, bold: bool = False) -> str:
    """As much of the words as fits the room, the cut shown."""
    size *= _BOLD if bold else 1.0
    used, kept = 0.0, 0
    for n, c in enumerate(words):
        used += size * _share(c)
        if used > room:
            return words[:kept].rstrip() + "…"
        if used + size * _share("…") <= room:
            kept = n + 1
    return words


def wrap(words: str, room: float, *, lines: int, size: float = 12.0) -> list[str]:
    """The words on at most so many lines."""
    found: list[str] = []
    rest = words.split()
    while rest and len(found) < lines - 1:
        line = rest.pop(0)
        while rest and width(f"{line} {rest[0]}", size) <= room:
            line += f" {rest.pop(0)}"
        found.append(fit(line, room, size))
    return found + ([fit(" ".join(rest), room, size)] if rest else [])
