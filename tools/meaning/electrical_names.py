"""Electrical measurements by the names of IEC 61850-7-4 and of the Common Information Model."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

from aitia.core.bounds import own_yaml

_NODE: Final = re.compile(
    r"(?:^|[./$])\w{0,8}?(?:MMXU|MMXN|MMDC|MSQI|MMTR|MMTN|MMET|STMP|YLTC|ATCC)\d{0,3}[.$]([A-Za-z]+)(?=[.$]|$)"
)
_LAST: Final = re.compile(r"([A-Za-z]+)$")


def electrical_quantity(name: str) -> str:
    """The quantity of a measuring node's data object, or of a measurement type of CIM at the end; "" where it is neither."""
    objects, cim = _names()
    if told := _NODE.search(name):
        return objects.get(told[1], "")
    last = _LAST.search(name)
    return cim.get(last[1], "") if last else ""


@cache
def _names() -> tuple[dict[str, str], dict[str, str]]:
    raw = own_yaml(files("aitia.tools.meaning").joinpath("electrical_names.yaml").read_text(encoding="utf-8"))
    return dict(raw["objects"]), dict(raw["cim"])
