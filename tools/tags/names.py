"""A tag taken apart: the machine that it belongs to and the point on it, by its own spelling."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

from aitia.core.bounds import own_yaml
from aitia.tools.meaning.plant_words import quantity_of_word

_LEVEL: Final = re.compile(r"\s*[/\\|>:']+\s*|(?<=[\w)\]])\.(?=[^\s\d.]|\d+[A-Za-z_])|(?<=[A-Za-z_])\.(?=\d)")
_WRAPPER: Final = re.compile(
    r"^(?:\\\\[\w.-]+\\|\[[\w ]+\]|ns=\d+;[sigb]=|nsu=[^;]+;s=|System\d+:|bacnet://\d+/|(?:sensor|binary_sensor|number|input_number)\.(?=\w+_)|opc\.\w+://[^/]+/)+"
)
_WORD: Final = re.compile(
    r"[A-Z]+(?![a-z])(?:\d+(?:[A-Z](?![A-Za-z\d]))?)?|[^\W\d_]+\d*|\d+[A-Za-z]?(?![A-Za-z])|\d+"
)
_FIELD: Final = frozenset({"pv", "sp", "op", "mv", "cv", "out", "val", "value", "wert", "prval", "presentvalue", "present_value",
                           "actual", "ist",
                           "mag", "f", "stval", "main", "cmd", "fb", "pv_in", "q", "instmag", "cval", "phsa", "phsb", "phsc",
                           "meas", "raw"})  # fmt: skip
_ISA: Final = re.compile(
    r"^(?:(\d{1,4})[-_.]?)?([TPFLSVIEJAZWMHXD]D?[ITCERSAVYGQ][CTSAHLRV]{0,2})[-_ ]?(\d{2,6})[-_]?([A-Z]{0,2}\d?)$"
)
_CODE: Final = re.compile(
    r"(?<![A-Za-z0-9])((?:\d{1,4}[-_])?([A-Z]{1,4})[-_ ]?\d{1,5}[A-Z]?(?:/[A-Z])?)(?![A-Za-z0-9])"
)
_KKS: Final = re.compile(r"^[=+]?(\d{0,2}[A-Z]{3}\d{2})[ -]?([A-Z]{2}\d{3}[A-Z]?)")
_BLOCK: Final = re.compile(r"(?i)(?:AI|AO|DI|DO|PID|ALM|CALC|SCLR|ACT|CND|INT|LOOP)\d{0,2}")
"""Function blocks of Foundation Fieldbus and DeltaV below a tag: `LIT-501/AI1/PV`."""
_BACNET: Final = re.compile(r"(?:AI|AO|AV|BI|BO|BV|MSI|MSO|MSV)[-_ ]?\d+")
"""Objects of BACnet (ASHRAE 135: analog, binary, multi-state; input, output, value): points, and of no machine's own."""
_BEFORE: Final = re.compile(
    r"(?i)^(?:(?:tag|hmi|scada|opc|trend\d*|trd|area[ _-]?\d+|u\d{1,3}|unit[ _-]?\d+)[_ .-]+)+(?=(?-i:[A-Z][A-Za-z]*)[-_ ]?\d)"
)
"""What systems and sites set before the code of a machine: `HMI_P101_Flow`, `AREA1_P101_PT01`, `U12_P1201A_AMPS`."""
_AXIS: Final = re.compile(r"[AJ]\d|Z\d{1,2}")  # axes of a robot, zones of a heater
_ROOTS: Final = frozenset(
    {
        "root",
        "objects",
        "default",
        "points",
        "drivers",
        "gvl",
        "main",
        "prg",
        "plc",
        "server",
        "channel",
        "device",
        "tags",
        "opc",
    }
)
"""Levels of a server and not of a plant."""
_CHINESE: Final = re.compile(
    r"^(.*?(?:\d+\s*[#号號]|#\s*\d+|[A-Z]\d*)\s*(?:给水泵|循环泵|水泵|油泵|泵|引风机|送风机|风机|机组|锅炉|汽轮机|汽机|发电机|电动机|电机"
    r"|压缩机|空压机|冷水机组|冷却塔|反应釜|反应器|换热器|储罐|罐|塔|磨煤机|磨|主变|变压器|离心机|窑))[\s_.-]*(.+)$"
)
"""A number with its mark and a kind of machine, then the point: `1号给水泵轴承温度`, `2#风机 电流`."""
_LABELS: Final = re.compile(r"^([\w:.]*)\s*\{(.+=.+)\}$")
_ASSET_LABELS: Final = (
    "asset",
    "machine",
    "equipment",
    "device",
    "unit",
    "pump",
    "motor",
    "turbine",
    "component",
    "instance",
)
_IED: Final = re.compile(r"^([\w-]+)/([A-Z]{3,9}\d*[.$].+)$")


