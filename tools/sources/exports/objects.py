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
_SHOWN: Final = ("display", "displayname", "display_name")  # what a series is called by a person
_SENML: Final = frozenset(
    {"bn", "bt", "bu", "bv", "bs", "bver", "n", "u", "v", "vs", "vb", "vd", "s", "t", "ut"}
)
_SENML_NUMBERS: Final = 3  # base time, time, base value
_PAIR: Final = 2
_PAIR_PARTS: Final = 4  # a name, a value, and what is said of it
_VALUES: Final = ("val", "value", "v", "Value", "Val")
_BESIDE: Final = ("status", "unit")
_SHORT: Final = 2  # elements of a list that says something of the samples
_LONG: Final = 20  # elements of a list of samples
_FAR: Final = 1e20  # no time in nanoseconds is as large; an integer of JSON may be beyond any float
Record = dict[str, Any]


def rows_of_objects(held: Any) -> list[list[Any]]:
    """A row of names, and a row of values for each object that holds no further ones.

    Raises ValueError for more than MOST_CELLS: what is told of every row, and a column that one row alone has, count in all.
    """
    made: list[Record] = []
    names: dict[str, None] = {}
    cells = passed = 0
    for one in _walk(_named(_resolved(held)), {}, ""):
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
    for name in [n for n in names if any(k.startswith(f"{n}.") for k in names)]:
        if all(isinstance(v, str) and _words_only(v) for one in made if (v := one.get(name)) is not None):
            names.pop(name)  # `"payload": "Online"` between objects
    shown = _shortened(names)
    return [[shown[n] for n in names], *([one.get(n) for n in names] for one in made)]


def _resolved(pack: Any) -> Any:
    """The records of a pack of SenML (RFC 8428, chapter 4.6) with their base fields; anything else as it is."""
    if isinstance(pack, list) and pack and all(isinstance(x, list) for x in pack):
        packs = [_resolved(x) for x in pack]
        return (
            [r for x in packs for r in x]
            if all(a is not b for a, b in zip(packs, pack, strict=True))
            else pack
        )
    if not isinstance(pack, list) or not all(isinstance(x, Mapping) and x.keys() <= _SENML for x in pack):
        return pack
    if not any(x.keys() & {"bn", "bt"} for x in pack) or not any(x.keys() & {"n", "v"} for x in pack):
        return pack
    base: Record = {}
    made = []
    for one in pack:
        base |= {k: v for k, v in one.items() if k[0] == "b" and k != "bver"}
        value = next((one[k] for k in ("v", "vb", "vs") if k in one), None)
        numeric = [
            x for x in (base.get("bt", 0), one.get("t", 0), base.get("bv", 0)) if isinstance(x, int | float)
        ]
        if len(numeric) < _SENML_NUMBERS or (value is None and "s" not in one):
            continue
        if isinstance(value, int | float) and not isinstance(value, bool):
            value += numeric[2]
        name, point = str(base.get("bn", "")), str(one.get("n", ""))
        record = {
            "time": numeric[0] + numeric[1],
            "tag": f"{name}{point}",
            "value": value,
            "unit": one.get("u") or base.get("bu", ""),
        }
        made.append(record | ({"device": name.rstrip(":/_-")} if name and point else {}))
    return made


def _words_only(text: str) -> bool:
    return not any(c.isdigit() for c in text)


def _named(node: Any) -> Any:
    """Objects whose parts are called by a name beside a value as plain ones: `{"name": "temp", "value": 4}` as `{"temp": 4}`.

    Only where one of the values is a time: other lists of names and values are tags with a sample each, or settings.
    """
    if isinstance(node, list):
        made = [_named(x) for x in node]
        pairs = _pairs_in(made)
        return pairs if pairs is not None and any(map(_is_time, pairs.values())) else made
    if not isinstance(node, Mapping):
        return node
    inner = {k: _named(v) for k, v in node.items()}
    parts = [x for v in inner.values() for x in (v if isinstance(v, list) else [v]) if isinstance(x, Mapping)]
    pairs = (
        _pairs_in(parts)
        if len(parts) == sum(len(v) if isinstance(v, list) else 1 for v in inner.values())
        else None
    )
    if pairs is not None and any(map(_is_time, pairs.values())):
        return pairs
    return inner


def _pairs_in(parts: Sequence[Any]) -> Record | None:
    """The values by name of objects that are nothing but a name and a value, or a name and that the value is missing."""
    made: Record = {}
    for part in parts:
        if (
            not isinstance(part, Mapping)
            or len(part) > _PAIR_PARTS
            or any(isinstance(v, Mapping | list) for v in part.values())
        ):
            return None
        name, keys = part.get("name"), [k for k in part if k in _VALUES]
        if not isinstance(name, str) or name in made or len(keys) > 1 or not (keys or "null" in part):
            return None
        made[name] = part[keys[0]] if keys else None
        for key, value in part.items():
            if key in _BESIDE:
                made[f"{name}.{key}"] = value
    return made if len(made) > 1 else None


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
    flats = {k: v for k, v in inner.items() if not any(_holds_more(x) for x in v[:_SHORT])}
    if max(map(len, flats.values()), default=0) >= _LONG:  # a start and an end beside the samples
        inner = {k: v for k, v in inner.items() if k not in flats or len(v) > _SHORT}
    if not inner and len(columns) > 1:  # a list for each column
        yield from (
            {**told, **dict(zip(columns, row, strict=False))} for row in zip(*columns.values(), strict=False)
        )
        return
    alike = len(inner) > 1
    for key, elements in inner.items():
        last = key if key in node else key.rpartition(".")[2]
        tagged = (alike or key_of(last) not in _LISTS) and not any(called(k, "tag") for k in told)
        shown = next((v for k, v in told.items() if key_of(k.rpartition(".")[2]) in _SHOWN), last)
        yield from _list(
            elements, {**told, "tag": shown} if tagged and _needs_tag(elements) else told, key, heads
        )


def _holds_more(node: Any) -> bool:
    parts = node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ()
    return any(isinstance(x, Mapping | list) for x in parts)


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
