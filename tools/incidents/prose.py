"""Typed steps of a runbook that people wrote as prose, or as a list whose headings do not say what it is for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final, Literal, get_args

from aitia.core.commands import Does, effect
from aitia.core.llm import Classifier
from aitia.core.words import Word
from aitia.tools.meaning.passages.asking import read_roles
from aitia.tools.meaning.passages.conditions import commands_of, condition_of
from aitia.tools.meaning.passages.units import Unit, units_of

Kind = Literal["look", "change", "decide", "wait", "escalate", "later"]
_KINDS: Final[Mapping[str, Kind]] = {kind: kind for kind in get_args(Kind)}
LONGEST: Final = 400  # characters of a step
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

    `effect` is a command's by its grammar, whatever the sentence says; of a step without one, "" (a person decides).
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
    steps: tuple[TypedStep, ...] = ()
    about: tuple[str, ...] = ()
    caution: tuple[str, ...] = ()


def draft_of(markdown: str, model: Classifier | None = None) -> Draft:
    """The typed steps of a page. Raises ModelError where the model cannot tell the labels apart."""
    units = units_of(markdown)
    steps: list[TypedStep] = []
    about: list[str] = []
    caution: list[str] = []
    for unit, role in zip(units, read_roles(units, "runbook", model), strict=True):
        text = unit.text[:LONGEST]
        if unit.style == "code" and steps:
            steps[-1] = _with_commands(steps[-1], tuple(unit.text.splitlines()))
        elif kind := _KINDS.get(role.name):
            steps.append(_step(unit, kind, role.sure))
        elif role.name == "expect" and steps:
            steps[-1] = steps[-1].model_copy(update={"expect": (*steps[-1].expect, text)})
        elif role.name == "warn":
            # What must never be done is said before the act as often as behind it: it stays where it stands.
            if steps:
                steps[-1] = steps[-1].model_copy(update={"caution": (*steps[-1].caution, text)})
            else:
                caution.append(text)
        else:
            about.append(text)
    title = next((found[1] for line in markdown.splitlines() if (found := _TITLE.match(line))), "")
    return Draft(title=title, steps=tuple(steps), about=tuple(about), caution=tuple(caution))


def _step(unit: Unit, kind: Kind, sure: float) -> TypedStep:
    code = unit.style == "code"
    commands = tuple(unit.text.splitlines()) if code else tuple(commands_of(unit.text))
    return TypedStep(
        kind=kind,
        text=" ".join(unit.text.replace("`", "").replace("**", "").split())[:LONGEST],
        condition="" if code else condition_of(unit.text),
        commands=commands,
        effect=_effect(commands),
        sure=round(sure, 3),
        line=unit.line,
    )


def _with_commands(step: TypedStep, more: tuple[str, ...]) -> TypedStep:
    commands = (*step.commands, *more)
    return step.model_copy(update={"commands": commands, "effect": _effect(commands)})


def _effect(commands: tuple[str, ...]) -> Literal["", "read-only", "changing"]:
    """That of the worst command."""
    if not commands:
        return ""
    does: Does = "read-only" if all(effect(c) == "read-only" for c in commands) else "changing"
    return does


def as_runbook(draft: Draft) -> str:
    """A draft as a runbook in Markdown, in the order of its steps: headings change where looking becomes acting."""
    title = draft.title or "Untitled"
    lines = [
        "---",
        json.dumps("title") + ": " + json.dumps(title, ensure_ascii=False),
        "---",
        f"# {title}",
        "",
    ]
    for text in (*draft.about, *(f"Caution: {c}" for c in draft.caution)):
        lines += [_one_line(text), ""]
    under, number = "", 0
    for step in draft.steps:
        section = _SECTION.get(step.kind, under) or "Checks"
        if section != under:
            lines += ["", f"## {section}", ""]
            under, number = section, 0
        number += 1
        lines.append(f"{number}. {_told(step)}")
        lines += [f"   Expect: {_one_line(e)}" for e in step.expect]
        lines += [f"   Caution: {_one_line(c)}" for c in step.caution]
    return "\n".join(lines) + "\n"


def _told(step: TypedStep) -> str:
    text = _one_line(step.text)
    for command in step.commands:
        if f"`{command}`" not in text:
            text = (
                text.replace(command, f"`{command}`")
                if command in text
                else f"{text.rstrip(' .:')}: `{command}`"
            )
    return text


def _one_line(text: str) -> str:
    return " ".join(text.split())