@dataclass(frozen=True, kw_only=True)
class Parts:
    """`asset` and `point` as they are spelled; `whole` with what stands before the asset; `by` the rule."""

    asset: str
    point: str
    whole: str = ""
    by: str = ""
    loop: str = ""  # the number of an instrument's loop


@cache
def _data() -> dict[str, frozenset[str]]:
    raw: dict[str, Any] = dict(
        own_yaml(files("aitia.tools.tags").joinpath("words.yaml").read_text(encoding="utf-8"))
    )
    return {
        k: frozenset(str(w) if k == "codes" else str(w).casefold() for w in words) for k, words in raw.items()
    }


@lru_cache(maxsize=65536)
def _ascii(text: str) -> str:
    """A text of the same length without accents, its case kept."""
    return "".join({"ł": "l", "ß": "s", "ø": "o"}.get(c, unicodedata.normalize("NFKD", c)[0]) for c in text)


@lru_cache(maxsize=65536)
def plain(text: str) -> str:
    """A text without case and accents."""
    swapped = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss").replace("ł", "l"))
    return "".join(c for c in swapped if not unicodedata.combining(c))


def parts_of(tag: str) -> Parts:
    """The machine and the point of a tag; `asset` is "" where the tag names none."""
    bare = _WRAPPER.sub("", tag.strip())
    if (labels := _LABELS.match(bare)) and (told := _by_labels(labels)):
        return told
    if chinese := _CHINESE.match(bare):
        return Parts(asset=chinese[1], point=chinese[2], whole=chinese[1], by="a machine and its number")
    if ied := _IED.match(bare):
        return Parts(asset=ied[1], point=ied[2], whole=ied[1], by="IEC 61850")
    if kks := _KKS.match(bare):
        return _kks(kks, bare)
    levels = _levels(bare)
    if len(levels) > 1:
        return _by_levels(bare, levels)
    return _by_words(bare) or _mention(bare) or Parts(asset="", point=bare, by="no machine in its name")


def levels_above(tag: str, machine: str) -> list[str]:
    """The levels of a path before its machine, from above: of `Site/Area 1/Pump 3/Flow` site and area."""
    bare = _WRAPPER.sub("", tag.strip())
    before = bare.partition(machine)[0]
    if not machine or before == bare:
        return []
    texts = [before[a:b].strip(" ._-") for a, b in _levels(before)]
    return [t for t in texts if t and plain(t) not in _ROOTS]


def is_machine(word: str) -> bool:
    """Whether a word names a kind of machine."""
    return plain(word) in _data()["machines"]


def mention_in(text: str) -> str:
    """A code of equipment (`P-101A`) that a description or a file's name speaks of; "" for none."""
    for found in _CODE.finditer(text):
        if found[2] in _data()["codes"] and not _isa(found[1]) and re.search(r"\d{2}|-\d", found[1]):
            return found[1]
    return ""


def _by_labels(found: re.Match[str]) -> Parts | None:
    """Machine and name of a series with labels, as Grafana and Prometheus write it: `flow{asset="P-101"}`."""
    labels = dict(re.findall(r'(\w+)="([^"]*)"', found[2]))
    name = found[1] or labels.pop("__name__", "") or labels.pop("name", "")
    asset = next((labels[k] for k in _ASSET_LABELS if labels.get(k)), "")
    return Parts(asset=asset, point=name, whole=asset, by="its labels") if asset and name else None


