"""`aitia runbook check`: what is wrong with runbooks, each with its line and what to change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from aitia.agent.runbooks.call_check import call_problem, called
from aitia.agent.runbooks.front_check import Told, front_problems, items_of, ring_in, such_as
from aitia.agent.taxonomy import Taxonomy
from aitia.core.commands import effect
from aitia.core.errors import BadInput
from aitia.core.trust import leads_out
from aitia.tools import Registry
from aitia.tools.incidents.front_matter import Broken, Front, read_front, waits
from aitia.tools.incidents.steps import Step, steps
from aitia.tools.sources.documents.document_files import MAX_BYTES

SUFFIXES: Final = (".md", ".markdown")
_LINK: Final = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
_ELSEWHERE: Final = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|#|/|\{\{)", re.I)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What to change in which line. A warning does not make a runbook unusable."""

    file: str
    line: int
    level: Literal["error", "warning"]
    text: str


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The findings on a file, and its steps with what each would do."""

    file: str
    id: str
    title: str
    findings: tuple[Finding, ...]
    steps: tuple[Step, ...] = ()
    calls: tuple[str, ...] = ()
    follows: tuple[tuple[str, int], ...] = ()  # runbooks that come before it, with the line that says so
    leads_to: tuple[tuple[str, int], ...] = ()


def _is_document(path: Path, folder: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file() and not leads_out(path, folder)


def check(path: Path, registry: Registry, taxonomy: Taxonomy) -> list[Checked]:
    """A runbook, or all of a folder. Raises BadInput where there is none."""
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if _is_document(p, path))
        if not files:
            raise BadInput(f"{str(path)!r} contains no .md file. Give a runbook or a folder of runbooks.")
    elif path.is_file():
        files = [path]
    else:
        raise BadInput(f"{str(path)!r} does not exist. Give a runbook or a folder of runbooks.")
    base = path if path.is_dir() else path.parent
    found = [_one(file, base, registry, taxonomy) for file in files]
    return _together(found, whole=path.is_dir())


def _one(file: Path, base: Path, registry: Registry, taxonomy: Taxonomy) -> Checked:
    name = file.relative_to(base).with_suffix("").as_posix()
    shown = str(file)

    def only(line: int, text: str) -> Checked:
        finding = Finding(file=shown, line=line, level="error", text=text)
        return Checked(file=shown, id=name, title=name, findings=(finding,))

    try:
        if file.stat().st_size > MAX_BYTES:
            return only(1, f"larger than {MAX_BYTES >> 20} MiB: split it")
        raw = file.read_bytes()
    except OSError as error:
        return only(1, f"cannot be read ({error.strerror}): check its permissions")
    try:
        text = raw.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return only(1, "not UTF-8 text (binary, or another encoding): save it as UTF-8")
    if "\x00" in text:
        return only(text[: text.index("\x00")].count("\n") + 1, "contains NUL bytes: save it as plain text")
    if not text.strip():
        return only(1, "empty: add a heading and steps")
    try:
        front = read_front(text)
    except Broken as error:
        return only(error.line, str(error))
    told = list(front_problems(front, registry, taxonomy))
    told += _body(front, file, registry)
    listed = steps(front.body)
    calls = tuple(dict.fromkeys(c for part in _spoken(front) for c in called(part, registry)))
    if not listed and not calls and not front.fields.get("steps"):
        what = "no steps found: number them, or write them as list items under a heading such as `## Steps`"
        told.append((front.body_line, "warning", what))
    heading = next((s[2:].strip() for s in front.body.splitlines() if s.startswith("# ")), "")
    lines = front.lines
    return Checked(
        file=shown,
        id=str(front.fields.get("id") or name),
        title=str(front.fields.get("title") or heading or name),
        findings=tuple(Finding(file=shown, line=n, level=level, text=what) for n, level, what in told),
        steps=(*_front_steps(front), *(_as_call(s, registry) for s in listed)),
        calls=calls,
        follows=tuple((x, lines["after"]) for x in waits(front.fields, "after")),
        leads_to=tuple((x, lines["next"]) for x in waits(front.fields, "next")),
    )


def _body(front: Front, file: Path, registry: Registry) -> Iterator[Told]:
    for number, line in enumerate(front.body.splitlines(), front.body_line):
        for target in _LINK.findall(line):
            place = target.partition("#")[0]
            if place and not _ELSEWHERE.match(target) and not (file.parent / place).exists():
                yield number, "warning", f"broken link: there is no {place!r} next to the runbook"
        for span in re.findall(r"`([^`]+)`", line):
            if re.match(r"^[a-z]+(?:_[a-z]+)+(?:\s+\w+=\S+)+$", span) and (
                problem := call_problem(span, registry)
            ):
                yield number, "error", problem


def _together(found: Sequence[Checked], *, whole: bool) -> list[Checked]:
    """The same with what concerns several runbooks: ids given twice, runbooks that are not there, rings."""
    more: dict[str, list[Finding]] = {c.file: [] for c in found}
    by_id: dict[str, Checked] = {}
    for c in found:
        if c.id in by_id:
            text = f"id {c.id!r} is also used by {by_id[c.id].file}: give this runbook its own id"
            more[c.file].append(Finding(file=c.file, line=1, level="error", text=text))
        by_id.setdefault(c.id, c)
    graph = {i: [x for x, _ in c.follows] for i, c in by_id.items()}
    for c in found:
        for other, line in (*c.follows, *c.leads_to) if whole else ():
            if other not in by_id:
                text = f"{other!r} is not a runbook in this folder: name one that is{such_as(other, by_id)}"
                more[c.file].append(Finding(file=c.file, line=line, level="error", text=text))
        for other, _ in c.leads_to:
            graph.setdefault(other, []).append(c.id)
    if ring := ring_in(graph):
        first = by_id[next(i for i in ring if i in by_id)]
        line = next((n for _, n in (*first.follows, *first.leads_to)), 1)
        text = f"these runbooks wait for each other in a cycle, remove one link: {' → '.join(ring)}"
        more[first.file].append(Finding(file=first.file, line=line, level="error", text=text))
    return [
        Checked(**{**vars(c), "findings": tuple(sorted((*c.findings, *more[c.file]), key=lambda f: f.line))})
        for c in found
    ]


def _as_call(step: Step, registry: Registry) -> Step:
    """A step of the text whose command is a call of a tool that reads changes nothing."""
    if step["command"] and all(called(line, registry) for line in step["command"].splitlines()):
        return step | {"effect": "read-only"}
    return step


def _front_steps(front: Front) -> Iterator[Step]:
    written = front.fields.get("steps")
    for step in written if isinstance(written, list) else ():
        told: Mapping[str, Any] = step if isinstance(step, dict) else {"text": str(step)}
        command = str(told.get("command") or "")
        does = effect(command) if command else "read-only"
        text = str(told.get("text") or told.get("tool") or command)
        yield Step(text=text, command=command, effect=does, when="check")


def _spoken(front: Front) -> Iterator[str]:
    """Every text that may name a tool."""
    for call, _ in items_of(front, "tools"):
        yield call
    written = front.fields.get("steps")
    for step in written if isinstance(written, list) else ():
        yield str(step.get("tool") or "") if isinstance(step, dict) else str(step)
    for step in steps(front.body):
        yield f"{step['text']}\n{step['command']}"
