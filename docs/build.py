"""What the site needs beyond mkdocs: drawings without a script, argument lists, and no address outside the site."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

import griffe

from aitia.render.svg import picture, tag, text

_NODE = re.compile(r"^\s*(\w+)\(\[?(?:<p>)?(\w+)", re.MULTILINE)
_EDGE = re.compile(r"^\s*(\w+) (-->|-\.->) (\w+);", re.MULTILINE)
_PADDED = re.compile(r"\w[\w, *]* {2,}(?=\S)")
_NAMES = re.compile(r"(?:\w[\w, *]*)? +")
_CODE = re.compile(r"<code>[^<]*</code>")
_HIGH, _BOX, _STEP, _MIDDLE = 30, 132, 56, 200
_drawn = count(1)


def on_config(config: Any) -> Any:
    """Draw Mermaid blocks here: the theme would load a script from another server for them."""
    fences = [{"name": "mermaid", "class": "drawing", "format": draw}]
    config.mdx_configs["pymdownx.superfences"] = {"custom_fences": fences}
    return config


def on_page_content(html: str, **_: Any) -> str:
    """A bar in a table's code is written with a backslash, which GitHub takes away and Python-Markdown leaves."""
    return _CODE.sub(lambda code: code[0].replace("\\|", "|"), html)


def draw(source: str, *_: Any, **__: Any) -> str:
    """A state machine in one column: on the right what passes a state by, on the left the ways back."""
    names = dict(_NODE.findall(source))
    place = {node: n for n, node in enumerate(names)}
    key = f"machine-{next(_drawn)}"
    head = tag("path", {"d": "M0 0 10 5 0 10z", "fill": "currentColor"})
    size = {
        "viewBox": "0 0 10 10",
        "refX": 9,
        "refY": 5,
        "markerWidth": 7,
        "markerHeight": 7,
        "orient": "auto",
    }
    body = [tag("defs", {}, tag("marker", {"id": key, **size}, head))]
    for a, kind, b in _EDGE.findall(source):
        way = {"d": _way(place[a], place[b]), "fill": "none", "stroke": "currentColor"}
        dashed = {"stroke-dasharray": "5 4"} if kind == "-.->" else {}
        body.append(tag("path", way | dashed | {"marker-end": f"url(#{key})"}))
    for node, n in place.items():
        box = {"x": _MIDDLE - _BOX / 2, "y": 1 + n * _STEP, "width": _BOX, "height": _HIGH, "rx": 6}
        body.append(tag("rect", {**box, "fill": "none", "stroke": "currentColor"}))
        body.append(text(_MIDDLE, n * _STEP + 20, names[node].strip("_"), anchor="middle"))
    told = "; ".join(f"{names[a].strip('_')} to {names[b].strip('_')}" for a, _, b in _EDGE.findall(source))
    high = (len(place) - 1) * _STEP + _HIGH + 2
    return picture(
        key, *body, title="The states and the ways between them", desc=told,
        attributes={"viewBox": f"0 0 {2 * _MIDDLE} {high}", "fill": "currentColor", "font-size": 13,
                    "style": "max-width: 26rem; width: 100%"},
    )  # fmt: skip


def _way(a: int, b: int) -> str:
    if b == a + 1:
        return f"M{_MIDDLE} {a * _STEP + _HIGH + 1}V{b * _STEP}"
    side = 1 if b > a else -1
    edge, out = _MIDDLE + side * _BOX / 2, side * (30 + 12 * abs(b - a))
    start, end = a * _STEP + _HIGH / 2 + 5 * side, b * _STEP + _HIGH / 2 - 5 * side
    return f"M{edge} {start}C{edge + out} {start} {edge + out} {end} {edge + side * 2} {end}"


class Docstrings(griffe.Extension):
    """Arguments, which docstrings list in two columns, become a list; the fields of a class a block of code."""

    def on_module(self, *, mod: griffe.Module, **_: Any) -> None:
        """Take functions that are made from others as they are when imported: their source shows no signature."""
        if mod.path != "aitia.aio":
            return
        for name, live in griffe.inspect(mod.path).functions.items():
            if name in mod.attributes:
                mod.set_member(name, live)
                self.on_object(obj=live)

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of one object."""
        if not obj.docstring:
            return
        blocks = [_listed(block) for block in obj.docstring.value.split("\n\n")]
        fields = obj.attributes.items() if obj.is_class else ()
        shown = [f"{name}: {a.annotation}" for name, a in fields if a.annotation and _field(name, a)]
        code = ["```python\n" + "\n".join(shown) + "\n```"] if shown else []
        obj.docstring.value = "\n\n".join([*blocks, *code])


def _field(name: str, attribute: griffe.Attribute) -> bool:
    return not name.startswith("_") and name != "model_config" and "property" not in attribute.labels


def _listed(block: str) -> str:
    lines = block.splitlines()
    column = next((found.end() for line in lines if (found := _PADDED.match(line))), 0)
    if not column or not all(_NAMES.fullmatch(line[:column]) for line in lines):
        return block
    items: list[str] = []
    for line in lines:
        if name := line[:column].strip():
            items.append(f"- `{name}`: {line[column:]}")
        elif items:
            items[-1] += " " + line.strip()
    return "\n".join(items)
