"""Gates: what a comparison said of an adapter in a role. An adapter is used by itself only where its gate says so."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from pydantic import Field, TypeAdapter, ValidationError

from aitia.core.disk import trouble, write_whole
from aitia.core.errors import ModelError
from aitia.core.words import Word
from aitia.models.files import model_folder

LEAST: Final = 50  # cases below which a figure opens no gate
FILE: Final = "gates.json"


class Figure(Word):
    """A metric of the base at its best (bare or with examples) and with the adapter, and their difference case by case.

    `low` and `high` bound the mean difference (95 %, bootstrap over cases); above 0 the adapter is better.
    """

    metric: str
    base: float
    way: str  # how the base was asked: `bare` or `examples`
    adapter: float
    low: float
    high: float
    n: int = Field(ge=1)

    @property
    def better(self) -> bool:
        """Whether the adapter is better beyond chance, on enough cases."""
        return self.low > 0.0 and self.n >= LEAST

    @property
    def worse(self) -> bool:
        """Whether it is worse beyond chance."""
        return self.high < 0.0


class Gate(Word):
    """The comparison of an adapter with its base in one role; hashes are those of the files and of the items asked."""

    role: str
    base: str
    adapter: str
    items: str
    source: str  # where the items are from: `curriculum` or a file's name
    figures: tuple[Figure, ...] = Field(min_length=1)

    @property
    def open(self) -> bool:
        """Whether the adapter is the better choice: something is better and nothing is worse."""
        return any(f.better for f in self.figures) and not any(f.worse for f in self.figures)

    @property
    def why(self) -> str:
        """The reason in a line."""
        if worse := [f.metric for f in self.figures if f.worse]:
            return f"worse in {', '.join(worse)}"
        if better := [f.metric for f in self.figures if f.better]:
            return f"better in {', '.join(better)}"
        if max(f.n for f in self.figures) < LEAST:
            return f"too few cases: {max(f.n for f in self.figures)}, at least {LEAST} are needed"
        return "no gain beyond chance"


GATES: Final = TypeAdapter(tuple[Gate, ...])


def own_gates_file(home: Path | None = None) -> Path:
    """Where comparisons made here are kept."""
    return model_folder(home) / "adapters" / FILE


def gates(home: Path | None = None) -> tuple[Gate, ...]:
    """All gates: those of comparisons made here go before those that come with aitia. Raises ModelError for a corrupt file."""
    own = own_gates_file(home)
    if not own.is_file():
        return bundled_gates()
    try:
        return (*GATES.validate_json(own.read_bytes()), *bundled_gates())
    except (OSError, ValidationError) as error:
        raise ModelError(
            f"Remove {str(own)!r} and run `aitia models compare` again: it cannot be read ({type(error).__name__})."
        ) from None


@cache
def bundled_gates() -> tuple[Gate, ...]:
    """The gates of the adapters that come with aitia."""
    return GATES.validate_json(files("aitia.models").joinpath(FILE).read_bytes())


def open_gates(role: str, base: str, home: Path | None = None) -> list[Gate]:
    """The open gates of a role on a base, the first for each adapter: what was compared later here decides."""
    latest: dict[str, Gate] = {}
    for gate in gates(home):
        if (gate.role, gate.base) == (role, base):
            latest.setdefault(gate.adapter, gate)
    return [g for g in latest.values() if g.open]


def keep_gates(path: Path, made: Sequence[Gate]) -> None:
    """Write gates in front of those that the file holds; one of the same adapter and role replaces the older."""
    try:
        known: Iterable[Gate] = GATES.validate_json(path.read_bytes()) if path.is_file() else ()
        new = {(g.adapter, g.role) for g in made}
        kept = [*made, *(g for g in known if (g.adapter, g.role) not in new)]
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        text = json.dumps(GATES.dump_python(tuple(kept)), indent=1, ensure_ascii=False)
        write_whole(path, f"{text}\n".encode())
    except ValidationError:
        raise ModelError(f"Remove {str(path)!r} and compare again: it cannot be read.") from None
    except OSError as error:
        raise trouble(error, path) from None
