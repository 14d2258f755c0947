"""Typed steps of a runbook that people wrote as prose, or as a list whose headings do not say what it is for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final, Literal, get_args

from aitia.core.commands import Does, command_line, effect, is_script
from aitia.core.llm import Classifier
from aitia.core.words import Word
from aitia.tools.meaning.passages.asking import read_roles
from aitia.tools.meaning.passages.conditions import commands_of, condition_of, forbidden_in, names_an_act
from aitia.tools.meaning.passages.units import MOST, Unit, plain, units_of

Kind = Literal["look", "change", "decide", "wait", "escalate", "later"]
_KINDS: Final[Mapping[str, Kind]] = {kind: kind for kind in get_args(Kind)}
LONGEST: Final = 400  # characters of a step
LONGEST_BLOCK: Final = 2000  # characters of code that are taken apart
UNSURE: Final = 0.6  # probability of a step's kind below which a question mark stands behind it
_SESSION: Final = re.compile(
    r"(?:ssh|docker exec|kubectl exec|psql|mysql|su|sudo -[is])(?:\s+[\w@.:/-]+){0,6}$"
)
_OPEN: Final = re.compile(r"\\.")
_MARKS: Final = re.compile(r"[\[\]<>{}]")
_FIRST_MARK: Final = re.compile(r"^(?:[#>*+=|~-]|\d+(?=[.)]))")
_TITLE: Final = re.compile(r"#\s+(.+?)\s*#*$")
_SECTION: Final[dict[Kind, str]] = {
    "look": "Checks",
    "change": "Mitigation",
    "escalate": "Mitigation",
    "later": "Prevention",
}
"""Under which heading a step stands; one that waits or decides stays under that of the step before it."""


class TypedStep(Word):
    """A step of a runbook. `condition` are its own words of when to do it; `expect` and `caution` what stands beside it.

    `effect` is that of its commands by their grammar; words of changing beside them can only make it "changing". Of a step
    without one it is "": a person decides.
    `sure` is the probability of `kind`, 0 to 1.
    """

    kind: Kind
    text: str
    condition: str = ""
    commands: tuple[str, ...] = ()
    effect: Literal["", "read-only", "changing"] = ""
    expect: tuple[str, ...] = ()
    caution: tuple[str, ...] = ()
    sure: float
    line: int


class Draft(Word):
    """The steps of a page in order, and what stands before the first one: when the page applies, why, whose it is."""

    title: str = ""
    read_to: int = 0  # the line up to which a page that is too long was read; 0 where it was read whole
    steps: tuple[TypedStep, ...] = ()
    about: tuple[str, ...] = ()
    caution: tuple[str, ...] = ()


def draft_of(markdown: str, model: Classifier | None = None) -> Draft:
    """The typed steps of a page. Raises ModelError where the model cannot tell the labels apart."""
    units = units_of(markdown)
    steps: list[TypedStep] = []
    about: list[str] = []
    caution: list[str] = []
    before = ""
    for unit, role in zip(units, read_roles(units, "runbook", model), strict=True):
        text, name = _words(unit.text), role.name
        if unit.style == "code":  # what it is for stands in the sentence before it
            if before in _KINDS:
                steps[-1] = _with_block(steps[-1], unit.text)
            elif not before:
                steps.append(_step(unit, "look", 0.0))
            elif before == "warn":
                _noted(steps, "caution", f"that is the code of line {unit.line}", caution)
            continue
        if kind := _KINDS.get(name):
            step, forbidden = _step(unit, kind, role.sure), forbidden_in(unit.text)
            if forbidden and not step.commands:
                name = "warn"
            else:
                steps.append(step.model_copy(update={"caution": (text,)} if forbidden else {}))
        if name == "expect" and steps:
            _noted(steps, "expect", text, about)
        elif name == "warn":
            _noted(steps, "caution", text, caution)
        elif name not in _KINDS:
            about.append(text)
        before = name
    title = next(
        (found[1] for line in plain(markdown).split("\n") if (found := _TITLE.match(line[:300]))), ""
    )
    cut = units[-1].line if len(units) == MOST else 0
    return Draft(title=title, read_to=cut, steps=tuple(steps), about=tuple(about), caution=tuple(caution))


def _noted(steps: list[TypedStep], name: Literal["expect", "caution"], text: str, else_to: list[str]) -> None:
    """Put a sentence beside the step before it; what stands before all steps is kept by itself."""
    if steps:
        steps[-1] = steps[-1].model_copy(update={name: (*getattr(steps[-1], name), text)})
    else:
        else_to.append(text)


def _step(unit: Unit, kind: Kind, sure: float) -> TypedStep:
    made = TypedStep(kind=kind, text=_words(unit.text), sure=round(sure, 3), line=unit.line)
    if unit.style == "code":
        return _with_block(made.model_copy(update={"text": "Run this block"}), unit.text)
    forbidden = forbidden_in(unit.text)
    held = [c for c in commands_of(unit.text) if c not in forbidden]
    commands = tuple(c for c in held if command_line(c))
    does: Literal["", "read-only", "changing"] = _effect(commands) if commands else ""
    if len(commands) < len(held):  # one that is no plain line may be anything
        does = "changing"
    if does == "read-only":
        beside = unit.text
        for command in commands:
            beside = beside.replace(command, " ")
        does = "changing" if names_an_act(beside, beside=True) else does
    return made.model_copy(
        update={"condition": condition_of(unit.text), "commands": commands, "effect": does}
    )


def _with_block(step: TypedStep, block: str) -> TypedStep:
    """The step with a block's lines as commands, each by itself; lines that belong together are told of and not taken apart."""
    lines = tuple(block.split("\n"))
    together = len(block) > LONGEST_BLOCK or is_script(block) or _SESSION.match(lines[0]) is not None
    together = together or not all(map(command_line, lines))
    if together or any(_OPEN.sub("", line).count(q) % 2 for line in lines for q in "'\""):
        note = f"its {len(lines)} lines of code belong together: take them from the page, line {step.line}"
        return step.model_copy(update={"caution": (*step.caution, note), "effect": "changing"})
    commands = (*step.commands, *lines)
    does = "changing" if step.effect == "changing" else _effect(commands)
    return step.model_copy(update={"commands": commands, "effect": does})


