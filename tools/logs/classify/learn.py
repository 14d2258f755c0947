"""Training: parts, penalties and the mixture are chosen by cross-validation on the training lines alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput
from aitia.tools.logs.classify import prior
from aitia.tools.logs.classify.features import EMBEDDED, Embed, Lines
from aitia.tools.logs.classify.folds import ece, folds, log_loss, weighted_f1
from aitia.tools.logs.classify.hints import names
from aitia.tools.logs.classify.softmax import Span, sharpened, softmax
from aitia.tools.logs.classify.views import line, template
from aitia.tools.logs.classify.words import Data, Figures, Model, Part, PartKind

FOLDS: Final = 5
REPEATS: Final = 2
PENALTIES: Final = (3.0, 30.0)
Mixture = tuple[PartKind, ...]
MIXTURES: Final[tuple[Mixture, ...]] = (
    ("words",),
    ("chars",),
    ("minilm",),
    ("chars", "words"),
    ("words", "minilm"),
    ("chars", "minilm"),
    ("chars", "words", "minilm"),
)
Probabilities = NDArray[np.float64]
Group = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How a part is fitted: the weight of the data against the penalty, and whether the bundled models are heard."""

    c: float
    lean: bool


def learn(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    name: str = "log class",
    embed: Embed | None = None,
    embedder: str = "",
    precision: float = 0.9,
    sha256: str = "",
    skipped: int = 0,
    group: Group = template,
    lean: bool = True,
    at_least: int = 1,
    mixtures: Sequence[Mixture] = MIXTURES,
    seed: int = 0,
) -> Model:
    """A model from labelled lines. Raises BadInput where they are too few to cross-validate.

    Penalties and mixture are those of the least calibrated log-loss on held-out lines; lines of one `group` are held out
    together. `lean`: a part may have what the bundled models say of a line as features, where that lessens the loss.
    `at_least`: lines that a term must be in.
    """
    classes = tuple(sorted(set(labels)))
    groups = [group(text) for text in texts]
    if len(classes) < 2 or len(set(groups)) < FOLDS:
        raise BadInput(
            f"{len(classes)} classes and {len(set(groups))} distinct templates are too few to "
            f"cross-validate (at least 2 and {FOLDS}). Give more labelled lines."
        )
    y = [classes.index(label) for label in labels]
    lines = Lines(texts, embed, prior=prior.rows if lean else None, at_least=at_least)
    parts = [folds(groups, labels, count=FOLDS, seed=seed + turn) for turn in range(REPEATS)]
    settings = [
        Setting(c=c, lean=leans) for leans in ((False, True) if lean else (False,)) for c in PENALTIES
    ]
    held = {kind: _held_out(lines, kind, y, len(classes), parts, settings) for kind in lines.kinds}
    y *= REPEATS
    best = {kind: min(tried, key=lambda s: _loss(tried[s], y)) for kind, tried in held.items()}
    mixed = {
        mix: np.mean([held[kind][best[kind]] for kind in mix], axis=0)
        for mix in mixtures
        if set(mix) <= set(lines.kinds)
    }
    mixture = min(mixed, key=lambda mix: _loss(mixed[mix], y))
    temperature = fit_temperature(mixed[mixture], y)
    told = sharpened(mixed[mixture], temperature)
    threshold = fit_threshold(told, y, precision)
    return Model(
        name=name,
        classes=classes,
        parts=tuple(_part(lines, kind, y[: len(texts)], len(classes), best[kind]) for kind in mixture),
        temperature=temperature,
        threshold=threshold,
        precision=precision,
        embedder=embedder if "minilm" in mixture else "",
        prior=prior.sha256() if any(best[kind].lean for kind in mixture) else "",
        data=_data(texts, labels, groups, sha256=sha256, skipped=skipped),
        figures=_figures(told, y, threshold, {"+".join(m): _f1(p, y) for m, p in mixed.items()}),
    )


