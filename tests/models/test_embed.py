"""Embeddings of the real MiniLM: shape, length, meaning, and independence of neighbours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aitia.core.errors import HashMismatch, ModelError
from aitia.models.embed import Embedder, pool


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    pytest.importorskip("onnxruntime", reason="the [memory] extra is not installed")
    pytest.importorskip("tokenizers", reason="the [memory] extra is not installed")
    try:
        return Embedder(fetch_missing=True, threads=1)
    except HashMismatch:
        raise
    except ModelError as error:
        pytest.skip(f"the embedding model cannot be fetched here: {error}")


@pytest.mark.memory
def test_like_texts_lie_close(embedder: Embedder) -> None:
    texts = [
        "database connection pool exhausted",
        "no free connections left in the postgres pool",
        "outer race defect of a rolling bearing",
        "vibration at the ball pass frequency of the outer ring",
    ]
    rows = embedder.embed(texts)
    near = rows @ rows.T
    assert near[0, 1] > max(near[0, 2], near[0, 3]) + 0.2
    assert near[2, 3] > max(near[2, 0], near[2, 1]) + 0.2


@pytest.mark.memory
def test_rows_are_unit_vectors_that_depend_on_their_own_text_only(embedder: Embedder) -> None:
    texts = ["pod restarts", "", "x" * 50_000, "中文 логи \ud800", "timeout " * 400]
    rows = embedder.embed(texts)
    assert (rows.shape, rows.dtype) == ((5, 384), np.dtype("float32"))
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    for i, text in enumerate(texts):
        assert np.array_equal(embedder.embed([text])[0], rows[i])
    assert embedder.embed([]).shape == (0, 384)


def test_pool_is_the_mean_of_the_unmasked_tokens() -> None:
    hidden = np.array([[[3.0, 0.0], [0.0, 4.0], [100.0, 100.0]]], dtype=np.float32)
    row = pool(hidden, np.array([[1, 1, 0]]))
    assert row == pytest.approx(np.array([[0.6, 0.8]]))


def test_without_the_extra_the_error_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from aitia.models.embed import Embedder\n"
        "from aitia.core.errors import ModelError\n"
        "try: Embedder()\n"
        "except ModelError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Install the memory extra: pip install '.[memory]'")


@pytest.mark.memory
def test_without_the_model_the_error_says_what_to_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime", reason="the [memory] extra is not installed")
    monkeypatch.delenv("AITIA_MODELS", raising=False)
    with pytest.raises(ModelError, match=r"Run `aitia models fetch minilm-l6-v2` first"):
        Embedder(home=tmp_path)
