"""Codes of vendors and standards in messages, by the table `message_codes.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from aitia.core.bounds import own_yaml

NORMAL: Final = "normal"


@dataclass(frozen=True, kw_only=True)
class _Codes:
    pattern: re.Pattern[str]
    numbers: Mapping[str, str]
    quoted: bool
    answer: bool
    trouble: int | None  # the greatest digit that is trouble, where the code is a severity


@cache
def _table() -> tuple[_Codes, ...]:
    raw = own_yaml(files("aitia.tools.meaning").joinpath("message_codes.yaml").read_text("utf-8"))
    return tuple(
        _Codes(
            pattern=re.compile(entry["pattern"]),
            numbers=entry.get("numbers", {}),
            quoted=entry.get("quoted", False),
            answer=entry.get("answer", False),
            trouble=entry.get("digits"),
        )
        for entry in raw
    )


def codes(own: str, text: str, *, answers: bool) -> Iterator[str]:
    """What the codes of a message say, in its program's own words and in the whole text: a class, `normal`, "" for any trouble.

    `answers`: also the status of an answer to a client.
    """
    for table in _table():
        if table.answer and not answers:
            continue
        for match in table.pattern.finditer(text if table.quoted else own):
            code = match[1]
            if table.trouble is not None:
                yield "" if int(code) <= table.trouble else NORMAL
            elif said := _longest(code, table.numbers):
                yield said


def _longest(code: str, numbers: Mapping[str, str]) -> str:
    padded = code.zfill(5) if code.isdecimal() and "00000" in numbers else code
    begun = (numbers.get(f"{padded[:end]}*") for end in range(len(padded), -1, -1))
    return numbers.get(padded) or next((said for said in begun if said), "")
