"""One entry of an alarm log, and what the words for its state, limit and priority mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final, Literal, cast

from aitia.core.bounds import own_yaml
from aitia.core.words import Direction, SourceRef

Change = Literal["active", "returned", "acknowledged"]
LIMITS: Final[Mapping[str, Direction]] = {
    "hihi": "up",
    "hi": "up",
    "lolo": "down",
    "lo": "down",
    "deviation": "changed",
    "rate": "changed",
    "bad": "new",
    "trip": "new",
}
"""What an alarm watches, and the way that its value went."""
_UNACKED: Final = re.compile(r"\bun-?ack(?:ed|nowledged|n)?(?=_|\b)|\bnot ack\w*|unquittiert", re.IGNORECASE)
_NUMBERS: Final = re.compile(r"\d[\d.,]*")
_WORDS: Final = re.compile(r"[^\W\d_]+|[+*-]|\d+", re.UNICODE)
_KINDS: Final = (  # the longer word first: HIHI holds HI
    ("hihi", re.compile(r"\bhi[-_ ]?hi(?:gh)?\b|\bhigh[-_ ]?high\b|\bhh\b|\bh2\b|[._]hihi\b|hihi", re.IGNORECASE)),
    ("lolo", re.compile(r"\blo[-_ ]?lo(?:w)?\b|\blow[-_ ]?low\b|\bll\b|\bl2\b|lolo", re.IGNORECASE)),
    ("trip", re.compile(r"\btrip(?:ped)?\b|\bfault(?:ed)?\b|\bfail(?:ed|ure)?\b|störung|ausfall|auslösung", re.IGNORECASE)),
    ("bad", re.compile(r"\bbad\b|\bio ?error\b|\bcomm(?:unication)?\b|\bwire ?break\b|drahtbruch", re.IGNORECASE)),
    ("hi", re.compile(r"(?:\b|_)hi(?:gh)?(?:\b|_)|\bpvhi\w*|\bh\b|\bzu hoch\b|\boberer\b|\btoo high\b", re.IGNORECASE)),
    ("lo", re.compile(r"(?:\b|_)lo(?:w)?(?:\b|_)|\bpvlo\w*|\bl\b|\bzu niedrig\b|\bunterer\b|\btoo low\b", re.IGNORECASE)),
    ("deviation", re.compile(r"\bdev(?:iation)?\b|abweichung|\bmajordev\b|\bminordev\b", re.IGNORECASE)),
    ("rate", re.compile(r"\broc\b|\brate of change\b|änderungsgeschwindigkeit", re.IGNORECASE)),
)  # fmt: skip


@cache
def words() -> dict[str, list[str]]:
    """What columns and states are called."""
    return cast(
        "dict[str, list[str]]",
        own_yaml(files(__package__).joinpath("words.yaml").read_text(encoding="utf-8")),
    )


@dataclass(frozen=True, kw_only=True)
class AlarmEvent:
    """An alarm came, went or was acknowledged. All texts are as the log has them: nobody vouches for them.

    `tag` names the point, `component` the asset, `kind` what is watched ("" where unknown), `console` whose alarm it is.
    """

    at: datetime
    change: Change
    tag: str
    component: str = ""
    text: str = ""
    kind: str = ""
    priority: str = ""
    console: str = ""
    value: str = ""
    limit: str = ""
    ref: SourceRef | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Which alarm it is. Several of one point are told apart by what they watch, else by their text less numbers."""
        plain = bool(self.kind) and self.tag != self.component
        return self.tag, self.kind, "" if plain else _NUMBERS.sub("#", self.text)

    @property
    def name(self) -> str:
        """The alarm in few words."""
        said = self.text if self.key[2] else self.kind.upper()
        return (
            f"{self.tag} {said}".strip()
            if not re.search(rf"(?i)\b{re.escape(said)}\b", self.tag)
            else self.tag
        )


@dataclass(frozen=True, kw_only=True)
class State:
    """What an entry says: whether the alarm stands and whether somebody acknowledged it; None where it does not say."""

    active: bool | None = None
    acked: bool | None = None


def state_of(text: str) -> State | None:
    """The state that a word of a log means, in English or German; None for a word that is none."""
    unacked = bool(_UNACKED.search(text))
    known = set(_WORDS.findall(_UNACKED.sub(" ", text).casefold()))
    active, returned, acked = (
        not known.isdisjoint(words()[k]) for k in ("active", "returned", "acknowledged")
    )
    if active and returned:  # "Alarm cleared", "ALM RTN": the return is what happened
        active = not returned
    if not (active or returned or acked or unacked):
        return None
    return State(
        active=True if active else False if returned else None,
        acked=True if acked else False if unacked else None,
    )


def kind_of(*texts: str) -> str:
    """What an alarm watches, by the first text that says it; "" where none does."""
    return next((kind for text in texts for kind, pattern in _KINDS if text and pattern.search(text)), "")


def changes(entries: Iterable[tuple[AlarmEvent, State]]) -> Iterator[AlarmEvent]:
    """What happened, of entries in time order that tell states: an entry that only repeats a state is an acknowledgement or none.

    An alarm that comes again without a return in between came again: many logs leave returns out.
    """
    known: dict[tuple[str, str, str], tuple[bool, bool]] = {}
    for event, state in entries:
        was_active, was_acked = known.get(event.key, (False, False))
        if state.active is None:
            known[event.key] = was_active, bool(state.acked)
            if state.acked:
                yield replace(event, change="acknowledged")
        elif state.active and was_active and state.acked and not was_acked:
            known[event.key] = True, True
            yield replace(event, change="acknowledged")
        elif state.active and not (was_active and state.acked):
            known[event.key] = True, bool(state.acked)
            yield replace(event, change="active")
        elif not state.active and was_active:
            known[event.key] = False, was_acked or bool(state.acked)
            yield replace(event, change="returned")
        elif not state.active and state.acked and not was_acked:
            known[event.key] = False, True
            yield replace(event, change="acknowledged")
