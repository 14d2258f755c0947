"""Objects within objects (JSON, XML) as rows: what stands further out is told of every row within."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from aitia.tools.sources.exports.limits import MOST_CELLS, TOO_MANY
from aitia.tools.sources.exports.times import stamp_of
from aitia.tools.sources.exports.words import called, key_of
from aitia.tools.sources.time_texts import epoch_of

_HEADS: Final = frozenset({"columns", "fields", "header", "headers", "names", "columnnames", "keys"})
_LABELS: Final = frozenset({"metric", "tags", "labels"})
_WRAPPERS: Final = frozenset(
    {"telemetry", "values", "payload", "data", "fields", "body", "properties", "measurements", "state"}
)
_LISTS: Final = frozenset(
    {"data", "items", "values", "results", "result", "rows", "records", "series", "samples", "points", "datapoints", "readings",
     "measurements", "telemetry", "entries", "value", "response", "content", "d"}
)  # fmt: skip
_META: Final = ("asset", "time", "other_time", "ignore", "quality", "unit")
_PAIR: Final = 2
_FAR: Final = 1e20  # no time in nanoseconds is as large; an integer of JSON may be beyond any float
Record = dict[str, Any]


def rows_of_objects(held: Any) -> list[list[Any]]:
    """A row of names, and a row of values for each object that holds no further ones.

    Raises ValueError for more than MOST_CELLS: what is told of every row, and a column that one row alone has, count in all.
    """
    made: list[Record] = []
    names: dict[str, None] = {}
    cells = passed = 0
    for one in _walk(held, {}, ""):
        if isinstance(one, int):
            passed += one
            if passed > MOST_CELLS:
                raise ValueError(TOO_MANY)
            continue
        one = _words(one)
        made.append(one)
        names |= dict.fromkeys(one)
        cells += len(one)
        if max(cells, len(names) * len(made)) > MOST_CELLS:
            raise ValueError(TOO_MANY)
    shown = _shortened(names)
    return [[shown[n] for n in names], *([one.get(n) for n in names] for one in made)]


def _walk(node: Any, told: Mapping[str, Any], name: str) -> Iterator[Record | int]:
    """Records, and how much is told of each object on the way to them: one may hold none."""
    if isinstance(node, Mapping):
        yield from _object(node, told)
    elif isinstance(node, list):
        yield from _list(node, told, name, [])


def _object(node: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Record | int]:
    by_time = {
        k: v for k, v in node.items() if isinstance(v, Mapping) and len(v) > 1 and all(map(_is_time, v))
    }
    flat, lists = _parts({k: v for k, v in node.items() if k not in by_time}, "")
    told = {**told, **flat}
    yield len(told)
    if by_time:  # a column in each entry, times as keys
        for key, of in by_time.items():
            yield from ({**told, "tag": key, "time": t, "value": v} for t, v in of.items())
        return
    if not lists:
        yield dict(told)
        return
    columns = {k: v for k, v in lists.items() if not any(isinstance(x, Mapping | list) for x in v)}
    heads = next(
        ([str(x) for x in v] for k, v in columns.items() if key_of(k.rpartition(".")[2]) in _HEADS), []
    )
    inner = {k: v for k, v in lists.items() if k not in columns}
    if not inner and len(columns) > 1:  # a list for each column
        yield from (
            {**told, **dict(zip(columns, row, strict=False))} for row in zip(*columns.values(), strict=False)
        )
        return
    alike = len(inner) > 1
    for key, elements in inner.items():
        last = key if key in node else key.rpartition(".")[2]
        tagged = (alike or key_of(last) not in _LISTS) and not any(called(k, "tag") for k in told)
        yield from _list(
            elements, {**told, "tag": last} if tagged and _needs_tag(elements) else told, key, heads
        )


def _needs_tag(of: Sequence[Any]) -> bool:
    """Whether objects of a list name no tag of their own, so that the list's name is it."""
    first = of[0]
    return not isinstance(first, Mapping) or (
        not any(called(k, "tag") for k in first) and any(called(k, "value") for k in first)
    )


def _list(
    of: Sequence[Any], told: Mapping[str, Any], name: str, heads: Sequence[str]
) -> Iterator[Record | int]:
    rows = [x for x in of if isinstance(x, list)]
    if rows:
        if not heads and all(isinstance(x, str) for x in rows[0]) and not any(map(_is_time, rows[0])):
            heads, rows = [str(x) for x in rows[0]], rows[1:]
        heads = heads or _pair(rows)
        yield from ({**told, **dict(zip(heads, row, strict=False))} for row in rows)
    pairs = [x for x in of if isinstance(x, Mapping)]
    if pairs and not any(_is_time(v) for v in pairs[0].values()) and any(_is_time(v) for v in told.values()):
        named = next((k for k in pairs[0] if called(k, "tag")), "")
        value = next((k for k in pairs[0] if called(k, "value")), "")
        if named and value:
            yield from ({**told, **x} for x in pairs)
            return
    for x in pairs:
        yield from _object(x, told)


def _pair(rows: Sequence[Sequence[Any]]) -> list[str]:
    """Names of nameless pairs: where the time stands, by what most of them hold."""
    width = max(map(len, rows), default=0)
    votes = Counter(at for row in rows[:50] for at, x in enumerate(row) if _is_time(x))
    time = votes.most_common(1)[0][0] if votes else 0
    if width == _PAIR:
        return ["value", "time"] if time == 1 else ["time", "value"]
    return ["time" if at == time else f"value {at}" for at in range(width)]


def _is_time(value: Any) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int | float):
        return abs(value) < _FAR and epoch_of(float(value)) is not None
    text = str(value)
    return stamp_of(text) is not None or (
        text.isdecimal() and len(text) >= 9 and epoch_of(float(text)) is not None
    )


def _parts(node: Mapping[str, Any], before: str) -> tuple[Record, dict[str, list[Any]]]:
    """Single values of an object with those of the objects in it (`outer.inner`), and its lists that hold anything."""
    flat: Record = {}
    lists: dict[str, list[Any]] = {}
    for name, value in node.items():
        if isinstance(value, Mapping):
            within = before if name in _LABELS else f"{before}{name}."
            deeper, further = _parts(value, within)
            flat |= deeper
            lists |= further
        elif isinstance(value, list):
            if value:
                lists[f"{before}{name}"] = value
        else:
            flat[f"{before}{name}"] = value
    return flat, lists


def _words(one: Record) -> Record:
    """A value that is an object of its own as its name (PI's `{"Name": "Bad Input", "Value": 255}`) or its one typed value."""
    for name in [n for n in one if n.endswith(".Name") and f"{n[:-5]}.Value" in one]:
        one[name[:-5]] = one[name]
    typed = [n for n in one if called(n.partition(".")[0], "value") and n.count(".") == 1]
    if len(typed) == 1 and key_of(typed[0]).endswith("value"):  # `{"value": {"doubleValue": 4.5}}`
        one = {n.partition(".")[0] if n == typed[0] else n: v for n, v in one.items()}
    return one


def _shortened(names: Mapping[str, Any]) -> dict[str, str]:
    """Names without what messages wrap them in, and the last part alone of what says the machine or the time."""
    made = {}
    for name in names:
        head, _, last = name.rpartition(".")
        wrapped = key_of(head.partition(".")[0]) in _WRAPPERS
        short = (
            name.partition(".")[2] if wrapped else last if any(called(last, role) for role in _META) else name
        )
        made[name] = short if head else name
    counts = Counter(made.values())
    return {name: short if counts[short] == 1 else name for name, short in made.items()}
