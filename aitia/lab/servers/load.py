"""Reads a system file and checks all that it names, before anything is started."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from aitia.core.bounds import load_yaml
from aitia.core.errors import BadInput
from aitia.lab.servers.model import Deed, Fault, SystemFile
from aitia.lab.servers.steps import Step
from aitia.lab.servers.templates import choose, references

PROGRAMS = Path(__file__).parents[1] / "programs"


def load_system(file: Path) -> SystemFile:
    """The system that a file describes. Raises BadInput with the file, the field and what is wrong."""
    try:
        raw = load_yaml(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"Cannot read the system file {str(file)!r}: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"Fix the YAML in {str(file)!r}: {error}") from None
    try:
        system = SystemFile.model_validate(_named(raw))
    except ValidationError as error:
        raise BadInput(f"Fix {_first(error)} in {str(file)!r}") from None
    for where, problem in (*_doubles(system), *_unknown(system, file.parent), *_deeds(system)):
        raise BadInput(f"Fix {where!r} in {str(file)!r}: {problem}")
    return system


def program_file(name: str, beside: Path) -> Path | None:
    """A small program: from `programs/` beside the system file, else from aitia's own."""
    places = (beside / "programs" / name, PROGRAMS / name)
    return next((place for place in places if place.is_file()), None)


def _named(raw: Any) -> Any:
    """Without `x-` keys, which hold anchors; `{id}` in a program or exporter is its own id: several may share an anchor."""
    if not isinstance(raw, dict):
        return raw
    told = {key: value for key, value in raw.items() if not str(key).startswith("x-")}
    for key in ("programs", "exporters"):
        if isinstance(raw.get(key), list):
            told[key] = [_own(item) for item in raw[key]]
    return told


def _own(item: Any) -> Any:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        return item
    try:
        return choose(item, {"id": item["id"]})
    except KeyError as error:
        raise BadInput(
            f"Remove {{{error.args[0]}}} from {item['id']!r}: only faults and decoys have it."
        ) from None


def _first(error: ValidationError) -> str:
    problems = error.errors()  # a misspelt field says more than the one that it leaves missing
    first = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])
    return f"{'.'.join(str(part) for part in first['loc']) or 'the file'!r}: {first['msg']}"


def _doubles(system: SystemFile) -> Iterator[tuple[str, str]]:
    groups: dict[str, list[str]] = {
        "programs": [p.id for p in system.programs] + [e.id for e in system.exporters],
        "loads": [load.id for load in system.loads],
        "edges": [edge.id for edge in system.edges],
        "faults": [fault.id for fault in system.faults],
        "decoys": [decoy.id for decoy in system.decoys],
    }
    for where, ids in groups.items():
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            yield where, f"{twice[0]!r} is there twice"
    if any(fault.id == "none" for fault in system.faults):
        yield "faults", "'none' is the healthy hour that every system has; choose another id"


def _unknown(system: SystemFile, beside: Path) -> Iterator[tuple[str, str]]:
    """Templates and references that lead nowhere."""
    known: dict[str, Iterable[str]] = {
        "bin": system.needs,
        "file": system.files,
        "edge": [edge.id for edge in system.edges],
        "edge_port": [edge.id for edge in system.edges],
    }
    for word, name in sorted(references(system.model_dump())):
        if word == "program" and program_file(name, beside) is None:
            yield f"{{program:{name}}}", f"there is no programs/{name}"
        if word in known and name not in known[word]:
            yield f"{{{word}:{name}}}", f"known are {', '.join(sorted(known[word])) or 'none'}"
    components = set(system.components)
    monitored = [(f"exporters.{e.id}.component", e.component) for e in system.exporters]
    called = [(f"programs.{p.id}.calls", name) for p in system.programs for name in p.calls]
    edges = [(f"edges.{e.id}", name) for e in system.edges for name in (e.caller, e.callee)]
    clients = {load.component for load in system.loads if load.component}
    for where, name in (*monitored, *called, *edges, ("entry", system.entry)):
        if name not in components | clients:
            yield where, f"{name!r} is no component; they are {', '.join(sorted(components))}"


def _deeds(system: SystemFile) -> Iterator[tuple[str, str]]:
    """Each fault and decoy must be whole for each of its victims and strengths."""
    deeds: tuple[Deed, ...] = (*system.faults, *system.decoys)
    for deed in deeds:
        where = f"{'faults' if isinstance(deed, Fault) else 'decoys'}.{deed.id}"
        strengths = deed.strengths.values() if isinstance(deed, Fault) else [{}]
        for victim in deed.victims or ("",):
            for strength in strengths:
                try:
                    steps = deed.concrete(victim, strength)
                    answer = (
                        deed.filled(deed.answer.model_dump(), victim, strength)
                        if isinstance(deed, Fault)
                        else {}
                    )
                except KeyError as error:
                    yield (
                        where,
                        f"parameter {error.args[0]!r} is not given for victim {victim!r} at each strength",
                    )
                    return
                except ValidationError as error:
                    yield f"{where}.steps", _first(error)
                    return
                for problem in _steps(system, steps):
                    yield f"{where}.steps", problem
                named = answer.get("component", system.host)
                if named not in system.components:
                    yield f"{where}.answer.component", f"{named!r} is no component"


def _steps(system: SystemFile, steps: tuple[Step, ...]) -> Iterator[str]:
    known: dict[str, set[str]] = {
        "program": {p.id for p in system.programs},
        "edge": {edge.id for edge in system.edges},
        "load": {load.id for load in system.loads},
        "dir": set(system.volumes),
        "file": set(system.files),
    }
    for step in steps:
        does = step.does
        for field, names in known.items():
            name = getattr(does, field, None)
            if isinstance(name, str) and name not in names:
                yield f"{step.verb}: there is no {field} {name!r}; known are {', '.join(sorted(names)) or 'none'}"
