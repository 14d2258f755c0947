"""Rows whose cells name themselves: `pressure=3.2 temp=44` in each line, `put metric time value tag=…`, JSON within a cell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from aitia.core.bounds import load_json
from aitia.tools.sources.exports.limits import MOST_CELLS
from aitia.tools.sources.exports.objects import rows_of_objects
from aitia.tools.sources.exports.times import stamp_of

_PAIR: Final = re.compile(r'(?<![^\s;,|\]])([^\W\d][\w.\-/%]{0,60})=("[^"]{0,200}"|[^\s;,|"]{1,80})')
_PUT: Final = re.compile(r"put (\S{1,200}) (\d{9,13}) (\S{1,40})((?: [\w.\-/]{1,80}=\S{1,120}){1,16})\s*")
_LOOKED: Final = 60  # lines, or cells, by which the form is told
_MOST: Final = 0.9  # of them
_NAMES: Final = 2_000  # different names at most
_LEAST: Final = 2  # pairs of a line, and lines


def named_values(text: str) -> list[list[str]] | None:
    """Lines of names and values as rows with a column for each name; None for a text of another form.

    What stands before the first pair is the time, where it is one.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < _LEAST:
        return None
    if all(_PUT.fullmatch(line) for line in lines[:_LOOKED]):
        return [["time", "tag", "value", "asset"], *_put(lines)]
    head = [_parts(line) for line in lines[:_LOOKED]]
    usual = Counter(name for _, pairs in head for name in dict(pairs))
    good = [len(dict(p)) >= _LEAST and (stamp_of(before) is not None or _timed(p)) for before, p in head]
    if sum(good) < _MOST * len(head) or max(usual.values(), default=0) < _MOST * len(head):
        return None
    names: dict[str, None] = {}
    rows: list[tuple[str, dict[str, str]]] = []
    for line in lines:
        before, pairs = _parts(line)
        rows.append((before, dict(pairs)))
        names |= dict.fromkeys(rows[-1][1])
        if len(names) > _NAMES or len(names) * len(rows) > MOST_CELLS:
            return None
    timed = any(before for before, _ in rows)
    return [
        [*(["timestamp"] if timed else []), *names],
        *([*([before] if timed else []), *(of.get(n, "") for n in names)] for before, of in rows),
    ]


def _parts(line: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands before the first pair of a line, and its pairs."""
    found = list(_PAIR.finditer(line))
    before = line[: found[0].start()].strip(" \t;,|[]") if found else ""
    return before, [(m[1], m[2].strip('"')) for m in found]


def _timed(pairs: Sequence[tuple[str, str]]) -> bool:
    return any(stamp_of(value) is not None for _, value in pairs)


def _put(lines: Sequence[str]) -> Iterator[list[str]]:
    """Lines as OpenTSDB takes them: the machine is what its tags say without a unit."""
    for line in lines:
        if found := _PUT.fullmatch(line):
            tags = dict(pair.split("=", 1) for pair in found[4].split())
            yield [found[2], found[1], found[3], "/".join(v for k, v in tags.items() if k != "unit")]


def unfolded(rows: Sequence[Sequence[str]]) -> list[list[Any]] | None:
    """Rows whose objects of JSON within one column stand in columns of their own; None where no column holds any.

    Raises ValueError for more cells than are read.
    """
    if len(rows) <= _LEAST:
        return None
    head, sample = rows[0], rows[1 : _LOOKED + 1]
    for at, name in enumerate(head):
        cells = [c for r in sample if at < len(r) and (c := r[at])]
        if not name or len(cells) < _LEAST or not all(c.startswith("{") and c.endswith("}") for c in cells):
            continue
        held = []
        for row in rows[1:]:
            one: dict[str, Any] = dict(zip(head, row, strict=False))
            try:
                one[name] = load_json(row[at]) if at < len(row) else {}
            except ValueError:
                one[name] = {}
            held.append(one)
        return rows_of_objects(held)
    return None