def _kks(found: re.Match[str], tag: str) -> Parts:
    system, unit = found[1], found[2]
    rest = tag[found.end() :].strip(" -_.:/")
    if unit[0] == "C":  # measuring circuits of KKS: CP pressure, CT temperature
        return Parts(
            asset=system, point=" ".join(filter(None, (unit, rest))), whole=system, by="KKS", loop=system
        )
    return Parts(asset=system + unit, point=rest or unit, whole=system + unit, by="KKS")


def _levels(tag: str) -> list[tuple[int, int]]:
    """The spans of the levels of a path."""
    spans, begun = [], 0
    for cut in _LEVEL.finditer(tag):
        if cut.start() > begun:
            spans.append((begun, cut.start()))
        begun = cut.end()
    return [*spans, (begun, len(tag))] if begun < len(tag) else spans


def _by_levels(tag: str, levels: Sequence[tuple[int, int]]) -> Parts:
    """Of a path: the numbered levels before the point, without places above and parts of a machine below."""
    texts = [tag[a:b] for a, b in levels]
    last = len(texts) - 1
    while last > 0 and (
        plain(texts[last]) in _FIELD or _unit_like(texts[last]) or _BLOCK.fullmatch(texts[last])
    ):
        last -= 1
    own = _isa(texts[last])
    inner = None if own else _by_words(texts[last])
    heads = list(range(last))
    named = [n for n in heads if _numbered(texts[n]) and not _is_place(texts[n]) and not _isa(texts[n])]
    if last == 0:
        found = parts_of(texts[0])
        tail = tag[levels[0][1] :].strip("./\\:|' ")
        whole = plain(found.asset) == plain(texts[0]) and not found.loop
        return Parts(
            asset=found.asset,
            point=tail if whole and tail else f"{found.point}.{tail}" if found.asset else tag,
            whole=found.whole,
            by=found.by,
            loop=found.loop,
        )
    if inner and re.search(r"\d", inner.asset) and not named and not _BACNET.fullmatch(inner.asset):
        start = levels[last][0]
        return Parts(
            asset=inner.asset,
            point=tag[start:][len(inner.asset) :].strip(" _-./:"),
            whole=tag[: start + len(inner.asset)],
            by="path",
        )
    if named:
        kept = _contiguous(named, texts)
        a, b = levels[kept[0]][0], levels[kept[-1]][1]
        point = tag[b:].strip("./\\:|'> ")
        return Parts(asset=tag[a:b], point=point, whole=tag[:b], by="path")
    if own:
        return Parts(
            asset=own[1], point=tag[levels[last][0] :], whole=own[0], by="loop of ISA-5.1", loop=own[1]
        )
    free = [n for n in heads if not _is_place(texts[n])] or heads[-1:]
    while len(free) > 1 and _is_part(texts[free[-1]]):
        free.pop()
    a, b = levels[free[-1]]
    if texts[free[-1]].isdecimal() and len(free) > 1:  # `press/03`
        a = levels[free[-2]][0]
    deeper = _by_words(texts[free[-1]])
    if deeper and not deeper.loop and re.search(r"\d", deeper.asset):
        b = a + len(deeper.asset)
    return Parts(asset=tag[a:b], point=tag[b:].strip("./\\:|'>_- "), whole=tag[:b], by="path")


def _contiguous(named: Sequence[int], texts: Sequence[str]) -> list[int]:
    """The last run of numbered levels side by side, without numbered parts of a machine behind others."""
    kept = [n for n in named if not (_is_part(texts[n]) and n != named[0])] or list(named[:1])
    run = [kept[-1]]
    for n in reversed(kept[:-1]):
        if n == run[0] - 1 and len(run) < 2 and not _is_any(texts[n]):
            run.insert(0, n)
    return run


def _is_any(text: str) -> bool:
    """Whether a level names a machine by no kind: `Anlage5`, `U100`; below it stands the machine itself."""
    return re.sub(r"[\s_\-]*\d*$", "", plain(text)) in {"anlage", "unit", "u", "aggregat", "equipment"}


