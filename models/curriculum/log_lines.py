"""Questions about a program's log with the line that each means, by language models; one author is left for the checks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Final

from aitia.models.adapters import Role
from aitia.models.curriculum.items import Item, Segment, Split

SYSTEM: Final = "Log lines:"
WANTS: Final = ("count", "first", "last", "lines", "number", "largest", "which", "exists")
"""What is asked: how many, when the first or last, the lines, a figure in them, the largest, who or what, whether."""
NONE: Final = "none"
WIDEST: Final = 100  # characters of a line that are read
HEAD: Final = 48  # of these, by which it is named
SHOWN: Final = 16  # lines that are put to a model at most
_TOGETHER: Final = 4  # questions about one log in an item
_MIXED: Final = 0.4  # how often lines of another program stand among them
_OTHERS: Final = 10
_PASSES: Final = 4  # over every question, each time among other lines in another order
LEFT_OUT: Final = "author 4"
"""Of whom nothing is learned: checks and held-out examples are this author's."""


@dataclass(frozen=True, kw_only=True)
class Log:
    """A program's log: one line of each kind, and (question, language, index of its line or -1, what is wanted)."""

    site: str
    component: str
    author: str
    lines: tuple[str, ...]
    questions: tuple[tuple[str, str, int, str], ...]


@cache
def logs() -> tuple[Log, ...]:
    """All that were written."""
    text = files("aitia.models.curriculum").joinpath("log_lines_written.jsonl").read_text("utf-8")
    return tuple(_log(*json.loads(line)) for line in text.splitlines())


def _log(author: str, site: str, component: str, lines: list[str], questions: list[list[object]]) -> Log:
    return Log(
        site=site,
        component=component,
        author=author,
        lines=tuple(map(shown, lines)),
        questions=tuple((str(q), str(lang), int(str(at)), str(want)) for q, lang, at, want in questions),
    )


def shown(line: str) -> str:
    """A line as it is put to a model."""
    return " ".join("".join(c if c.isprintable() else " " for c in line).split())[:WIDEST].rstrip()


def head(line: str) -> str:
    """The beginning by which a line is named."""
    return shown(line)[:HEAD].rstrip()


def asked(lines: Sequence[str], question: str) -> str:
    """What a model is asked, behind `SYSTEM`."""
    return f"{''.join(chr(10) + shown(x) for x in lines)}\nQuestion: {question}\nMeant:"


class LogLines:
    """The curriculum of questions about logs."""

    role: Role = "lines"
    about = "question about a log → which of its kinds of lines is meant, and what of it"
    size = 1000

    def items(self, seed: int, size: int, split: Split) -> list[Item]:
        """At most `size` items: `_TOGETHER` questions each where they are learned, else one.

        The checks and what is held out are of another author than what is learned, dealt by site.
        """
        random = Random(f"log lines {seed} {split}")
        learned = [log for log in logs() if log.author != LEFT_OUT]
        others = [log for log in logs() if log.author == LEFT_OUT]
        if split == "train":
            items = [
                i for _ in range(_PASSES) for log in learned for i in _items(random, log, learned, _TOGETHER)
            ]
        else:
            found = [log for n, log in enumerate(others) if (n % 2 == 0) == (split == "held_out")]
            items = [i for log in found for i in _items(random, log, others, 1)]
        random.shuffle(items)
        return [i.model_copy(update={"split": split}) for i in items[:size]]


def _items(random: Random, log: Log, among: Sequence[Log], together: int) -> list[Item]:
    made = []
    asks = random.sample(log.questions, len(log.questions))
    for at in range(0, len(asks), together):
        part = asks[at : at + together]
        lines = _lines_for(random, log, random.choice(among), {a for _, _, a, _ in part if a >= 0})
        front = asked(lines, part[0][0])
        answer: list[Segment] = []
        for number, (question, _, meant, want) in enumerate(part):
            if number:
                answer.append(Segment(text=f"Question: {question}\nMeant:", weight=0.0))
            told = head(log.lines[meant]) if meant >= 0 else NONE
            answer += [Segment(text=f" {want}:", name="want"), Segment(text=f" {told}\n", name="line")]
        made.append(
            Item(
                role="lines",
                system=SYSTEM,
                prompt=front,
                answer=tuple(answer),
                split="train",
                vendor=log.site,
                author=f"logs of sites, language models, {part[0][1]}",
            )
        )
    return made


def _lines_for(random: Random, log: Log, other: Log, meant: set[int]) -> list[str]:
    """Those that are meant and some others of a log, at times with lines of another program, in any order."""
    places = range(len(log.lines))
    kept = meant | set(random.sample(places, random.randint(max(2, len(meant)), len(log.lines))))
    more: list[str] = []
    if other is not log and random.random() < _MIXED:
        more = random.sample(other.lines, random.randint(1, min(_OTHERS, len(other.lines))))
    own = [log.lines[i] for i in sorted(kept)]
    lines = list(dict.fromkeys([*own, *more]))[:SHOWN]
    lines += [log.lines[i] for i in sorted(meant) if log.lines[i] not in lines]
    return random.sample(lines, len(lines))
