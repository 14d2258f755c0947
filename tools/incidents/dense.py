"""Dense retrieval: MiniLM vectors kept in an embedded Chroma collection under AITIA_HOME/memory."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import ModelError


class Embeds(Protocol):
    """Texts to unit vectors, one row each."""

    sha256: str

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (n, d), rows of length 1."""
        ...


class Dense:
    """Cosine similarities of texts to a query. A text is embedded once, then found by its hash."""

    def __init__(self, embedder: Embeds, folder: Path) -> None:
        import chromadb

        self._embedder = embedder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings = chromadb.config.Settings(anonymized_telemetry=False)
        client: Any = chromadb.PersistentClient(path=str(folder), settings=settings)
        self._texts: Any = client.get_or_create_collection(
            f"texts-{embedder.sha256[:12]}",
            embedding_function=None,  # vectors are always passed in: the default one would fetch a model
            configuration={"hnsw": {"space": "cosine"}},
        )

    def similarities(self, query: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """One cosine in [-1, 1] per text."""
        ids = [hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() for text in texts]
        self._add(ids, texts)
        wanted = sorted(set(ids))
        found = self._texts.get(ids=wanted, include=["embeddings"])
        rows = dict(zip(found["ids"], np.asarray(found["embeddings"], dtype=np.float64), strict=True))
        asked = self._embedder.embed([query])[0].astype(np.float64)
        return np.array([float(rows[i] @ asked) for i in ids])

    def _add(self, ids: Sequence[str], texts: Sequence[str]) -> None:
        have = set(self._texts.get(ids=sorted(set(ids)), include=[])["ids"])
        new = {i: text for i, text in zip(ids, texts, strict=True) if i not in have}
        if new:
            self._texts.upsert(ids=list(new), embeddings=self._embedder.embed(list(new.values())))


def open_dense(home: Path, folder: Path | None = None) -> tuple[Dense | None, str]:
    """The dense index (under `home/memory`), or None and the sentence that says why only words are compared."""
    if any(find_spec(name) is None for name in ("chromadb", "onnxruntime", "tokenizers")):
        return None, "compared by words only: pip install '.[memory]' adds comparison by meaning"
    from chromadb.errors import ChromaError

    from aitia.models.embed import Embedder

    try:
        return Dense(Embedder(home=home), folder or home / "memory"), ""
    except ModelError as error:
        return None, f"compared by words only: {error}"
    except (ChromaError, sqlite3.Error) as error:
        return (
            None,
            f"compared by words only: {str(folder or home / 'memory')!r} is damaged ({error}), remove it",
        )
