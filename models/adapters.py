"""Adapters: small files that make one base model better at one thing. Used only on the base whose sha256 they name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from aitia.core.errors import HashMismatch, ModelError
from aitia.core.words import Word
from aitia.models.catalogue import catalogue
from aitia.models.files import model_folder, sha256_of
from aitia.models.gates import Gate, gates, open_gates
from aitia.models.gguf import Value, read_header

Role = Literal["names", "messages", "questions", "lines", "texts", "passages", "judge", "plan"]
FIELDS: Final = "aitia."  # in front of what we write into an adapter's header


class Adapter(Word):
    """What an adapter's header tells: roles joined by `+`, the sha256 of the model file and of the examples, seed and rank."""

    role: str
    base: str
    curriculum: str
    seed: int
    rank: int = 0  # 0: not told

    @property
    def roles(self) -> tuple[str, ...]:
        """What it was tuned for."""
        return tuple(self.role.split("+"))


def own_file(roles: str, base: str, home: Path | None = None) -> Path:
    """Where an adapter that was made here lies; `roles` are joined by `+`."""
    return model_folder(home) / "adapters" / f"{roles}-{base[:12]}.gguf"


def adapter_for(role: Role, base: str, home: Path | None = None) -> Path | None:
    """The adapter that a base (by sha256) uses for a role: the first whose gate is open. Raises ModelError for a damaged one."""
    for gate in open_gates(role, base, home):
        path = _file_of(gate, home)
        if path is not None:
            check_adapter(path, role=role, base=base)
            return path
    return None


def bases_for(role: Role, home: Path | None = None) -> list[str]:
    """The catalogue's models that have an adapter for a role, by open gates; those of comparisons made here first."""
    names = {e.sha256: e.name for e in catalogue().models.values()}
    bases = dict.fromkeys(g.base for g in gates(home) if g.role == role)
    return [names[b] for b in bases if b in names and open_gates(role, b, home)]


def _file_of(gate: Gate, home: Path | None) -> Path | None:
    """The file of a gate's adapter: made here, or of the catalogue. None where it is gone or another one lies in its place."""
    own = model_folder(home) / "adapters"
    for path in sorted(own.glob("*.gguf")):
        if sha256_of(path, home=home) == gate.adapter:
            return path
    for entry in catalogue().adapters.values():
        if entry.sha256 == gate.adapter:
            path = Path(str(files("aitia.models").joinpath("adapters", entry.file)))
            found = sha256_of(path, home=home)
            if found != entry.sha256:
                raise HashMismatch(
                    f"Install aitia again: the sha256 of {str(path)!r} is {found}, but the catalogue's is {entry.sha256}."
                )
            return path
    return None


def check_adapter(path: Path, *, role: str, base: str) -> Adapter:
    """The header of an adapter for this role and this base. Raises ModelError for any other file."""
    found = adapter_of(read_header(path), path)
    if role not in found.roles:
        raise ModelError(f"Give an adapter for {role}: {str(path)!r} is one for {' and '.join(found.roles)}.")
    if found.base != base:
        raise ModelError(
            f"Remove {str(path)!r} or give its base: it was made on the model with sha256 {found.base[:12]}…, not {base[:12]}…."
        )
    return found


def adapter_of(header: Mapping[str, Value], path: Path) -> Adapter:
    """What the header tells. Raises ModelError where it is no adapter of ours."""
    ours = {k.removeprefix(FIELDS): v for k, v in header.items() if k.startswith(FIELDS)}
    try:
        return Adapter.model_validate(ours)
    except ValidationError:
        raise ModelError(
            f"Give an adapter that `aitia models tune` wrote: the header of {str(path)!r} does not tell role and base."
        ) from None
