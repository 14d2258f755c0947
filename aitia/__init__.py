"""aitia: evidence-first root-cause diagnosis on the operator's own machine."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "diagnose", "adiagnose", "astream", "resume", "aresume", "replay", "ask", "correct", "confirm", "Report", "Incident", "Event",
    "__version__",
]  # fmt: skip

if TYPE_CHECKING:
    from aitia.aio import adiagnose, aresume, astream
    from aitia.api import diagnose, replay, resume
    from aitia.asking import ask
    from aitia.core.events import Event
    from aitia.core.words import Incident, Report
    from aitia.correcting import correct
    from aitia.outcomes import confirm

_HOMES = {
    "adiagnose": "aio", "aresume": "aio", "astream": "aio", "diagnose": "api", "replay": "api", "resume": "api",
    "Incident": "api", "Report": "api", "ask": "asking", "Event": "core.events", "correct": "correcting", "confirm": "outcomes",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load the engine on first use only, so that `import aitia.core` stays light."""
    if name in _HOMES:
        return getattr(import_module(f"aitia.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'aitia' has no attribute {name!r}")


def __dir__() -> list[str]:
    """What can be taken from here, for the completion of a notebook."""
    return sorted({*globals(), *__all__})
