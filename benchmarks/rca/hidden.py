"""Sources as they are, less the telemetry of some components: what a diagnosis says where the culprit is not watched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from aitia.core.protocols import Source
from aitia.core.resolve import Resolver
from aitia.core.words import Holding, Window


def hidden(source: Source, components: Iterable[str], resolver: Resolver) -> Source:
    """The source without series, streams, spans, waveforms and changes of the components; calls to them stay."""
    gone = frozenset(components)

    def kept(item: Any) -> bool:
        name = item.component
        return name not in gone and resolver.resolve(name) not in gone

    def without(method: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
        return lambda self, *args, **kwargs: [x for x in method(self, *args, **kwargs) if kept(x)]

    def describe(self: Any, window: Window) -> Holding:
        held = kind.describe(self, window)
        left = tuple(c for c in held.components if c not in gone and resolver.resolve(c) not in gone)
        return held.model_copy(update={"components": left})

    kind: Any = type(source)
    overridden: dict[str, Any] = {
        name: without(getattr(kind, name))
        for name in ("read", "streams", "spans", "waveforms")
        if hasattr(kind, name)
    }
    less = type(f"{kind.__name__}WithoutSome", (kind,), overridden | {"describe": describe})
    made: Source = less.__new__(less)
    made.__dict__.update(vars(source))
    return made
