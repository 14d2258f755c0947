"""What a message says plainly of a cause that is no class of faults of its own: `causes.yaml` has the phrases."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from aitia.core.bounds import own_yaml
from aitia.tools.meaning.phrases import Phrases, plain

_FILE: Final = "causes.yaml"


@dataclass(frozen=True, kw_only=True)
class Cause:
    """An entry. `before`: it says more than the class that other words of the message name."""

    aspect: str
    weight: float
    before: bool


def cause(own: str, whole: str, *, before: bool) -> Cause | None:
    """The first entry that a message says, of those that go before the classes or of the others.

    It is its program's own words that say it; of messages that are read whole, what they were given too.
    """
    text = plain(own)
    excepted, within = {*_phrases("except").found(text)}, {*_phrases("within").found(text)}
    told = [*_phrases("says").found(text)]
    if within:
        told += [aspect for aspect in _phrases("says").found(plain(whole)) if aspect in within]
    known = (_causes()[aspect] for aspect in told if aspect not in excepted)
    return next((found for found in known if found.before == before), None)


@cache
def _table() -> tuple[dict[str, Any], ...]:
    return tuple(own_yaml(files("aitia.tools.text").joinpath(_FILE).read_text(encoding="utf-8")))


@cache
def _causes() -> dict[str, Cause]:
    return {
        e["aspect"]: Cause(aspect=e["aspect"], weight=float(e["weight"]), before=bool(e["before"]))
        for e in _table()
    }


@cache
def _phrases(part: str) -> Phrases:
    return Phrases((e["aspect"], phrase) for e in _table() for phrase in e[part])
