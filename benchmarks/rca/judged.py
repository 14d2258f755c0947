"""Diagnoses with known answers, kept as lines of JSON: what the weigher's factors are learned from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from aitia.agent.judged import Judged
from aitia.core.words import Evidence, Inventory, Report, Verdict


def judged(
    name: str, group: str, report: Report, verdict: Verdict, accepted: Sequence[tuple[str, str]] = ()
) -> Judged:
    """A report with its answer."""
    return Judged(
        id=name,
        group=group,
        evidence=report.evidence,
        inventory=report.inventory,
        verdict=verdict,
        accepted=tuple(accepted),
        alarmed=report.incident.hints,
    )


def keep(file: Path, cases: Iterable[Judged]) -> None:
    """Write cases, one a line."""
    with file.open("w", encoding="utf-8") as out:
        for case in cases:
            told = {
                "id": case.id,
                "group": case.group,
                "verdict": case.verdict,
                "accepted": case.accepted,
                "alarmed": case.alarmed,
                "inventory": case.inventory.model_dump(mode="json"),
                "evidence": [e.model_dump(mode="json") for e in case.evidence],
            }
            out.write(json.dumps(told, ensure_ascii=False, sort_keys=True) + "\n")


def kept(file: Path) -> list[Judged]:
    """Read them back."""
    return [_case(line) for line in file.read_text(encoding="utf-8").splitlines() if line]


def _case(line: str) -> Judged:
    told = json.loads(line)
    return Judged(
        id=told["id"],
        group=told["group"],
        verdict=told["verdict"],
        accepted=tuple((c, f) for c, f in told["accepted"]),
        alarmed=tuple(told.get("alarmed", ())),
        inventory=Inventory.model_validate(told["inventory"]),
        evidence=tuple(Evidence.model_validate(e) for e in told["evidence"]),
    )


def digest_of(cases: Sequence[Judged]) -> str:
    """SHA-256 over the facts and answers that something was learned from."""
    digest = hashlib.sha256()
    for case in cases:
        for e in case.evidence:
            digest.update(e.statement.encode())
        digest.update(repr((case.id, case.verdict, case.accepted)).encode())
    return digest.hexdigest()
