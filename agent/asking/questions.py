"""What a question about a run asks for: its kind, the components and the quantities that it names, and what is left."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from aitia.agent.asking.kinds import Embeds, Kinds, kinds, plain
from aitia.agent.asking.lookup import asked, roots
from aitia.agent.asking.question.spans import Span, span_of
from aitia.agent.asking.question.tables import is_glue
from aitia.agent.text import names_in, stem
from aitia.core.bounds import own_yaml
from aitia.core.words import Component, Evidence, Report, Word
from aitia.tools.meaning.incidents.words import plain as plain_word


class Topic(Word):
    """What a question is about; the next one may leave it out."""

    kind: str = "state"  # the likeliest of those that a run can hold
    kinds: dict[str, float] = {}  # how likely each is, those included that no run holds
    components: tuple[str, ...] = ()
    aspects: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()  # named as a component, and none of the run's is called so
    rest: tuple[str, ...] = ()  # terms beside components and aspects
    words: tuple[str, ...] = ()  # all terms of the question
    aspect_words: dict[str, tuple[str, ...]] = {}  # with which of them each quantity is named
    carried: bool = False  # took something over from the question before
    span: Span | None = None  # of time that is asked about

    def chance(self, *kinds: str) -> float:
        """How likely the question is of one of these kinds."""
        return sum(self.kinds.get(k, 0.0) for k in kinds)

    def within(self, fact: Evidence) -> bool:
        """Whether a fact is of the time that is asked about; of one without an onset nobody knows."""
        if self.span is None or fact.onset is None:
            return True
        since, until = self.span.since, self.span.until
        return (since is None or fact.onset >= since) and (until is None or fact.onset <= until)

    @property
    def told(self) -> str:
        """In words, for a person who wonders about the answer."""
        about = [*self.components, *self.aspects, *self.rest]
        return self.kind.replace("_", " ") + (f": {', '.join(about)}" if about else "")


@dataclass(frozen=True, kw_only=True)
class Lists:
    """The closed lists of `questions.yaml`."""

    follow_up: re.Pattern[str]
    progress: re.Pattern[str]
    ours: re.Pattern[str]
    otherwise: dict[str, re.Pattern[str]]
    called: dict[str, frozenset[str]]
    types: dict[str, str]
    aspects: dict[str, re.Pattern[str]]
    faults: dict[str, tuple[str, ...]]
    own: frozenset[str]


@lru_cache(maxsize=1)
def lists() -> Lists:
    """The lists, read once."""
    raw: dict[str, Any] = own_yaml(Path(__file__).with_name("questions.yaml").read_text(encoding="utf-8"))
    has: Callable[[str], re.Pattern[str]] = lambda pattern: re.compile(pattern, re.I)  # noqa: E731
    return Lists(
        follow_up=has(raw["follow_up"]),
        progress=has("|".join(raw["progress"].values())),
        ours=has(raw["ours"]),
        otherwise={told: has(pattern) for told, pattern in raw["otherwise"].items()},
        called={word: frozenset(names) for word, names in raw["called"].items()},
        types=raw["types"],
        aspects={name: has(rf"\b(?:{entry['words']})\b") for name, entry in raw["aspects"].items()},
        faults={name: tuple(entry["faults"]) for name, entry in raw["aspects"].items()},
        own=frozenset(r for w in raw["own"].split() for r in (stem(w), *roots(w))),
    )


def in_english(question: str) -> str:
    """A question about a run as the prototypes ask it, where it is one of the closed list in another language.

    Words of things that the list does not hold stay: since when a certificate has expired is not since when all this lasts.
    """
    for told, pattern in lists().otherwise.items():
        if (found := pattern.search(question)) is not None:
            after = question[found.end() :].strip(" ?!.,;")
            if "{x}" in told:
                return f"{told.format(x=after).strip()}?"
            return f"{' '.join([told, *_things(question[: found.start()]), *_things(after)])}?"
    return question


_THING: Final = re.compile(r"[^\W\d_][\w-]{3,}")
_OF_ALL: Final = re.compile(  # the incident itself, and that it lasts
    r"vorf[aä]ll\w*|stör\w+|probleme?\w*|ausf[aä]ll\w*|fehler|incident\w*|panne|problème\w*|problema\w*|guast\w*|fall[oa]s?|alarm\w*"
    r"|begonnen|angefangen|begann|fing|dauert\w*|läuft|dure\w*|commencé\w*|empez\w+|comenz\w+|dura\w*|iniziat\w+|cominciat\w+"
    r"|genau|eigentlich|denn|überhaupt|alles?|diese[rsmn]?|depuis|quand|c'est|est-ce"
)


def _things(words: str) -> list[str]:
    """The words of things in what stands before or behind a question that is known."""
    return [
        w
        for w in _THING.findall(words)
        if not is_glue(plain_word(w)) and not _OF_ALL.fullmatch(plain_word(w))
    ]


def understood(
    question: str,
    report: Report,
    last: Topic | None = None,
    *,
    meaning: Embeds | None = None,
    known: Kinds | None = None,
) -> Topic:
    """What is asked; where the question leaves it out, it is what was asked last."""
    told, known = lists(), known or kinds()
    components, unknown, left = _components(question, report)
    aspects = tuple(name for name, pattern in told.aspects.items() if pattern.search(left))
    bare = plain(question, report)
    vector = None if meaning is None else meaning.embed([bare])[0].astype(np.float64)
    chances = known.likely(bare, vector)
    rest = _rest(left, aspects)
    topic = Topic(
        kind=next(k for k in chances if k not in known.not_held),
        kinds=chances,
        components=components,
        aspects=aspects,
        unknown=unknown,
        rest=rest,
        words=tuple(asked(question)),
        span=_span(question, report),
        aspect_words={
            a: tuple(roots(" ".join(m[0] for m in told.aspects[a].finditer(left)))) for a in aspects
        },
    )
    if last is None or not told.follow_up.search(question):
        return topic
    carried: dict[str, Any] = {}
    if not _LITTLE.sub(" ", left).strip(" ?!.,;:"):
        carried |= {"kind": last.kind, "kinds": last.kinds}  # "and the database?"
    own = bool(aspects) and accuses(
        question
    )  # "was it the deploy?" is of the deploy, whoever was spoken of before
    if not (components or unknown or own) and last.components and (carried or topic.kind in _ABOUT_ONE):
        carried["components"] = last.components
    if not aspects and not rest and last.aspects and topic.kind in _FACTS:
        carried["aspects"] = last.aspects
    return topic.model_copy(update=carried | {"carried": True}) if carried else topic


def accuses(question: str) -> bool:
    """Whether a question supposes a cause: "could it be payment?", "was it the deploy?"."""
    return _ACCUSES.match(question) is not None


LEAD: Final = r"(?:so|and|then|but|or|ok(?:ay)?|also|dann|und|aber|alors|et|entonces|y|allora|e|,|\s)*"
_ACCUSES: Final = re.compile(
    rf"{LEAD}(?:(?:could|can|may|might|is|was)(?:n't)? (?:it|this|that)\b|(?:is|was|could|might) (?:the )?[\w-]+(?: be)? "
    r"(?:the (?:cause|problem|culprit|reason)|to blame|it\b)|(?:did|has|have) .{1,80}? causes?d?\b|(?:kann|könnte|ist|liegt) es\b"
    r"|est-ce|c'est|(?:podría|puede) ser|es\b|(?:potrebbe|può) essere|è\b)",
    re.IGNORECASE,
)


def _span(question: str, report: Report) -> Span | None:
    """The stretch of time that a question names, as of the end of the run's window."""
    found = span_of(question, report.incident.window.end)
    return found if found.since or found.until else None


