"""GBNF for tool calls, from the tools' JSON schemas: known names, known arguments, enum values, bounded texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aitia.core.errors import ModelError

TEXT, ITEMS = 240, 8  # characters of a text and items of a list that the schema does not bound
Schema = dict[str, Any]
_CHAR = r'char ::= [^"\\\x00-\x1f\x7f] | "\\" ["\\/bfnrt]'
_SCALARS = {
    "boolean": '("true" | "false")',
    "null": '"null"',
    "integer": '"-"? ("0" | [1-9] [0-9]{0,8})',
    "number": '"-"? ("0" | [1-9] [0-9]{0,8}) ("." [0-9]{1,4})?',
}


def calls_grammar(tools: Sequence[Schema], *, forced: bool, lead_chars: int = 300) -> str:
    """Free text, then a `<tool_call>` of one of the tools (`name`, `parameters`): exactly one if forced, else none or some."""
    rules = _Rules()
    calls = []
    for number, tool in enumerate(tools):
        schema = tool.get("parameters") or {"type": "object", "properties": {}}
        arguments = rules.value(f"t{number}", schema, schema.get("$defs", {}))
        head = literal(f'{{"name": {json.dumps(tool["name"])}, "arguments": ')
        rules.add(f"t{number}-call", f'{head} {arguments} "}}"')
        calls.append(f"t{number}-call")
    rules.add("call", f'"<tool_call>\\n" ({" | ".join(calls)}) "\\n</tool_call>"')
    lead = rf'([^<`{{}}\n]{{1,{lead_chars}}} "\n")?'  # a line of thought, and no call in a format of its own
    text = '([^<] | "<" [^t])* (call ("\\n" call)*)?'
    root = text if not forced else f"{lead} call" if lead_chars else "call"
    return "\n".join([f"root ::= {root}", *rules.lines, _CHAR])


def literal(text: str) -> str:
    """A GBNF literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


class _Rules:
    """Rules so far. `value` returns an expression for a schema, adding the rules it needs under names that begin so."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, name: str, body: str) -> str:
        self.lines.append(f"{name} ::= {body}")
        return name

    def value(self, name: str, schema: Schema, known: Schema) -> str:
        if "$ref" in schema:
            schema = known[schema["$ref"].rsplit("/", 1)[-1]] | {
                k: v for k, v in schema.items() if k != "$ref"
            }
        if "enum" in schema or "const" in schema:
            values = schema.get("enum", [schema.get("const")])
            return self.add(name, " | ".join(literal(json.dumps(v, ensure_ascii=False)) for v in values))
        if several := schema.get("anyOf") or schema.get("oneOf"):
            parts = [self.value(f"{name}-{n}", one, known) for n, one in enumerate(several)]
            return f"({' | '.join(parts)})"
        kind = schema.get("type", "object" if "properties" in schema else None)
        if kind in _SCALARS:
            return f"({_SCALARS[kind]})"
        if kind == "string":
            return f'"\\"" char{{{schema.get("minLength", 0)},{schema.get("maxLength", TEXT)}}} "\\""'
        if kind == "array":
            return self._array(name, schema, known)
        if kind == "object":
            return self._object(name, schema, known)
        raise ModelError(f"Give the tool's argument a plain JSON schema type: {json.dumps(schema)[:120]}.")

    def _array(self, name: str, schema: Schema, known: Schema) -> str:
        item = self.value(f"{name}-item", schema.get("items", {"type": "string"}), known)
        most = schema.get("maxItems", ITEMS)
        return f'"[" ({item} (", " {item}){{0,{max(most - 1, 0)}}})? "]"'

    def _object(self, name: str, schema: Schema, known: Schema) -> str:
        """Properties in the schema's order, optional ones left out or not; `next` rules stand after one that was written."""
        required = set(schema.get("required", ()))
        first, following = '""', '""'
        for n, (key, one) in reversed(list(enumerate(schema.get("properties", {}).items()))):
            pair = f"{literal(json.dumps(key) + ': ')} {self.value(f'{name}-{n}', one, known)}"
            start, rest = f"{pair} {following}", f'", " {pair} {following}'
            if key not in required:
                start, rest = f"{start} | {first}", f"{rest} | {following}"
            first, following = self.add(f"{name}-{n}-first", start), self.add(f"{name}-{n}-next", rest)
        return f'"{{" {first} "}}"'
