"""How far a model's choices can be trusted, by the hash of its file: measured on the bundled choice set."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

import numpy as np
from pydantic import Field, ValidationError

from aitia.core.home import aitia_home
from aitia.core.words import Unit01, Word
from aitia.models.choosing import Kind, choices_sha256
from aitia.models.scoring import Terms

Planner = Literal["rules", "vote", "free"]
Narrator = Literal["template", "sentence", "free"]
BINS: Final = 10
SENTENCES, FREE_SENTENCES = (
    0.5,
    0.9,
)  # share of accepted sentences from which a model narrates one by one, in one go
SAY_MORE: Final = (
    0.2  # share of accepted sentences that must say more than the code's own for a model to narrate
)


class KindCalibration(Word):
    """What a model is worth for one kind of question. Accuracy and ECE are held-out, with calibrated terms.

    `gain` is the held-out log-likelihood (nats a question) that its votes add to the answer without a model, with the
    95 % interval of a paired bootstrap. `vote_weight` is the factor of its log-odds beside those of the rules (see
    `scoring.pool`), 0 where the interval reaches 0.
    """

    n: int = Field(ge=1)
    accuracy: Unit01
    accuracy_no_model: Unit01
    ece: Unit01
    vote_weight: Unit01
    gain: float
    gain_ci95: tuple[float, float]


class Calibration(Word):
    """The calibration of one model file. Accuracy and ECE are held-out (grouped 5-fold cross-validation).

    `ece_before` and `accuracy_before` are of the softmax of the plain PMI differences. `terms`, and `no_model` (how much
    votes of like questions and shared words count without a model), were fitted on all questions. The rest is measured by
    benchmarks/model (planning, free_plans, explaining) and kept when this is made anew; None where it was not measured.
    """

    schema_version: Literal[1] = 1
    model: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    choices_sha256: str
    n: int = Field(ge=1)
    accuracy: Unit01
    accuracy_before: Unit01
    ece: Unit01
    ece_before: Unit01
    terms: Terms
    no_model: dict[Kind, tuple[float, float]]
    kinds: dict[Kind, KindCalibration]
    planning_gain_ci95: tuple[float, float] | None = (
        None  # recall of expert calls with votes less without, 95 %
    )
    free_plans_gain_ci95: tuple[float, float] | None = None  # the same of task lists that the model writes
    sentences_accepted: Unit01 | None = None  # at first try or after one retry
    free_sentences_accepted: Unit01 | None = None  # of chains written in one go
    sentences_say_more: Unit01 | None = None  # than the code's own, of those accepted

    @property
    def planner(self) -> Planner:
        """The planner's mode to begin with: free plans or votes where they were measured to help, else rules."""
        if self.free_plans_gain_ci95 and self.free_plans_gain_ci95[0] > 0:
            return "free"
        return "vote" if self.weight("next_check") > 0 else "rules"

    @property
    def narrator(self) -> Narrator:
        """The narrator's mode to begin with, by how many sentences the verifier accepts and what they add."""
        if (self.free_sentences_accepted or 0.0) >= FREE_SENTENCES:
            return "free"
        accepted, more = self.sentences_accepted or 0.0, self.sentences_say_more or 0.0
        return "sentence" if accepted >= SENTENCES and more >= SAY_MORE else "template"

    def weight(self, kind: Kind) -> float:
        """How much votes count; 0 for checks where plans were measured to gain nothing by them (interval includes 0)."""
        if kind == "next_check" and self.planning_gain_ci95 and self.planning_gain_ci95[0] <= 0:
            return 0.0
        return self.kinds[kind].vote_weight if kind in self.kinds else 0.0


class Found(Word):
    """A calibration, where it was read from, and why each other file that was looked at is not used."""

    calibration: Calibration | None = None
    source: str = ""
    refused: tuple[str, ...] = ()


def own_file(sha256: str, home: Path | None = None) -> Path:
    """Where a user's own calibration of a model lies."""
    return (home or aitia_home()) / "calibration" / f"{sha256}.json"


def find_calibration(sha256: str, home: Path | None = None) -> Found:
    """The calibration of a model file: the user's own, else the bundled one. A file that does not fit is passed by."""
    refused: list[str] = []
    for source, text in _candidates(sha256, home):
        made, reason = _read(text, sha256)
        if made is not None:
            return Found(calibration=made, source=source, refused=tuple(refused))
        if reason:
            refused.append(f"{source}: {reason}")
    return Found(refused=tuple(refused))


def calibration_of(sha256: str, home: Path | None = None) -> Calibration | None:
    """The calibration in use for a model file, or None where none fits."""
    return find_calibration(sha256, home).calibration


def vote_weight(sha256: str, kind: Kind, home: Path | None = None) -> float:
    """How much the model's votes count beside rules, 0..1 (see `scoring.pool`); 0 for a model that is not calibrated."""
    made = calibration_of(sha256, home)
    return made.weight(kind) if made else 0.0


def terms_of(sha256: str, home: Path | None = None) -> Terms:
    """The scale of the model's probabilities; plain PMI for a model that is not calibrated."""
    made = calibration_of(sha256, home)
    return made.terms if made else Terms()


def _candidates(sha256: str, home: Path | None) -> Iterator[tuple[str, str | None]]:
    if not sha256:
        return
    own = own_file(sha256, home)
    if own.is_file():
        yield str(own), _text(own)
    for name, text in _bundled():
        if sha256 in text:
            yield f"bundled {name}", text


def _bundled() -> Iterator[tuple[str, str]]:
    folder = files("aitia.models").joinpath("calibrations")
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".json"):
            yield file.name, file.read_text("utf-8")


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _read(text: str | None, sha256: str) -> tuple[Calibration | None, str]:
    if text is None:
        return None, "check its permissions, or calibrate again"
    try:
        made = Calibration.model_validate(json.loads(text))
    except ValidationError as error:
        return (
            None,
            f"{'.'.join(map(str, error.errors()[0]['loc']))}: {error.errors()[0]['msg']}: calibrate again",
        )
    except ValueError as error:
        return None, f"not valid JSON ({error}): calibrate again"
    if made.sha256 != sha256:
        return (
            None,
            f"the file belongs to another model ({made.model}, {made.sha256[:12]}): calibrate this model",
        )
    if made.choices_sha256 != choices_sha256():
        return None, "it was made with other questions or prompts: calibrate again"
    return made, ""


def ece(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """Expected calibration error with 10 bins of equal mass: the mean gap between confidence and accuracy, by bin size.

    Source: Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017 (equal-width bins
    there; of equal mass, no bin is near empty).
    """
    order = np.argsort(confidence, kind="stable")
    sure, hit = np.asarray(confidence)[order], np.asarray(right, dtype=np.float64)[order]
    parts = [p for p in np.array_split(np.arange(len(order)), BINS) if len(p)]
    return float(sum(len(p) * abs(sure[p].mean() - hit[p].mean()) for p in parts) / len(order))