def _unit_like(text: str) -> bool:
    from aitia.tools.meaning.unit_table import unit_named

    unit = unit_named(text)
    return unit is not None and (len(text) >= 3 or text == unit.symbol)


def _numbered(text: str) -> bool:
    return (
        bool(re.search(r"\d", text))
        and bool(re.search(r"[^\W\d_]", text))
        and (not quantity_of_word(base := re.sub(r"[\d_]+$", "", text)) or _is_code(base, text))
    )


def _is_code(base: str, text: str) -> bool:
    """Whether letters with at least two digits behind them are a code of equipment: `P101`."""
    return base in _data()["codes"] and bool(re.search(r"\d{2}", text))


def _is_place(text: str) -> bool:
    return (
        re.sub(r"[\s_\-]*\d*[A-Za-z]?$", "", plain(text)) in _data()["places"]
        or plain(text) in _data()["places"]
    )


def _is_part(text: str) -> bool:
    return bool(_AXIS.fullmatch(text)) or re.sub(r"[\s_\-]*\d*$", "", plain(text)) in _data()["parts"]


def _isa(text: str) -> tuple[str, str] | None:
    """Whole tag and loop of an instrument after ISA-5.1: `41-PT-101A` is of loop `41-101`; None for anything else."""
    found = _ISA.match(text.strip())
    if not found or found[2] in _data()["codes"]:
        return None
    return text, "-".join(filter(None, (found[1], found[3])))


def _by_words(text: str) -> Parts | None:
    """Of words side by side: those before the first that tells a quantity, up to the last with a number."""
    if own := _isa(text):
        return Parts(asset=own[1], point=text, whole=own[0], by="loop of ISA-5.1", loop=own[1])
    if (before := _BEFORE.match(text)) and (inner := _by_words(text[before.end() :])):
        return replace(inner, whole=text[: before.end()] + inner.whole)
    words = list(_WORD.finditer(_ascii(text)))
    first = next((n for n, w in enumerate(words) if n and _measures(text, words, n)), len(words))
    if (end := _whole_token(text, _numbered_machine(text, words))) and end < len(text):
        return Parts(
            asset=text[:end],
            point=text[end:].strip(" _-.:,/'"),
            whole=text[:end],
            by="a machine and its number",
        )
    if words and _measures(text, words, 0) and not _code_at(text, words, 0):
        return None
    kept = first
    while kept > 0 and _is_part(words[kept - 1][0]) and not _numbers_before(text, words, kept - 1):
        kept -= 1
    numbered = [
        n
        for n in range(min(first, len(words)))
        if re.search(r"\d", words[n][0]) and _machine_end(text, words, n)
    ]
    if numbered and not (numbered == [0] and words[0][0].isdecimal()):
        kept = numbered[-1] + 1
        for n in numbered[:-1]:  # `P101 Bearing 2 Temp`: a number of a part ends no machine
            if _is_part(words[numbered[-1] - 1][0]) and numbered[-1] - 1 > n:
                kept = n + 1
                break
    elif first == len(words) and not _known_machine(text, words):
        return None
    if kept == 0 or (kept == 1 and _is_part(words[0][0]) and not re.search(r"\d", words[0][0])):
        return None
    b = _whole_token(text, words[kept - 1].end())
    asset = text[:b]
    if not any(c.isalpha() for c in asset):
        return None
    return Parts(
        asset=asset, point=text[b:].strip(" _-.:,/'") or text, whole=asset, by="words before the quantity"
    )


def _whole_token(text: str, end: int) -> int:
    """The end of a code that goes on behind hyphens, `B1-FWP-A SPEED`, where a blank ends it and it tells no quantity."""
    more = re.match(r"(?:-[A-Z0-9]{1,5})+(?=\s)", text[end:]) if end else None
    if more is None or any(quantity_of_word(w) for w in more[0].split("-") if len(w) > 1):
        return end
    return end + more.end()


