"""A value that a question sets as a bound ("over 60 °C", "überschritt 2 mm/s"), and what it wants told for each of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from aitia.agent.asking.question.numbers import number_words
from aitia.agent.asking.question.tables import data
from aitia.tools.meaning.incidents.words import one_of, plain

_ABOVE: Final = (
    r"over|above|exceed\w*|more than|greater than|higher than|larger than|beyond|past|at least|reach\w*|hit|cross\w*|>=?"
    r"|hotter than|warmer than|longer than"
    r"|über|oberhalb(?: von)?|mehr als|höher als|größer als|heißer als|wärmer als|länger als"
    r"|überschr\w*|erreicht\w*|mindestens"
    r"|dépass\w*|franchi\w*|au[- ]dessus d[eu]|au-delà de|plus de|supérieure?s? à|excéd\w*|atteint"
    r"|super\w{1,5}|por encima de|más de|mayor(?: que| a)?|excedi\w*|alcanz\w*"
    r"|sopra(?: i)?|oltre(?: i)?|più di|maggiore di|superato|superiore a|eccedut\w*|raggiunt\w*"
)
_BELOW: Final = (
    r"below|under|less than|lower than|smaller than|fell to|at most|<=?"
    r"|unter|unterhalb(?: von)?|weniger als|niedriger als|kleiner als"
    r"|unterschr\w*|höchstens"
    r"|en dessous d[eu]|sous|au-dessous d[eu]|moins de|inférieure?s? à"
    r"|por debajo de|baj(?:ó|ado|aron|a) de|menos de|menor(?: que| a)?|inferior a|sotto(?: i)?|meno di|minore di|inferiore a"
)
_MOVED: Final = (
    r"(?:drop\w*|f[ae]ll\w*|ris\w+|rose|go|goes|went|climb\w*|sank|sink\w*|fiel\w*|stieg\w*"
    r"|baiss\w+|mont\w+|tomb\w+|baj\w+|sub\w+|sces\w|salit\w)"
)
_NUMBER: Final = (
    r"(?P<number{n}>-?\d+(?:[.,]\d+)?)\s?(?P<unit{n}>[a-zµ°%/³²]{{0,6}}\d?(?:/[a-z]{{1,3}})?)(?![\w:])"
)
_BEFORE: Final = re.compile(
    rf"(?<!\w)(?:{_MOVED}\s+)?(?:(?P<above1>{_ABOVE})|(?P<below1>{_BELOW}))\s+(?:(?:the|of|to|los|las|les|le|la|i|il|den|die|von|than|a)\s+)?"
    + _NUMBER.format(n=1)
)
_AFTER: Final = re.compile(
    r"(?<![\w:.])"
    + _NUMBER.format(n=2)
    + r"\s+(?:\w+\s+)?(?:(?P<above2>überschr\w+|exceeded|superad\w+|superat\w+|dépassée?s?|erreicht\w*)"
    r"|(?P<below2>unterschr\w+))(?!\w)"
)
_LENGTHS: Final = re.compile(
    r"\s*(?:min|minut\w*|h|hours?|stunden?|heures?|horas?|ore|days?|tage\w*|jours?|días?|giorni|weeks?|lines?|zeilen|errors?|fehler|times|mal|uhr|pods?|o'clock|am|pm|years?|restarts?)(?!\w)"
)
SPELLED: Final = {
    "mb": "MB", "gb": "GB", "kb": "KB", "mib": "MiB", "gib": "GiB", "kib": "KiB", "go": "GB", "mo": "MB", "ms": "ms",
    "s": "s", "sec": "s",
    "%": "%", "°c": "celsius", "c": "celsius", "°": "celsius", "bar": "bar", "mbar": "mbar", "kw": "kW",
    "w": "W", "rpm": "1/min", "1/min": "1/min",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A value above or below which something is, in the unit as written; `span` is where it stands."""

    value: float
    above: bool
    unit: str
    span: tuple[int, int]


