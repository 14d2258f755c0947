"""What a model says a message means: fault or not, then its kind, then whose; one short evaluation for each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from aitia.core.bounds import own_yaml
from aitia.core.llm import Choice, Classifier, Prompt, Tuned
from aitia.models.curriculum import messages as curriculum
from aitia.models.scoring import Terms, pick, pool
from aitia.tools.meaning.dictionary import Message
from aitia.tools.meaning.message_reader import learned
from aitia.tools.meaning.messages import Reading, Whose, shares

NORMAL: Final = -4.0  # log-odds below which a message counts as normal whatever the rules say
LONGEST: Final = 300  # characters of a message that are read; what it is about stands at its beginning
SAID: Final[Mapping[str, str]] = {
    "connection_refused": "refused", "connection_limit": "pool", "timeout": "timeout", "memory": "memory",
    "exception": "exception", "dns": "dns", "permission": "permission", "certificate": "certificate",
    "configuration": "configuration", "restart": "restart", "disk_full": "full", "disk_hardware": "disk",
    "deadlock": "deadlock", "unavailable": "unavailable", "overload": "overload", "replication": "replication",
    "data": "data", "network": "network", "hardware": "hardware", "process": "plant", "quota": "quota",
    "security": "attack", "other": "other",
}  # fmt: skip
"""How each class is put to the model: words that differ in their first token."""
HEARING: Final = (0.30, 0.91, 0.37)
"""Constant, weight of the words' log-odds and of the model's: benchmarks/meaning/heard.py --fit, both bundled models together."""
HEARING_TUNED: Final = (0.02, 0.56, 0.38)
"""The same for the 0.5B with its adapter for messages, fitted to messages and to pairs turned round: it is also asked where
words alone say that something is wrong, and may outweigh them."""
WHOSE: Final[tuple[Whose, ...]] = ("own", "peer", "client", "host")


@dataclass(frozen=True, kw_only=True)
class Said:
    """Log-probabilities as the model gave them, and those of a text without content: nothing is weighed yet.

    `fault` is (fault, normal); `kind` follows `SAID`, `whose` follows `WHOSE`; both are asked given that it is a fault.
    """

    fault: tuple[float, ...]
    kind: tuple[float, ...] = ()
    whose: tuple[float, ...] = ()
    baselines: tuple[tuple[float, ...], ...] = ()


@cache
def examples() -> str:
    """The text in front of every message."""
    raw: dict[str, Any] = dict(
        own_yaml(files("aitia.tools.meaning").joinpath("message_examples.yaml").read_text("utf-8"))
    )
    lines = []
    for message, sign, *rest in raw["examples"]:
        tail = f" Kind: {rest[0]} Whose: {rest[1]}" if rest else ""
        lines.append(f"Message: {message}\nSign: {sign}{tail}\n")
    return (
        "What a log message means: a sign of a fault or normal, the fault's kind, and whose fault it is.\n\n"
        + "\n".join(lines)
        + "\nMessage:"
    )


def ask_fault(model: Classifier, text: str) -> Choice:
    """Whether a message is a sign of a fault: the model's log-probabilities of `fault` and `normal`. Raises ModelError."""
    return model.classify(Prompt(system=_front(model), user=_head(text)), ["fault", "normal"])


def _front(model: Classifier) -> str:
    """What stands in front of a message: a model that was tuned on messages needs no examples."""
    return curriculum.SYSTEM if _tuned(model) else examples()


def _tuned(model: Classifier) -> bool:
    return isinstance(model, Tuned) and model.role == "messages"


def hearing(model: Classifier) -> tuple[float, float, float]:
    """The weights with which words and this model together say whether a message means a fault."""
    return HEARING_TUNED if _tuned(model) else HEARING


def _head(text: str) -> str:
    return f" {' '.join(text.split())[:LONGEST]}\nSign:"


