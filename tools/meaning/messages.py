"""What a log message means by its own words: a sign of a fault or not, of which class, and whose fault it is.

Codes of vendors and standards first (`message_codes`), then words in five languages (`message_words.yaml`,
`message_classes.yaml`). What says that there was no trouble (`0 errors`) is taken out before the rest is read, and what says
that trouble is over outweighs a sign of it. Who calls tells the program's own words from what it was given: what a client can
put into a message never makes it a fault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, Literal

from aitia.core.bounds import own_yaml
from aitia.tools.meaning.message_codes import NORMAL, codes
from aitia.tools.meaning.phrases import Phrases, plain

Whose = Literal["own", "peer", "client", "host"]
SIGNS: Final[Mapping[str, float]] = {
    "constant": -1.8,
    "nothing": -0.8,  # `0 errors`
    "zero": -1.1,  # `errors=0`
    "over": -1.0,
    "overs": -1.2,  # how many, three at most
    "calm": -0.7,  # how many words of ordinary work, four at most
    "sign": 1.0,
    "signs": 0.5,  # how many, three at most
    "named": 2.1,  # a phrase that names a class
    "names": 0.4,  # how many, four at most
    "code": 3.5,
    "normal code": -2.1,
    "starts": -0.5,
    "hints": 0.2,  # how many, four at most
    "denied": 1.3,
    "named over": -1.1,  # a class is named and something is over
}
"""Log-odds of a fault for each thing that is read, added. Logistic regression, fitted: benchmarks/meaning/messages.py --fit."""
# Votes for an owner, where a phrase has 1; chosen on the products that were looked at.
_OWN, _CLASS, _CLASS_PEER, _PEER_NAMED = 0.4, 1.0, 0.3, 0.5
_UNIT: Final = re.compile(r"[\w@.-]+\.(?:service|socket|mount|timer|slice|scope): ")
_SAID: Final = 80.0  # odds of the first class that a phrase names against one that nothing speaks for; half for each further
_HINTED: Final = 8.0
# What follows a denial did not happen: "could not be established", "nicht verfügbar", "waiting for … to become ready".
_DENIED: Final = re.compile(
    r"(?i)(?<!\w)(?:0 ?(?:/|of) ?\d+|not(?! needed| required| necessary)|never|cannot|unable to|fail(?:ed|s|ure)? to|\w+n't|"
    r"without|until|wait(?:ing)? for|before|nicht(?! mehr)|konnte|ne|n'\w+ pas|no (?:se|está|es|fue)|not yet)(?:[^\w\n]+\w+){1,3}"
)
# A field whose value is nothing: `crc_errors=0`, `errors: none`.
_ZERO: Final = re.compile(
    r"(?i)(?<![\w.])[\w.-]{2,60}\s?(?:=\s?(?:0+(?:\.0+)?|none|null|nil|false|no|ok)|:\s?(?:0+(?:\.0+)?|none|null|nil))(?![\w.:/-])"
)
# Options of a command, keys of settings (`retry.timeout.ms = 9`) and names with numbers in them (`error-page-6b`) are names
# whatever words they hold; so is a pool of connections before what went wrong.
_NAMES: Final = re.compile(
    r"(?<![\w.])[a-z][\w-]*(?:\.[\w-]+)+(?=\s?=)|"
    r"(?<!\S)-{1,2}[A-Za-z][\w:+-]*(?:=\S*)?|(?<![\w.-])[a-z]+(?:-[a-z0-9]+)*-[a-z]*\d[a-z0-9.]*(?:-[a-z0-9]+)*(?![\w-])|-XX:\S+|"
    r"\bHTTPS?ConnectionPool\("  # urllib3 names its pool in whatever it tells
)


@dataclass(frozen=True, kw_only=True)
class Class:
    """A class of faults: the aspect that a fact of it has, and how much that tells about a cause."""

    name: str
    aspect: str
    weight: float
    whose: Whose


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was read: log-odds of a fault, the classes that are named and those only hinted at, in order of the table."""

    fault: float
    seen: tuple[float, ...]  # in the order of `SIGNS`
    says: tuple[str, ...]
    hints: tuple[str, ...]
    whose: Whose
    peer: str
    over: bool
    starts: bool

    @property
    def kind(self) -> str:
        """The likeliest class; "" where no word tells."""
        return next(iter(self.says or self.hints), "")


@cache
def classes() -> Mapping[str, Class]:
    """The classes, in order."""
    return {
        e["class"]: Class(name=e["class"], aspect=e["aspect"], weight=float(e["weight"]), whose=e["whose"])
        for e in _data("message_classes")
    }


