"""All units, by processes or on a cluster: bounded, resumable, and ended by Ctrl-C without losing what is done."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from aitia.core.disk import write_whole
from aitia.core.errors import StoreError
from aitia.core.spread import MB, Crew, Need, spread
from aitia.fleet.assets import About
from aitia.fleet.judge import judge
from aitia.fleet.risk import ranked
from aitia.fleet.words import Fleet, Judged, Unit

VERSION: Final = 3  # of what is kept; raised with what a judgement means
NEEDS: Final = 600 * MB  # memory of a process that judges a unit


def look(
    units: Sequence[Unit],
    about: Mapping[str, About],
    *,
    keep: Path,
    crew: Crew = Crew(),  # noqa: B008 - frozen
    healthy: tuple[float, float] | None = None,
    now: float | None = None,
    days: float = 0.0,
    fresh: bool = False,
    errors: Mapping[str, str] = {},
    on_done: Callable[[int, int, int], None] = lambda done, reused, total: None,
) -> Fleet:
    """Judge all units and rank their assets; what an earlier look judged of the same data is taken from `keep`.

    KeyboardInterrupt ends it: the ranking is of what is done, and the next call goes on.
    """
    began = time.monotonic()
    kinds = {name: said.kind for name, said in about.items() if said.kind}
    work = partial(judge, kinds=kinds, healthy=healthy, now=now, days=days)
    asked = repr((VERSION, healthy, now, days, sorted(kinds.items())))
    files = {n: _file(keep, unit, asked) for n, unit in enumerate(units) if unit.seen}
    known: dict[int, list[Judged]] = {}
    for n, file in files.items():
        if not fresh and (held := _held(file)) is not None:
            known[n] = held
    reused = sum(map(len, known.values()))
    todo = [n for n in range(len(units)) if n not in known]
    on_done(len(known), reused, len(units))
    stopped = False
    try:
        for n, told in spread(work, {n: units[n] for n in todo}, crew=crew, need=_need, lost=_lost):
            known[n] = told
            if n in files and all(j.status != "error" for j in told):
                _keep(files[n], told)
            on_done(len(known), reused, len(units))
    except KeyboardInterrupt:
        stopped = True
    return Fleet(
        assets=tuple(ranked((j for n in sorted(known) for j in known[n]), about)),
        errors=dict(errors),
        reused=reused,
        unfinished=len(units) - len(known) if stopped else 0,
        seconds=round(time.monotonic() - began, 1),
    )


def _need(unit: Unit) -> Need:
    return Need(memory=NEEDS)


def _lost(unit: Unit, why: str) -> list[Judged]:
    """What is told of a unit that ends every process that reads it."""
    name = unit.component or unit.source.name
    return [Judged(asset=name, source=unit.source.name, status="error", why=f"not judged: {why}")]


def _file(keep: Path, unit: Unit, asked: str) -> Path:
    """Where the judgement of a unit is kept: by the state of its files, how they are read, and what is asked."""
    told = json.dumps([unit.model_dump(mode="json"), asked], sort_keys=True, default=str)
    return keep / f"{hashlib.sha256(told.encode()).hexdigest()[:32]}.json"


def _held(file: Path) -> list[Judged] | None:
    """What is kept; None where nothing is, or where it is damaged."""
    try:
        return [Judged.model_validate(each) for each in json.loads(file.read_text(encoding="utf-8"))]
    except (OSError, ValueError):
        return None


def _keep(file: Path, told: Iterable[Judged]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(file, json.dumps([j.model_dump(mode="json") for j in told]).encode())
    except OSError as error:
        raise StoreError(
            f"Cannot write to {str(file.parent)!r} ({error.strerror}). Free some room or set AITIA_HOME."
        ) from None
