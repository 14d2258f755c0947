"""aitia: evidence-first root-cause diagnosis on the operator's own machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "diagnose", "replay"]

if TYPE_CHECKING:
    from aitia.api import diagnose, replay


def __getattr__(name: str) -> Any:
    """Load the engine on first use only, so that `import aitia.core` stays light."""
    if name in ("diagnose", "replay"):
        from aitia import api

        return getattr(api, name)
    raise AttributeError(f"module 'aitia' has no attribute {name!r}")
