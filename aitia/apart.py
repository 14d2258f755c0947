"""A scenario replayed in another process or on another machine: its run comes back whole, and lies here once."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aitia import api
from aitia.core.backup import pack, unpack
from aitia.core.disk import storing
from aitia.core.errors import AitiaError, StoreError
from aitia.core.home import aitia_home
from aitia.core.redaction.keys import FILE, check_mark, load_key
from aitia.core.spread import MB, Need
from aitia.core.store import RunStore
from aitia.core.words import Word
from aitia.engine import Engine, choose_engine
from aitia.settings import Settings

if TYPE_CHECKING:
    from aitia.model_use import Narrator, Planner

NEEDS: Final = 500 * MB  # memory of a process that diagnoses without a model
NEEDS_WITH_MODEL: Final = 2200 * MB  # with the default one: 2.0 GB at its peak (docs/results.md)


class Apart(Word):
    """What comes back of one scenario: its score and its packed run, "" where it came to none."""

    score: dict[str, Any]
    run: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Replay:
    """The work: a scenario's folder in, its score and its run out. `mark` tells which redaction key it needs."""

    mark: str
    model: str | None
    planner: Planner | None = None
    narrator: Narrator | None = None
    threads: int | None = None
    max_calls: int | None = None
    trust: tuple[Path, ...] = ()

    def __call__(self, folder: Path) -> Apart:
        """Nothing stays where it was done: a try that is killed leaves no run."""
        home = aitia_home()
        check_mark(home, self.mark)
        with tempfile.TemporaryDirectory(prefix="apart-", dir=home) as place:
            aside = Path(place) / "home"
            aside.mkdir(mode=0o700)
            (aside / FILE).write_bytes(load_key(home))
            return self._replayed(folder, aside)

    def _replayed(self, folder: Path, aside: Path) -> Apart:
        try:
            engine = _engine(self.model, self.planner, self.narrator, self.threads)
            done = api.replay(
                folder, model=engine.model or self._without, planner=self.planner, narrator=self.narrator,
                threads=self.threads, max_calls=self.max_calls, home=aside, trust=self.trust,
            )  # fmt: skip
        except AitiaError as error:
            return Apart(score=failed(folder, str(error)))
        packed = aside / "run.tar.gz"
        pack(aside / "runs" / done.report.run, packed)
        return Apart(score={"id": done.scenario.id} | dict(done.score), run=packed.read_bytes())

    @property
    def _without(self) -> str | None:
        """What is said to the engine where no model was loaded, so that its note is the same."""
        return None if self.model in (None, "none") else self.model

    def need(self, folder: Path) -> Need:
        """One process a node where a model is loaded."""
        with_model = self.model not in (None, "none")
        return Need(memory=NEEDS_WITH_MODEL if with_model else NEEDS, a_node=with_model)


@functools.cache
def _engine(
    model: str | None, planner: Planner | None, narrator: Narrator | None, threads: int | None
) -> Engine:
    """Once a process."""
    return choose_engine(
        model, settings=Settings(), planner=planner, narrator=narrator, threads=threads, on_event=None
    )


def failed(folder: Path, why: str) -> dict[str, Any]:
    """The score of a scenario that came to no report."""
    return {"id": folder.name, "correct": False, "error": why}


def take_in(told: Apart, home: Path) -> dict[str, Any]:
    """Put the run into this home's store, its own from now on; the score. Raises StoreError."""
    run = str(told.score.get("run", ""))
    if not told.run:
        return told.score
    runs = home / "runs"
    with storing(runs):
        runs.mkdir(parents=True, mode=0o700, exist_ok=True)
        if (runs / run).exists():
            raise StoreError(f"Run {run} is there already. Replay its scenario again.")
        with tempfile.TemporaryDirectory(prefix=f".{run}.", dir=runs) as place:
            packed, made = Path(place) / "packed", Path(place) / run
            packed.write_bytes(told.run)
            unpack(packed, made)
            made.rename(runs / run)
    RunStore(runs / run, home).sign()
    return told.score
