"""A tool that no rule knows, as it is put to a choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Offer:
    """How a model may call a tool that no rule knows: what the tool says of itself, and the schema of its arguments.

    `parameters` is a JSON schema of our own making: every value is listed, a number, a truth value, or a text of bounded length
    that the settings let a model write. `about` names the argument that takes a component; "" where none does.
    """

    said: str
    parameters: Mapping[str, Any]
    about: str = ""
    by_model: bool = False  # else it is asked where it is nearest by its words
