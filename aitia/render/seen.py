"""A picture that was looked at, drawn again from its greys: as SVG with its spots outlined, as a page, as characters."""

from __future__ import annotations

import base64
import binascii
import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from aitia.render import text as t
from aitia.render.svg import picture, tag, text

_RAMP: Final = " .:-=+*#%@"
_MOST_POINTS: Final = 40_000
_WIDE: Final = 480.0
_MARKS: Final = 80


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Greys row by row, marks as (box in shares, name), lines as points in shares, the values of black and white."""

    wide: int
    high: int
    greys: bytes
    marks: tuple[tuple[tuple[float, float, float, float], str], ...]
    lines: tuple[tuple[tuple[float, float], ...], ...]
    ends: tuple[float, float] | None
    unit: str


def read_seen(data: bytes) -> Seen | None:
    """What an artifact holds; None where it is not of this form."""
    try:
        told = json.loads(data)
        wide, high = int(told["wide"]), int(told["high"])
        greys = base64.b64decode(told["greys"], validate=True)
        if not (wide > 0 and high > 0 and wide * high <= _MOST_POINTS and len(greys) == wide * high):
            return None
        marks = tuple((_four(m["box"]), str(m["name"])) for m in told["marks"][:_MARKS])
        lines = tuple(tuple((_share(x), _share(y)) for x, y in line) for line in told["lines"][:_MARKS])
        ends = None if told["ends"] is None else (float(told["ends"][0]), float(told["ends"][1]))
        return Seen(
            wide=wide, high=high, greys=greys, marks=marks, lines=lines, ends=ends, unit=str(told["unit"])[:8]
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, binascii.Error):
        return None


def _share(value: Any) -> float:
    number = float(value)
    if not -1.0 <= number <= 2.0:
        raise ValueError("not a share")
    return number


def _four(box: Sequence[Any]) -> tuple[float, float, float, float]:
    x, y, w, h = (_share(v) for v in box)
    return x, y, w, h


def seen_svg(seen: Seen, *, key: str, title: str, desc: str) -> Markup:
    """The picture with its marks, as an image that a screen reader announces by `desc`."""
    high = round(_WIDE * seen.high / seen.wide, 1)
    body = [
        tag(
            "image",
            {
                "x": 0,
                "y": 0,
                "width": _WIDE,
                "height": high,
                "preserveAspectRatio": "none",
                "href": png(seen),
            },
        )
    ]
    for (x, y, w, h), name in seen.marks:
        box = {"x": _WIDE * x, "y": high * y, "width": _WIDE * w, "height": high * h}
        body.append(tag("rect", {**box, "fill": "none", "stroke": "#000", "stroke-width": 4, "opacity": 0.6}))
        body.append(tag("rect", {**box, "fill": "none", "stroke": "#4ff", "stroke-width": 2}))
        label = text(_WIDE * x + 3, max(12.0, high * y - 4), name)
        body.append(
            tag(
                "g",
                {
                    "fill": "#4ff",
                    "stroke": "#000",
                    "stroke-width": 3,
                    "paint-order": "stroke",
                    "font-size": 13,
                },
                label,
            )
        )
    for line in seen.lines:
        points = " ".join(f"{_WIDE * x:.1f},{high * y:.1f}" for x, y in line)
        body.append(
            tag(
                "polyline",
                {
                    "points": points,
                    "fill": "none",
                    "stroke": "#4ff",
                    "stroke-width": 1.2,
                    "stroke-dasharray": "5 4",
                },
            )
        )
    if seen.ends is not None:
        said = f"black {seen.ends[0]:g}, white {seen.ends[1]:g} {seen.unit}"
        body.append(text(2, high + 15, said))
    view = f"0 0 {_WIDE:.0f} {high + (20 if seen.ends is not None else 0):.0f}"
    return picture(
        key,
        *body,
        title=title,
        desc=desc,
        attributes={"viewBox": view, "class": "seen", "font-family": "sans-serif", "font-size": 12},
    )


def png(seen: Seen) -> str:
    """The greys as a data URI."""
    rows = b"".join(b"\0" + seen.greys[n * seen.wide : (n + 1) * seen.wide] for n in range(seen.high))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", seen.wide, seen.high, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    made = b"".join(
        struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts
    )
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + made).decode()


def seen_text(seen: Seen, *, columns: int = 56) -> list[str]:
    """The picture as characters, dark to bright, its marks by the first character of their names."""
    rows = max(4, round(columns * seen.high / seen.wide / 2))
    grid = [
        [
            _RAMP[
                seen.greys[(r * seen.high // rows) * seen.wide + c * seen.wide // columns]
                * (len(_RAMP) - 1)
                // 255
            ]
            for c in range(columns)
        ]
        for r in range(rows)
    ]
    for (x, y, w, h), name in seen.marks:
        row, column = int((y + h / 2) * rows), int((x + w / 2) * columns)
        if 0 <= row < rows and 0 <= column < columns and name.isdigit():
            grid[row][column] = name[0]
    return ["|" + "".join(line) + "|" for line in grid]


def page(file: str, form: str, lines: Sequence[str], notes: Sequence[str], drawing: Markup | None) -> str:
    """A printable page of one picture."""
    loader = Environment(loader=PackageLoader("aitia.render"), autoescape=True, undefined=StrictUndefined)
    told = {
        "file": t.clean(file),
        "form": form,
        "lines": [t.clean(x) for x in lines],
        "notes": [t.clean(x) for x in notes],
    }
    return loader.get_template("picture.html").render(**told, drawing=drawing)
