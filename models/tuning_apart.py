"""Adapters that are tuned one each by the nodes of a Ray cluster: the file is what comes back, and is put into its place here."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aitia.core.disk import trouble
from aitia.core.errors import ModelError
from aitia.core.spread import Crew, Need, spread
from aitia.models import tuning
from aitia.models.adapters import Role
from aitia.models.curriculum.items import Item
from aitia.models.load import model_file


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One adapter: for which roles, with which rows besides, and where it is to lie."""

    roles: tuple[Role, ...]
    rows: tuple[Item, ...]
    out: Path


@dataclass(frozen=True, kw_only=True)
class Apart:
    """Tunes in a worker. `told` are further arguments of `tuning.tune`; the base is a name or file that the node has."""

    base: str
    told: Mapping[str, Any]

    def __call__(self, wanted: Wanted) -> tuple[tuning.Tuned, bytes]:
        """What was tuned, and the bytes of its file. A try that was killed goes on where a node of that home saved it last."""
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / wanted.out.name
            made = tuning.tune(model_file(self.base), wanted.roles, out=out, rows=wanted.rows, **self.told)
            return made, out.read_bytes()

    def need(self, _: Wanted) -> Need:
        """One tuning a node at a time: it takes all cores, and about four times the base's size of memory."""
        return Need(memory=tuning.memory_of(model_file(self.base).path), a_node=True)


def tune_apart(work: Apart, wanted: Sequence[Wanted], *, ray: str) -> Iterator[tuning.Tuned]:
    """The adapters as they are done, each in its place. Raises ModelError where a worker died too often, NoRoom."""
    done = spread(work, dict(enumerate(wanted)), crew=Crew(ray=ray), need=work.need, lost=_lost)
    for n, (made, held) in done:
        out = wanted[n].out
        part = out.with_name(out.name + ".part")
        try:
            out.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_bytes(held)
            part.replace(out)
        except OSError as error:
            raise trouble(error, out) from None
        yield replace(made, path=out)


def _lost(wanted: Wanted, why: str) -> tuple[tuning.Tuned, bytes]:
    raise ModelError(f"The adapter for {'+'.join(wanted.roles)} was not tuned: {why}")