@lru_cache(maxsize=8192)
def read(words: str, text: str, *, answers: bool = True, unmasked: tuple[str, str] | None = None) -> Reading:
    """The meaning of a message by its program's own words of the whole text; `answers`: also by the status of one to a client.

    `unmasked` are own words and whole text of a message where `text` is its template: codes have numbers, which templates mask.
    """
    rest = _without_zeros(words, text)
    own = plain(_NAMES.sub(" ", rest))
    none, over, calm, signs, starts, says, hints, whose = _phrases()
    left = own
    for _, match in none.matched(own):
        left = left.replace(match[0], " ")
    affirmed = _DENIED.sub(" ", own)
    coded = list(codes(*(unmasked or (words, text)), answers=answers))
    bad = [c for c in coded if c and c != NORMAL]
    named, hinted = list(says.found(left)), list(hints.found(left))
    overs, signalled = len(list(over.found(affirmed))), len(list(signs.found(left))) + coded.count("")
    begun = any(starts.found(own))
    seen: dict[str, float] = {
        "constant": 1.0, "nothing": left != own, "zero": rest != words, "over": overs > 0, "overs": min(3, overs),
        "calm": min(4, len(list(calm.found(affirmed)))), "sign": signalled > 0, "signs": min(3, signalled),
        "named": bool(named), "names": min(4, len(named)), "code": bool(bad), "normal code": NORMAL in coded,
        "starts": begun, "hints": min(4, len(hinted)), "denied": affirmed != own, "named over": bool(named) and overs > 0,
    }  # fmt: skip
    kinds = tuple(dict.fromkeys([*(c for c in bad if c in classes() and c != "other"), *named]))
    owner = _whose(left, text, next(iter(kinds or hinted), ""), whose)
    return Reading(
        fault=sum(SIGNS[name] * value for name, value in seen.items()),
        seen=tuple(float(seen[name]) for name in SIGNS),
        says=kinds,
        hints=tuple(dict.fromkeys(hinted)),
        whose=owner,
        peer=peer(text) if owner == "peer" else "",
        over=overs > 0,
        starts=begun,
    )


def shares(found: Reading) -> dict[str, float]:
    """The probability of each class given that a message tells of a fault; even where no word tells."""
    odds = dict.fromkeys(classes(), 1.0)
    for step, kind in enumerate(found.says):
        odds[kind] += _SAID / 2**step
    for step, kind in enumerate(found.hints):
        odds[kind] += _HINTED / 2**step
    return {kind: value / sum(odds.values()) for kind, value in odds.items()}


def spoken(text: str) -> tuple[str, ...]:
    """The classes that a text names, whoever wrote it."""
    return tuple(dict.fromkeys(_phrases()[5].found(plain(text))))


def _without_zeros(own: str, text: str) -> str:
    """A program's own words without the names of fields whose value is 0 or none: the value counts as given to it."""
    for match in _ZERO.finditer(text):
        name = re.split(r"\s?[=:]", match[0])[0]
        own = re.sub(
            rf"(?<![\w.]){re.escape(name)}\s?[=:]\s?(?:…|{re.escape(match[0][len(name) :].lstrip(' =:'))})",
            " ",
            own,
        )
    return own


def peer(text: str) -> str:
    """The name of the peer that a message names, as it stands there; "" for none."""
    for pattern in _peers():
        if match := pattern.search(text):
            return match[1].rstrip(".,:;")
    return ""


def _whose(own: str, text: str, kind: str, whose: Phrases) -> Whose:
    """The unit that a supervisor speaks of, else the owner that most phrases, the class and a peer's name speak for."""
    if _UNIT.match(own):
        return "peer"
    votes: dict[Whose, float] = {"own": _OWN, "peer": 0.0, "client": 0.0, "host": 0.0}
    usual = classes()[kind].whose if kind else "own"
    votes[usual] += _CLASS_PEER if usual == "peer" else _CLASS
    votes["peer"] += _PEER_NAMED if peer(text) else 0.0
    for owner in whose.found(own):
        votes[owner] += 1.0  # type: ignore[index]
    return max(votes, key=lambda o: votes[o])


@cache
def _phrases() -> tuple[Phrases, ...]:
    """Those of `none`, `over`, `calm`, `signs` and `starts`, those that say and that hint at a class, and those of owners."""
    words: dict[str, Any] = dict(_data("message_words"))
    table = _data("message_classes")
    return (
        *(
            Phrases((part, phrase) for phrase in words[part])
            for part in ("none", "over", "calm", "signs", "starts")
        ),
        *(Phrases((e["class"], phrase) for e in table for phrase in e[part]) for part in ("says", "hints")),
        Phrases((owner, phrase) for owner, phrases in words["whose"].items() for phrase in phrases),
    )


@cache
def _peers() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(p) for p in _data("message_words")["peer"])


@cache
def _data(name: str) -> Any:
    return own_yaml(files("aitia.tools.meaning").joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
