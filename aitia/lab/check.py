"""Drops recordings that were disturbed by other work or that show nothing of their fault."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aitia.core.errors import BadInput
from aitia.core.scenario import load_scenario
from aitia.lab.batch import DROPPED, TWINS
from aitia.lab.servers.view import Seen, worse
from aitia.lab.words import LAB, Made


@dataclass(frozen=True, kw_only=True)
class Incident:
    """A folder of the lab."""

    folder: Path
    made: Made
    alert: str  # the rule that fired, "" where none did


@dataclass(frozen=True, kw_only=True)
class Drop:
    """A folder that is moved, and why."""

    folder: str
    reason: str


def check(out: Path) -> tuple[list[str], list[Drop]]:
    """The names of the folders that stay, and those that were moved. Raises BadInput where there is nothing to check."""
    incidents = sorted(read_incidents(out), key=lambda one: one.folder.name)
    if not incidents:
        raise BadInput(f"There are no folders of `aitia lab make` in {str(out)!r}.")
    twins = list(read_incidents(out / TWINS))
    kept: list[str] = []
    dropped: list[Drop] = []
    for incident in incidents:
        reason = why_dropped(incident, twin_of(incident, twins))
        if not reason:
            kept.append(incident.folder.name)
            continue
        dropped.append(Drop(folder=incident.folder.name, reason=reason))
        (out / DROPPED).mkdir(exist_ok=True)
        shutil.move(incident.folder, out / DROPPED / incident.folder.name)
        with (out / "dropped.jsonl").open("a", encoding="utf-8") as file:
            file.write(
                json.dumps({"folder": incident.folder.name, "reason": reason}, ensure_ascii=False) + "\n"
            )
    return kept, dropped


def read_incidents(out: Path) -> Iterator[Incident]:
    """The finished folders directly in `out`. Raises BadInput for one that cannot be read."""
    for file in sorted(out.glob(f"*/{LAB}")):
        try:
            made = Made.model_validate_json(file.read_text(encoding="utf-8"))
        except ValidationError as error:
            raise BadInput(f"Fix or remove {str(file)!r}: {error.errors()[0]['msg']}") from None
        labels = load_scenario(file.parent).incident.labels
        yield Incident(folder=file.parent, made=made, alert=labels.get("alertname", ""))


def twin_of(incident: Incident, twins: list[Incident]) -> Incident | None:
    """The twin that stands for this one: of its system, and the last one made before it by the plan."""
    order = incident.made.order
    near = [t for t in twins if t.made.order.system == order.system and t.made.order.seed <= order.seed]
    return max(near, key=lambda t: t.made.order.seed, default=None)


def why_dropped(incident: Incident, twin: Incident | None) -> str:
    """Why an incident is not kept; "" where it is."""
    made = incident.made
    if made.disturbed:
        return f"disturbed: {'; '.join(made.disturbed)}"
    if made.family == "none":
        if made.symptom == "alert":
            return f"disturbed: {incident.alert} fired in a healthy hour"
        return "disturbed: users complained in a healthy hour" if made.symptom == "client" else ""
    if made.symptom == "none":
        return "no effect: no rule fired and the client saw nothing"
    if twin is None or not made.symptom:
        return ""
    if incident.alert and incident.alert == twin.alert:
        return f"twin: {incident.alert} fires in {twin.folder.name} too"
    if made.view and twin.made.view and not worse(_seen(made.view["after"]), _seen(twin.made.view["after"])):
        return f"twin: users of {twin.folder.name} saw as much" if made.symptom == "client" else ""
    return ""


def _seen(view: dict[str, Any]) -> Seen:
    return Seen(requests=int(view["requests"]), errors=view["errors"], p95_s=view["p95_s"])