_LITTLE = re.compile(
    r"\b(?:and|or|but|what about|how about|also|then|so|the|an?|of|in|on|for|with|other)\b", re.I
)
_FACTS = frozenset({"value", "trend", "state", "when", "logs"})
# Kinds of questions that are about one component where one was named before; the others are about the whole incident.
_ABOUT_ONE = _FACTS | {"why_not", "proof", "changes", "maintenance", "order"}


def _rest(left: str, aspects: Sequence[str]) -> tuple[str, ...]:
    """The terms that neither ask, nor name a component, nor an aspect, nor speak of the diagnosis."""
    known = lists()
    for name in aspects:
        left = known.aspects[name].sub(" ", left)
    return tuple(t for t in asked(left) if t not in known.own)


def _components(question: str, report: Report) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """The components named by id or alias, else by what they do or are; names that are nobody's; and the other words."""
    known, own = lists(), report.inventory.components
    names = {n: c.id for c in own for n in (*c.aliases, c.id)}
    found: list[str] = []
    left = question
    for at, name in names_in(question, names):
        found.append(names[name])
        left = left[:at] + " " * len(name) + left[at + len(name) :]
    unknown: list[str] = []
    for word, meant in known.called.items():
        if match := re.search(rf"\b{word}s?\b", left, re.I):
            mine = [c.id for c in own if _words(c) & meant]
            found += mine
            unknown += [] if mine else [word]
            left = left[: match.start()] + " " * len(match[0]) + left[match.end() :]
    for word, kind in known.types.items():
        if match := re.search(rf"\b{word}s?\b", left, re.I):
            found += _meant([c for c in own if c.type == kind], report, question)
            left = left[: match.start()] + " " * len(match[0]) + left[match.end() :]
    if not found:
        for word in dict.fromkeys(re.findall(r"[a-z]{4,}", left.lower())):
            mine_too = [c for c in own if word.removesuffix("s") in _alias_words(c)]
            if mine_too:
                found += _meant(mine_too, report, question)
                left = re.sub(rf"\b{word}\b", " ", left, flags=re.I)
    return tuple(dict.fromkeys(found)), tuple(unknown), left


def _meant(candidates: Sequence[Component], report: Report, question: str) -> list[str]:
    """Of several that may be meant those that the alarm or the verdict is about; the others where "the other" is asked."""
    central = {*report.incident.hints, report.component}
    near = [c.id for c in candidates if c.id in central or any(link.to in central for link in c.links)]
    if re.search(
        r"\bother|\bsecond\b|\btwin\b|\bsister\b|\bstand-?by\b|\bspare\b|\bneighbou?r", question, re.I
    ):
        return [c.id for c in candidates if c.id not in near]
    return near or [c.id for c in candidates]


def _words(component: Component) -> frozenset[str]:
    text = " ".join((component.id, *component.aliases)).lower()
    return frozenset(re.findall(r"[a-z]+", text))


def _alias_words(component: Component) -> frozenset[str]:
    """Plain words of a component's aliases: `pump P-101A` may be called the pump."""
    return frozenset(
        w for alias in component.aliases for w in re.findall(r"(?<![\w-])[a-z]{4,}(?![\w])", alias)
    )