def bound(low: str) -> Bound | None:
    """The first bound of a text in small letters."""
    low = _in_signs(low)
    for m in (*_BEFORE.finditer(low), *_AFTER.finditer(low)):
        n = "1" if "number1" in m.groupdict() else "2"
        end = m.end(f"number{n}")
        if _LENGTHS.match(low, end):
            continue
        return Bound(
            value=float(m[f"number{n}"].replace(",", ".")),
            above=bool(m.groupdict().get(f"above{n}")),
            unit=m[f"unit{n}"],
            span=m.span(),
        )
    return None


_WORDED: Final = {
    "s": r"seconds?|sekunden?|secondes?|segundos?|second[oi]",
    "ms": r"milliseconds?|millisekunden?|millisecondes?|milisegundos?|millisecond[oi]",
    "%": r"per ?cent|prozent|pour ?cent|por ciento|per cento",
    "°c": r"degrees?(?: celsius)?|grad(?: celsius)?|degrés?(?: celsius)?|grados?(?: celsius)?|gradi(?: celsius)?",
}
_ONE: Final = ("one", "a", "an", "ein", "eine", "einer", "einem", "un", "une", "una", "uno")


@cache
def _units() -> re.Pattern[str]:
    numbers = "|".join([*sorted(number_words(), key=len, reverse=True), *_ONE])
    units = "|".join(f"(?P<u{n}>{words})" for n, words in enumerate(_WORDED.values()))
    return re.compile(rf"(?<![\w.,-])(?P<number>\d+(?:[.,]\d+)?|{numbers})\s(?:{units})(?!\w)")


def _in_signs(low: str) -> str:
    """Numbers and units in words as signs, each as long as it was: "more than one second" has `1 s`."""

    def signs(m: re.Match[str]) -> str:
        unit = next(sign for n, sign in enumerate(_WORDED) if m[f"u{n}"])
        number = (
            m["number"]
            if m["number"][0].isdigit()
            else str(1 if m["number"] in _ONE else number_words()[m["number"]])
        )
        told = f"{number} {unit}"
        return told.ljust(len(m[0])) if len(told) <= len(m[0]) else m[0]

    return _units().sub(signs, low)


_ANY: Final = re.compile(
    r"(?<![a-z0-9_:.])(?P<number>-?\d+(?:[.,]\d+)?)\s?(?P<unit>[a-zµ°%/³²]{0,6}\d?(?:/[a-z]{1,3})?)(?![a-z0-9_:])"
)


def bound_of(low: str, value: float, *, above: bool) -> Bound | None:
    """A number that stands in a text in small letters, as the bound that somebody else read it to be; None where it does not."""
    for m in _ANY.finditer(_in_signs(low)):
        if float(m["number"].replace(",", ".")) == value and not _LENGTHS.match(low, m.end("number")):
            return Bound(value=value, above=above, unit=m["unit"], span=m.span())
    return None


@dataclass(frozen=True, kw_only=True)
class Each:
    """What a question wants told for each of."""

    by: str
    span: tuple[int, int]


_BY: Final = {
    "node": "node|nodes|host|hosts|server|worker|knoten|nœud|noeud|nodo|machine",
    "minute": "minute|minuto|minuta",
    "level": "level|severity|stufe|niveau|nivel|livello|log level",
    "code": "code|status code|status|http status|statuscode|código|codice",
    "path": "path|route|endpoint|url|uri|pfad|chemin|ruta|percorso",
    "state": "state|phase|zustand|état|estado|stato",
    "namespace": "namespace|namensraum",
    "component": "component|service|app|pod|container|deployment|komponente|dienst|composant|servicio|componente|servizio",
}


@cache
def _each() -> re.Pattern[str]:
    words = one_of(plain(w) for w in data()["each"])
    return re.compile(
        rf"{words}\s+(?P<what>" + "|".join(f"(?P<{k}>{v})" for k, v in _BY.items()) + r")(?!\w)"
    )


def groups(by: str, word: str) -> bool:
    """Whether a word calls what an answer is split by: `urls` of path."""
    return by in _BY and re.fullmatch(rf"(?:{_BY[by]})\w{{0,2}}", word) is not None


def each_of(low: str) -> Each | None:
    """What "per node", "je Komponente", "by status code" ask for; None where nothing is said."""
    m = _each().search(low)
    return Each(by=next(k for k in _BY if m[k]), span=m.span()) if m else None
