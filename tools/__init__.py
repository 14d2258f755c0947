"""What a plan may call, and the facts they return."""

from aitia.tools.registry import Limits, Registry, SourceSet, ToolContext, ToolSpec, tool

__all__ = ["Limits", "Registry", "SourceSet", "ToolContext", "ToolSpec", "tool"]
