"""Steps of a Markdown runbook: list items under headings that say what they are for, else what its sentences say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, TypedDict

from aitia.core.commands import Does, effect
from aitia.tools.incidents.prose import TypedStep, draft_of
from aitia.tools.meaning.passages.conditions import could_be_typed, names_an_act
from aitia.tools.memory.vocabulary import vocabulary

Role = Literal["check", "now", "prevent"]

LEAST: Final = 3  # sentences and items of a page from which they are read for what each is for
SURE: Final = 0.5  # probability of what a sentence is for, from which it is a step
_MOST_CODE: Final = 600  # characters of a step's commands; a command is never cut
_WHEN: Final[dict[str, Role]] = {
    "look": "check", "change": "now", "wait": "now", "escalate": "now", "later": "prevent",
}  # fmt: skip
_HEADING = re.compile(r"^(#{1,6})\s(.*)$")
_ITEM = re.compile(r"^(\s*)(?:[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?(.*)$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_CODE = re.compile(r"(?<!`)`{1,3}([^`\n]{1,2000})`{1,3}(?!`)")
_ROLES: Final[tuple[tuple[re.Pattern[str], Role], ...]] = (
    (re.compile(r"prevent|follow.?up|long.?term|harden|afterwards|permanent", re.I), "prevent"),
    (
        re.compile(
            r"mitigat|remed|resol|fix|recover|workaround|roll.?back|action|what to do|repair|now\b", re.I
        ),
        "now",
    ),
    (re.compile(r"step|diagnos|check|investigat|triage|verif|procedure|playbook|confirm", re.I), "check"),
)


class Step(TypedDict):
    """One step. `command` is "" where the runbook names none, and holds a command a line where it names several."""

    text: str
    command: str
    effect: Does
    when: Role


def steps(markdown: str) -> list[Step]:
    """All steps in order. Without a mitigation section each sentence and item is read for what it is for; where that finds
    nothing, what is headed as steps is what to do, or else what is numbered.
    """
    items = list(_items(markdown))
    if not any(role == "now" for role, _ in items) and (told := _told(markdown)):
        return told
    items = items or list(_items(markdown, numbered=True))
    if not any(role == "now" for role, _ in items):
        items = [("now" if role == "check" else role, text) for role, text in items]
    return [_step(text, role) for role, text in items]


def _told(markdown: str) -> list[Step]:
    """The steps of prose, with what should be seen and what to mind; looks are what to do where nothing else is."""
    typed = draft_of(markdown)
    found = [t for t in typed.steps if t.kind in _WHEN and t.sure >= SURE]
    if len(typed.steps) + len(typed.about) < LEAST or not any(t.kind in ("look", "change") for t in found):
        return []
    acts = any(t.kind == "change" for t in found)
    made: list[Step] = []
    for t in found:
        lines = [c for n, c in enumerate(t.commands) if sum(map(len, t.commands[: n + 1])) <= _MOST_CODE]
        changes = t.kind in ("change", "later") or names_an_act(t.text) or len(lines) < len(t.commands)
        does: Does = t.effect or ("changing" if changes else "read-only")
        made.append(
            Step(
                text=_with_notes(t)[:400],
                command="\n".join(lines),
                effect="changing" if len(lines) < len(t.commands) else does,
                when=_WHEN[t.kind] if acts or t.kind != "look" else "now",
            )
        )
    return made


def _with_notes(step: TypedStep) -> str:
    notes = [*(f"Expect: {e}" for e in step.expect[:1]), *(f"Caution: {c}" for c in step.caution[:2])]
    text = step.text
    for command in step.commands:
        if text.endswith(command):
            text = text.removesuffix(command).rstrip(" :,;–-") or text
    return " ".join([text, *notes])


def commands_in(markdown: str) -> list[str]:
    """The commands of a text, in order: lines of its code blocks, and code spans that could be typed."""
    found, fenced = [], False
    for line in markdown.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        else:
            spans = [line] if fenced else _CODE.findall(line)
            found += [span.strip() for span in spans if could_be_typed(span.strip())]
    return found


def _items(markdown: str, *, numbered: bool = False) -> Iterator[tuple[Role, str]]:
    """(role, raw text) of each list item; continuation lines and code blocks belong to the item above.

    numbered   numbered items alone, whatever they are headed by
    """
    role: Role | None = "check" if numbered else None
    depth, current, fenced, apart = 0, "", False, False
    for line in [*markdown.splitlines(), "# "]:
        if _FENCE.match(line):
            fenced = not fenced
            continue
        if fenced:
            if current and line.strip():
                current += f" `{line.strip()}`"
            continue
        heading, item = _HEADING.match(line), _ITEM.match(line)
        if (heading or item or line.strip() == "# ".strip()) and current:
            if role is not None:
                yield role, current
            current = ""
        if heading and numbered:
            continue
        if heading:
            level = len(heading[1])
            named = next((r for pattern, r in _ROLES if pattern.search(heading[2])), None)
            if named is not None:
                role, depth = named, level
            elif level <= depth:
                role = None
        elif item and role is not None and (not numbered or line.lstrip()[0].isdigit()):
            current = item[2]
        elif current and line.strip() and (line.startswith((" ", "\t")) or not apart):
            current += " " + line.strip()
        elif current and line.strip():  # a paragraph after an empty line is none of the item's
            if role is not None:
                yield role, current
            current = ""
        apart = not line.strip()


def _step(raw: str, role: Role) -> Step:
    spans = [span.strip() for span in _CODE.findall(raw)]
    commands = [span for span in spans if could_be_typed(span)]
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", raw)
    for command in commands:
        text = re.sub(r"[:,]?\s*`+" + re.escape(command) + r"`+", "", text)
    text = " ".join(text.replace("`", "").replace("**", "").split()).rstrip(":, ")
    command = "\n".join(commands)
    if not text:
        text = commands[0] if commands else raw.strip("` ")
    if commands:
        does: Does = "read-only" if all(effect(c) == "read-only" for c in commands) else "changing"
    else:
        first = re.match(r"[A-Za-z]+", text)
        looks = first is not None and first[0].casefold() in vocabulary().look
        does = "read-only" if role == "check" or looks else "changing"
    return Step(text=text[:400], command=command[:600], effect=does, when=role)
