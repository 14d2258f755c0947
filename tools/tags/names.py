"""A tag taken apart: the machine that it belongs to and the point on it, by its own spelling."""

from __future__ import annotations

import re
from typing import Final

from aitia.tools.meaning.plant_words import quantity_in
from aitia.tools.tags.equipment_words import Parts, is_channel, plain
from aitia.tools.tags.levels import by_levels, levels_of
from aitia.tools.tags.side_by_side import NUMBERED, by_mention, by_words

_WRAPPER: Final = re.compile(
    r"^(?:\\\\[\w.-]+\\|\[[\w ]+\]|ns=\d+;[sigb]=|nsu=[^;]+;s=|System\d+:|bacnet://\d+/|(?:sensor|binary_sensor|number|input_number)\.(?=\w+_)|opc\.\w+://[^/]+/)+"
)
_KKS: Final = re.compile(r"^[=+]?(\d{0,2}[A-Z]{3}\d{2})[ -]?([A-Z]{2}\d{3}[A-Z]?)")
_ROOTS: Final = frozenset(
    {
        "root",
        "objects",
        "default",
        "points",
        "drivers",
        "gvl",
        "main",
        "prg",
        "plc",
        "server",
        "channel",
        "device",
        "tags",
        "opc",
    }
)
"""Levels of a server and not of a plant."""
_CHINESE: Final = re.compile(
    r"^(.*?(?:\d+\s*[#号號]|#\s*\d+|[A-Z]\d*)\s*(?:给水泵|循环水泵|凝结水泵|送水泵|循环泵|水泵|油泵|泵|引风机|送风机|风机|机组|锅炉|汽轮机|汽机|发电机|电动机|电机"
    r"|炉|窑|窯|压缩机|空压机|冷水机组|冷却塔|反应釜|反应器|换热器|储罐|罐|塔|磨煤机|磨|主变|变压器|离心机|窑))[\s_.-]*(.+)$"
)
"""A number with its mark and a kind of machine, then the point: `1号给水泵轴承温度`, `2#风机 电流`."""
_SEGMENTS: Final = re.compile(r"\s+[-\u2013\u2014|]\s+|[;,]\s")
_TITLE_LENGTH: Final = 80  # characters of a title
_BESIDE: Final = re.compile(r"([^|]{2,60}) \| ([^|]{2,60})$")
_CHANNELS: Final = re.compile(
    r"(?i)(?:channel|kanal|canale?|voie|input|eingang|ch|ai)[\s._#-]?\d{1,3}(?:\s*[/:_-]\s*|\s+)"
)
TITLE: Final = "what stands before a colon"
_TITLED: Final = re.compile(r"^([^\s:/\\.][^:/\\]{1,40}): ([^:/\\]+)$")  # `UPS-1: Battery temperature`
_NAMELESS: Final = re.compile(r"column \d+")  # what a column without a name is called
_LABELS: Final = re.compile(r"^([\w:.]*)\s*\{(.+=.+)\}$")
_ASSET_LABELS: Final = (
    "asset",
    "machine",
    "equipment",
    "device",
    "unit",
    "pump",
    "motor",
    "turbine",
    "component",
    "instance",
)
_IED: Final = re.compile(r"^([\w-]+)/([A-Z]{3,9}\d*[.$].+)$")


def parts_of(tag: str) -> Parts:
    """The machine and the point of a tag; `asset` is "" where the tag names none."""
    bare = _WRAPPER.sub("", tag.strip())
    if (labels := _LABELS.match(bare)) and (told := _by_labels(labels)):
        return told
    if chinese := _CHINESE.match(bare):
        return Parts(asset=chinese[1], point=chinese[2], whole=chinese[1], by=NUMBERED)
    if ied := _IED.match(bare):
        return Parts(asset=ied[1], point=ied[2], whole=ied[1], by="IEC 61850")
    if kks := _KKS.match(bare):
        return _kks(kks, bare)
    if (titled := _TITLED.match(bare)) and quantity_in(titled[2]):
        return Parts(asset=titled[1], point=titled[2], whole=titled[1], by=TITLE)
    if beside := _BESIDE.match(bare):  # `Energie | Symo 10.0-3-M (1)`
        left, right = beside[1].strip(), beside[2].strip()
        asset, point = (right, left) if quantity_in(left) and not quantity_in(right) else (left, right)
        return Parts(asset=asset, point=point, whole=asset, by="what stands beside a bar")
    if (channel := _CHANNELS.match(bare)) and quantity_in(bare[channel.end() :]):
        return parts_of(bare[channel.end() :])
    if is_channel(bare) or _NAMELESS.fullmatch(bare):
        return Parts(asset="", point=bare, by="the number of a channel")
    levels = levels_of(bare)
    if len(levels) > 1:
        return by_levels(bare, levels, parts_of)
    return by_words(bare) or by_mention(bare) or Parts(asset="", point=bare, by="no machine in its name")


def machine_named(text: str) -> bool:
    """Whether a text is the name of a machine and nothing else: `Tank B`."""
    told = parts_of(f"{text} level")
    return told.asset == text and told.by == NUMBERED


def machine_in(text: str) -> str:
    """The machine that a title names, with its number: `Chiller 2` of `Chiller 2 trend`, `BAY 12 FEEDER 3`; "" for none."""
    parts = _SEGMENTS.split(text.strip()[:_TITLE_LENGTH])
    if len(parts) > 1:
        return next((m for p in parts if (m := machine_in(p))), "")
    left, found = parts[0], ""
    while left and (told := parts_of(f"{left} level")).by == NUMBERED and left.startswith(told.asset):
        found = f"{found} {told.asset}".strip()
        left = left[len(told.asset) :].strip(" ,/-")
    return text.strip() if found and not left else found


def levels_above(tag: str, machine: str) -> list[str]:
    """The levels of a path before its machine, from above: of `Site/Area 1/Pump 3/Flow` site and area."""
    bare = _WRAPPER.sub("", tag.strip())
    before = bare.partition(machine)[0]
    if not machine or before == bare:
        return []
    texts = [before[a:b].strip(" ._-") for a, b in levels_of(before)]
    return [t for t in texts if t and plain(t) not in _ROOTS]


def _by_labels(found: re.Match[str]) -> Parts | None:
    """Machine and name of a series with labels, as Grafana and Prometheus write it: `flow{asset="P-101"}`."""
    labels = dict(re.findall(r'(\w+)="([^"]*)"', found[2]))
    name = found[1] or labels.pop("__name__", "") or labels.pop("name", "")
    asset = next((labels[k] for k in _ASSET_LABELS if labels.get(k)), "")
    return Parts(asset=asset, point=name, whole=asset, by="its labels") if asset and name else None


def _kks(found: re.Match[str], tag: str) -> Parts:
    system, unit = found[1], found[2]
    rest = tag[found.end() :].strip(" -_.:/")
    if unit[0] == "C":  # measuring circuits of KKS: CP pressure, CT temperature
        return Parts(
            asset=system, point=" ".join(filter(None, (unit, rest))), whole=system, by="KKS", loop=system
        )
    return Parts(asset=system + unit, point=rest or unit, whole=system + unit, by="KKS")
