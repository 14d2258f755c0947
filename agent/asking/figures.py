"""The number that a line or a row of work tells of what was asked: the torque of "bolts tightened, 420 Nm"."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from aitia.agent.asking.question.measure import things_of
from aitia.agent.asking.question.stems import stem_of
from aitia.agent.asking.question.tables import hits, is_glue
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.found import Figure, Found

_ASKS: Final = re.compile(
    r"(?<!\w)(?:how (?:much|many|long|high|low|fast|big|large|hot|cold)|(?:what|which)(?:'s|s)?|to what|at what|from what"
    r"|wie ?viele?|wie (?:hoch|lange?|groß|gross|schnell|warm|kalt)|welche[rsnm]?|mit welche\w+|auf (?:was|welchen|wie ?viel)"
    r"|combien|quel(?:le)?s?|à combien|cuánt[oa]s?|qué|cuál(?:es)?|a cuánto|quant[oaie]|che|quale|quali|a quanto)(?!\w)"
)
_TO_WHAT: Final = re.compile(
    r"(?<!\w)(?:to what|to how much|auf (?:was|welchen wert|wie ?viel)|à combien|à quelle valeur|a cuánto|a qué valor|a quanto"
    r"|a che valore)(?!\w)"
)
_UNITS: Final = {  # as they are written, so that the "a" of a sentence is no ampere
    "torque": ("Nm", "N·m", "Ncm", "ft-lb", "lbf"),
    "temperature": ("°C", "°F", "K"),
    "speed": ("1/min", "rpm", "min-1", "U/min", "tr/min", "Hz"),
    "pressure": ("bar", "mbar", "kPa", "MPa", "Pa", "psi"),
    "vibration": ("mm/s", "g", "µm"),
    "duration": ("s", "ms", "us", "µs", "min", "h"),
    "latency": ("s", "ms", "us", "µs"),
    "size": ("kB", "KB", "MB", "GB", "KiB", "MiB", "GiB", "bytes", "B"),
    "power": ("kW", "MW", "W"),
    "current": ("A", "mA"),
    "voltage": ("V", "kV"),
    "mass": ("g", "kg", "t"),
    "volume": ("l", "ml", "m3", "m³"),
    "length": ("mm", "µm", "cm", "m"),
}
_SAID: Final = {
    "torque": r"torque|drehmoment|anzugsmoment|couple|par de apriete|par de|coppia|momento",
    "mass": r"grease|fett|graisse|grasa|grasso|weight|gewicht|menge|amount|quantity|quantité|cantidad|quantità",
    "volume": r"oil|öl|huile|aceite|olio|litre|liter|volume|menge|amount|quantity|quantité|cantidad|quantità",
    "length": r"misalign|versatz|offset|gap|spiel|spalt|clearance|désalign|jeu|desalin|holgura"
    r"|disallin|gioco|thick|dick|wear|verschleiß",
}
_SHARE: Final = re.compile(
    r"%|percent|per cent|share|prozent|anteil|pour cent|pourcentage|por ciento|porcentaje|per cento|percentuale"
)
_ALL: Final = sorted({u for units in _UNITS.values() for u in units}, key=len, reverse=True)
_NUMBER: Final = re.compile(
    r"(?<![\w.,:/-])(?P<n>[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[+-]?\d+(?:[.,]\d+)?)"
    rf"(?:\s?(?P<unit>{'|'.join(map(re.escape, _ALL))}|%)(?![\w/]))?(?![\w:-]|[.,/]\d)"
)
_WORD: Final = re.compile(r"[a-zà-öø-ÿœ]{3,}")
_BEFORE: Final = re.compile(
    r"(?<!\w)(?:before|previous\w*|formerly|used to be|vorher|davor|zuvor|früher|bisher|avant|auparavant|précédent\w*|antes"
    r"|anterior\w*|prima|precedent\w*|voorheen|daarvoor)(?!\w)"
)
_TO: Final = re.compile(r"\s*(?:->|→|=>|(?:to|auf|à|a|op|para|na)(?=\s))\s*")
_NEAR: Final = 24  # characters between a number and the word that it is of
_KEYED: Final = re.compile(r"[=:]\s*[\"']?$")


def with_figures(question: str, found: Found) -> Found:
    """What was found, with the number that its one row tells, which stands first."""
    if not (told := figures_of(question, found)):
        return found
    return found.model_copy(update={"figures": told, "said": f"{_sentence(told[0])} {found.said}"})


def figures_of(question: str, found: Found) -> tuple[Figure, ...]:
    """The one number of a single row that is of what a question asks: by the word beside it, or by its unit.

    None where the row tells none of it, or several; a number that is an order's, a version's or a time's is of nothing.
    """
    if len(found.rows) != 1 or found.figures:
        return ()
    low = plain(question)
    if not _ASKS.search(low):
        return ()
    text = found.rows[0].text
    shares = _SHARE.search(low) is not None
    told = [m for m in _NUMBER.finditer(text) if (m["unit"] == "%") <= shares]
    told = _ends(text, told, before=_BEFORE.search(low) is not None)
    united = [m for m in told if m["unit"]]
    if (setting := _setting(told, text, low)) is not None:
        return (setting,)
    groups = (
        *([m for m in told if _is_of(m, text, low, place)] for place in (0, 1)),
        [m for m in united if _unit_asked(m["unit"], low)],
        united if _TO_WHAT.search(low) else [],
    )
    for place, group in enumerate(groups):
        if len({(m["n"], m["unit"]) for m in group}) == 1:
            return (_figure(group[0], text if place < len(_PLACES) else ""),)
    return ()


def _ends(text: str, told: list[re.Match[str]], *, before: bool) -> list[re.Match[str]]:
    """Without the first of two numbers of "6 to 8", which is what it was before; without the second where that is asked."""
    pairs = [(m, n) for m, n in pairwise(told) if _TO.fullmatch(text, m.end(), n.start())]
    out = {n.start() if before else m.start() for m, n in pairs}
    return [m for m in told if m.start() not in out]


def _figure(m: re.Match[str], of: str) -> Figure:
    """A number; `of` is the text whose word beside it names it, "" where only its unit tells what it is."""
    thousands = re.fullmatch(r"[+-]?\d{1,3}(?:,\d{3}){2,}|[+-]?\d{1,3}(?:,\d{3})+\.\d+", m["n"])
    number = m["n"].replace(",", "" if thousands else ".")
    return Figure(name=_name(m, of), value=float(number), unit=m["unit"] or "")


def _name(m: re.Match[str], text: str) -> str:
    words = _beside(m, text) if text else []
    return words[0] if words else ""


def _beside(m: re.Match[str], text: str) -> list[str]:
    """The words that a number is of: the key it stands behind, or the word that follows it, or the one before it."""
    before = plain(text[max(0, m.start() - _NEAR) : m.start()])
    after = plain(text[m.end() : m.end() + _NEAR])
    if keyed := _KEYED.search(before):
        return _WORD.findall(before[: keyed.start()])[-2:]
    follows = re.match(r"\s+([a-zà-öø-ÿœ]{3,})", after)
    last = re.search(r"([a-zà-öø-ÿœ]{3,})\W{0,3}$", before)
    sides = (last, follows) if m["unit"] else (follows, last)
    return [w[1] for w in sides if w and not is_glue(w[1])]


_PLACES: Final = ("nearest", "other side")
_SETTING: Final = re.compile(r"[a-z][a-z0-9]*(?:[_.][a-z0-9]+)+")


def _setting(told: list[re.Match[str]], text: str, low: str) -> Figure | None:
    """The number behind a name in parts that the question writes out: `max_connections` of "max_connections to 40"."""
    for name in dict.fromkeys(_SETTING.findall(low)):
        at = text.casefold().find(name)
        behind = [m for m in told if 0 <= m.start() - at - len(name) <= _NEAR] if at >= 0 else []
        if behind and "," not in text[at:].removesuffix(text[behind[0].start() :]):
            return _figure(behind[0], "").model_copy(update={"name": name})
    return None


def _is_of(m: re.Match[str], text: str, low: str, place: int) -> bool:
    """Whether the word beside a number is one of the question: the same stem, or the same thing in another language."""
    asked = [w for w in _WORD.findall(low) if not is_glue(w)]
    stems = {stem_of(w) for w in asked}
    things = {c for w in asked for c in things_of(w)}
    return any(stem_of(w) in stems or (things & things_of(w)) for w in _beside(m, text)[place : place + 1])


def _unit_asked(unit: str, low: str) -> bool:
    """Whether a question speaks of the quantity that a unit is of."""
    things = {h.key for h in hits("concepts", low)}
    return any(
        unit in units and (name in things or re.search(_SAID.get(name, r"(?!)"), low) is not None)
        for name, units in _UNITS.items()
    )


def _sentence(figure: Figure) -> str:
    shown = f"{figure.value:g}{f' {figure.unit}' if figure.unit else ''}"
    return f"It tells {shown}{f' ({figure.name})' if figure.name else ''}:"