def _effect(commands: tuple[str, ...]) -> Does:
    """That of the worst command."""
    return "read-only" if all(effect(c) == "read-only" for c in commands) else "changing"


def _words(text: str) -> str:
    return " ".join(text.replace("`", "").replace("**", "").split())[:LONGEST]


def as_runbook(draft: Draft) -> str:
    """A draft as a runbook in Markdown, in the order of its steps: headings change where looking becomes acting.

    What the page said stands in it as words: no heading, list, fence, link or front matter of it is one here. Calls of tools
    that it names (`tool name=value`) are calls here too, as in any runbook: of installed tools that only read.
    """
    title = _words(draft.title) or "Untitled"
    front = json.dumps(title, ensure_ascii=False)
    lines = [
        "---",
        f"title: {front}",
        "---",
        f"# {_plain(title)}",
        "",
        "<!-- drafted from prose: read it, mind the steps with (?) -->",
        "",
    ]
    for text in (*draft.about, *(f"Caution: {c}" for c in draft.caution)):
        lines += [_plain(text), ""]
    under, number = "", 0
    for step in draft.steps:
        acts = step.kind == "look" and step.effect == "changing"
        section = "Mitigation" if acts else _SECTION.get(step.kind, under) or "Checks"
        if section != under:
            lines += ["", f"## {section}", ""]
            under, number = section, 0
        number += 1
        lines.append(f"{number}. {_told(step)}")
        lines += [f"   Expect: {_plain(e)}" for e in step.expect]
        lines += [f"   Caution: {_plain(c)}" for c in step.caution]
    return "\n".join(lines) + "\n"


def _told(step: TypedStep) -> str:
    text, acts = step.text.rstrip(" .:,"), step.effect == "changing"
    by_words = acts and all(effect(c) == "read-only" for c in step.commands)
    spans = () if by_words or any("`" in c for c in step.commands) else step.commands
    if len(spans) == 1 and text.endswith(spans[-1]):  # of several the others stand in the sentence
        text = text.removesuffix(spans[-1]).rstrip(" :,")
    if acts and not spans:  # not to be taken for a look by who reads the runbook again
        text = f"Change, as the page says in line {step.line}: {text}"
    unsure = " (?)" if step.sure < UNSURE else ""
    held = ", ".join(f"`{c}`" for c in spans)
    return _plain(text) + unsure + (f": {held}" if held else "")


def _plain(text: str) -> str:
    """Words that no Markdown reads as more than words."""
    one = _MARKS.sub(r"\\\g<0>", " ".join(text.split()))
    return _FIRST_MARK.sub(r"\\\g<0>", one)
