"""Memory tools: similar past incidents and matching runbooks."""

from aitia.tools.incidents.search import incidents_search, runbooks_search

__all__ = ["incidents_search", "runbooks_search"]
