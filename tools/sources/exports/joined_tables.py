"""Tables of a database that name each other's rows by a key: samples with the names, units and machines of their series."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from aitia.tools.sources.exports.limits import check_cells
from aitia.tools.sources.exports.numbers import looks_numeric
from aitia.tools.sources.exports.times import stamp_of
from aitia.tools.sources.exports.told_in_text import unfolded
from aitia.tools.sources.exports.words import key_of

_LARGEST: Final = 100_000  # rows of a table that names something
_LEAST: Final = 0.9  # of the keys of a column that the other table must hold
_DEEP: Final = 4  # tables behind one another: samples, points, devices, sites
_PLAIN: Final = frozenset({"name", "label", "title"})
_KEYS: Final = frozenset({"id", "rowid", "key", "uid", "uuid", "code", "nr", "no"})
_KEY: Final = re.compile(r"(?:^|_)(?:id|key|uuid|hash|fk|idx)$|(?<=[a-z])(?:id|key)$")
_KIND: Final = re.compile(
    r"(?:^|[_.])(?:class|type|kind|category|typ|hash|uuid)$"
)  # classes of things, no names
_FEW: Final = 5  # rows of a table beside one of samples that is about the database itself
_MANY: Final = 50
Rows = list[list[str]]


def joined(tables: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, Rows]:
    """The tables, by name, each with the texts of those whose keys it holds in place of the keys.

    A column names another table's rows where that one has a key of its own for each, next to no other values stand in the
    column, and it is called like the key or like the table (`metadata_id` in both; `device_id`, `devices.id`). What only names
    others stands in their rows alone. Raises ValueError for more cells than are read.
    """
    held = {name: _bare(rows) for name, rows in tables.items()}
    used: set[str] = set()
    made = {name: _told(name, held, used, (name,)) for name in held}
    most = max((len(rows) for name, rows in made.items() if name not in used), default=0)
    least = _FEW if used and most > _MANY else 0
    return {name: rows for name, rows in made.items() if name not in used and len(rows) > least}


def _told(name: str, held: Mapping[str, Rows], used: set[str], way: tuple[str, ...]) -> Rows:
    rows, linked = held[name], False
    while len(way) < _DEEP and (link := _link(rows, {k: v for k, v in held.items() if k not in way})):
        at, other, key = link
        body = _told(other, held, used, (*way, other))
        rows, linked = _with(rows, at, other, body, key), True
        used.add(other)
    if linked and len(way) == 1:  # its own key, and those of tables that are not there
        kept = [n for n, title in enumerate(rows[0]) if not (_KEY.search(key_of(title)) and _counts(rows, n))]
        rows = [[r[n] for n in kept] for r in rows]
    return rows


def _link(rows: Rows, others: Mapping[str, Rows]) -> tuple[int, str, str] | None:
    """The column of a table that holds keys of another one, that one, and what its column of keys is called."""
    if len(rows) < 2:
        return None
    for at, column in enumerate(rows[0]):
        for other, body in others.items():
            if 1 < len(body) <= _LARGEST and len(body[0]) > 1:
                for key, called in enumerate(body[0]):
                    named = _alike(key_of(column), other.casefold(), key_of(called)) or _meant(
                        column, called, body[0]
                    )
                    if named and _holds(rows, at, body, key):
                        return at, other, called
    return None


def _meant(column: str, key: str, heads: Sequence[str]) -> bool:
    """Whether a column is called like what a table with a plain key tells: `tagid` of a table with `id` and `tagpath`."""
    stem = _KEY.sub("", key_of(column)).strip("_")
    told = any(key_of(h).startswith(stem) and not _KEY.search(key_of(h)) for h in heads)
    return len(stem) > 2 and stem != key_of(column) and key_of(key) in _KEYS and told


def _alike(column: str, table: str, key: str) -> bool:
    """Whether a column is called like the key of a table: `metadata_id` both, `device_id` of `devices.id`."""
    if column == key:
        return key not in _KEYS and bool(_KEY.search(key))
    stem = _KEY.sub("", column).removeprefix("fk_").removeprefix("id_").strip("_")
    words = {table, *re.split(r"[\W_]+", table)}
    single = (
        words
        | {w.removesuffix(s) for w in words for s in ("s", "es", "n", "en")}
        | {w[:-3] + "y" for w in words}
    )
    return key in _KEYS and bool(stem) and stem in single


def _holds(rows: Rows, at: int, body: Rows, key: int) -> bool:
    keys, mine = [r[key] for r in body[1:]], {r[at] for r in rows[1:]} - {""}
    if len(mine) == len(rows) - 1 > len(keys) or not mine:
        return False
    return len(set(keys)) == len(keys) and len(mine & set(keys)) >= _LEAST * len(mine)


def _with(rows: Rows, at: int, other: str, body: Rows, named: str) -> Rows:
    """The rows with the words of another table in place of its keys; its numbers and times are no samples."""
    told = [["" if c is None else str(c) for c in r] for r in unfolded(body) or body]
    key = told[0].index(named)
    words = [
        n
        for n, title in enumerate(told[0])
        if n != key and not _KIND.search(key_of(title)) and _says(told, n)
    ]
    words = [n for n in words if not _KEY.search(key_of(told[0][n]))] or words
    said = {r[key]: [r[n] for n in words] for r in told[1:]}
    left = [n for n in range(len(rows[0])) if n != at]
    check_cells(len(rows), len(left) + len(words))
    single = re.sub(r"(?:_?meta(?:data)?|s)$", "", other) or other
    heads = [
        single if key_of(t) in _PLAIN else f"{single}_{t}" if t in rows[0] else t
        for t in (told[0][n] for n in words)
    ]
    empty = [""] * len(words)
    return [
        [*(rows[0][n] for n in left), *heads],
        *([*(r[n] for n in left), *said.get(r[at], empty)] for r in rows[1:]),
    ]


def _says(rows: Rows, at: int) -> bool:
    """Whether a column holds words: neither numbers nor times."""
    cells = [c for r in rows[1:200] if (c := r[at])]
    return bool(cells) and not any(looks_numeric(c) or stamp_of(c) is not None for c in cells[:20])


def _counts(rows: Rows, at: int) -> bool:
    return all(c.isdecimal() for r in rows[1:1000] if (c := r[at]))


def _bare(rows: Sequence[Sequence[str]]) -> Rows:
    """The rows without columns that hold nothing."""
    kept = [n for n in range(len(rows[0])) if any(r[n] for r in rows[1:])] if rows else []
    return [[r[n] for n in kept] for r in rows]
