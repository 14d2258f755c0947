"""The fault taxonomy: a data file of fault kinds with the evidence that speaks for and against each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from aitia.agent.fmea import SUFFIXES, read_fmea
from aitia.agent.taxonomy_words import Fault, Of, Pattern, Spread, Step
from aitia.core.aspects import ALL
from aitia.core.bounds import load_yaml, read_text
from aitia.core.errors import BadInput

__all__ = ["Fault", "Of", "Pattern", "Spread", "Step", "Taxonomy", "bundled", "covers", "extended"]


class Taxonomy:
    """Fault kinds by id; an id's parents (`machine.bearing`) are known as paths."""

    def __init__(self, faults: dict[str, Fault]) -> None:
        self._faults = faults

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults.values())

    def __getitem__(self, fault_id: str) -> Fault:
        return self._faults[fault_id]

    def get(self, fault_id: str) -> Fault | None:
        """The fault kind, or None for a parent path or an unknown one."""
        return self._faults.get(fault_id)

    def __contains__(self, fault_id: object) -> bool:
        return fault_id in self._faults

    def title(self, fault_id: str) -> str:
        """A fault's title, or the id itself for a parent path."""
        return self._faults[fault_id].title if fault_id in self._faults else fault_id.replace(".", " ")


@lru_cache(maxsize=1)
def bundled() -> Taxonomy:
    """The taxonomy that comes with aitia: `taxonomy.yaml` and every `taxonomy_*.yaml` beside it."""
    return _merged(sorted(Path(__file__).parent.glob("taxonomy*.yaml")))


def extended(paths: Iterable[Path]) -> Taxonomy:
    """The bundled taxonomy with a user's files, taxonomies in YAML or FMEA sheets: an entry of the same id replaces the bundled
    one. Raises BadInput.
    """
    return _merged(paths, bundled())


def _merged(paths: Iterable[Path], known: Iterable[Fault] = ()) -> Taxonomy:
    faults = {fault.id: fault for fault in known}
    for path in paths:
        faults |= (
            {f.id: f for f in read_fmea(path).faults} if path.suffix.lower() in SUFFIXES else _read(path)
        )
    return Taxonomy(faults)


def _read(path: Path) -> dict[str, Fault]:
    try:
        raw: dict[str, dict[str, Any]] = load_yaml(read_text(path))
        faults = {key: Fault.model_validate({"id": key} | value) for key, value in raw.items()}
    except OSError as error:
        raise BadInput(
            f"Cannot read {str(path)!r}: {error.strerror}. Check that it exists and its permissions."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError, AttributeError, TypeError) as error:
        raise BadInput(f"Fix the YAML in {str(path)!r}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"Fix {'.'.join(map(str, first['loc']))!r} in {str(path)!r}: {first['msg']}") from None
    for fault in faults.values():
        for pattern in (*fault.patterns, *fault.requires, *fault.requires_any):
            if pattern.aspect not in ALL:
                raise BadInput(
                    f"{fault.id} in {str(path)!r} uses the unknown aspect {pattern.aspect!r}. Use a known one."
                )
    return faults


def covers(answer: str, fault: str) -> bool:
    """Whether an answer names the fault or a parent of it: `machine.bearing` covers `machine.bearing.ball`."""
    return fault == answer or fault.startswith(answer + ".")
