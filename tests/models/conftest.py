"""The real small model, fake wheels served from a folder, and a catalogue of one small file."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aitia.core.errors import HashMismatch, ModelError
from aitia.models.catalogue import Catalogue, parse_catalogue
from aitia.models.fetch import fetch
from aitia.models.llama import LlamaCpp
from aitia.models.load import load_llm

PARTS = 2
PART_BYTES = 300_000


@pytest.fixture(scope="session")
def smollm_path() -> Path:
    """The real SmolLM2-135M file, fetched into AITIA_HOME if it is not there."""
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed: pip install '.[llm]'")
    try:
        return fetch("smollm2-135m")
    except HashMismatch:
        raise
    except ModelError as error:
        pytest.skip(f"smollm2-135m cannot be fetched here: {error}")


@pytest.fixture(scope="session")
def smollm(smollm_path: Path) -> Iterator[LlamaCpp]:
    """The real small model, one thread."""
    llm = load_llm("smollm2-135m", threads=1, keep_prefixes=False)
    assert isinstance(llm, LlamaCpp)
    yield llm
    llm.close()
    _close_null_files()


def _close_null_files() -> None:
    """The binding opens /dev/null twice and never closes it: a ResourceWarning at exit."""
    from llama_cpp import _utils

    _utils.outnull_file.close()
    _utils.errnull_file.close()


@pytest.fixture
def payload() -> bytes:
    """The bytes of the toy model: too random to be guessed, the same in every run."""
    return b"".join(hashlib.sha256(str(i).encode()).digest() for i in range(PARTS * PART_BYTES // 32))


@pytest.fixture
def catalogue_text(payload: bytes) -> Callable[..., str]:
    """YAML of a catalogue whose one model comes in three wheels (and from a hub, if asked for)."""

    def text(*, hub: bool = False, sha256: str = "", size: int = 0) -> str:
        return f"""
default: toy
models:
  toy:
    about: a toy
    kind: gguf
    file: toy.gguf
    bytes: {size or len(payload)}
    sha256: {sha256 or hashlib.sha256(payload).hexdigest()}
    licence: none
    {"hub: {repo: some/one, file: toy.gguf}" if hub else "hub:"}
    wheels: {{package: 'aitia-toy-part{{n}}', version: 1.0.0, parts: {PARTS}, member: 'aitia_toy_part{{n}}/part{{n:02}}.bin'}}
"""

    return text


@pytest.fixture
def toy(catalogue_text: Callable[..., str]) -> Catalogue:
    """That catalogue, without a hub."""
    return parse_catalogue(catalogue_text())


@pytest.fixture
def index(tmp_path: Path, payload: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of real wheels that pip is told to use instead of an index."""
    folder = tmp_path / "index"
    folder.mkdir()
    for n in range(1, PARTS + 1):
        write_part(folder, n, payload[(n - 1) * PART_BYTES : n * PART_BYTES])
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("AITIA_MODELS", raising=False)
    return folder


def write_part(folder: Path, n: int, data: bytes) -> None:
    """One wheel of the toy model."""
    name = f"aitia_toy_part{n}"
    info = f"{name}-1.0.0.dist-info"
    members = {
        f"{name}/part{n:02}.bin": data,
        f"{name}/__init__.py": b"raise SystemExit('a wheel was imported')",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: aitia-toy-part{n}\nVersion: 1.0.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    with zipfile.ZipFile(folder / f"{name}-1.0.0-py3-none-any.whl", "w") as wheel:
        for member, content in members.items():
            wheel.writestr(member, content)


@pytest.fixture
def put_part() -> Callable[[Path, int, bytes], None]:
    """Writes one wheel of the toy model into an index."""
    return write_part
