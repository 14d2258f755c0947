"""GBNF grammars: which tokens may come next. Grammar fixes syntax, never judgment."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import ModelError

Logits = NDArray[np.float32]
_FIRST = 64


class Grammar:
    """A llama.cpp grammar sampler over one vocabulary, at the start of its root rule."""

    def __init__(self, binding: Any, vocab: Any, text: str) -> None:
        self._c = binding
        self._sampler = binding.llama_sampler_init_grammar(vocab, text.encode(), b"root")
        if not self._sampler:
            raise ModelError("llama.cpp cannot parse the GBNF grammar. Fix it.")

    def best(self, logits: Logits) -> int:
        """The most likely allowed token, or -1 where none is. The whole vocabulary is tried only if it must be."""
        for count in (1, _FIRST, len(logits)):
            ids = top(logits, count)
            allowed = self._allowed(ids, logits)
            if allowed.any():
                return int(ids[int(np.argmax(allowed))])
        return -1

    def log_prob(self, logits: Logits, token: int) -> float:
        """The log-probability of an allowed token among the likeliest ones that are allowed: 0 where no other is."""
        ids = top(logits, _FIRST)
        kept = ids[self._allowed(ids, logits)]
        scores = logits[kept] if token in kept else np.append(logits[kept], logits[token])
        highest = float(scores.max())
        return float(logits[token]) - highest - float(np.log(np.exp(scores - highest).sum()))

    def _allowed(self, ids: NDArray[np.int64], logits: Logits) -> NDArray[np.bool_]:
        data = (self._c.llama_token_data * len(ids))()
        view = np.ctypeslib.as_array(data)
        view["id"], view["logit"], view["p"] = ids, logits[ids], 0.0
        array = self._c.llama_token_data_array(data=data, size=len(ids), selected=-1, sorted=False)
        self._c.llama_sampler_apply(self._sampler, ctypes.byref(array))
        kept: NDArray[np.bool_] = np.isfinite(view["logit"])
        return kept

    def accept(self, token: int) -> None:
        """Move on past a token that `best` allowed."""
        self._c.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        """Free the sampler."""
        self._c.llama_sampler_free(self._sampler)


def top(logits: Logits, count: int) -> NDArray[np.int64]:
    """At least `count` token ids, the most likely first, equal ones by id."""
    if count == 1:
        return np.array([int(np.argmax(logits))])
    floor = np.partition(logits, -count)[-count]
    ids = np.flatnonzero(logits >= floor)
    return ids[np.lexsort((ids, -logits[ids]))]
