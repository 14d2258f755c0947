"""The readers of a diagnosis: of the settings and the caller, of a recorded run, and the site's memory beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, Untrusted
from aitia.core.protocols import Source
from aitia.core.redact import hidden_fields
from aitia.core.state import has_memory
from aitia.core.store import RunStore
from aitia.core.trust import confined, trusts
from aitia.settings import Settings, absolute
from aitia.tools.sources import open_source, open_sources


def configured_readers(
    settings: Settings, extra: Sequence[Source | SourceConfig]
) -> tuple[list[Source], list[SourceConfig]]:
    """Opened sources, and the configurations that a resume can open again."""
    given = absolute([s for s in extra if isinstance(s, SourceConfig)], Path.cwd())
    configs = [*settings.sources, *given]
    opened = [open_source(c, Path("/")) for c in configs]
    return [*opened, *(s for s in extra if not isinstance(s, SourceConfig))], configs


def with_memory(
    readers: list[Source], recorded: list[SourceConfig], home: Path
) -> tuple[list[Source], list[SourceConfig]]:
    """The site's incident memory beside the sources, where there is one and nobody named it."""
    if any(c.type == "memory" for c in recorded) or not has_memory(home):
        return readers, recorded
    taken = {r.name for r in readers}
    name = next(n for n in ("memory", "incident-memory", "aitia-memory") if n not in taken)
    config = SourceConfig(name=name, kind="incidents", type="memory", path=str(home))
    return [*readers, open_source(config, Path("/"))], [*recorded, config]


def recorded_readers(store: RunStore, sources: Sequence[Source], trust: Sequence[str | Path]) -> list[Source]:
    """The readers that a run goes on with. Raises Untrusted for a run that is not this home's own."""
    meta = store.meta()
    if not store.is_own(meta) and not trusts(store.path, trust):
        raise Untrusted(
            "This AITIA_HOME did not make the run, so the files, programs and servers that it names are "
            f"not used. Check {str(store.path / 'run.json')!r} and, if you trust it, add --trust "
            f"{str(store.path)!r} (Python: trust=)."
        )
    configs = [SourceConfig.model_validate(c) for c in meta.get("sources", ())]
    root = Path(str(meta.get("root") or "/"))
    if meta.get("root") and not (meta.get("trusted") or trusts(root, trust)):
        configs = list(confined(configs, root))
    if not sources:
        _none_hidden(configs, store)
    readers = list(sources) or open_sources(configs, root)
    if not readers:
        raise BadInput(
            f"Run {store.id} read from objects of the calling program. Pass sources= to look at it again."
        )
    return readers


def _none_hidden(configs: Sequence[SourceConfig], store: RunStore) -> None:
    """Refuse a recorded source of which a field is a pseudonym: it would be sent in place of the secret."""
    for config in configs:
        for field, pseudonym in hidden_fields(config.model_dump(mode="json")):
            raise BadInput(
                f"Run {store.id} stores {pseudonym} instead of the real {field} of source {config.name!r}. "
                "Pass sources= with the real value to continue the run, and from now on give secrets with "
                "bearer_env or password_file."
            )
