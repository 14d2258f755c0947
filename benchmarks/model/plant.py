"""Errors planted in true sentences, one each: numbers, components, quantities, times, certainty, entities, citations.

Three further families (unit or role, order or direction, invented mechanism) are in `plant_blind`, written by somebody who had
not seen the verifier.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from aitia.agent.text import TIME, mask, names_in, numbers, quotes

Planter = Callable[[str, Sequence[Mapping[str, Any]], Sequence[str], random.Random], str | None]
_ENTITIES: Final = ("kafka", "auth-service", "db-replica-2", "the load balancer", "P-999B", "worker-7")
_CERTAIN: Final = ("certainly", "without doubt", "definitely", "undoubtedly", "always", "obviously")


def number(
    sentence: str, facts: Sequence[Mapping[str, Any]], names: Sequence[str], chance: random.Random
) -> str | None:
    """A number becomes one that no fact holds: another digit, a shifted point, or a plain other value."""
    found = _numbers(sentence, names)
    if not found:
        return None
    start, end = chance.choice(found)
    raw = sentence[start:end]
    value = float(raw.replace(",", ""))
    stated = {n.value for f in facts for n in numbers(str(f["statement"]))}
    for _ in range(20):
        way = chance.choice(("digit", "shift", "scale"))
        if way == "digit":
            at = chance.choice([i for i, c in enumerate(raw) if c.isdigit()])
            other = raw[:at] + chance.choice([d for d in "123456789" if d != raw[at]]) + raw[at + 1 :]
        elif way == "shift":
            other = f"{value * chance.choice((10, 0.1)):g}"
        else:
            other = f"{value * chance.choice((1.5, 2, 0.5)) + chance.choice((0, 1)):.3g}"
        if "e" not in other and all(abs(float(other.replace(",", "")) - s) > 0.06 * abs(s) for s in stated):
            return sentence[:start] + other + sentence[end:]
    return None


def _numbers(sentence: str, names: Sequence[str]) -> list[tuple[int, int]]:
    """Where numbers stand outside of names, times and quotations."""
    body = mask(sentence, names)
    for start, end, _ in quotes(sentence):
        body = body[:start] + " " * (end - start) + body[end:]
    return [
        (n.at, n.at + len(m[0])) for n in numbers(body) if (m := re.match(r"\d+(?:\.\d+)?", sentence[n.at :]))
    ]


def component(
    sentence: str, facts: Sequence[Mapping[str, Any]], names: Sequence[str], chance: random.Random
) -> str | None:
    """A component becomes another known one, or the two of the sentence change places."""
    held = [(at, name) for at, name in names_in(_unquoted(sentence), names)]
    if not held:
        return None
    kinds = list(dict.fromkeys(name for _, name in held))
    if len(kinds) >= 2 and chance.random() < 0.5:
        a, b = kinds[:2]
        swapped = re.sub(
            rf"(?<![\w-])({re.escape(a)}|{re.escape(b)})(?![\w-])",
            lambda m: b if m[0].lower() == a.lower() else a,
            sentence,
            flags=re.I,
        )
        return swapped if swapped != sentence else None
    about = {str(f.get("component")) for f in facts} | {str(f.get("peer")) for f in facts}
    others = sorted(n for n in names if n not in about and n not in kinds and n.islower())
    if not others:
        return None
    at, name = chance.choice(held)
    return sentence[:at] + chance.choice(others) + sentence[at + len(name) :]


def quantity(
    sentence: str, facts: Sequence[Mapping[str, Any]], names: Sequence[str], chance: random.Random
) -> str | None:
    """What was measured becomes something else that is measured of services or machines."""
    groups = (
        ("mean latency", "error ratio", "memory in use", "CPU use", "connections", "requests"),
        ("vibration", "temperature", "pressure", "flow"),
        ("deploy", "restart", "configuration change"),
    )
    for group in groups:
        present = [q for q in group if re.search(rf"\b{q}\b", sentence)]
        if present:
            old = chance.choice(present)
            whole = " ".join(str(f["statement"]) for f in facts)
            others = [q for q in group if q not in whole and q.split()[-1] not in whole]
            return re.sub(rf"\b{old}\b", chance.choice(others), sentence, count=1) if others else None
    return None


def time(
    sentence: str, facts: Sequence[Mapping[str, Any]], names: Sequence[str], chance: random.Random
) -> str | None:
    """A time of day becomes another one: some seconds, minutes or an hour off, or the other fact's."""
    found = list(TIME.finditer(_unquoted(sentence)))
    if not found:
        return None
    match = chance.choice(found)
    parts = [int(p) for p in match[0].split(":")]
    at = chance.randrange(len(parts))
    parts[at] = (parts[at] + chance.choice((1, 7, 13))) % (24 if at == 0 else 60)
    other = ":".join(f"{p:02d}" for p in parts)
    stated = " ".join(f"{f['statement']} {f.get('onset')}" for f in facts)
    return None if other in stated else sentence[: match.start()] + other + sentence[match.end() :]


def entity(
    sentence: str, facts: Sequence[Mapping[str, Any]], names: Sequence[str], chance: random.Random
) -> str | None:
    """Something that nobody knows takes part."""
    who = chance.choice(_ENTITIES)
    body = sentence.rstrip(".")
    return chance.choice(
        (
            f"{body} via {who}.",
            f"{body}, and {who} was affected.",
            f"After {who} did so, {body[0].lower()}{body[1:]}.",
        )
    )


def certainty(
    sentence: str, facts: Sequence[Mapping[str, Any]], names: Sequence[str], chance: random.Random
) -> str | None:
    """The sentence claims more than a probability allows."""
    word = chance.choice(_CERTAIN)
    verb = re.search(r"\b(rose|fell|grew|logged|reached|failed|had|was|is)\b", _unquoted(sentence))
    if verb is None:
        return None
    return f"{sentence[: verb.start()]}{word} {sentence[verb.start() :]}"


def denial(
    sentence: str, facts: Sequence[Mapping[str, Any]], names: Sequence[str], chance: random.Random
) -> str | None:
    """A statement is turned into its opposite by a negation."""
    plain = _unquoted(sentence)
    verb = re.search(r"\b(rose|fell|grew|logged|reached|failed)\b", plain)
    if verb is None:
        return None
    base = {
        "rose": "rise",
        "fell": "fall",
        "grew": "grow",
        "logged": "log",
        "reached": "reach",
        "failed": "fail",
    }
    told = chance.choice((f"did not {base[verb[0]]}", f"never {verb[0]}"))
    return sentence[: verb.start()] + told + sentence[verb.end() :]


def citation(
    sentence: str, facts: Sequence[Mapping[str, Any]], names: Sequence[str], chance: random.Random
) -> str | None:
    """The sentence cites a fact that it was not given."""
    given = {str(f["id"]) for f in facts}
    other = next(f"E{n}" for n in (chance.randrange(1, 200) for _ in range(50)) if f"E{n}" not in given)
    return f"{sentence.rstrip('.')} [{other}]."


def _unquoted(sentence: str) -> str:
    for start, end, _ in quotes(sentence):
        sentence = sentence[:start] + " " * (end - start) + sentence[end:]
    return sentence


FAMILIES: Final[Mapping[str, Planter]] = {
    "number": number,
    "component": component,
    "quantity": quantity,
    "time": time,
    "entity": entity,
    "certainty": certainty,
    "denial": denial,
    "citation": citation,
}
