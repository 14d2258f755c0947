"""The fault taxonomy: a data file of fault kinds with the evidence that speaks for and against each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError

from aitia.agent.fact_values import ALERTS
from aitia.core.aspects import ALL
from aitia.core.bounds import load_yaml, read_text
from aitia.core.errors import BadInput
from aitia.core.provenance import Provenance
from aitia.core.words import Direction, Effect, Evidence, Word

Of = Literal["self", "calls", "serves", "peer", "callers", "callees"]
Spread = Literal["callees", "siblings"]


class Pattern(Word):
    """A fact that speaks for (weight > 0) or against (weight < 0) a fault kind; weight is log-odds at strength 1.

    `by`: who must have written it, where that matters: what a provider says of what it runs weighs more than a log line.
    """

    of: Of
    aspect: str
    direction: tuple[Direction, ...] = ()
    kinds: tuple[str, ...] = ()
    by: tuple[Provenance, ...] = ()
    weight: float = 0.0
    primary: bool = False
    why: str = ""

    def matches(self, evidence: Evidence) -> bool:
        """Whether the fact is of this pattern, whoever it belongs to. A steady fact matches only by its kind."""
        kind = "metric.limit" if evidence.kind in ALERTS else evidence.kind  # a limit that a person set
        return (
            evidence.aspect == self.aspect
            and (not self.direction or evidence.direction in self.direction)
            and (kind in self.kinds if self.kinds else evidence.direction != "steady")
            and (not self.by or evidence.provenance in self.by)
        )


class Step(Word):
    """A mitigation step of the catalogue; `{component}` is filled in."""

    text: str
    effect: Effect | Literal["read-only", "changing"] = "changing"
    command: str = ""


class Fault(Word):
    """One fault kind; `source` says which public list of failures it is taken from."""

    id: str
    source: str = ""
    title: str
    explanation: str = ""
    spread: tuple[Spread, ...] = ()
    words: tuple[str, ...] = ()
    requires: tuple[Pattern, ...] = ()
    requires_any: tuple[Pattern, ...] = ()
    patterns: tuple[Pattern, ...] = Field(min_length=1)
    now: tuple[Step, ...] = ()
    prevent: tuple[Step, ...] = ()


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
    """The bundled taxonomy with a user's files: an entry of the same id replaces the bundled one. Raises BadInput."""
    return _merged(paths, bundled())


def _merged(paths: Iterable[Path], known: Iterable[Fault] = ()) -> Taxonomy:
    faults = {fault.id: fault for fault in known}
    for path in paths:
        faults |= _read(path)
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
