"""One function that makes an `Llm` of what the user wrote: a catalogue name, a .gguf path, or an `openai:` address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from aitia.core.errors import ModelError
from aitia.core.events import Progress
from aitia.core.llm import Llm
from aitia.models.adapters import Role, adapter_for
from aitia.models.catalogue import Family, catalogue
from aitia.models.fetch import fetch
from aitia.models.files import OnProgress, path_of, sha256_of, silent
from aitia.models.gguf import family_of
from aitia.models.llama import BATCH, CONTEXT, LlamaCpp
from aitia.models.measure import measured
from aitia.models.prefixes import PrefixStore
from aitia.models.runtime import KvCache, Shape, import_llama_cpp
from aitia.models.threads import default_threads

OPENAI = "openai:"


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """A language model on this machine."""

    path: Path
    name: str
    sha256: str
    family: Family


def load_llm(
    name_or_path: str,
    *,
    threads: int | None = None,
    context: int = CONTEXT,
    flash_attention: bool = False,
    kv_cache: KvCache = "f16",
    tune: bool = False,
    keep_prefixes: bool = True,
    fetch_missing: bool = False,
    role: Role | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    home: Path | None = None,
) -> Llm:
    """The model behind a name (`qwen2.5-coder-1.5b`, `default`), a path (`x.gguf`, `x.gguf#chatml`) or `openai:URL#model`.

    For models in this process: `context` in tokens; `tune` takes the batch size that `aitia models measure` found, or
    measures for two seconds; `keep_prefixes` keeps evaluated system turns under `home`. With `role` the model gets its adapter
    for that, if there is one. Raises ModelError whose message begins with what to do: install the runtime, fetch the model, set
    the family.
    """
    if name_or_path.startswith(OPENAI):
        return _openai(name_or_path.removeprefix(OPENAI))
    file = model_file(name_or_path, fetch_missing=fetch_missing, home=home, on_progress=on_progress)
    shape = Shape(
        threads=threads or default_threads(),
        context=context,
        batch=BATCH,
        flash_attention=flash_attention,
        kv_cache=kv_cache,
    )
    batch = measured(file.path, sha256=file.sha256, shape=shape, home=home).batch if tune else BATCH
    adapter = adapter_for(role, file.sha256, home) if role else None
    return LlamaCpp(
        file.path,
        name=file.name,
        sha256=file.sha256,
        family=file.family,
        threads=shape.threads,
        context=context,
        batch=batch,
        flash_attention=flash_attention,
        kv_cache=kv_cache,
        # a state follows from the adapter too, which its name does not tell
        prefixes=PrefixStore(home) if keep_prefixes and not adapter else None,
        home=home,
        adapter=adapter,
        role=role,
    )


def model_file(
    name_or_path: str,
    *,
    fetch_missing: bool = False,
    home: Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> ModelFile:
    """The file behind a catalogue name or a path, its hash checked or computed. Raises ModelError."""
    import_llama_cpp()
    told = on_progress or silent
    if ".gguf" in name_or_path or "/" in name_or_path:
        return _local(name_or_path, home=home, on_progress=told)
    entry = catalogue()[name_or_path]
    if entry.kind != "gguf" or entry.family is None:
        raise ModelError(f"{entry.name} is not a language model. Choose one that is.")
    if fetch_missing:
        path = fetch(entry.name, home=home, on_progress=told)
    else:
        path = path_of(entry.name, home=home)
    return ModelFile(path=path, name=entry.name, sha256=entry.sha256, family=entry.family)


def _local(text: str, *, home: Path | None, on_progress: OnProgress) -> ModelFile:
    raw, _, given = text.partition("#")
    path = Path(raw).expanduser()
    families = get_args(Family)
    if given and given not in families:
        raise ModelError(f"Set the chat family after # to one of {', '.join(families)}, not {given!r}.")
    family = cast("Family", given) if given else family_of(path)
    sha256 = sha256_of(path, home=home, on_progress=on_progress)
    return ModelFile(path=path, name=path.stem, sha256=sha256, family=family)


def _openai(address: str) -> Llm:
    from aitia.models.openai import OpenAiCompatible

    url, _, model = address.partition("#")
    if not url.startswith(("http://", "https://")) or not model:
        raise ModelError(
            f"Write the server as openai:URL#MODEL, for example openai:http://localhost:8080/v1#qwen; got {address!r}."
        )
    return OpenAiCompatible(url, model)