def _numbered_machine(text: str, words: Sequence[re.Match[str]]) -> int:
    """Where `Feed water pump A` or `Pumpe 2` ends in a text; 0 where no machine with a number or letter stands in it."""
    for n, (word, behind) in enumerate(itertools.pairwise(words)):
        between = text[word.end() : behind.start()]
        number = re.fullmatch(r"\d{1,4}[A-Za-z]?", behind[0])
        letter = re.fullmatch(r"[A-H]", behind[0]) and not re.match(r"[-_]?\d", text[behind.end() :])
        marked = (number or letter) and len(between) <= 1
        if (
            n <= 4
            and plain(_ascii(word[0])) in _data()["machines"]
            and marked
            and not (n and _is_part(word[0]))
        ):
            before = words[:n]
            return behind.end() if not any(re.search(r"\d", w[0]) for w in before) else 0
    return 0


def _numbers_before(text: str, words: Sequence[re.Match[str]], n: int) -> bool:
    return bool(re.search(r"\d", words[n][0]))


def _measures(text: str, words: Sequence[re.Match[str]], n: int) -> bool:
    """Whether a word tells a quantity; a single letter only as the last, and none that a number follows as in `P-101`."""
    word = words[n][0]
    if len(word) == 1 and n < len(words) - 1:
        return (
            len(words) > n + 1
            and text[words[n].end() : words[n + 1].start()] == "_"
            and n > 0
            and not words[n + 1][0][0].isdigit()
            and bool(quantity_of_word(word))
        )
    bare = re.sub(r"\d+[A-Za-z]?$", "", word)
    if not bare:
        return False
    if (
        n + 1 < len(words)
        and words[n + 1][0][0].isdigit()
        and word.isupper()
        and len(word) <= 4
        and word in _data()["codes"]
    ):
        return False
    if bare != word and (
        plain(bare) in _data()["machines"] or (len(bare) <= 4 and bare.isupper() and bare in _data()["codes"])
    ):
        return False
    if n == 0 and (plain(bare) in _data()["machines"] and bare != word):
        return False
    if quantity_of_word(bare):
        return True
    instrument = _ISA.match(f"{bare}-100") and bare.isupper() and 2 <= len(bare) <= 4
    return (
        bool(instrument) and bare not in _data()["codes"] and n > 0 and not _numbers_a_machine(text, words, n)
    )


def _numbers_a_machine(text: str, words: Sequence[re.Match[str]], n: int) -> bool:
    """Whether letters of an instrument are a machine's: a number is joined to them, and words behind it tell a quantity."""
    joined = n + 1 < len(words) and words[n + 1][0][0].isdigit() and text[words[n].end()] in "-_"
    return joined and any(len(w[0]) > 2 and quantity_of_word(w[0]) for w in words[n + 2 :])


def _code_at(text: str, words: Sequence[re.Match[str]], n: int) -> bool:
    word = words[n][0]
    behind = words[n + 1][0] if n + 1 < len(words) else ""
    return (word in _data()["codes"] or plain(word) in _data()["machines"]) and behind[:1].isdigit()


def _machine_end(text: str, words: Sequence[re.Match[str]], n: int) -> bool:
    """Whether a word with a number ends the name of a machine."""
    word = words[n][0]
    bare = re.sub(r"\d+[A-Za-z]?$", "", word)
    if (
        bare
        and quantity_of_word(bare)
        and not (bare in _data()["codes"] or plain(bare) in _data()["machines"])
    ):
        return False
    return not (bare and _is_part(bare) and n > 0 and bare not in _data()["codes"])


def _known_machine(text: str, words: Sequence[re.Match[str]]) -> bool:
    return any(re.sub(r"\d+$", "", plain(w[0])) in _data()["machines"] for w in words)


def _mention(text: str) -> Parts | None:
    """A code of equipment anywhere in a tag: `Flow_P-101`."""
    for found in _CODE.finditer(text.replace("_", " ")):
        if found[2] in _data()["codes"] and re.search(r"\d{2}|-\d", found[1]) and not _isa(found[1]):
            asset = text[found.start(1) : found.end(1)]
            point = (text[: found.start()] + " " + text[found.end() :]).strip(" _-.")
            return Parts(asset=asset, point=point or text, whole=asset, by="code of equipment")
    return None
