"""Payloads of MQTT without a standard: plain numbers, and JSON as gateways of historians and controllers write it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from aitia.core.bounds import load_json
from aitia.tools.sources.plant.readings import Reading, moment_of, name_of, number_of

MOST_BYTES: Final = 1 << 20  # of a payload
MOST_VALUES: Final = 5_000  # of a payload
_DEEPEST: Final = 5  # objects within each other
_TIME: Final = ("timestamp", "ts", "time", "t", "datetime", "sourcetimestamp")
_VALUE: Final = ("value", "v", "val")
_NAME: Final = ("name", "id", "tag", "tagname", "metric", "point", "n")
_QUALITY: Final = ("quality", "q", "status", "good")
_UNIT: Final = ("unit", "units", "u", "uom")
_LISTS: Final = ("values", "metrics", "data", "points", "tags", "readings")


def decode(topic: str, payload: bytes, now: float, *, asset_level: int = 0) -> list[Reading]:
    """The numbers of a message, each with its asset and signal. Raises ValueError that says why there are none.

    A lone number is the signal of the topic's last level, of the asset before it; of an object each number is a signal of the
    last level. `asset_level` n says that the n-th level (from 1) names the asset, and all after it the signal.
    """
    if len(payload) > MOST_BYTES:
        raise ValueError(f"payloads of more than {MOST_BYTES >> 20} MiB")
    parsed = _parsed(payload)
    found = list(_numbers(parsed, (), None, now))[:MOST_VALUES]
    if not found:
        raise ValueError("payloads without a number")
    return [_reading(topic, path, at or now, value, unit, asset_level) for path, at, value, unit in found]


def _parsed(payload: bytes) -> Any:
    try:
        text = payload.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError("payloads that are no text") from None
    if (plain := number_of(text)) is not None:
        return plain
    try:
        return load_json(text)
    except (ValueError, json.JSONDecodeError):
        raise ValueError("payloads that are neither numbers nor JSON") from None


_Found = tuple[tuple[str, ...], float | None, float, str]  # path, time, value, unit


def _numbers(value: Any, path: tuple[str, ...], at: float | None, now: float) -> Iterator[_Found]:
    if len(path) > _DEEPEST:
        return
    if isinstance(value, Mapping):
        yield from _of_object(value, path, at, now)
    elif isinstance(value, list):
        for each in value:
            if isinstance(each, Mapping):  # a list of bare numbers is a waveform or a row of unknown columns
                yield from _of_object(each, path, at, now)
    elif (number := number_of(value)) is not None:
        yield path, at, number, ""


def _of_object(
    raw: Mapping[str, Any], path: tuple[str, ...], at: float | None, now: float
) -> Iterator[_Found]:
    keys = {str(k).lower(): k for k in raw}
    at = next((m for k in _TIME if k in keys and (m := moment_of(raw[keys[k]], now)) is not None), at)
    named = next((str(raw[keys[k]]) for k in _NAME if k in keys and isinstance(raw[keys[k]], str)), "")
    inner = (*path, named) if named else path
    value = next((keys[k] for k in _VALUE if k in keys), None)
    if value is not None and not isinstance(raw[value], Mapping | list):
        number = number_of(raw[value])
        bad = _is_bad(raw, keys)
        if number is not None or bad:
            unit = next((str(raw[keys[k]]) for k in _UNIT if k in keys and isinstance(raw[keys[k]], str)), "")
            yield inner, at, math.nan if bad or number is None else number, unit
        return
    aside = {keys[k] for k in (*_TIME, *_QUALITY, *_UNIT) if k in keys}
    if named:
        aside |= {keys[k] for k in _NAME if k in keys}
    for key, held in raw.items():
        if key not in aside:
            listed = str(key).lower() in _LISTS and isinstance(held, list | Mapping)
            yield from _numbers(held, inner if listed else (*inner, str(key)), at, now)


def _is_bad(raw: Mapping[str, Any], keys: Mapping[str, str]) -> bool:
    """Whether the sample is marked as bad: by a word or a switch. Codes differ between systems and are not judged."""
    given = next((raw[keys[k]] for k in _QUALITY if k in keys), None)
    return given is False or (isinstance(given, str) and given.lower().startswith(("bad", "stale", "not")))


def _reading(
    topic: str, path: tuple[str, ...], at: float, value: float, unit: str, asset_level: int
) -> Reading:
    levels = [level for level in map(name_of, topic.split("/")) if level] or ["mqtt"]
    if asset_level > 0:
        whole = [*levels, *path]
        cut = min(asset_level, len(whole) - 1)
        component, rest = (whole[cut - 1] if cut else ""), whole[cut:]
    elif path:
        component, rest = levels[-1], list(path)
    else:
        component, rest = (levels[-2] if len(levels) > 1 else ""), levels[-1:]
    return Reading(
        component=name_of(component),
        metric=name_of(".".join(rest)),
        at=at,
        value=value,
        unit=name_of(unit)[:40],
    )
