"""One function that makes an `Llm` of what the user wrote: a catalogue name, a .gguf path, or an `openai:` address."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast, get_args

from aitia.core.errors import ModelError
from aitia.core.events import Progress
from aitia.core.llm import Llm
from aitia.models.catalogue import Family, catalogue
from aitia.models.fetch import fetch
from aitia.models.files import path_of, sha256_of, silent
from aitia.models.gguf import family_of
from aitia.models.llama import LlamaCpp
from aitia.models.runtime import import_llama_cpp

OPENAI = "openai:"


def load_llm(
    name_or_path: str,
    *,
    threads: int | None = None,
    fetch_missing: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    home: Path | None = None,
) -> Llm:
    """The model behind a name (`qwen2.5-coder-1.5b`, `default`), a path (`x.gguf`, `x.gguf#chatml`) or `openai:URL#model`.

    Raises ModelError whose message begins with what to do: install the runtime, fetch the model, set the family.
    """
    if name_or_path.startswith(OPENAI):
        return _openai(name_or_path.removeprefix(OPENAI))
    import_llama_cpp()
    if _is_path(name_or_path):
        return _local(name_or_path, threads=threads, home=home, on_progress=on_progress or silent)
    entry = catalogue()[name_or_path]
    if entry.kind != "gguf" or entry.family is None:
        raise ModelError(f"Choose a language model: {entry.name} is not one.")
    if fetch_missing:
        path = fetch(entry.name, home=home, on_progress=on_progress or silent)
    else:
        path = path_of(entry.name, home=home)
    return LlamaCpp(path, name=entry.name, sha256=entry.sha256, family=entry.family, threads=threads)


def _is_path(text: str) -> bool:
    return ".gguf" in text or "/" in text


def _local(
    text: str, *, threads: int | None, home: Path | None, on_progress: Callable[[Progress], None]
) -> Llm:
    raw, _, given = text.partition("#")
    path = Path(raw).expanduser()
    families = get_args(Family)
    if given and given not in families:
        raise ModelError(f"Set the chat family after # to one of {', '.join(families)}, not {given!r}.")
    family = cast("Family", given) if given else family_of(path)
    sha256 = sha256_of(path, home=home, on_progress=on_progress)
    return LlamaCpp(path, name=path.stem, sha256=sha256, family=family, threads=threads)


def _openai(address: str) -> Llm:
    from aitia.models.openai import OpenAiCompatible

    url, _, model = address.partition("#")
    if not url.startswith(("http://", "https://")) or not model:
        raise ModelError(
            f"Write the server as openai:URL#MODEL, for example openai:http://localhost:8080/v1#qwen; got {address!r}."
        )
    return OpenAiCompatible(url, model)
