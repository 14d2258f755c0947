"""Sentence embeddings without a network: MiniLM in int8 on onnxruntime (extra `memory`)."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import ModelError
from aitia.models.catalogue import catalogue
from aitia.models.fetch import fetch
from aitia.models.files import OnProgress, path_of, silent
from aitia.models.threads import default_threads

MODEL, TOKENIZER = "minilm-l6-v2", "minilm-l6-v2-tokenizer"
DIMENSIONS = 384


class Embedder:
    """Mean-pooled, unit-normalised embeddings; a text is cut at 256 tokens. Safe to call from several threads."""

    def __init__(
        self,
        *,
        home: Path | None = None,
        threads: int | None = None,
        fetch_missing: bool = False,
        on_progress: OnProgress = silent,
    ) -> None:
        """Raises ModelError where the extra or the model is missing."""
        _import()
        if fetch_missing:
            fetch(MODEL, home=home, on_progress=on_progress)
        self.sha256 = catalogue()[MODEL].sha256
        # The model first: fetching it brings its tokenizer along, so that the error names what a person asks for.
        model = _File.at(path_of(MODEL, home=home))
        files = (_File.at(path_of(TOKENIZER, home=home)), model)
        self._tokenizer, self._session, self._lock = _loaded(
            *files, threads or default_threads(), os.getpid()
        )

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row per text: float32, shape (n, 384), each of length 1. An empty text yields a row all the same."""
        rows = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for i, text in enumerate(
            texts
        ):  # one by one: no padding, which is quicker here than batches of mixed length
            rows[i] = self._embed_one(text)
        return rows

    def _embed_one(self, text: str) -> NDArray[np.float32]:
        with self._lock:
            encoded = self._tokenizer.encode(text.encode("utf-8", "replace").decode())
            ids = np.array([encoded.ids], dtype=np.int64)
            mask = np.array([encoded.attention_mask], dtype=np.int64)
            given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            hidden = self._session.run(None, given)[0]
        row: NDArray[np.float32] = pool(np.asarray(hidden), mask)[0]
        return row


class _File(NamedTuple):
    """A file as it is now."""

    path: str
    size: int
    changed_ns: int

    @classmethod
    def at(cls, path: Path) -> _File:
        found = path.stat()
        return cls(str(path), found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=2)
def _loaded(tokens: _File, model: _File, threads: int, process: int) -> tuple[Any, Any, threading.Lock]:
    """Tokenizer, session and their lock: half a second to load, and a diagnosis asks for them twice.

    By process, since a session's threads do not live on in a fork.
    """
    onnxruntime, tokenizers = _import()
    tokenizer = tokenizers.Tokenizer.from_file(tokens.path)
    tokenizer.enable_truncation(catalogue()[MODEL].context)
    tokenizer.no_padding()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model.path, options, providers=["CPUExecutionProvider"])
    return tokenizer, session, threading.Lock()


def pool(hidden: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
    """The mean over a text's tokens (n, tokens, d) -> (n, d), scaled to length 1."""
    weight = mask[:, :, None].astype(np.float32)
    mean = (hidden * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1.0)
    length = np.linalg.norm(mean, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (mean / np.maximum(length, 1e-12)).astype(np.float32)
    return unit


def _import() -> tuple[Any, Any]:
    try:
        import onnxruntime
        import tokenizers
    except ImportError as error:
        raise ModelError(
            f"Install the memory extra: pip install '.[memory]' ({error.name} is missing)."
        ) from None
    return onnxruntime, tokenizers