def _held_out(
    lines: Lines,
    kind: PartKind,
    y: Sequence[int],
    classes: int,
    parts: Sequence[Sequence[int]],
    settings: Sequence[Setting],
) -> dict[Setting, Probabilities]:
    """By setting: each line's probabilities from the folds that it is not in, the repeats one below the other."""
    made = {setting: np.zeros((len(parts), lines.size, classes)) for setting in settings}
    for turn, part in enumerate(parts):
        for fold in sorted(set(part)):
            train = [n for n, p in enumerate(part) if p != fold]
            test = [n for n, p in enumerate(part) if p == fold]
            for leans in sorted({setting.lean for setting in settings}):
                rows, _ = lines.rows(kind, train, lean=leans)
                span = Span(rows[train])
                for setting in (s for s in settings if s.lean == leans):
                    weights, bias = span.fit([y[n] for n in train], classes, setting.c)
                    made[setting][turn, test] = softmax(np.asarray(rows[test] @ weights) + bias)
    return {setting: told.reshape(-1, classes) for setting, told in made.items()}


def _part(lines: Lines, kind: PartKind, y: Sequence[int], classes: int, setting: Setting) -> Part:
    rows, idf = lines.rows(kind, range(lines.size), lean=setting.lean)
    weights, bias = Span(rows).fit(y, classes, setting.c)
    return Part(
        kind=kind,
        embedded=EMBEDDED if kind == "minilm" else (),
        c=setting.c,
        terms=tuple(lines.counts[kind].terms) if len(idf) else (),
        idf=_short(idf),
        hints=names(),
        prior=prior.names() if setting.lean else (),
        weights=tuple(_short(row) for row in weights),
        bias=_short(bias),
    )


def _short(values: Sequence[float] | NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(f"{value:.4g}") for value in values)


def _f1(told: Probabilities, y: Sequence[int]) -> float:
    return round(weighted_f1([str(n) for n in y], [str(n) for n in told.argmax(axis=1)]), 4)


def _loss(told: Probabilities, y: Sequence[int]) -> float:
    """Log-loss after calibration, since no mixture is used without."""
    return log_loss(sharpened(told, fit_temperature(told, y)), y)


def fit_temperature(told: Probabilities, y: Sequence[int]) -> float:
    """The temperature of the least log-loss on held-out lines (Guo et al. 2017), within [0.2, 5]."""
    grid = np.geomspace(0.2, 5, 41)
    return round(float(min(grid, key=lambda t: log_loss(sharpened(told, t), y))), 4)


def fit_threshold(told: Probabilities, y: Sequence[int], precision: float) -> float:
    """The smallest probability over which held-out lines are right as often as asked; 1.01 where there is none."""
    top, right = told.max(axis=1), told.argmax(axis=1) == np.asarray(y)
    for at in sorted(set(np.floor(top * 1000) / 1000)):
        over = top >= at
        if over.any() and right[over].mean() >= precision:
            return float(at)
    return 1.01


def _figures(
    told: Probabilities, y: Sequence[int], threshold: float, candidates: dict[str, float]
) -> Figures:
    top, right = told.max(axis=1), told.argmax(axis=1) == np.asarray(y)
    over = top >= threshold
    return Figures(
        weighted_f1=_f1(told, y),
        accuracy=round(float(right.mean()), 4),
        log_loss=round(log_loss(told, y), 4),
        ece=round(ece(list(top), list(right)), 4),
        candidates=candidates,
        named=round(float(over.mean()), 4),
        named_right=round(float(right[over].mean()), 4) if over.any() else None,
    )


def _data(
    texts: Sequence[str], labels: Sequence[str], groups: Sequence[str], *, sha256: str, skipped: int
) -> Data:
    said: dict[str, set[str]] = {}
    for text, label in zip(texts, labels, strict=True):
        said.setdefault(line(text), set()).add(label)
    return Data(
        sha256=sha256,
        rows=len(texts),
        skipped=skipped,
        texts=len(said),
        templates=len({template(text) for text in texts}),
        conflicts=sum(len(found) > 1 for found in said.values()),
        lines=dict(sorted(Counter(labels).items())),
    )
