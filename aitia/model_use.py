"""What a model is used for where `auto` leaves it open: what its calibration says it is good for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Planner = Literal["auto", "rules", "model", "free"]
Narrator = Literal["auto", "template", "model", "free"]
PlannerMode = Literal["rules", "model", "free"]
NarratorMode = Literal["template", "model", "free"]
_PLANNERS: Final[dict[str, PlannerMode]] = {"rules": "rules", "vote": "model", "free": "free"}
_NARRATORS: Final[dict[str, NarratorMode]] = {"template": "template", "sentence": "model", "free": "free"}


@dataclass(frozen=True, kw_only=True)
class Modes:
    """Who plans and who writes the sentences."""

    planner: PlannerMode
    narrator: NarratorMode

    @property
    def needs_model(self) -> bool:
        """Whether a model has anything to do."""
        return (self.planner, self.narrator) != ("rules", "template")


def modes(planner: Planner, narrator: Narrator, sha256: str, *, asked: bool) -> Modes:
    """The modes of a model with this hash. One that is not calibrated, or `asked` for by name, votes and narrates."""
    from aitia.models.calibration import calibration_of

    made = calibration_of(sha256) if sha256 else None
    plan = _PLANNERS[made.planner] if made else "model"
    tell = _NARRATORS[made.narrator] if made else "model"
    if asked:
        plan, tell = ("model" if plan == "rules" else plan), ("model" if tell == "template" else tell)
    return Modes(
        planner=plan if planner == "auto" else planner, narrator=tell if narrator == "auto" else narrator
    )


def known_sha256(name: str) -> str:
    """The hash of a catalogue model, without a look at its file; "" for any other."""
    from aitia.models.catalogue import catalogue

    found = catalogue()
    entry = found.models.get(found.default if name == "default" else name)
    return entry.sha256 if entry else ""
