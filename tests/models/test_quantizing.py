"""Quantizing: a file of another type that is loaded and says much the same; clear errors, and nothing left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aitia.core.errors import BadInput, ModelError, NoRoom
from aitia.core.llm import Prompt
from aitia.models import quantizing
from aitia.models.gguf import read_header
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
