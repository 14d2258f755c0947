"""Comparing models and adapters role by role: each item asked of each, with an interval over cases of what they differ."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal

import numpy as np

from aitia.core.errors import BadInput, ModelError
from aitia.core.events import Progress
from aitia.core.home import aitia_home
from aitia.core.llm import Prompt
from aitia.models.adapters import Role, adapter_of
from aitia.models.catalogue import catalogue
from aitia.models.curriculum.items import Item, Segment, digest
from aitia.models.files import OnProgress, sha256_of, silent
from aitia.models.gates import Figure, Gate
from aitia.models.gguf import read_header
from aitia.models.llama import LlamaCpp
from aitia.models.load import ModelFile, model_file
from aitia.models.runtime import KvCache
from aitia.models.scoring import Terms, pick
from aitia.models.threads import default_threads
from aitia.tools.meaning.answers import Answers
from aitia.tools.meaning.asking import TERMS, name_examples
from aitia.tools.meaning.incidents.asking import PRIOR, symptom_examples
from aitia.tools.meaning.messages_asking import WEIGHTS, examples

Way = Literal["bare", "examples", "adapter"]
ROUNDS: Final = 2000  # of the bootstrap
KEPT: Final = "compared.jsonl"  # under the home: nothing is asked twice, after Ctrl-C either
_LONGEST_ANSWER: Final = 96  # tokens that a model may write; it stops at the end of the line
TODAY: Final[Mapping[Role, tuple[Callable[[], str], float]]] = {
    "names": (name_examples, TERMS.prior),
    "messages": (examples, WEIGHTS.prior),
    "texts": (symptom_examples, PRIOR),
}
"""Today's examples of a role, and the share of the content-free baseline that is taken off an answer to them."""
_SHOWN: Final = 8  # items of the training shown where a role has no examples of its own
Values = list[float | None]  # of each item, None where a metric does not apply


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A model file, with an adapter or without."""

    name: str
    base: ModelFile
    adapter: Path | None = None
    sha256: str = ""
    roles: tuple[str, ...] = ()

    @property
    def ways(self) -> tuple[Way, ...]:
        """How it is asked."""
        return ("adapter",) if self.adapter else ("bare", "examples")


def contender(text: str, *, on_progress: OnProgress = silent) -> Contender:
    """`BASE`, `BASE+ADAPTER.gguf`, or `ADAPTER.gguf`, whose base is looked up in the catalogue. Raises ModelError."""
    base, _, file = text.partition("+")
    alone = Path(text).expanduser()
    if alone.is_file() and read_header(alone).get("general.type") == "adapter":
        base, file = "", text
    if not file:
        return Contender(name=base, base=model_file(base, on_progress=on_progress))
    path = Path(file).expanduser()
    told = adapter_of(read_header(path), path)
    known = next((e.name for e in catalogue().models.values() if e.sha256 == told.base), "")
    if not (base or known):
        raise ModelError(
            f"Name the base as BASE+{file}: no model of the catalogue has the sha256 {told.base[:12]}…."
        )
    found = model_file(base or known, on_progress=on_progress)
    if found.sha256 != told.base:
        raise ModelError(
            f"Give the base of {str(path)!r}: it was made on the model with sha256 {told.base[:12]}…, {found.name} has "
            f"{found.sha256[:12]}…."
        )
    return Contender(
        name=f"{found.name}+{path.name}", base=found, adapter=path, sha256=sha256_of(path), roles=told.roles
    )


def open_model(text: str, role: Role, *, threads: int | None = None) -> LlamaCpp:
    """`NAME`, `FILE.gguf` or `BASE+ADAPTER.gguf`, its adapter in that role. Raises ModelError."""
    return _opened(contender(text), role, threads=threads)


def _opened(
    who: Contender,
    role: Role,
    *,
    threads: int | None = None,
    flash_attention: bool = False,
    kv_cache: KvCache = "f16",
) -> LlamaCpp:
    return LlamaCpp(
        who.base.path,
        name=who.base.name,
        sha256=who.base.sha256,
        family=who.base.family,
        threads=threads or default_threads(),
        adapter=who.adapter,
        role=role if who.adapter else None,
        flash_attention=flash_attention,
        kv_cache=kv_cache,
    )


def asked(
    who: Contender,
    items: Sequence[Item],
    way: Way,
    shown: Sequence[Item] = (),
    *,
    threads: int | None = None,
    flash_attention: bool = False,
    kv_cache: KvCache = "f16",
    home: Path | None = None,
    on_progress: OnProgress = silent,
) -> dict[str, Values]:
    """The metrics of one role's items, asked one way. `shown` are examples of a role that has none of its own."""
    role = items[0].role
    prefix, prior = _prefix(items, way, shown)
    llm = _opened(who, role, threads=threads, flash_attention=flash_attention, kv_cache=kv_cache)
    answers = Answers(llm, llm.sha256, (home or aitia_home()) / KEPT)
    said, began = [], time.monotonic()
    try:
        for done, item in enumerate(items, 1):
            said.append(_said(llm, answers, item, prefix, prior))
            left = (time.monotonic() - began) * (len(items) - done) / done / 60
            what = f"{role}: {who.name}, {way}: {done} of {len(items)} asked, {left:.0f} min left"
            on_progress(Progress(what=what, done=done, total=len(items), unit="items"))
    finally:
        llm.close()
    return metrics(items, said)