def read_message(text: str, found: Reading, model: Classifier, model_name: str) -> Message:
    """Whether a message is a sign of a fault, by words and model; by a model that was tuned on messages also its kind and whose
    it is, as the learned reader and the model together say. `text` is what its program wrote. Raises ModelError.
    """
    said = ask_message(model, text) if _tuned(model) else Said(fault=ask_fault(model, text).log_probs)
    constant, by_words, by_model = hearing(model)
    odds = constant + by_words * found.fault + by_model * (said.fault[0] - said.fault[1])
    fault = 1.0 / (1.0 + math.exp(-odds))
    made = Message(
        fault=fault >= 0.5,
        by=f"model {model_name}",
        confidence=round(max(fault, 1.0 - fault), 3),
        tuned=_tuned(model),
    )
    if not (made.fault and said.kind):
        return made
    by_reader = learned(" ".join(text.split()), found)
    kind, kind_sure = _together(by_reader.kinds, dict(zip(SAID, said.kind, strict=True)))
    whose, whose_sure = _together(by_reader.owners, dict(zip(WHOSE, said.whose, strict=True)))
    more = {"kind": kind, "kind_sure": kind_sure, "whose": whose, "whose_sure": whose_sure}
    return made.model_copy(update=more)


def _together(reader: Mapping[Any, float], model: Mapping[Any, float]) -> tuple[Any, float]:
    """The likeliest name and its share, by the reader's probabilities and the model's log-probabilities, both weighed alike."""
    joint = {name: math.log(max(p, 1e-6)) + model[name] for name, p in reader.items()}
    high = max(joint.values())
    total = sum(math.exp(v - high) for v in joint.values())
    return max(joint, key=lambda name: joint[name]), round(1.0 / total, 3)


def ask_message(model: Classifier, text: str) -> Said:
    """The model's answers; what is most likely normal is not asked further."""
    head, fault = _head(text), ask_fault(model, text)
    if fault.log_probs[0] - fault.log_probs[1] < NORMAL:
        return Said(fault=fault.log_probs, baselines=(fault.baselines,))
    names = list(SAID.values())
    kind = model.classify(Prompt(system=_front(model), user=f"{head} fault Kind:"), names)
    likely = max(range(len(names)), key=lambda i: kind.log_probs[i])
    whose = model.classify(
        Prompt(system=_front(model), user=f"{head} fault Kind: {names[likely]} Whose:"), list(WHOSE)
    )
    return Said(
        fault=fault.log_probs,
        kind=kind.log_probs,
        whose=whose.log_probs,
        baselines=(fault.baselines, kind.baselines, whose.baselines),
    )


@dataclass(frozen=True, kw_only=True)
class Weights:
    """How much the model's word counts beside the rules', and how much of its content-free answer is taken off."""

    fault: float
    kind: float
    whose: float
    prior: float


WEIGHTS: Final = Weights(fault=0.5, kind=0.25, whose=0.25, prior=1.0)
"""What was best most often in benchmarks/meaning/messages.py with qwen2.5-coder-1.5b, products left out."""


def pooled(found: Reading, said: Said, weights: Weights = WEIGHTS) -> tuple[float, str, Whose]:
    """Log-odds of a fault, and class and owner if it is one, by rules and model together."""
    fault = found.fault + weights.fault * (said.fault[0] - said.fault[1])
    rules = shares(found)
    owners = [0.7 if w == found.whose else 0.1 for w in WHOSE]
    if not said.kind:
        return fault, max(rules, key=lambda k: rules[k]), found.whose
    terms = Terms(prior=weights.prior)
    _, kinds = pick(said.kind, said.baselines[1], terms)
    _, whose = pick(said.whose, said.baselines[2], terms)
    kind = pool([rules[k] for k in SAID], kinds, weights.kind)
    owner = pool(owners, whose, weights.whose)
    names = list(SAID)
    return fault, names[kind.index(max(kind))], WHOSE[owner.index(max(owner))]
