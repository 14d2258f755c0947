"""Kinds of risky change: which setting or call, in which direction, and how its trouble shows (`risks.yaml`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field

from aitia.core.aspects import ALL
from aitia.core.bounds import load_yaml, read_text
from aitia.core.words import Word
from aitia.tools.diffs.settings import Setting

Direction = Literal["lower", "higher", "changed", "removed", "untimed", "added", "release", "same"]
MOST: Final = 6
_SECRET: Final = r"secret|passw|token|credential|key|auth|private"  # whose values are told to nobody
_WAYS: Final = {"added": "added", "removed": "removed", "untimed": "removed"}
_OWN: Final = r"ttl|expir|max_age|timeout|deadline|max_wait|retention|backoff|interval|delay"  # times with kinds of their own


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What became of a setting."""

    name: str
    direction: Direction
    before: str = ""
    after: str = ""

    @classmethod
    def between(cls, name: str, old: Setting | None, new: Setting | None) -> Self:
        """From the value before to the one after."""
        if old is None or new is None:
            held, way = (old, "removed") if new is None else (new, "added")
            value = held.value if held else ""
            if way == "removed" and held and held.is_time and not re.search(_OWN, name):
                way = "untimed"
            return cls(name=name, direction=way, **{"before" if new is None else "after": value})  # type: ignore[arg-type]
        way = "same" if old.value == new.value else "changed"
        if old.number is not None and new.number is not None:  # the same time may be written in another unit
            way = "same" if new.number == old.number else "lower" if new.number < old.number else "higher"
        if old.version and new.version and old.value != new.value:
            way = "release" if old.version != new.version else "same"  # a patch is meant to change nothing
        return cls(name=name, direction=way, before=old.value, after=new.value)  # type: ignore[arg-type]


class Risk(Word):
    """A kind of risky change. `names` is a pattern of a setting's name, `out` and `put` of a line that went or came."""

    id: str
    reason: str
    names: str = ""
    when: tuple[Direction, ...] = ()
    out: str = ""
    put: str = ""
    shows: tuple[str, ...] = Field(min_length=1)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A risk that a diff has, and what it is about, such as `default_ttl 15m to 15s`."""

    risk: str
    told: str


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Risk]:
    """The kinds by id, in the file's order."""
    raw = load_yaml(read_text(Path(__file__).with_name("risks.yaml")))
    found = {key: Risk.model_validate({"id": key} | value) for key, value in raw.items()}
    unknown = sorted({a for risk in found.values() for a in risk.shows} - ALL)
    if unknown:
        raise ValueError(f"risks.yaml names unknown aspects: {', '.join(unknown)}")
    return found


def seen_in(edits: Sequence[Edit], removed: Sequence[str], added: Sequence[str]) -> tuple[Seen, ...]:
    """The risks of a diff's settings and of its lines; a line that only moved is none."""
    moved = {line.strip() for line in removed} & {line.strip() for line in added}
    out, put = ([line for line in lines if line.strip() not in moved] for lines in (removed, added))
    found = {
        seen.risk: seen
        for risk in catalogue().values()
        for seen in (*_set(risk, edits), *_lines(risk, out, put))
    }
    return tuple(found.values())[:MOST]


def _set(risk: Risk, edits: Sequence[Edit]) -> Iterator[Seen]:
    if not risk.names:
        return
    for edit in edits:
        if edit.direction in risk.when and re.search(risk.names, edit.name):
            before, after = ("", "") if re.search(_SECRET, edit.name) else (edit.before[:24], edit.after[:24])
            way = f"{before} to {after}" if before and after else _WAYS.get(edit.direction, "changed")
            yield Seen(risk=risk.id, told=f"{edit.name} {way}")
            return


def _lines(risk: Risk, out: Sequence[str], put: Sequence[str]) -> Iterator[Seen]:
    """A pattern counts where it went and did not come again, or came and was not there before."""
    for pattern, there, elsewhere in ((risk.out, out, put), (risk.put, put, out)):
        if not pattern or any(re.search(pattern, line, re.I) for line in elsewhere):
            continue
        if match := next((m for line in there if (m := re.search(pattern, line, re.I))), None):
            yield Seen(risk=risk.id, told=" ".join(match[0].replace('"', "'").split())[:60])
            return