def _prefix(items: Sequence[Item], way: Way, shown: Sequence[Item]) -> tuple[str, float]:
    """The text in front of an item's prompt, and the share of the baseline that is taken off."""
    first = items[0]
    if way != "examples":
        return first.system, 0.0
    if today := TODAY.get(first.role):
        return today[0](), today[1]
    lines = [f"{i.system}{i.prompt}{i.told}\n" for i in shown[:_SHOWN]]
    return "\n".join([*lines, first.system]), 0.0


def _said(
    llm: LlamaCpp, answers: Answers, item: Item, prefix: str, prior: float
) -> dict[str, tuple[float, ...]]:
    """By segment: the probabilities of its labels, given what is right before it; or whether it was written as it is."""
    made: dict[str, tuple[float, ...]] = {}
    before = item.prompt
    for segment in item.answer:
        if segment.name:
            prompt = Prompt(system=prefix, user=before)
            if segment.labels:
                choice = answers.classify(prompt, segment.labels)
                made[segment.name] = pick(choice.log_probs, choice.baselines, Terms(prior=prior))[1]
            else:
                text = llm.continued(prompt, max_tokens=_LONGEST_ANSWER).text
                made[segment.name] = (float(text.strip() == segment.text.strip()),)
        before += segment.text
    return made


def metrics(items: Sequence[Item], said: Sequence[Mapping[str, tuple[float, ...]]]) -> dict[str, Values]:
    """Of each segment that is judged whether it is right; of two labels also the area under the curve, case by case."""
    names = dict.fromkeys(s.name for i in items for s in i.answer if s.name)
    made: dict[str, Values] = {}
    for name in names:
        parts = [next((s for s in i.answer if s.name == name), None) for i in items]
        told = [(p, s[name]) if p is not None else None for p, s in zip(parts, said, strict=True)]
        made[f"{name} right"] = [None if t is None else _right(*t) for t in told]
        if all(t is not None and len(t[0].labels) == 2 for t in told):
            made[f"{name} area"] = _areas([t for t in told if t is not None])
    return made


def _right(segment: Segment, shares: tuple[float, ...]) -> float:
    if not segment.labels:
        return shares[0]
    return float(segment.labels[int(np.argmax(shares))] == segment.text.strip())


def _areas(told: Sequence[tuple[Segment, tuple[float, ...]]]) -> Values:
    """Of each case of the first label the share of cases of the second that are less like it, ties half."""
    first = [s.labels[0] == s.text.strip() for s, _ in told]
    scores = np.array([shares[0] for _, shares in told])
    others = scores[~np.array(first)]
    if not len(others):
        return [None] * len(told)
    return [
        float((score > others).mean() + 0.5 * (score == others).mean()) if yes else None
        for score, yes in zip(scores, first, strict=True)
    ]


def mean(values: Values) -> float:
    """The mean over the cases that a metric applies to."""
    held = [v for v in values if v is not None]
    return sum(held) / len(held)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Percentile bootstrap of the mean over cases, 95 %; the same for the same values."""
    drawn = np.random.default_rng(0).choice(np.asarray(values), (ROUNDS, len(values))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return round(float(low), 4), round(float(high), 4)


def figures(base: Mapping[str, Mapping[str, Values]], other: Mapping[str, Values]) -> tuple[Figure, ...]:
    """Each metric beside the way in which the base does it best. `base` is by way."""
    made = []
    for metric, values in other.items():
        if all(v is None for v in values):
            continue
        way = max(base, key=lambda w: mean(base[w][metric]))
        pairs = [
            (b, v) for b, v in zip(base[way][metric], values, strict=True) if b is not None and v is not None
        ]
        low, high = interval([v - b for b, v in pairs])
        made.append(
            Figure(
                metric=metric,
                base=round(mean(base[way][metric]), 4),
                way=way,
                adapter=round(mean(values), 4),
                low=low,
                high=high,
                n=len(pairs),
            )
        )
    return tuple(made)


def compared(
    a: Contender,
    b: Contender,
    items: Sequence[Item],
    shown: Sequence[Item] = (),
    *,
    source: str,
    threads: int | None = None,
    home: Path | None = None,
    on_progress: OnProgress = silent,
) -> tuple[Gate, dict[str, dict[str, Values]]]:
    """`b` beside `a` on one role's items: the gate, and the values of every metric by who was asked how."""
    if {i.role for i in items} != {items[0].role}:
        raise BadInput("Compare one role at a time: these items are of several.")
    ask = partial(asked, items=items, shown=shown, threads=threads, home=home, on_progress=on_progress)
    ours: dict[str, dict[str, Values]] = {way: ask(a, way=way) for way in a.ways}
    theirs = {way: ask(b, way=way) for way in b.ways}
    best: dict[str, Values] = {}
    for metric in next(iter(theirs.values())):
        best[metric] = max((v[metric] for v in theirs.values()), key=_or_zero)
    gate = Gate(
        role=items[0].role,
        base=b.base.sha256,
        adapter=b.sha256,
        items=digest(items),
        source=source,
        figures=figures(ours, best),
    )
    rows = {f"{a.name}, {way}": v for way, v in ours.items()} | {
        f"{b.name}, {way}": v for way, v in theirs.items()
    }
    return gate, rows


def _or_zero(values: Values) -> float:
    return mean(values) if any(v is not None for v in values) else 0.0


def role_of(text: str) -> Role:
    """A role that has a curriculum. Raises BadInput."""
    from aitia.models.curriculum.roles import curriculum_of

    return curriculum_of(text).role
