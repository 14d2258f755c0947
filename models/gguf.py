"""The header of a GGUF file, read without llama.cpp: is it one, and which chat family does it speak?"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, Final

from aitia.core.errors import ModelError
from aitia.models.catalogue import Family

_SCALARS: Final = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MOST_KEYS, _MOST_BYTES = 4096, 1 << 24
_CHATML_ARCHITECTURES: Final = frozenset({"qwen2", "qwen2moe", "qwen3", "qwen3moe"})

Value = str | int | float | bool


def read_header(path: Path) -> dict[str, Value]:
    """The scalar and text fields of the header (arrays are passed over). Raises ModelError for any other file."""
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise ModelError(f"{str(path)!r} is not a GGUF file. Give one that is.")
            _version, _tensors, keys = struct.unpack("<IQQ", file.read(20))
            if keys > _MOST_KEYS:
                raise ModelError(f"Fetch {str(path)!r} again: its GGUF header is corrupt ({keys} fields).")
            fields = ((_text(file), _value(file)) for _ in range(keys))
            return {key: value for key, value in fields if value is not None}
    except OSError as error:
        raise ModelError(
            f"Cannot read the model file {str(path)!r} ({error.strerror}). Check the path and its permissions."
        ) from None
    except (struct.error, ValueError, KeyError):
        raise ModelError(f"Fetch {str(path)!r} again: its GGUF header is cut short or corrupt.") from None


def family_of(path: Path) -> Family:
    """The chat family by the header's template (as text, not run) or architecture. Raises ModelError if unknown."""
    header = read_header(path)
    template = str(header.get("tokenizer.chat_template", ""))
    architecture = str(header.get("general.architecture", ""))
    if "<|im_start|>" in template or (not template and architecture in _CHATML_ARCHITECTURES):
        return "chatml"
    raise ModelError(
        f"The chat family cannot be determined from the file's architecture {architecture!r} and name "
        f"{str(header.get('general.name', ''))!r}. Set it after the path, for example {path}#chatml."
    )


def _text(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", file.read(8))
    if length > _MOST_BYTES:
        raise ValueError(length)
    raw = file.read(length)
    if len(raw) < length:
        raise ValueError("short")
    return raw.decode("utf-8", "replace")


def _value(file: BinaryIO) -> Value | None:
    (kind,) = struct.unpack("<I", file.read(4))
    if kind == _STRING:
        return _text(file)
    if kind == _ARRAY:
        _skip_array(file)
        return None
    return _scalar(file, kind)


def _scalar(file: BinaryIO, kind: int) -> int | float | bool:
    code = "<" + _SCALARS[kind]
    value: int | float | bool = struct.unpack(code, file.read(struct.calcsize(code)))[0]
    return value


def _skip_array(file: BinaryIO) -> None:
    kind, count = struct.unpack("<IQ", file.read(12))
    if kind != _STRING:
        file.seek(count * struct.calcsize("<" + _SCALARS[kind]), 1)
        return
    for _ in range(count):
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _MOST_BYTES:
            raise ValueError(length)
        file.seek(length, 1)
