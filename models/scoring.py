"""From log-probabilities of whole option texts to a choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.llm import Choice
from aitia.core.words import Word

NOT_SCORED: Final = -1000.0  # stands for the log-probability of an option that was not put to the model


class Terms(Word):
    """How scores become probabilities: softmax of (score - `prior` x content-free baseline) / `temperature`."""

    temperature: float = 1.0
    prior: float = 1.0


PMI: Final = Terms()


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Log-probabilities of all tokens."""
    shifted = logits.astype(np.float64) - float(logits.max())
    normed: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum())
    return normed


def pick(
    scores: Sequence[float], baselines: Sequence[float], terms: Terms = PMI
) -> tuple[int, tuple[float, ...]]:
    """The best option and all probabilities. With prior 1 the difference is pointwise mutual information (PMI)."""
    gain = np.asarray(scores, dtype=np.float64) - terms.prior * np.asarray(baselines, dtype=np.float64)
    weight = np.exp((gain - gain.max()) / terms.temperature)
    share = weight / weight.sum()
    return int(np.argmax(share)), tuple(float(p) for p in share)


def choice_of(
    scores: Sequence[float],
    baselines: Sequence[float],
    *,
    terms: Terms = PMI,
    kept: Sequence[int] | None = None,
    of: int = 0,
    prompt_tokens: int = 0,
    restored_tokens: int = 0,
    seconds: float = 0.0,
) -> Choice:
    """The best option. `kept` are the indices, among `of` options, of those that were scored; the others get 0."""
    places = range(len(scores)) if kept is None else kept
    size = len(scores) if kept is None else of
    _, shares = pick(scores, baselines, terms)
    found = dict(zip(places, zip(scores, baselines, shares, strict=True), strict=True))
    every = [found.get(i, (NOT_SCORED, 0.0, 0.0)) for i in range(size)]
    probabilities = tuple(p for _, _, p in every)
    index = int(np.argmax(probabilities))
    return Choice(
        index=index,
        log_probs=tuple(s for s, _, _ in every),
        baselines=tuple(b for _, b, _ in every),
        probabilities=probabilities,
        confidence=probabilities[index],
        prompt_tokens=prompt_tokens,
        restored_tokens=restored_tokens,
        seconds=seconds,
    )


def pool(rules: Sequence[float], votes: Sequence[float], weight: float) -> tuple[float, ...]:
    """Log-odds of two distributions over the same options, added: rules x votes^weight, scaled to sum to 1.

    Weight 0 leaves the rules as they are; with 1 the votes count like further evidence of their own. A probability of 0
    counts as 1e-9: no voter has a veto.
    """
    known = np.log(np.maximum(np.asarray(rules, dtype=np.float64), 1e-9))
    voted = np.log(np.maximum(np.asarray(votes, dtype=np.float64), 1e-9))
    mixed = known + weight * voted
    share = np.exp(mixed - mixed.max())
    return tuple(float(p) for p in share / share.sum())
