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

    def kept(name: str) -> bool:
        return name not in gone and resolver.resolve(name) not in gone

    def left(held: Holding) -> Holding:
        return held.model_copy(update={"components": tuple(c for c in held.components if kept(c))})

    return _less(source, lambda item: kept(item.component), left)


def only_points(source: Source, points: Iterable[tuple[str, str]]) -> Source:
    """The source with no other series and waveforms than these (component, metric or channel), by its own names."""
    left = frozenset(points)

    def described(held: Holding) -> Holding:
        parts, names = {c for c, _ in left}, {n for _, n in left}
        kept = {
            "components": tuple(c for c in held.components if c in parts),
            "items": tuple(n for n in held.items if n in names),
        }
        return held.model_copy(update=kept)

    return _less(source, lambda item: point(item) in left, described)


def point(item: Any) -> tuple[str, str]:
    """Component and name of a series, or component and channel of a waveform, as the source has them."""
    return item.component, item.channel if hasattr(item, "channel") else item.metric


def _less(source: Source, kept: Callable[[Any], bool], left: Callable[[Holding], Holding]) -> Source:
    def without(method: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
        return lambda self, *args, **kwargs: [x for x in method(self, *args, **kwargs) if kept(x)]

    def describe(self: Any, window: Window) -> Holding:
        return left(kind.describe(self, window))

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
