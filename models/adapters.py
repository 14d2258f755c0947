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
from aitia.models.gguf import Value, read_header

Role = Literal["names"]
FIELDS: Final = "aitia."  # in front of what we write into an adapter's header


class Adapter(Word):
    """What an adapter's header tells. `base` and `curriculum` are the sha256 of the model file and of the examples."""

    role: Role
    base: str
    curriculum: str
    seed: int


def own_file(role: Role, base: str, home: Path | None = None) -> Path:
    """Where an adapter that was made here lies: it goes before the one that comes with aitia."""
    return model_folder(home) / "adapters" / f"{role}-{base[:12]}.gguf"


def adapter_for(role: Role, base: str, home: Path | None = None) -> Path | None:
    """The adapter for a base with this sha256, if there is one. Raises ModelError for one that cannot be used."""
    own = own_file(role, base, home)
    if own.is_file():
        check_adapter(own, role=role, base=base)
        return own
    known = catalogue()
    for entry in known.adapters.values():
        if entry.role == role and known[entry.base].sha256 == base:
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
    if found.role != role:
        raise ModelError(f"Give an adapter for {role}: {str(path)!r} is one for {found.role}.")
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
