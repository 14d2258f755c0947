"""How a worker works, as its door tells it."""

from __future__ import annotations

from pydantic import Field

from aitia.core.words import Word
from aitia.engine import AUTO
from aitia.model_use import Narrator, Planner
from aitia.settings import Settings


class Orders(Word):
    """How a worker works: one line of JSON on its stdin."""

    home: str
    settings: Settings
    model: str | None = AUTO
    planner: Planner | None = None
    narrator: Narrator | None = None
    threads: int | None = Field(default=None, ge=1)
