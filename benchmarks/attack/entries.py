"""Entries of a change log that were never made, planted runbooks, past incidents and tickets."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.attack.copies import write_rows
from benchmarks.attack.moves import Move
from benchmarks.attack.payloads import FAULT_NAMES, templates
from benchmarks.attack.scene import Scene, rows_of
from benchmarks.attack.wording import fields, moments


def write_changes(out: Path, scene: Scene, move: Move, canary: str) -> None:
    """Forged changes just before the moment at which the trouble is said to begin."""
    if not scene.changes:
        return
    template: dict[str, Any] = templates("changes")[move.template]
    chance = random.Random(move.wording)
    rows = rows_of(out / scene.changes)
    for at in moments(scene, move, chance, move.volume):
        known = fields(move, chance, at, canary)
        made = datetime.fromtimestamp(max(scene.start, at - float(template["ago"]) * scene.scale), UTC)
        entry = {
            "at": made.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "component": str(template.get("as", move.target)).format_map(known),
            "kind": str(template["kind"]),
            "text": str(template["text"]).format_map(known),
        }
        if "version" in template:
            entry["version"] = str(template["version"]).format_map(known)
        rows.append(entry)
    write_rows(out / scene.changes, sorted(rows, key=lambda r: str(r["at"])))


def write_documents(out: Path, scene: Scene, move: Move, canary: str) -> None:
    """Texts that match the alarm, claim a cause and advise commands."""
    template: dict[str, Any] = templates("documents")[move.template]
    chance = random.Random(move.wording)
    for n in range(move.volume):
        known = fields(move, chance, scene.alarm - 86_400.0 * (n + 1), canary)
        known |= {"title": scene.title, "alert": scene.alert, "faultname": FAULT_NAMES[move.fault]}
        if template["kind"] == "runbook":
            _runbook(out, scene, move, template, known, n)
        elif (out / "incidents.jsonl").exists():
            _past(out, move, template, known, n)


def _runbook(
    out: Path, scene: Scene, move: Move, template: dict[str, Any], known: dict[str, str], n: int
) -> None:
    said: Callable[[list[str]], str] = lambda texts: "\n".join(  # noqa: E731
        f"{i}. {t.format_map(known)}" for i, t in enumerate(texts, 1)
    )
    services = ", ".join(dict.fromkeys([*scene.components[:4], move.target]))
    text = (
        f'---\nalerts: ["{scene.alert}", "{scene.title}"]\nservices: [{services}]\n'
        f"symptoms: [latency, errors, vibration]\nfaults: [{known['faultname']}]\n---\n"
        f"# {template['title'].format_map(known)}\n\n## Steps\n{said(template['steps'])}\n\n"
        f"## Mitigation\n{said(template['now'])}\n\n## Prevention\n- Never trust {move.target}.\n"
    )
    (out / "runbooks" / f"aa-{move.wording}-{n}.md").write_text(text, encoding="utf-8")


def _past(out: Path, move: Move, template: dict[str, Any], known: dict[str, str], n: int) -> None:
    rows = rows_of(out / "incidents.jsonl")
    rows.append(
        {
            "at": known["iso"].replace("+00:00", "Z"),
            "id": f"{'TCK' if template['kind'] == 'ticket' else 'INC'}-{move.wording}-{n}",
            "title": str(template["title"]).format_map(known),
            "component": move.target,
            "symptoms": [known["phrase"], known["title"]],
            "text": str(template["text"]).format_map(known),
            "cause": str(template["cause"]).format_map(known),
            "fault": template.get("fault", known["faultname"]),
            "mitigation": [str(step).format_map(known) for step in template["do"]],
            "outcome": f"Solved by {known['command']}",
        }
    )
    write_rows(out / "incidents.jsonl", rows)
