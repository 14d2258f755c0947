"""Quantizing: a file of another type that is loaded and says much the same; clear errors, and nothing left behind."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from llama_cpp import _ggml

from aitia.core.errors import BadInput, ModelError, NoRoom
from aitia.core.llm import Prompt
from aitia.models import quantizing
from aitia.models.gguf import read_header
from aitia.models.importance import curriculum_texts, importance
from aitia.models.llama import LlamaCpp
from aitia.models.quantizing import quantize
from tests.models.test_models_cli import aitia


def test_a_smaller_type_is_smaller_and_still_reads(tmp_path: Path, smollm_path: Path) -> None:
    source, out = smollm_path, tmp_path / "small.gguf"
    made = quantize(source, out, to="q2_k", threads=1)
    assert made.bytes == out.stat().st_size < made.source_bytes == source.stat().st_size
    assert made.again
    assert read_header(out)["general.architecture"] == "llama"
    small = LlamaCpp(out, name="small", sha256="0" * 64, threads=1)
    try:
        said = small.classify(
            Prompt(system="Colour of the sky:", user=" at noon\nColour:"), ["blue", "green"]
        )
        assert sum(said.probabilities) == pytest.approx(1.0)
    finally:
        small.close()
    assert [p.name for p in tmp_path.iterdir()] == ["small.gguf"]
    with pytest.raises(BadInput, match="it exists"):
        quantize(source, out, to="q2_k", threads=1)


def _header_only(path: Path) -> Path:
    """A GGUF header of one field and no tensor: llama.cpp cannot load it."""
    key, value = b"general.architecture", b"llama"
    text = (
        len(key).to_bytes(8, "little")
        + key
        + (8).to_bytes(4, "little")
        + len(value).to_bytes(8, "little")
        + value
    )
    path.write_bytes(b"GGUF" + (3).to_bytes(4, "little") + bytes(8) + (1).to_bytes(8, "little") + text)
    return path


def test_what_llama_cpp_refuses_leaves_no_file(tmp_path: Path) -> None:
    source = _header_only(tmp_path / "broken.gguf")
    with pytest.raises(
        ModelError, match=r"^Give another model or type: llama.cpp cannot write broken.gguf as q8_0"
    ):
        quantize(source, tmp_path / "out.gguf", to="q8_0", threads=1)
    assert [p.name for p in tmp_path.iterdir()] == ["broken.gguf"]


def test_a_wrong_type_a_missing_folder_and_no_room_say_what_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = _header_only(tmp_path / "a.gguf")
    with pytest.raises(BadInput, match=r"^Give a --type of f16, q8_0, .*, not 'q9'"):
        quantize(source, tmp_path / "b.gguf", to="q9", threads=1)
    with pytest.raises(BadInput, match=r"^Create the folder"):
        quantize(source, tmp_path / "no" / "b.gguf", to="q8_0", threads=1)
    with source.open("r+b") as file:
        file.truncate(1 << 30)  # a sparse file
    monkeypatch.setattr(quantizing, "free_bytes", lambda _: 100 << 20)
    with pytest.raises(NoRoom, match=r"^Free \d+ MB on the disk"):
        quantize(source, tmp_path / "b.gguf", to="q8_0", threads=1)


def test_the_command_tells_a_wrong_file(tmp_path: Path) -> None:
    text = tmp_path / "x.gguf"
    text.write_text("no model")
    done = aitia(tmp_path, "quantize", str(text), "--type", "q8_0", "--json")
    assert done.returncode == 2
    assert "is not a GGUF file" in done.stderr
    assert not done.stdout or "error" in json.loads(done.stdout)


def test_what_counts_is_seen_and_used(tmp_path: Path, smollm_path: Path) -> None:
    texts = curriculum_texts("names,texts", 4)
    assert len(texts) == 8
    matters = importance(smollm_path, texts, threads=1)
    gate, down = matters["blk.0.ffn_gate.weight"], matters["blk.0.ffn_down.weight"]
    assert gate.shape == (576,)
    assert down.shape == (1536,)
    assert all((v >= 0).all() and v.max() > v.min() for v in matters.values())
    other = importance(smollm_path, ["zzz qqq"], threads=1)
    assert not np.allclose(other["blk.0.ffn_gate.weight"], gate, rtol=0.05)
    plain, weighed = tmp_path / "plain.gguf", tmp_path / "weighed.gguf"
    assert quantize(smollm_path, plain, to="q2_k", threads=1).weighed == 0
    made = quantize(smollm_path, weighed, to="q2_k", threads=1, matters=matters)
    assert made.weighed == len(matters) > 200
    assert weighed.read_bytes() != plain.read_bytes()


def test_so_few_bits_want_to_know_what_counts(tmp_path: Path) -> None:
    source = _header_only(tmp_path / "a.gguf")
    with pytest.raises(BadInput, match=r"^Give --importance with --type iq2_xs"):
        quantize(source, tmp_path / "b.gguf", to="iq2_xs", threads=1)
    with pytest.raises(BadInput, match=r"^Give at least one text"):
        importance(source, [], threads=1)
    with pytest.raises(BadInput, match=r"^Give one of the roles names, "):
        curriculum_texts("nonsense", 3)


def test_a_library_of_another_layout_is_told(smollm_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ggml, "libggml", _OtherLibrary())
    with pytest.raises(ModelError, match=r"^Quantize without --importance: .*laid out in another way"):
        importance(smollm_path, ["one text of a few words"], threads=1)


class _OtherLibrary:
    """A ggml whose tensors have another name than the one that is read."""

    def __init__(self) -> None:
        self.ggml_get_name = _Answer(b"something else")
        self.ggml_get_data = _Answer(0)


class _Answer:
    def __init__(self, answer: object) -> None:
        self.answer, self.restype, self.argtypes = answer, None, None

    def __call__(self, _: int) -> object:
        return self.answer
