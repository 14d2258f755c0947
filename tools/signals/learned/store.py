"""Model files: an npz archive of plain arrays with a JSON description, read without pickle."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.bounds import load_json
from aitia.core.errors import BadInput, ModelError
from aitia.tools.sources.signals.arrays import check_arrays

MAX_BYTES: Final = 500 * 2**20
Arrays = dict[str, NDArray[Any]]


def save(path: Path, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a model file whole, or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as out:
            text = np.frombuffer(json.dumps(dict(about)).encode(), dtype=np.uint8)
            np.savez_compressed(out, allow_pickle=False, about=text, **dict(arrays))
        part.replace(path)
    except OSError as error:
        raise BadInput(
            f"Cannot write --output {str(path)!r} ({error.strerror}). Choose a path that can be written."
        ) from None


def load(path: Path, kind: str) -> tuple[dict[str, Any], Arrays]:
    """The description and the arrays; raises ModelError that says what is wrong with the file."""
    about, arrays = _read(path)
    if not isinstance(about, dict) or about.get("kind") != kind or about.get("schema_version") != 1:
        raise ModelError(f"{str(path)!r} is not a {kind} model of this version. Train it again.")
    return about, arrays


def kind_of(path: Path) -> str:
    """What kind of model a file says it holds; raises ModelError where it is no model file."""
    about, _ = _read(path, only="about")
    return str(about.get("kind", "")) if isinstance(about, dict) else ""


def _read(path: Path, only: str = "") -> tuple[Any, Arrays]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ModelError(f"{str(path)!r} is larger than {MAX_BYTES // 2**20} MiB. Give a model file.")
        check_arrays(path, most=MAX_BYTES, only=only)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            arrays = {name: held[name] for name in ([only] if only else held.files)}
        return load_json(arrays.pop("about").tobytes()), arrays
    except OSError as error:
        raise ModelError(
            f"Cannot read {str(path)!r} ({error.strerror or error}). Give a readable model file."
        ) from None
    except (ValueError, KeyError, AttributeError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise ModelError(f"{str(path)!r} is not a model file ({error}). Train it again.") from None


def sha256(paths: list[Path]) -> str:
    """Of the training files, one after the other, in the order given."""
    made = hashlib.sha256()
    for path in paths:
        with path.open("rb") as held:
            while block := held.read(2**20):
                made.update(block)
    return made.hexdigest()


def versions() -> dict[str, str]:
    """What a model was fitted with."""
    return {name: version(name) for name in ("aitia", "numpy", "scikit-learn")}
