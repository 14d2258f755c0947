"""How much each kind of summand counts in a suspect's log-odds: hand-set sizes times learned factors."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import ValidationError, field_validator

from aitia.agent.culprit import FEATURES, bundled_culprit
from aitia.agent.of_logs import FEATURES as OF_LOGS
from aitia.agent.of_logs import bundled_of_logs
from aitia.agent.stacks import NOBODY, OF_RELEASE, SYMPTOM, SYMPTOMS, bundled_stacks
from aitia.agent.staged.judge import ALL as OF_STAGES
from aitia.agent.staged.judge import TERM as STAGED
from aitia.agent.staged.judge import bundled_staged
from aitia.core.aspects import CHANGE, CLUSTER, RANK, VIBRATION
from aitia.core.errors import BadInput
from aitia.core.words import Evidence, Word

_FAMILIES: Final = ("metric", "log", "trace", "change", "vibration", "cluster", "rank")
TERMS: Final[dict[str, str]] = {
    "prior": "prior for any single component and fault",
    **{f"primary.{f}": f"a {f} fact that the fault kind needs" for f in _FAMILIES},
    **{f"support.{f}": f"a {f} fact that supports the fault kind" for f in _FAMILIES},
    **{f"against.{f}": f"a {f} fact that contradicts the fault kind" for f in _FAMILIES},
    "witness": "another component that sees the same problem with the suspect",
    "coverage": "how much of what changed the pair explains",
    "order.first": "it began no later than what it would explain",
    "order.late": "it began later than what it would explain",
    "incident": "a similar past incident had this cause",
    "learned.prior": "a person confirmed the pair as a cause before",
    "learned.alike": "a person confirmed a cause of this kind that had the same kinds of facts",
    "learned.misled": "a person said that the pair was wrong in a run with similar facts",
    "learned.signs": "kinds of facts seen at confirmed causes, or only near them",
    "ranking": "a ranking of the components by a tool",
    "quiet.unfelt": "its callers are measured, and none of them slowed down or failed",
    "quiet.denied": "calls to it are unchanged, as measured by its callers",
    "quiet.unseconded": "only one caller has trouble with it; its other callers have none",
    "quiet.belied": "two of its own records contradict each other",
    "quiet.contrary": "the series that its logs refer to stayed flat",
    "quiet.unmoved": "only text points to it; its own measurements did not change",
    "quiet.serving": "others failed, but it responds as before and no call to it failed",
    "quiet.single": "one of its own series changed, and no other component was affected",
    "quiet.misplaced": "it is a machine, and only measures of computers point to it",
    "quiet.frozen": "no signal of it moves any more, which may be the telemetry's doing",
    "quiet.passing": "what accuses it moved and came back, and the alarm is of another machine",
    "quiet.alone": "only one text points to it, and it has no measurements",
    "person.excluded": "a person said that it is not the cause",
    "replica": "its replica is in the same trouble",
    "harmless": "no other component is affected",
    "unseen": "a neighbour that may be the cause instead has no telemetry",
    "ceiling": "no telemetry of its own",
    STAGED: "who complains of whom, since when and by which mechanism",
    "component": "what is known of the component beside the others",
    SYMPTOM: "the kind names what is felt",
    NOBODY: "no cause that is named",
    OF_RELEASE: "the release that brought it about explains it too",
    "healthy.watched": "components that were watched",
    "healthy.alarm": "how certain it is that anything is wrong",
    "healthy.unwatched": "components that were not watched may be the cause",
    "healthy.meaning": "only a model says what most of what moved measures",
    "unknown.prior": "prior for an unknown cause",
    "unknown.alarm": "an alarm, or telemetry that is missing",
    "unknown.meaning": "most of what moved are measurements whose names say nothing",
    "unknown.given_up": "a check that could show another cause was not made in its time",
    "unknown.unseen": "the most likely component has no telemetry of its own",
}


class Weights(Word):
    """Factors by term (1 where not named) and where they come from. The file is made by `benchmarks/rca/fit.py`.

    `components` are the factors by feature of who it is (`agent.culprit`; 0 where not named); without any the ledgers decide.
    `stacks` are the factors by term, and the log-odds by `symptom.KIND`, that hold in stacks of servers instead (`agent.stacks`).
    `staged` are the log-odds by feature of the stages (`agent.staged`), asked after them; without any nothing is traced.
    `of_logs` are the factors by feature where logs are all that there is (`agent.of_logs`); without any the ledgers decide.
    """

    factors: dict[str, float] = {}
    components: dict[str, float] = {}
    stacks: dict[str, float] = {}
    staged: dict[str, float] = {}
    of_logs: dict[str, float] = {}
    made_by: str = ""
    data: dict[str, str | int] = {}  # what they were learned from: cases, groups, sha256
    cross_validated: dict[
        str, float
    ] = {}  # log-loss and right answers, hand-set and learned, on folds not learned from

    @field_validator("factors")
    @classmethod
    def _known(cls, factors: dict[str, float]) -> dict[str, float]:
        unknown = sorted(set(factors) - set(TERMS))
        if unknown:
            raise ValueError(f"no such term: {', '.join(unknown)}")
        wrong = sorted(t for t, f in factors.items() if not (math.isfinite(f) and f > 0))
        if wrong:
            raise ValueError(f"factors must be finite and above 0: {', '.join(wrong)}")
        return factors

    @field_validator("components")
    @classmethod
    def _features(cls, components: dict[str, float]) -> dict[str, float]:
        wrong = sorted(n for n, f in components.items() if n not in FEATURES or not math.isfinite(f))
        if wrong:
            raise ValueError(f"no such feature, or no finite number: {', '.join(wrong)}")
        return components

    @field_validator("of_logs")
    @classmethod
    def _of_logs(cls, factors: dict[str, float]) -> dict[str, float]:
        wrong = sorted(n for n, f in factors.items() if n not in OF_LOGS or not math.isfinite(f))
        if wrong:
            raise ValueError(f"no such feature, or no finite number: {', '.join(wrong)}")
        return factors

    @field_validator("staged")
    @classmethod
    def _of_stages(cls, factors: dict[str, float]) -> dict[str, float]:
        wrong = sorted(n for n, f in factors.items() if n not in OF_STAGES or not math.isfinite(f))
        if wrong:
            raise ValueError(f"no such feature, or no finite number: {', '.join(wrong)}")
        return factors

    @field_validator("stacks")
    @classmethod
    def _of_stacks(cls, factors: dict[str, float]) -> dict[str, float]:
        known = {*TERMS, *(f"{SYMPTOM}.{s}" for s in SYMPTOMS)}
        wrong = sorted(n for n, f in factors.items() if n not in known or not math.isfinite(f))
        if wrong:
            raise ValueError(f"no such term, or no finite number: {', '.join(wrong)}")
        return factors

    def of(self, term: str) -> float:
        """The factor of a term."""
        return self.factors.get(term, 1.0)


HAND_SET: Final = Weights()


@lru_cache(maxsize=1)
def bundled_weights() -> Weights:
    """The weights that come with aitia, with what was learned of stacks of servers."""
    learned = {
        "components": bundled_culprit().factors,
        "stacks": bundled_stacks().factors,
        "staged": bundled_staged().factors,
        "of_logs": bundled_of_logs().factors,
    }
    return ledgers_alone().model_copy(update=learned)


@lru_cache(maxsize=1)
def ledgers_alone() -> Weights:
    """The weights that come with aitia, without what was learned of stacks of servers."""
    return load_weights(Path(__file__).with_name("weights.json"))


def load_weights(path: Path) -> Weights:
    """Read a weights file. Raises BadInput naming the file and what is wrong."""
    try:
        return Weights.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadInput(
            f"Cannot read {str(path)!r}: {error.strerror}. Check that it exists and its permissions."
        ) from None
    except ValidationError as error:
        raise BadInput(f"Fix {str(path)!r}: {error.errors()[0]['msg']}.") from None
    except ValueError as error:
        raise BadInput(f"Fix the JSON in {str(path)!r}: {error}") from None


def family_of(evidence: Evidence) -> str:
    """Which kind of telemetry a fact comes from."""
    aspect = evidence.aspect
    for name, members in (("change", CHANGE), ("cluster", CLUSTER), ("rank", RANK), ("vibration", VIBRATION)):
        if aspect in members:
            return name
    if aspect.startswith("log."):
        return "log"
    return "trace" if evidence.kind.startswith("trace.") else "metric"
