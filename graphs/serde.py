"""How checkpoints are read: as plain values, whatever a file says that it holds."""

from __future__ import annotations

from typing import Final

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

STRICT: Final = JsonPlusSerializer(
    pickle_fallback=False, allowed_json_modules=None, allowed_msgpack_modules=None
)
"""No pickle, and no class outside LangGraph's own short list, in whatever order its modules were imported."""
