"""The arguments of an MCP tool as a pydantic model, from a JSON Schema that nobody vouches for."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, create_model

COMPONENT: Final = "component"
"""Stands for the tool's own `components_arg` in a plan and in a runbook."""
MOST: Final = 24  # arguments
_LONGEST: Final = 2_000  # characters of a text argument
_MOST_VALUES: Final = 32  # of an argument with listed values
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_TYPES: Final[Mapping[str, Any]] = {
    "string": Annotated[str, Field(max_length=_LONGEST)],
    "integer": int,
    "number": Annotated[float, Field(allow_inf_nan=False)],
    "boolean": bool,
}


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=())


def arguments_of(schema: Mapping[str, Any], *, fixed: Collection[str], about: bool) -> type[BaseModel]:
    """The arguments that a call may give: those of the schema, without what the settings fix.

    Only names, plain types and short lists of values are taken over: no pattern, reference or text of the server's. Nothing
    of it is shown in the model's own schema, so that no planner lists it: a person or a runbook gives such an argument.
    With `about`, `component` stands for the argument that the settings say takes a component.
    """
    fields: dict[str, Any] = {COMPONENT: (Annotated[str, Field(max_length=300)], "")} if about else {}
    required = schema.get("required")
    needed = {str(name) for name in required} if isinstance(required, list) else set()
    properties = schema.get("properties")
    for name, told in list(properties.items() if isinstance(properties, Mapping) else ())[:MOST]:
        if name in fixed or name in fields or not usable(name):
            continue
        kind = _type(told)
        hidden: Any = Field(... if name in needed else None, json_schema_extra=dict.clear)
        fields[name] = (kind if name in needed else kind | None, hidden)
    made = create_model("mcp_arguments", __base__=_Arguments, **fields)
    return cast("type[BaseModel]", made)


def unusable(schema: Mapping[str, Any], *, fixed: Collection[str]) -> list[str]:
    """The required arguments that no call could give, by their place in the schema: their names do not fit."""
    required = schema.get("required")
    known = schema.get("properties")
    held = list(known)[:MOST] if isinstance(known, Mapping) else []
    needed = [str(name) for name in required] if isinstance(required, list) else []
    return [n for n in needed if n not in fixed and (n not in held or not usable(n))]


def usable(name: str) -> bool:
    """Whether an argument of this name can be given."""
    return bool(_NAME.fullmatch(name)) and not hasattr(BaseModel, name)


def _type(told: Any) -> Any:
    if not isinstance(told, Mapping):
        return Any
    listed = listed_values(told)
    if listed is not None:
        return Literal[tuple(listed)]
    kind = told.get("type")
    return _TYPES.get(kind, Any) if isinstance(kind, str) else Any


def listed_values(told: Mapping[str, Any]) -> list[str] | None:
    """The values that an argument's schema lists, where they are few and plain words."""
    values = told.get("enum")
    if not isinstance(values, list) or not 0 < len(values) <= _MOST_VALUES:
        return None
    plain = [v for v in values if isinstance(v, str) and _NAME.fullmatch(v)]
    return plain if len(plain) == len(values) else None
