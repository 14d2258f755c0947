"""Errors planted into true sentences, written without any knowledge of the verifier.

`FAMILIES` holds three families. Each is a function `(sentence, facts, names, rng)` that returns the
sentence with one planted error of its family, or None where the family cannot be planted so that the
result is really false. The facts of a sentence come in the order in which the first led to the second.
Quoted text (log lines, deploy titles) is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

Fact = Mapping[str, Any]
Groups = list[list[str]]
Plant = Callable[[str, Sequence[Fact], Sequence[str], Random], str | None]

# --------------------------------------------------------------------------------------------------
# Text helpers
# --------------------------------------------------------------------------------------------------

_QUOTE = re.compile(r'"[^"]*"|“[^”]*”|`[^`]*`')
_CLOCK = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d):([0-5]\d)\b")
_TIME = r"\d{2}:\d{2}(?::\d{2})?(?: UTC)?"
_PLAIN = r"\d+(?:,\d{3})*(?:\.\d+)?(?:[eE][-+]?\d+)?"
_NUMBER = rf"(?<![\w.:/<\-])[-−]?{_PLAIN}(?![.:]?\d)"
_UNITS = (
    "percentage points|percent|%|×|milliseconds|seconds|minutes|hours|ms|µs|μs|min|mm/s|m/s²|m/s|"
    "kHz|MHz|Hz|dB|rpm|KiB|MiB|GiB|TiB|kB|KB|MB|GB|TB|bytes|B|requests/s|requests per second|req/s|"
    "per second|per minute|/min|/s|cores?|°C|bar|kPa|kW|mA|s|h|g"
)
_UNIT = rf"(?:{_UNITS})(?![\w/²])"
_RULED_OUT = re.compile(
    r"\b(unlikely|improbable|ruled out|not likely|can be excluded|speaks? against|argues? against)\b", re.I
)


def _mask(sentence: str) -> tuple[str, list[str]]:
    """The sentence with each quotation replaced by a token, and the quotations."""
    quotes: list[str] = []

    def keep(match: re.Match[str]) -> str:
        quotes.append(match.group(0))
        return f"⟦q{chr(96 + len(quotes))}⟧"

    return _QUOTE.sub(keep, sentence.strip()), quotes


def _unmask(text: str, quotes: Sequence[str]) -> str:
    for number, quote in enumerate(quotes, 1):
        text = text.replace(f"⟦q{chr(96 + number)}⟧", quote)
    return text


def _statements(facts: Sequence[Fact]) -> list[str]:
    return [str(fact.get("statement", "")) for fact in facts]


def _number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def _near(one: float, other: float, share: float = 0.02) -> bool:
    return abs(one - other) <= share * max(abs(one), abs(other))


def _said(fragment: str, facts: Sequence[Fact]) -> bool:
    """Whether a fact says this fragment, spaces aside."""
    wanted = re.sub(r"\s+", "", fragment).lower()
    pattern = re.compile(r"(?<![\d.])" + re.escape(wanted) + r"(?![a-z0-9])")
    return any(pattern.search(re.sub(r"\s+", "", said).lower()) for said in _statements(facts))


def _mentions(key: str, sentence: str, facts: Sequence[Fact]) -> bool:
    found = re.compile(key, re.I)
    return any(found.search(text) for text in (sentence, *_statements(facts)))


def _is_name(word: str, names: Sequence[str]) -> bool:
    return any(word == name for name in names)


def _lower(text: str, names: Sequence[str]) -> str:
    """The text as it stands inside a sentence: small first letter unless a name or an acronym."""
    word = re.match(r"[\w\-]+", text)
    if word is None:
        return text
    first = word.group(0)
    if _is_name(first, names):
        return text
    if first == "A" or (first[1:].islower() and first[0].isupper()):
        return text[0].lower() + text[1:]
    return text


def _upper(text: str, names: Sequence[str]) -> str:
    """The text as it stands at the beginning of a sentence; names keep their spelling."""
    word = re.match(r"[\w\-]+", text)
    if word is not None and _is_name(word.group(0), names):
        return text
    return text[:1].upper() + text[1:]


def _whole(text: str, names: Sequence[str]) -> str:
    """The text as a sentence: capital letter, one full stop, no stray blanks."""
    text = re.sub(r"\s+", " ", text).strip().rstrip(".;,").rstrip()
    return _upper(text, names) + "."


def _put(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def _pick(groups: Groups, masked: str, quotes: Sequence[str], rng: Random) -> str | None:
    """One variant: first a group by chance, then one of its variants."""
    kept = [[text for text in group if text != masked] for group in groups]
    kept = [group for group in kept if group]
    if not kept:
        return None
    return _unmask(rng.choice(rng.choice(kept)), quotes)


# --------------------------------------------------------------------------------------------------
# Clauses
# --------------------------------------------------------------------------------------------------

# past: (gerund, participle)
_VERBS: dict[str, tuple[str, str]] = {
    "rose": ("rising", "risen"),
    "fell": ("falling", "fallen"),
    "reached": ("reaching", "reached"),
    "logged": ("logging", "logged"),
    "had": ("having", "had"),
    "failed": ("failing", "failed"),
    "grew": ("growing", "grown"),
    "shrank": ("shrinking", "shrunk"),
    "increased": ("increasing", "increased"),
    "decreased": ("decreasing", "decreased"),
    "climbed": ("climbing", "climbed"),
    "dropped": ("dropping", "dropped"),
    "jumped": ("jumping", "jumped"),
    "showed": ("showing", "shown"),
    "started": ("starting", "started"),
    "stopped": ("stopping", "stopped"),
    "stayed": ("staying", "stayed"),
    "remained": ("remaining", "remained"),
    "was": ("being", "been"),
    "were": ("being", "been"),
    "went": ("going", "gone"),
    "exceeded": ("exceeding", "exceeded"),
    "doubled": ("doubling", "doubled"),
    "appeared": ("appearing", "appeared"),
    "disappeared": ("disappearing", "disappeared"),
    "returned": ("returning", "returned"),
    "answered": ("answering", "answered"),
    "used": ("using", "used"),
    "hit": ("hitting", "hit"),
    "became": ("becoming", "become"),
    "began": ("beginning", "begun"),
    "declined": ("declining", "declined"),
    "surged": ("surging", "surged"),
    "spiked": ("spiking", "spiked"),
    "slowed": ("slowing", "slowed"),
    "restarted": ("restarting", "restarted"),
    "crashed": ("crashing", "crashed"),
    "recorded": ("recording", "recorded"),
    "reported": ("reporting", "reported"),
    "ran": ("running", "run"),
    "took": ("taking", "taken"),
    "held": ("holding", "held"),
    "lost": ("losing", "lost"),
    "received": ("receiving", "received"),
    "sent": ("sending", "sent"),
    "came": ("coming", "come"),
    "changed": ("changing", "changed"),
    "exhibited": ("exhibiting", "exhibited"),
    "developed": ("developing", "developed"),
    "saw": ("seeing", "seen"),
    "peaked": ("peaking", "peaked"),
    "occurred": ("occurring", "occurred"),
    "happened": ("happening", "happened"),
    "approached": ("approaching", "approached"),
    "stood": ("standing", "stood"),
    "experienced": ("experiencing", "experienced"),
    "produced": ("producing", "produced"),
    "emitted": ("emitting", "emitted"),
    "consumed": ("consuming", "consumed"),
    "rejected": ("rejecting", "rejected"),
    "served": ("serving", "served"),
    "accumulated": ("accumulating", "accumulated"),
}
_FINITE = re.compile(r"(?<![\w\-])(" + "|".join(sorted(_VERBS, key=len, reverse=True)) + r")(?![\w\-])")
_PAST = {gerund: past for past, (gerund, _) in _VERBS.items() if past != "were"}
_GERUND = re.compile(r"(?<= )(" + "|".join(sorted(_PAST, key=len, reverse=True)) + r")(?= )")
_DEPLOY = re.compile(
    r"^(?:the |a |an )?(?:new )?(?:deploy|deployment|release|rollout) of (?P<name>[\w.\-]+(?: v?\d[\w.]*)?)(?P<rest>.*)$",
    re.I,
)
_DEPLOY_AFTER = re.compile(
    r"^(?:the |a |an )?(?P<name>[\w.\-]+(?: v?\d[\w.]*)?) (?:deploy|deployment|release|rollout)\b(?P<rest>.*)$",
    re.I,
)
_RISE = re.compile(
    r"^(?:the |a |an )?(?P<noun>rise|increase|jump|growth|drop|fall|decrease|decline) (?:of|in) (?P<what>.+?) "
    r"(?P<rest>(?:from|to|by) .+)$",
    re.I,
)
_RISE_VERBS = {
    "rise": "rose",
    "increase": "increased",
    "jump": "jumped",
    "growth": "grew",
    "drop": "dropped",
    "fall": "fell",
    "decrease": "decreased",
    "decline": "declined",
}


def _finite(text: str) -> re.Match[str] | None:
    """The first finite verb of the text outside brackets, if any."""
    for match in _FINITE.finditer(text):
        before = text[: match.start()]
        if before.count("(") == before.count(")"):
            return match
    return None


def _as_clause(text: str) -> str:
    """A clause of its own from a clause or a noun phrase."""
    for pattern in (_DEPLOY, _DEPLOY_AFTER):
        deploy = pattern.match(text)
        if deploy and _finite(text) is None:
            return f"{deploy['name']} was deployed{deploy['rest']}"
    rise = _RISE.match(text)
    if rise and _finite(text) is None:
        return f"{rise['what']} {_RISE_VERBS[rise['noun'].lower()]} {rise['rest']}"
    if _finite(text) is None:
        gerund = _GERUND.search(text)
        if gerund:
            return _put(text, gerund, _PAST[gerund.group(1)])
        return f"{text} occurred"
    return text


def _as_noun(text: str) -> str:
    """A noun phrase (a gerund with its subject) from a clause or a noun phrase."""
    verb = _finite(text)
    if verb is None:
        return text
    return text[: verb.start()] + _VERBS[verb.group(1)][0] + text[verb.end() :]


def _as_perfect(text: str) -> str | None:
    """The clause in the past perfect with "already"."""
    verb = _finite(text)
    if verb is None or verb.group(1) == "had":
        return None
    return f"{text[: verb.start()]}had already {_VERBS[verb.group(1)][1]}{text[verb.end() :]}"


@dataclass(frozen=True)
class _Parts:
    """Cause and effect of a sentence, as they stand in it, without the words that join them."""

    cause: str
    effect: str
    word: str  # the joining word, in small letters
    lead: bool  # whether the sentence begins with the joining word


_LEAD = re.compile(
    r"^(As a result of|As a consequence of|As soon as|Shortly after|Right after|Just after|Soon after|"
    r"Because of|Due to|Owing to|As|After|When|Once|Because|Since|While|With|Following|Upon) (?!\d\d:\d\d)",
    re.I,
)
_MIDDLE_CAUSE_LAST = re.compile(
    r",? (as a result of|shortly after|right after|just after|soon after|because of|due to|owing to|"
    r"after|because|when|once|since|following|as soon as|as) (?!\d\d:\d\d|well\b|of\b|an? |soon\b)"
)
_MIDDLE_CAUSE_FIRST = re.compile(
    r"(?:,|;)? (which led to|leading to|which resulted in|resulting in|and this led to|and then|after which|"
    r"whereupon|followed by|and led to|and so|led to|resulted in|was followed by|before)"
    r"(?=[ ,]) |(?:,|;) (as a result,|then|so) "
)


def _commas(text: str) -> list[int]:
    """The places of the commas that may part clauses: outside brackets, before a blank."""
    return [
        match.start()
        for match in re.finditer(r", ", text)
        if text[: match.start()].count("(") == text[: match.start()].count(")")
    ]


def _parse(masked: str, names: Sequence[str]) -> _Parts | None:
    """Cause and effect of the sentence, or None where its shape is not known."""
    body = masked.rstrip(".").rstrip()
    lead = _LEAD.match(body)
    if lead:
        rest = body[lead.end() :]
        word = lead.group(1).lower()
        noun_ok = word not in {"as", "when", "once", "because", "since", "while", "as soon as"}
        for comma in _commas(rest):
            first, second = rest[:comma], rest[comma + 2 :]
            head = second.split(", ")[0]
            if _finite(head) and (noun_ok or _finite(first)):
                return _Parts(_lower(first, names), _lower(second, names), word, True)
        return None
    middle = _MIDDLE_CAUSE_FIRST.search(body)
    if middle:
        word = (middle.group(1) or middle.group(2)).rstrip(",").lower()
        first, second = body[: middle.start()], body[middle.end() :]
        if _finite(second) or _finite(first) or word in {"led to", "resulted in", "was followed by"}:
            return _Parts(_lower(first, names), _lower(second, names), word, False)
        return None
    middle = _MIDDLE_CAUSE_LAST.search(body)
    if middle and _finite(body[: middle.start()]):
        first, second = body[: middle.start()], body[middle.end() :]
        word = middle.group(1).lower()
        noun_ok = word not in {"as", "when", "once", "because", "since", "as soon as"}
        if noun_ok or _finite(second):
            return _Parts(_lower(second, names), _lower(first, names), word, False)
    return None


# --------------------------------------------------------------------------------------------------
# Time
# --------------------------------------------------------------------------------------------------


def _instant(fact: Fact) -> tuple[str, float] | None:
    """When the fact began, with the kind of the number: an instant or a time of day."""
    onset = fact.get("onset")
    if isinstance(onset, datetime):
        return "instant", onset.timestamp()
    if isinstance(onset, int | float) and not isinstance(onset, bool):
        return "instant", float(onset)
    if isinstance(onset, str):
        try:
            return "instant", datetime.fromisoformat(onset.replace("Z", "+00:00")).timestamp()
        except ValueError:
            clock = _CLOCK.search(onset)
            if clock:
                return "clock", int(clock[1]) * 3600.0 + int(clock[2]) * 60 + int(clock[3])
    return None


def _clock(fact: Fact) -> tuple[str, float] | None:
    clock = _CLOCK.search(_QUOTE.sub("", str(fact.get("statement", ""))))
    if clock is None:
        return None
    return "clock", int(clock[1]) * 3600.0 + int(clock[2]) * 60 + int(clock[3])


def _in_order(facts: Sequence[Fact]) -> bool:
    """Whether the facts surely hold that the second did not begin before the first."""
    if len(facts) < 2:
        return False
    pairs = [[_instant(facts[0]), _instant(facts[-1])], [_clock(facts[0]), _clock(facts[-1])]]
    for first, last in pairs:
        if first is not None and last is not None and first[0] == last[0]:
            return 0 <= last[1] - first[1] < 43200
    return False


# --------------------------------------------------------------------------------------------------
# Family 1: unit or role
# --------------------------------------------------------------------------------------------------

_TIMES_UNITS = ["ms", "min", "h", "µs", "%", "MB", "requests/s", "GiB"]
_OTHER_UNITS: dict[str, list[str]] = {
    "s": ["ms", "min", "h", "µs", "%", "MB", "requests/s"],
    "seconds": ["milliseconds", "minutes", "hours", "percent", "megabytes"],
    "ms": ["s", "min", "µs", "%", "MB", "requests/s"],
    "milliseconds": ["seconds", "minutes", "percent", "megabytes"],
    "µs": ["s", "ms", "ns", "%"],
    "μs": ["s", "ms", "ns", "%"],
    "min": ["s", "h", "ms", "days", "%"],
    "minutes": ["seconds", "hours", "days", "percent"],
    "h": ["s", "min", "days", "%"],
    "hours": ["seconds", "minutes", "days", "percent"],
    "%": ["s", "ms", "MB", "‰", "requests/s", "times", "GiB"],
    "percent": ["seconds", "megabytes", "per mille", "requests per second"],
    "percentage points": ["seconds", "megabytes", "requests per second"],
    "g": ["mm/s", "m/s²", "kg", "dB", "%", "Hz", "µm", "mg"],
    "mm/s": ["g", "m/s", "mm", "Hz", "%", "dB", "µm/s"],
    "m/s²": ["g", "mm/s", "Hz", "dB"],
    "m/s": ["mm/s", "km/h", "Hz"],
    "dB": ["%", "Hz", "g", "times", "mm/s", "kHz", "°C"],
    "Hz": ["rpm", "kHz", "dB", "s", "MHz", "mm/s"],
    "kHz": ["Hz", "rpm", "dB", "MHz"],
    "rpm": ["Hz", "dB", "mm/s", "revolutions per second", "%"],
    "B": ["KiB", "MB", "s", "%"],
    "bytes": ["kilobytes", "megabytes", "seconds", "percent"],
    "KiB": ["MiB", "GiB", "B", "ms", "%"],
    "MiB": ["GiB", "KiB", "TiB", "s", "%", "MiB/s"],
    "GiB": ["MiB", "TiB", "KiB", "s", "%", "GiB/s"],
    "TiB": ["GiB", "MiB", "%"],
    "kB": ["MB", "GB", "ms", "%"],
    "KB": ["MB", "GB", "ms", "%"],
    "MB": ["GB", "kB", "s", "%", "MB/s", "TB"],
    "GB": ["MB", "TB", "s", "%", "GB/s"],
    "TB": ["GB", "MB", "%"],
    "/s": ["/min", "/h", " ms", " %", " MB"],
    "/min": ["/s", "/h", " ms", " %"],
    "per second": ["per minute", "per hour", "in total", "percent"],
    "per minute": ["per second", "per hour", "in total", "percent"],
    "req/s": ["req/min", "req/h", "ms", "%", "MB/s"],
    "requests/s": ["requests/min", "requests/h", "ms", "%"],
    "requests per second": ["requests per minute", "requests per hour", "milliseconds", "percent"],
    "core": ["%", "millicores", "s", "GiB"],
    "cores": ["%", "millicores", "s", "ms", "GiB", "threads", "GHz"],
    "°C": ["K", "°F", "%", "bar"],
    "bar": ["mbar", "kPa", "°C", "%"],
    "kPa": ["bar", "Pa", "%"],
    "kW": ["W", "MW", "%"],
    "mA": ["A", "V", "%"],
}
_SPANS = {"s", "ms", "µs", "ns", "min", "h", "days", "seconds", "milliseconds", "minutes", "hours"}
_NEW_UNITS = ["%", "ms", "MB", "s", "per second", "per minute", "MiB", "requests/s"]
_MECHANICAL = re.compile(
    r"vibrat|bearing|envelope|spectrum|\brpm\b|\bpump|\bmotor\b|\bgear|imbalance|velocity_|kurtosis", re.I
)


def _mechanical(sentence: str, facts: Sequence[Fact]) -> bool:
    return any(_MECHANICAL.search(text) for text in (sentence, *_statements(facts)))


def _changes(facts: Sequence[Fact]) -> list[tuple[float, float]]:
    """All pairs (before, after) that the facts hold, read from the statements."""
    pairs: list[tuple[float, float]] = []
    for said in _statements(facts):
        said = _QUOTE.sub("", said)
        for match in re.finditer(rf"from ({_NUMBER})\s*(?:{_UNIT})? to ({_NUMBER})", said):
            pairs.append((_number(match[1]), _number(match[2])))
    return pairs


def _by_is_false(value: float, facts: Sequence[Fact], *, baseline: bool = False) -> bool:
    """Whether "by VALUE" is surely no change that the facts hold; with baseline, a before must be known."""
    if any(_near(value, abs(after - before)) for before, after in _changes(facts)):
        return False
    if not baseline:
        return True
    for said in _statements(facts):
        said = _QUOTE.sub("", said)
        numbers = [_number(text) for text in re.findall(_NUMBER, _CLOCK.sub("", said))]
        if not any(_near(number, value, 0.0001) for number in numbers):
            continue
        if any(abs(number) < 0.02 * abs(value) or _near(number, 2 * value) for number in numbers):
            return False
        if not re.search(r"\bfrom\b|\bbefore\b", said):
            return False
    return True


def _percent_is_false(value: float, facts: Sequence[Fact]) -> bool:
    """Whether "by VALUE %" is surely no change that the facts hold."""
    return not any(
        before and _near(value, abs(after / before - 1) * 100) for before, after in _changes(facts)
    )


def _from_to(masked: str, facts: Sequence[Fact]) -> Groups:
    """Plants on "from A to B": the two swapped, one of them as the size of the change, the limit, …"""
    swaps: list[str] = []
    sizes: list[str] = []
    roles: list[str] = []
    pattern = re.compile(rf"from (?P<a>{_NUMBER})(?P<ua>\s?{_UNIT})? to (?P<b>{_NUMBER})(?P<ub>\s?{_UNIT})?")
    for match in pattern.finditer(masked):
        a, b, ua, ub = match["a"], match["b"], match["ua"] or "", match["ub"] or ""
        before, after = _number(a), _number(b)
        if before == after:
            continue
        swaps.append(_put(masked, match, f"from {b}{ua} to {a}{ub}"))
        swaps.append(_put(masked, match, f"to {a}{ua or ub} from {b}{ub}"))
        unit = ub or ua
        if _by_is_false(after, facts) and not _near(after, abs(after - before)):
            sizes.append(_put(masked, match, f"by {b}{unit}"))
            sizes.append(_put(masked, match, f"from {a}{ua} by {b}{unit}"))
            sizes.append(_put(masked, match, f"by {b}{unit} from {a}{unit}"))
        if _by_is_false(before, facts) and before and not _near(before, abs(after - before)):
            sizes.append(_put(masked, match, f"by {a}{unit} to {b}{ub}"))
            sizes.append(_put(masked, match, f"by {a}{unit}"))
        if "%" not in unit and "percent" not in unit:
            for text, value in ((b, after), (a, before)):
                if value and _percent_is_false(value, facts) and not _said(f"{text}%", facts):
                    sizes.append(_put(masked, match, f"by {text} %"))
        if before and after > 1 and not _near(after, after / before):
            sizes.append(_put(masked, match, f"{b}-fold"))
            sizes.append(_put(masked, match, f"by a factor of {b}"))
        if not _mentions(rf"limit (?:of )?{re.escape(b)}\b", "", facts):
            roles.append(_put(masked, match, f"from {a}{ua} to the limit of {b}{ub}"))
            roles.append(_put(masked, match, f"from {a}{ua} to {b}{ub} above the limit"))
        roles.append(_put(masked, match, f"to {a}{unit}"))
        roles.append(_put(masked, match, f"from {b}{unit}"))
        if not unit and not _said(f"{b}%", facts):
            roles.append(_put(masked, match, f"from {a} to {b} % of the limit"))
    return [swaps, sizes, sizes, roles]


def _other_unit(masked: str, facts: Sequence[Fact]) -> Groups:
    """Plants that give a number another unit."""
    changed: list[str] = []
    pattern = re.compile(rf"(?P<n>{_NUMBER})(?P<gap>\s?)(?P<u>{_UNIT})")
    for match in pattern.finditer(masked):
        unit = match["u"]
        if unit == "×" or _number(match["n"]) == 0:
            continue
        after = masked[match.end() :]
        for other in _OTHER_UNITS.get(unit, _TIMES_UNITS):
            if unit == "%" and re.match(r" of\b", after):
                continue
            if re.match(r" (?:before|after|later|earlier)\b", after) and other not in _SPANS:
                continue
            gap = match["gap"] if other in {"%", "‰"} else " "
            if other.startswith(("/", " ")):
                gap = ""
            if other == "times" and not re.match(r" (over|above|below|under|of)\b", after):
                continue
            new = f"{match['n']}{gap}{other}"
            if not _said(new, facts):
                changed.append(_put(masked, match, new))
    return [changed, changed]


def _new_unit(masked: str, facts: Sequence[Fact]) -> Groups:
    """Plants that give a number without unit a unit."""
    added: list[str] = []
    units = [*_NEW_UNITS, *(["dB", "mm/s"] if _mechanical(masked, facts) else [])]
    end = r"(?=,|\.$| \(| at \d| UTC| of its| after | as | because | when | once | before | and |$)"
    pattern = re.compile(
        rf"\b(?P<w>to|by|reached|exceeded|hit|stood at|was|at) (?P<n>{_NUMBER})(?!\s?(?:{_UNIT})){end}"
    )
    for match in pattern.finditer(masked):
        if _number(match["n"]) == 0:
            continue
        for unit in units:
            if _said(f"{match['n']}{unit}", facts):
                continue
            added.append(_put(masked, match, f"{match['w']} {match['n']} {unit}"))
    return [added]


def _ratio(masked: str, facts: Sequence[Fact]) -> Groups:
    """Plants on "(34×)" and "34×"."""
    bracket: list[str] = []
    pattern = re.compile(rf"\((?P<n>{_NUMBER})\s?×\)")
    for match in pattern.finditer(masked):
        n = match["n"]
        value = _number(n)
        news = [
            f"({n} s)",
            f"({n} times per second)",
            f"(every {n} s)",
            f"({n} MB)",
            f"({n} min)",
            f"(1/{n})",
        ]
        if value > 1:
            news.append(f"({n}× less)")
        if _percent_is_false(value, facts) and not _said(f"{n}%", facts):
            news += [f"({n} %)", f"(+{n} %)", f"(by {n} %)", f"({n} % more)"]
        if _by_is_false(value, facts):
            news += [f"(+{n})", f"(by {n})", f"({n} more)"]
        if not _said(f"limitof{n}", facts):
            news.append(f"(limit {n})")
        bracket += [_put(masked, match, new) for new in news]
    bare: list[str] = []
    pattern = re.compile(rf"(?P<by>by )?(?<!\()(?P<n>{_NUMBER})\s?(?:×|-fold|x\b)(?!\))")
    for match in pattern.finditer(masked):
        n = match["n"]
        value = _number(n)
        news = [f"by {n} s", f"by {n} MB"]
        if _percent_is_false(value, facts) and not _said(f"{n}%", facts):
            news.append(f"by {n} %")
        if _by_is_false(value, facts):
            news.append(f"by {n}")
        bare += [_put(masked, match, new) for new in news]
    return [bracket, bare]


def _times(masked: str, facts: Sequence[Fact]) -> Groups:
    """Plants on "41 times"."""
    out: list[str] = []
    for match in re.finditer(rf"(?P<n>{_NUMBER}) times\b(?! (?:as|more|less|higher|lower|over|its))", masked):
        n = match["n"]
        if _number(n) < 2:
            continue
        news = [
            f"{n} times per second",
            f"{n} times a second",
            f"{n} times more often",
            f"{n} times as often as before",
            f"for {n} minutes",
            f"every {n} s",
            f"in {n} % of the requests",
            f"from {n} instances",
            f"for {n} users",
            f"after {n} ms",
            f"{n} % more often",
            f"{n} times per request",
            f"up to {n} times before",
            f"at a rate of {n} per second",
        ]
        out += [_put(masked, match, new) for new in news if not _said(new, facts)]
    return [out]


def _shares(masked: str, facts: Sequence[Fact]) -> Groups:
    """Plants on shares: "38.3% of 1063 answers", "98.3 % of its limit of 60", "5 of 40"."""
    out: list[str] = []
    share = re.compile(
        rf"(?P<p>{_NUMBER})\s?% of (?:the )?(?P<m>{_NUMBER}) (?P<noun>\w+)(?P<of> of [\w\-]+)?"
    )
    for match in share.finditer(masked):
        p, m, noun, of = match["p"], match["m"], match["noun"], match["of"] or ""
        if _number(p) == 0:
            continue
        news = [
            f"{p}‰ of {m} {noun}{of}",
            f"{p}% of {m} {noun}{of} per second",
            f"{p}% of {m} {noun}{of} per minute",
            f"{p}% fewer than {m} {noun}{of}",
            f"{m} more {noun}{of}",
            f"{p}% of {m} users{of}",
            f"{p}% of {m} MB of {noun}{of}",
            f"{p} {noun}{of} in {m} s" if float(_number(p)).is_integer() else f"{p} {noun}{of} per second",
        ]
        if not _near(_number(p), 100):
            news += [f"{m} {noun}{of}", f"all {m} {noun}{of}", f"another {m} {noun}{of}"]
        out += [_put(masked, match, new) for new in news]
    limit = re.compile(
        rf"(?P<w>at |to |reached |was )?(?P<p>{_NUMBER})\s?% of (?P<l>(?:its|the) limit)(?P<of> of )?"
    )
    for match in limit.finditer(masked):
        p, w, of = match["p"], match["w"] or "", match["of"] or ""
        if _number(p) == 0:
            continue
        news = [f"{w}{p}‰ of {match['l']}{of}"]
        w = "stood " if w == "reached " else w
        news += [
            f"{w}{p} times {match['l']}{of}",
            f"{w}{p} % over {match['l']}{of}",
        ]
        if not _near(_number(p), 50):
            news.append(f"{w}{p} % below {match['l']}{of}")
        if w in {"to ", "at "} and _by_is_false(_number(p), facts, baseline=True):
            up = "up by" if w == "at " else "by"
            news.append(f"{up} {p} % of {match['l']}{of}")
            news.append(f"{up} {p} %")
        out += [_put(masked, match, new) for new in news]
    both = re.compile(rf"(?P<p>{_NUMBER})(?P<g>\s?)% of (?P<l>its|the) limit of (?P<m>{_NUMBER})")
    for match in both.finditer(masked):
        if not _near(_number(match["p"]), _number(match["m"])):
            p, g, m = match["p"], match["g"], match["m"]
            out.append(_put(masked, match, f"{m}{g}% of {match['l']} limit of {p}"))
            out.append(_put(masked, match, f"{p}{g}% of {match['l']} limit of {m} MB"))
    pair = re.compile(
        rf"(?P<a>{_NUMBER}) (?:out )?of (?:the )?(?P<b>{_NUMBER}) (?P<noun>\w+(?: of [\w\-]+)?)"
    )
    for match in pair.finditer(masked):
        a, b, noun = match["a"], match["b"], match["noun"]
        first, second = _number(a), _number(b)
        if not first or not second or first == second:
            continue
        news = [f"{b} {noun}", f"{a} {noun} per {b} s", f"{a} more than {b} {noun}", f"{a} times {b} {noun}"]
        if not _near(first, 100 * first / second):
            news.append(f"{a} % of {b} {noun}")
        out += [_put(masked, match, new) for new in news]
    return [out, out]


def _levels(masked: str, facts: Sequence[Fact]) -> Groups:
    """Plants on a level: "reached 59", "to 22 %", "27.5 dB over its surroundings"."""
    out: list[str] = []
    reached = re.compile(rf"\b(?P<w>reached|hit|exceeded) (?P<n>{_NUMBER})(?P<u>\s?{_UNIT})?(?! ?% of|-)")
    for match in reached.finditer(masked):
        n, u = match["n"], match["u"] or ""
        if re.match(r"\s?%| of\b", masked[match.end() :]):
            continue
        if not _mentions(rf"limit (?:of )?{re.escape(n)}\b", "", facts):
            out.append(_put(masked, match, f"reached the limit of {n}{u}"))
            out.append(_put(masked, match, f"exceeded the limit of {n}{u}"))
        out.append(_put(masked, match, f"reached {n}{u} times the limit" if not u else f"rose to {n}{u}/s"))
        if _by_is_false(_number(n), facts, baseline=True):
            out.append(_put(masked, match, f"rose by {n}{u}"))
            out.append(_put(masked, match, f"grew by {n}{u}"))
        if not u and _percent_is_false(_number(n), facts) and not _said(f"{n}%", facts):
            out.append(_put(masked, match, f"rose by {n} %"))
            if not re.search(r"% of (?:its|the) limit", masked):
                out.append(_put(masked, match, f"reached {n} % of the limit"))
    to = re.compile(
        rf"\b(?P<v>rose|fell|grew|dropped|climbed|jumped|increased|decreased) to (?P<n>{_NUMBER})(?P<u>\s?{_UNIT})?"
    )
    for match in to.finditer(masked):
        if _number(match["n"]) and _by_is_false(_number(match["n"]), facts, baseline=True):
            out.append(_put(masked, match, f"{match['v']} by {match['n']}{match['u'] or ''}"))
    by = re.compile(
        rf"\b(?P<v>rose|fell|grew|dropped|climbed|jumped|increased|decreased) by (?P<n>{_NUMBER})(?P<u>\s?{_UNIT})?"
    )
    for match in by.finditer(masked):
        if not _said(f"to{match['n']}", facts) and not _said(f"reached{match['n']}", facts):
            out.append(_put(masked, match, f"{match['v']} to {match['n']}{match['u'] or ''}"))
    surroundings = re.compile(rf"(?P<n>{_NUMBER}) dB over (?:its|the) surroundings")
    for match in surroundings.finditer(masked):
        n = match["n"]
        baselines = [
            _number(text) for said in _statements(facts) for text in re.findall(rf"have ({_NUMBER}) dB", said)
        ]
        known = baselines and all(abs(text) > 0.05 * _number(n) for text in baselines)
        over = [f"{n} dB over the baseline", f"up by {n} dB"] if known else []
        out += [
            _put(masked, match, new)
            for new in (
                f"{n} times its surroundings",
                f"{n} % over its surroundings",
                f"at {n} Hz",
                f"with {n} harmonics",
                f"at an order of {n}",
                f"{n} dB in all",
                *over,
            )
        ]
    out += [
        _put(masked, match, f"{match['n']} {other}")
        for match in re.finditer(rf"(?P<n>{_NUMBER}) harmonics", masked)
        for other in ("dB", "Hz", "bearings", "orders", "% harmonics")
    ]
    out += [
        _put(masked, match, f"{match['n']} {other}")
        for match in re.finditer(rf"\border (?P<n>{_NUMBER})", masked)
        for other in ("Hz", "dB", "kHz", "harmonics")
    ]
    return [out, out]


def _clocks(masked: str) -> Groups:
    """Plants on a time of day: another zone, or the end in place of the beginning."""
    out: list[str] = []
    for match in re.finditer(r"\b(?P<w>at|since|from) (?P<t>\d{2}:\d{2}:\d{2}) UTC", masked):
        out += [_put(masked, match, f"{match['w']} {match['t']} {zone}") for zone in ("CET", "EST", "PST")]
        out.append(_put(masked, match, f"{match['w']} {match['t']} local time (CEST)"))
        verb = _finite(masked[max(0, masked.rfind(", ", 0, match.start())) : match.start()])
        if verb is not None and verb.group(1) not in {"reached", "hit", "exceeded", "was", "were", "peaked"}:
            out.append(_put(masked, match, f"until {match['t']} UTC"))
    return [out]


def unit_or_role(sentence: str, facts: Sequence[Fact], names: Sequence[str], rng: Random) -> str | None:
    """A number of the sentence with another unit or in another role."""
    masked, quotes = _mask(sentence)
    groups = [
        *_from_to(masked, facts),
        *_other_unit(masked, facts),
        *_new_unit(masked, facts),
        *_ratio(masked, facts),
        *_times(masked, facts),
        *_shares(masked, facts),
        *_levels(masked, facts),
        *_clocks(masked),
    ]
    # A deploy has a moment, not a span: "until" would be no English there.
    groups = [[text for text in group if not re.search(r"deploy\w* of \S+ until ", text)] for group in groups]
    return _pick(groups, masked, quotes, rng)


# --------------------------------------------------------------------------------------------------
# Family 2: order or direction
# --------------------------------------------------------------------------------------------------

_UP = ["rose", "increased", "climbed", "grew", "jumped", "went up", "surged"]
_DOWN = ["fell", "decreased", "dropped", "shrank", "declined", "went down", "sank"]
_OPPOSITES: list[tuple[str, list[str]]] = [
    (r"\b(?:rose|increased|climbed|grew|jumped|surged|spiked|went up|doubled)\b", _DOWN),
    (r"\b(?:fell|decreased|dropped|shrank|declined|sank|plunged)\b(?! out)", _UP),
    (r"\b(?:risen|increased|climbed|grown)\b(?<=had .{5})", ["fallen", "dropped", "declined"]),
    (
        r"\b(?:rising|increasing|climbing|growing|jumping)\b",
        ["falling", "decreasing", "dropping", "shrinking"],
    ),
    (
        r"\b(?:falling|decreasing|dropping|shrinking|declining)\b",
        ["rising", "increasing", "climbing", "growing"],
    ),
    (r"\bto rise\b", ["to fall", "to drop"]),
    (r"\bto fall\b", ["to rise", "to climb"]),
    (r"\b(?<=the )(?:rise|increase|growth|jump)(?= (?:of|in)\b)", ["fall", "decrease", "drop", "decline"]),
    (r"\b(?<=the )(?:fall|decrease|drop|decline)(?= (?:of|in)\b)", ["rise", "increase", "jump"]),
    (r"\ban increase\b", ["a decrease", "a drop", "a fall"]),
    (r"\ba (?:rise|jump|growth)\b", ["a fall", "a drop", "a decrease"]),
    (r"\ba (?:fall|drop|decrease|decline)\b", ["a rise", "an increase", "a jump"]),
    (r"\bhigher(?! (?:harmonic|order))", ["lower"]),
    (r"\blower(?= (?:than|at|in|by)\b)", ["higher"]),
    (r"\bmore than\b", ["less than"]),
    (r"\bslower\b", ["faster"]),
    (r"\bfaster\b", ["slower"]),
    (r"\blonger\b(?<!no longer)", ["shorter"]),
    (r"\bslowed(?: down)?\b", ["sped up", "got faster"]),
    (r"\b(?<!dis)appeared\b", ["disappeared", "vanished"]),
    (r"\b(?:disappeared|vanished)\b", ["appeared", "came up"]),
    (r"\bup(?= (?:from|by)\b)", ["down"]),
    (r"\bdown(?= (?:from|by)\b)", ["up"]),
    (r"\b(?:above|over)(?= (?:its|the|their) )", ["below", "under"]),
    (r"\b(?:below|under)(?= (?:its|the|their) )", ["above", "over"]),
    (r"\bstarted\b(?= \w+ing\b)", ["stopped"]),
    (r"\bbegan to\b", ["ceased to"]),
    (r"\bstopped\b(?= \w+ing\b)", ["started"]),
    (r"\bhad a line\b", ["no longer had a line", "lost its line", "lost a line"]),
    (r"\bshowed a line\b", ["no longer showed a line", "lost its line", "lost a line"]),
    (r"\bfailed(?= with\b)", ["no longer failed", "stopped failing", "recovered from failing"]),
    (
        r"\b(?:stayed|remained|was|were) (?:unchanged|steady|constant|stable|flat)\b",
        ["rose", "went up", "fell", "dropped", "declined", "went down", "changed", "kept falling"],
    ),
    (r"\bstayed within\b", ["left", "dropped out of", "rose above", "fell below"]),
    (r"\bdid not change\b", ["changed", "fell", "rose"]),
    (r"\bdid not (?:rise|increase|grow)\b", ["rose", "increased", "grew"]),
    (r"\bdid not (?:fall|drop|decrease)\b", ["fell", "dropped", "decreased"]),
    (r"\bunlikely\b", ["likely", "very likely", "highly probable", "not unlikely"]),
    (r"\b(?:improbable|not likely)\b", ["probable", "likely"]),
    (r"\bruled out\b", ["confirmed", "the likely cause"]),
    (r"\bagainst\b", ["for"]),
]
_FROM_TO = re.compile(
    rf"\b(?P<v>rose|increased|climbed|grew|jumped|surged|fell|decreased|dropped|shrank|declined)"
    rf"(?P<o> only| just| merely)? from (?P<a>{_NUMBER})(?P<ua>\s?{_UNIT})? to (?P<b>{_NUMBER})"
    rf"(?P<ub>\s?{_UNIT})?(?: \([^()]*×\))?"
)


def _directions(masked: str, facts: Sequence[Fact]) -> Groups:
    """The sentence with one direction reversed."""
    words: list[str] = []
    for pattern, others in _OPPOSITES:
        for match in re.finditer(pattern, masked):
            words += [_put(masked, match, other) for other in others if other != match.group(0)]
    whole: list[str] = []
    for match in _FROM_TO.finditer(masked):
        others = _DOWN if match["v"] in _UP else _UP
        ua, ub = match["ua"] or "", match["ub"] or ""
        whole += [
            _put(masked, match, f"{other}{match['o'] or ''} from {match['b']}{ua} to {match['a']}{ub}")
            for other in others
        ]
    levels: list[str] = []
    for match in re.finditer(rf"\b(?:reached|hit)(?= {_NUMBER})", masked):
        value = re.match(rf" ({_NUMBER})", masked[match.end() :])
        own = [fact for fact in facts if value and _said(value[1], [fact])]
        if own and all(fact.get("direction") != "down" for fact in own):
            news = ("fell to", "dropped to", "went back to", "sank to", "had declined to", "shrank to")
            levels += [_put(masked, match, new) for new in news]
    logged = re.compile(rf"\blogged (?P<q>⟦q\w⟧|it) (?P<n>{_NUMBER}) times")
    for match in logged.finditer(masked):
        q, n = match["q"], match["n"]
        tail = "," if masked[match.end() : match.end() + 1] == " " else ""
        levels += [
            _put(masked, match, f"stopped logging {q}, which it had logged {n} times before{tail}"),
            _put(masked, match, f"no longer logged {q}, after {n} entries before{tail}"),
            _put(masked, match, f"ceased to log {q}, after {n} earlier entries{tail}"),
        ]
    alarm = re.compile(
        r"(?P<n>\d+ (?:s|min|h|seconds|minutes)) (?P<w>before|after) the (?P<x>alarm|alert|start)"
    )
    for match in alarm.finditer(masked):
        other = "after" if match["w"] == "before" else "before"
        levels.append(_put(masked, match, f"{match['n']} {other} the {match['x']}"))
    return [words, words, whole, levels]


def _orders(masked: str, facts: Sequence[Fact], names: Sequence[str]) -> Groups:
    """The sentence with cause and effect, or the order in time, reversed."""
    parts = _parse(masked, names)
    if parts is None:
        return []
    cause, effect = _as_clause(parts.cause), _as_clause(parts.effect)
    cause_noun, effect_noun = _as_noun(parts.cause), _as_noun(parts.effect)
    single = not re.search(r", ", effect)

    def closed(text: str) -> str:
        """The text with the comma that ends an aside within it."""
        return f"{text}," if re.search(r", ", text) else text

    causal = [
        f"Because {effect}, {cause}",
        f"{effect}, which led to {cause_noun}",
        f"{effect}, which resulted in {cause_noun}",
        f"{effect}, leading to {cause_noun}",
        f"{effect}; as a result, {cause}",
        f"{effect}, so {cause}",
        f"{effect}, and that is why {cause}",
        f"As a result of {effect_noun}, {cause}",
        f"As a consequence of {effect_noun}, {cause}",
        f"Due to {effect_noun}, {cause}",
        f"{closed(cause)} because {effect}",
        f"{closed(cause)} as a result of {effect_noun}",
        f"{closed(cause)} as a consequence of {effect_noun}",
        f"{cause}, and the reason was that {effect}",
        f"{cause}, brought about by {effect_noun}",
        f"It was {closed(effect_noun)} that led to {cause_noun}",
        f"The cause of {closed(cause_noun)} was {effect_noun}",
    ]
    if single:
        causal += [
            f"{closed(effect_noun)} led to {cause_noun}",
            f"{closed(effect_noun)} resulted in {cause_noun}",
            f"{closed(cause_noun)} resulted from {effect_noun}",
            f"{closed(cause_noun)} was a result of {effect_noun}",
            f"{closed(cause_noun)} was caused by {effect_noun}",
        ]
    time: list[str] = []
    if _in_order(facts):
        time = [
            f"After {effect}, {cause}",
            f"Shortly after {effect}, {cause}",
            f"Once {effect}, {cause}",
            f"As soon as {effect}, {cause}",
            f"Following {effect_noun}, {cause}",
            f"{closed(cause)} after {effect}",
            f"{closed(cause)} shortly after {effect}",
            f"{closed(cause)} only after {effect}",
            f"{closed(cause)} once {effect}",
            f"{closed(effect)} before {cause}",
            f"{effect}, and then {cause}",
            f"{effect}, after which {cause}",
            f"{effect}, followed by {cause_noun}",
            f"First, {effect}, and then {cause}",
            f"Before {cause}, {effect}",
            f"Shortly before {cause}, {effect}",
        ]
        perfect = _as_perfect(effect)
        if perfect is not None:
            time += [
                f"By the time {cause}, {perfect}",
                f"When {cause}, {perfect}",
                f"Before {cause}, {perfect}",
            ]
    # The smallest edit: only the joining word changes.
    small: list[str] = []
    body = masked.rstrip(".")
    if parts.lead and _in_order(facts):
        lead = _LEAD.match(body)
        if lead is not None:
            rest = body[lead.end() :]
            small += [
                f"{word} {rest}" for word in ("Before", "Shortly before", "Just before", "Right before")
            ]
            if parts.word in {"after", "shortly after", "right after", "just after", "soon after"}:
                small += [f"Ahead of {rest}", f"Prior to {rest}"] if _finite(parts.cause) is None else []
    if parts.lead and _finite(parts.cause) is not None:
        small.append(f"{closed(parts.cause)} because {parts.effect}")
        small.append(f"{closed(parts.cause)} as a result of {effect_noun}")
    if not parts.lead:
        swaps: dict[str, list[str]] = {
            "after": ["before", "shortly before"],
            "because": ["so", "and so"],
            "led to": ["was caused by", "resulted from", "was the result of"],
            "resulted in": ["resulted from", "was caused by"],
            "which led to": ["which resulted from", "which was caused by"],
            "leading to": ["resulting from", "caused by"],
            "was followed by": ["was preceded by", "came after", "followed"],
            "before": ["after", "only after"],
            "and then": ["but first"],
        }
        timed = {"after", "before", "was followed by", "and then"}
        for other in swaps.get(parts.word, []):
            if parts.word in timed and not _in_order(facts):
                continue
            changed = re.sub(rf"(?<= ){re.escape(parts.word)}(?= )", other, body, count=1)
            if other in {"so", "and so"}:
                changed = re.sub(rf",? {other}(?= )", f", {other}", changed, count=1)
            small.append(changed)
    groups = [[_whole(text, names) for text in group] for group in (causal, causal, time, time, small)]
    return [[text for text in group if _agrees(text)] for group in groups]


def _agrees(text: str) -> bool:
    """Whether the text is free of the few joints that come out as no English."""
    return not re.search(
        r"\b(?:because|after|before|once) (?:because|after|before|once)\b|, ,|\boccurred occurred\b", text
    )


def order_or_direction(sentence: str, facts: Sequence[Fact], names: Sequence[str], rng: Random) -> str | None:
    """The order of the two facts, or a direction, reversed."""
    masked, quotes = _mask(sentence)
    groups = _directions(masked, facts)
    if not _RULED_OUT.search(masked) and len(facts) > 1:
        groups += _orders(masked, facts, names)
    return _pick(groups, masked, quotes, rng)


# --------------------------------------------------------------------------------------------------
# Family 3: invented mechanism
# --------------------------------------------------------------------------------------------------

# (noun phrase, clause, what no fact may mention)
_CAUSES_IT: list[tuple[str, str, str]] = [
    ("garbage collection pauses", "garbage collection paused the process", r"garbage|\bgc\b"),
    ("a missing index", "an index was missing", r"\bindex"),
    ("a full thread pool", "the thread pool was full", r"\bthread|\bpool"),
    ("an expired TLS certificate", "the TLS certificate had expired", r"certificate|\btls\b|expired"),
    ("exhausted file descriptors", "the file descriptors had run out", r"descriptor|\bfds?\b"),
    ("slow DNS lookups", "the DNS lookups were slow", r"\bdns\b|resolv"),
    ("packet loss on the network", "the network lost packets", r"packet|network"),
    ("a retry storm of the clients", "the clients retried every request", r"\bretr"),
    ("a full disk", "the disk was full", r"\bdisk|no space"),
    ("a noisy neighbour on the node", "another pod took the CPU of the node", r"neighbour|\bpod\b|\bnode\b"),
    ("CPU throttling by the cgroup", "the cgroup throttled the CPU", r"throttl|cgroup"),
    ("a deadlock", "two transactions had deadlocked", r"deadlock"),
    ("a memory leak", "the process leaked memory", r"\bleak|memory"),
    ("an out-of-memory kill", "the kernel had killed a worker", r"\boom\b|out.of.memory|kill"),
    ("a misconfigured timeout", "the client timeout was set too low", r"timeout|timed out"),
    ("a cold cache", "the cache was cold", r"\bcache"),
    ("a surge of traffic", "the traffic had doubled", r"traffic|request rate|requests per"),
    ("a nightly batch job", "a batch job was running", r"\bbatch|\bjob\b|cron"),
    ("a feature flag", "a feature flag was switched on", r"\bflag"),
    ("a failed schema migration", "a schema migration had locked the table", r"migrat|schema"),
    ("clock drift between the hosts", "the clocks of the hosts had drifted", r"\bdrift|clock skew"),
    ("failed health checks", "the health checks failed", r"health"),
    ("a blocked event loop", "the event loop was blocked", r"event loop|blocked"),
    ("an N+1 query", "each request ran one query per row", r"\bquer|n\+1"),
    ("a wrong environment variable", "an environment variable was wrong", r"environment|variable"),
    ("a revoked API key", "the API key had been revoked", r"revoked|api key"),
    ("a firewall rule", "a firewall rule blocked the port", r"firewall|blocked"),
    ("lock contention", "the workers waited for a lock", r"\block|contention"),
    ("an unbounded queue", "the queue grew without bound", r"\bqueue|backlog"),
    ("a hung worker process", "a worker process was hanging", r"\bhung|\bhang|worker"),
    ("a bug in the connection handling", "connections were not closed", r"\bbug\b|not closed|unclosed"),
    ("a rolling restart", "the instances were being restarted", r"restart"),
]
_CAUSES_DB: list[tuple[str, str, str]] = [
    ("a long-running transaction", "a transaction was left open", r"transaction"),
    ("a vacuum run", "a vacuum was running", r"vacuum"),
    ("a failover to the standby", "the primary had failed over", r"failover|failed over|standby|primary"),
    ("replication lag", "the replica lagged behind", r"replica|\blag"),
    ("a full table scan", "a query scanned the whole table", r"\bscan|\bquer"),
]
_CAUSES_CACHE: list[tuple[str, str, str]] = [
    ("a burst of key evictions", "keys were being evicted", r"evict"),
    ("a hot key", "one key was hot", r"\bhot\b"),
    ("a background snapshot", "a background snapshot was running", r"snapshot|\brdb\b|bgsave"),
    ("a missing connection timeout", "idle clients were never closed", r"timeout|\bidle"),
]
_CAUSES_MECHANICAL: list[tuple[str, str, str]] = [
    ("lubricant starvation", "the bearing lacked lubricant", r"lubric|grease|\boil\b"),
    ("cavitation", "the pump cavitated", r"cavitat"),
    ("shaft misalignment", "the shaft was misaligned", r"align"),
    ("an imbalance of the rotor", "the rotor was out of balance", r"balance"),
    ("a loose foundation bolt", "a foundation bolt had come loose", r"loose|bolt|foundation"),
    ("dry running", "the pump ran dry", r"\bdry\b|run dry"),
    ("a clogged suction strainer", "the suction strainer was clogged", r"clog|strainer|suction"),
    ("a worn coupling", "the coupling was worn", r"coupling"),
    ("electrical fluting", "stray currents had fluted the bearing", r"flut|stray"),
    ("an overload of the motor", "the motor was overloaded", r"overload"),
    ("contaminated grease", "water had got into the grease", r"contamin|grease|water"),
    ("a bent shaft", "the shaft was bent", r"\bbent\b"),
    ("a resonance of the base frame", "the base frame resonated", r"resona|frame"),
    ("a crack in the inner race", "the inner race had cracked", r"inner|crack"),
    ("a closed discharge valve", "the discharge valve was closed", r"valve|discharge"),
    ("a damaged impeller", "the impeller was damaged", r"impeller"),
    ("faulty mounting", "the bearing had been mounted wrongly", r"mount"),
    ("thermal expansion of the housing", "the housing had expanded with heat", r"thermal|temperature|expan"),
    ("a dip in the supply voltage", "the supply voltage had dipped", r"voltage"),
    ("a leaking seal", "the mechanical seal was leaking", r"\bseal|\bleak"),
    ("a broken bearing cage", "the bearing cage had broken", r"\bcage|broken"),
    ("a speed change of the drive", "the drive had changed its speed", r"\bspeed"),
]
# (after "which", participle, clause, what no fact may mention)
_EFFECTS_IT: list[tuple[str, str, str, str]] = [
    (
        "exhausted the file descriptors",
        "exhausting the file descriptors",
        "the file descriptors ran out",
        r"descriptor",
    ),
    (
        "logged users out",
        "logging users out",
        "users were logged out",
        r"logged (?:users )?out|logout|session",
    ),
    ("filled the disk", "filling the disk", "the disk filled up", r"\bdisk"),
    ("emptied the cache", "emptying the cache", "the cache was emptied", r"\bcache"),
    ("blocked the event loop", "blocking the event loop", "the event loop was blocked", r"event loop|block"),
    (
        "crashed the worker processes",
        "crashing the worker processes",
        "the worker processes crashed",
        r"crash|worker",
    ),
    ("tripped the circuit breaker", "tripping the circuit breaker", "the circuit breaker opened", r"circuit"),
    (
        "forced a failover to the standby",
        "forcing a failover to the standby",
        "the standby took over",
        r"failover|standby",
    ),
    ("made the clients retry", "making the clients retry", "the clients retried", r"\bretr"),
    ("corrupted stored data", "corrupting stored data", "stored data was corrupted", r"corrupt"),
    (
        "delayed the nightly backup",
        "delaying the nightly backup",
        "the nightly backup was delayed",
        r"backup",
    ),
    (
        "triggered the autoscaler",
        "triggering the autoscaler",
        "the autoscaler added replicas",
        r"scal(?:er|ing)|replica",
    ),
    ("took the login page down", "taking the login page down", "the login page went down", r"login"),
    (
        "saturated the network link",
        "saturating the network link",
        "the network link was saturated",
        r"network|saturat",
    ),
    (
        "starved the other services of CPU",
        "starving the other services of CPU",
        "the other services ran short of CPU",
        r"starv",
    ),
    ("filled the request queue", "filling the request queue", "the request queue filled up", r"queue"),
    ("lost customer orders", "losing customer orders", "customer orders were lost", r"\blost|\bloss"),
    ("charged customers twice", "charging customers twice", "customers were charged twice", r"charged|twice"),
    (
        "evicted the session keys",
        "evicting the session keys",
        "the session keys were evicted",
        r"evict|session",
    ),
    (
        "got the container killed for memory",
        "getting the container killed for memory",
        "the container was killed for memory",
        r"kill|memory",
    ),
]
_EFFECTS_MECHANICAL: list[tuple[str, str, str, str]] = [
    ("overheated the bearing", "overheating the bearing", "the bearing overheated", r"heat|temperature"),
    (
        "damaged the mechanical seal",
        "damaging the mechanical seal",
        "the mechanical seal was damaged",
        r"\bseal",
    ),
    (
        "tripped the motor protection",
        "tripping the motor protection",
        "the motor protection tripped",
        r"trip|protection",
    ),
    (
        "loosened the foundation bolts",
        "loosening the foundation bolts",
        "the foundation bolts came loose",
        r"loose|bolt",
    ),
    ("reduced the flow", "reducing the flow", "the flow dropped", r"\bflow"),
    ("wore out the coupling", "wearing out the coupling", "the coupling wore out", r"coupling"),
    ("let the pump run dry", "letting the pump run dry", "the pump ran dry", r"\bdry\b"),
    ("bent the shaft", "bending the shaft", "the shaft bent", r"\bbent|\bbend"),
    ("cracked the bearing cage", "cracking the bearing cage", "the bearing cage cracked", r"\bcage|crack"),
    (
        "shed metal particles into the oil",
        "shedding metal particles into the oil",
        "metal particles got into the oil",
        r"particle|\boil",
    ),
    ("squeezed out the grease", "squeezing out the grease", "the grease was squeezed out", r"grease"),
]
# What a deploy is said to have done.
_DEPLOY_DID: list[tuple[str, str]] = [
    ("disabled connection pooling", r"pooling"),
    ("dropped an index", r"\bindex"),
    ("introduced a connection leak", r"\bleak"),
    ("turned off the cache", r"\bcache"),
    ("doubled the number of workers", r"worker"),
    ("lowered the client timeout", r"timeout"),
    ("switched on debug logging", r"debug"),
    ("changed the retry policy", r"\bretr"),
    ("opened a new connection for every request", r"every request|new connection"),
    ("ran a schema migration", r"migrat|schema"),
    ("removed the rate limit", r"rate limit"),
    ("left transactions open", r"transaction"),
    ("reset the connection pool", r"\bpool"),
    ("disabled the health checks", r"health"),
    ("failed halfway", r"halfway"),
    ("was rolled back", r"roll"),
    ("restarted all instances", r"restart"),
]
_NP_JOINTS = [
    "because of",
    "due to",
    "owing to",
    "as a result of",
    "on account of",
    "thanks to",
    "in the wake of",
]
_NP_TAILS = ["caused by", "triggered by", "brought on by", "driven by", "explained by"]
_CLAUSE_JOINTS = ["because", "since", "after", "once", "while", "given that", "at a time when"]
# Words slipped in, next to words of the facts: (pattern, replacements, what no fact may mention)
_SUBTLE: list[tuple[str, list[str], str]] = [
    (
        r"\b(?P<n>{name} )?connections\b(?! of its)",
        ["leaked {n}connections", "unclosed {n}connections"],
        r"\bleak|unclosed",
    ),
    (r"\b(?P<n>{name} )?connections\b", ["idle {n}connections", "stale {n}connections"], r"\bidle|stale"),
    (
        r"\b(?P<n>{name} )?connections\b",
        ["rejected {n}connections", "retried {n}connections"],
        r"reject|refus|\bretr",
    ),
    (
        r"(?P<n>\bconnections\b[^,;]{{0,60}}?) rose\b",
        ["{n} leaked and rose", "{n} were never released and rose"],
        r"leak|releas",
    ),
    (
        r"(?P<n>\bconnections\b[^,;]{{0,60}}?) rose\b",
        ["{n} piled up behind a lock and rose"],
        r"\block|piled",
    ),
    (
        r"\b[Tt]he deploy of\b",
        ["the failed deploy of", "the incomplete deploy of", "the unreviewed deploy of"],
        r"failed deploy|incomplete",
    ),
    (r"\b[Tt]he deploy of\b", ["the rollback of", "the rolled-back deploy of"], r"roll(?:ed)?.?back"),
    (
        r"\b[Tt]he deploy of\b",
        ["the restart of", "the database migration of", "the configuration change of"],
        r"restart|migrat|config",
    ),
    (
        r"\bmean latency\b",
        ["mean query latency", "mean database latency", "mean lock-wait latency", "mean DNS latency"],
        r"query|database|\block|\bdns",
    ),
    (
        r"\b(?P<n>the )?CPU use\b",
        ["{n}garbage collection CPU use", "{n}TLS handshake CPU use", "{n}encryption CPU use"],
        r"garbage|\btls|encrypt",
    ),
    (
        r"(?P<n>(?<=\s){name} )logged\b",
        ["{n}retried the requests and logged", "{n}gave up retrying and logged"],
        r"\bretr",
    ),
    (
        r"(?P<n>(?<=\s){name} )logged\b",
        ["{n}ran out of file descriptors and logged", "{n}lost its session and logged"],
        r"descriptor|session",
    ),
    (
        r"(?P<n>(?<=\s){name} )logged\b",
        ["{n}restarted and logged", "{n}was restarted and logged"],
        r"restart",
    ),
    (
        r"(?P<n>(?<=\s){name} )logged\b",
        ["{n}timed out and logged", "{n}opened its circuit breaker and logged"],
        r"timed? ?out|circuit|504",
    ),
    (
        r"(?P<n>\d) times\b(?= |\.|,)",
        ["{n} times for retried requests", "{n} times while users were logged out"],
        r"\bretr|logged out",
    ),
    (
        r"(?P<n>\d) times\b(?= |\.|,)",
        ["{n} times from a cold cache", "{n} times during its restart"],
        r"\bcache|restart",
    ),
    (
        r"(?P<n>\banswers of {name})\b",
        ["{n} to retried requests", "{n} to bots", "{n} from a stale cache"],
        r"\bretr|\bbot|cache",
    ),
    (
        r"\bfailed with\b",
        [
            "timed out waiting for a lock and failed with",
            "were rejected for an expired token and failed with",
        ],
        r"\block|token|timed out",
    ),
    (
        r"\bfailed with\b",
        ["were retried and failed with", "hit the rate limit and failed with"],
        r"\bretr|rate limit",
    ),
    (
        r"\b(?P<n>the )vibration of\b",
        ["{n}cavitation-induced vibration of", "{n}vibration from an imbalance of"],
        r"cavitat|balance",
    ),
    (
        r"\b(?P<n>the )vibration of\b",
        ["{n}vibration at the loosened mount of", "{n}misalignment vibration of"],
        r"loose|align",
    ),
    (
        r"\bhad a line\b",
        ["had, owing to a bent shaft, a line", "had, for want of lubricant, a line"],
        r"\bbent|lubric",
    ),
    (r"\bhad a line\b", ["was disturbed by a frequency converter and had a line"], r"converter|disturb"),
    (
        r"\breached (?P<n>{number})",
        ["leaked up to {n}", "were never closed and reached {n}"],
        r"\bleak|never closed",
    ),
    (r"\breached (?P<n>{number})", ["piled up behind a slow query and reached {n}"], r"query|piled"),
]
# What a component is said to have suffered, between its name and its verb.
_SUFFERED_IT: list[tuple[str, str]] = [
    ("which had been restarted", r"restart"),
    ("which had run out of memory", r"memory"),
    ("which had lost its TLS session", r"\btls|session"),
    ("which was retrying its requests", r"\bretr"),
    ("whose certificate had expired", r"certificate|expired"),
    ("whose cache had been flushed", r"\bcache|flush"),
    ("whose thread pool was full", r"thread|\bpool"),
    ("which had been moved to another node", r"\bnode|moved"),
    ("which was waiting for a lock", r"\block"),
    ("which was throttled", r"throttl"),
    ("which had fallen back to its replica", r"replica"),
]
_SUFFERED_MECHANICAL: list[tuple[str, str]] = [
    ("which had run dry", r"\bdry"),
    ("which was cavitating", r"cavitat"),
    ("which lacked lubricant", r"lubric"),
    ("which was misaligned", r"align"),
    ("which had been overloaded", r"overload"),
    ("whose coupling was worn", r"coupling"),
    ("whose seal had failed", r"\bseal"),
    ("whose bolts had come loose", r"bolt|loose"),
    ("which had been remounted", r"mount"),
]
_REASONS_IT: list[tuple[str, str]] = [
    ("its health checks passed", r"health"),
    ("its instances were never restarted", r"restart"),
    ("the standby had taken over", r"standby"),
    ("its logs were clean", r"\blog"),
    ("the host had memory to spare", r"memory"),
    ("the watchdog restarted it at once", r"watchdog|restart"),
    ("the load balancer kept it in rotation", r"load balanc"),
    ("its traffic was served from the cache", r"traffic|cache"),
    ("an operator had checked it", r"operator"),
    ("a second replica answered in its place", r"replica"),
    ("its circuit breaker was open", r"circuit"),
    ("its last change was a month ago", r"month|change"),
]
_THANKS_IT: list[tuple[str, str]] = [
    ("an automatic restart", r"restart"),
    ("a failover to the standby", r"failover|standby"),
    ("a spare replica", r"replica"),
    ("the warm cache", r"\bcache"),
    ("a circuit breaker", r"circuit"),
    ("the autoscaler", r"scaler"),
    ("its retries", r"\bretr"),
]
_REASONS_MECHANICAL: list[tuple[str, str]] = [
    ("the bearing was replaced last month", r"replaced"),
    ("the grease was renewed recently", r"grease"),
    ("the alignment had been checked", r"align"),
    ("an oil analysis was clean", r"\boil"),
    ("the coupling had been balanced", r"coupling|balanc"),
    ("the strainer had been cleaned", r"strainer"),
    ("the operator heard no noise", r"noise|heard"),
    ("the sensor had been calibrated", r"calibr"),
    ("the flow was normal", r"\bflow"),
    ("the motor current was normal", r"current"),
]
_THANKS_MECHANICAL: list[tuple[str, str]] = [
    ("fresh grease", r"grease"),
    ("a new coupling", r"coupling"),
    ("the recent alignment", r"align"),
    ("the damping of the base frame", r"damp|frame"),
    ("the low load", r"\bload"),
]
_VERBISH = re.compile(
    r"^(add|adds|fix|fixes|bump|remove|update|use|enable|disable|drop|move|make|set|change|switch|refactor|"
    r"upgrade|introduce|support|allow|raise|lower|increase|reduce|no|new|rename|revert)\b",
    re.I,
)


_JOINT_WORDS = [
    "because",
    "after",
    "as",
    "once",
    "while",
    "when",
    "since",
    "before",
    "due to",
    "owing to",
    "which",
]


def _doubled(text: str, masked: str) -> bool:
    """Whether the plant repeats a joining word that the sentence has already."""
    for word in _JOINT_WORDS:
        pattern = re.compile(rf"\b{word}\b", re.I)
        count = len(pattern.findall(text))
        if count > 1 and count > len(pattern.findall(masked)):
            return True
    return False


def _causes(masked: str, facts: Sequence[Fact]) -> list[tuple[str, str]]:
    """The causes (noun phrase, clause) that fit the trade and that no fact mentions."""
    said = " ".join((masked, *_statements(facts)))
    if _mechanical(masked, facts):
        pool = list(_CAUSES_MECHANICAL)
    else:
        pool = list(_CAUSES_IT)
        if re.search(r"postgres|mysql|maria|\bdb\b|database|mongo", said, re.I):
            pool += _CAUSES_DB * 2
        if re.search(r"redis|memcache|valkey|\bcache\b", said, re.I):
            pool += _CAUSES_CACHE * 2
    return [(noun, clause) for noun, clause, key in pool if not _mentions(key, masked, facts)]


def _deploy_title(facts: Sequence[Fact]) -> str | None:
    """The head of what a deploy brought ("audit trail"), where its title is a noun phrase."""
    for said in _statements(facts):
        found = re.search(r'deploy\b.*?"[^":]*: ([^"]+)"', said)
        if found is None or _VERBISH.match(found[1]):
            continue
        head = re.split(r" (?:for|of|in|to|with|on|by|from|per|at|and|via)\b|[,.;(]", found[1])[0].strip()
        if re.fullmatch(r"[A-Za-z][\w\-]*(?: [a-z][\w\-]*){0,2}", head):
            return head[0].lower() + head[1:] if head[1:2].islower() else head
    return None


def _ruled_out(masked: str, facts: Sequence[Fact], names: Sequence[str]) -> Groups:
    """Reasons that no fact holds, for a sentence that rules a suspect out."""
    mechanical = _mechanical(masked, facts)
    reasons = [
        text
        for text, key in (_REASONS_MECHANICAL if mechanical else _REASONS_IT)
        if not _mentions(key, masked, facts)
    ]
    thanks = [
        text
        for text, key in (_THANKS_MECHANICAL if mechanical else _THANKS_IT)
        if not _mentions(key, masked, facts)
    ]
    body = masked.rstrip(".").rstrip()
    end = [f"{body} and {text}" for text in reasons] + [f"{body}, while {text}" for text in reasons]
    end += [f"{body}, and {text}" for text in reasons] + [f"{body} because {text}" for text in reasons]
    end += [f"{body} {joint} {text}" for text in thanks for joint in ("thanks to", "because of", "owing to")]
    split = re.search(r",? (?P<w>as|because|since|given that) (?!of\b)", body)
    middle: list[str] = []
    instead: list[str] = []
    if split and _RULED_OUT.search(body[: split.start()]):
        head, word, rest = body[: split.start()], split.group(0).rstrip(), body[split.end() :]
        middle = [f"{head}{word} {text} and {rest}" for text in reasons]
        middle += [
            f"{head}{word}, {joint} {text}, {rest}" for text in thanks for joint in ("thanks to", "owing to")
        ]
        instead = [f"{head}{word} {text}" for text in reasons]
        instead += [f"Because {text}, {_lower(head, names)}" for text in reasons]
        middle += [f"Thanks to {text}, {_lower(body, names)}" for text in thanks]
    return [[_whole(text, names) for text in group] for group in (end, middle, instead)]


def _joined(masked: str, facts: Sequence[Fact], names: Sequence[str]) -> Groups:
    """Causes at the end, in the middle and at the beginning, added to or in place of the first fact."""
    causes = _causes(masked, facts)
    body = masked.rstrip(".").rstrip()
    end = [f"{body} {joint} {noun}" for noun, _ in causes for joint in _NP_JOINTS if joint != "thanks to"]
    end += [f"{body}, {joint} {noun}" for noun, _ in causes for joint in _NP_TAILS]
    end += [
        f"{body} {joint} {clause}" for _, clause in causes for joint in _CLAUSE_JOINTS if joint != "since"
    ]
    end += [f"{body}; the underlying cause was {noun}" for noun, _ in causes]
    parts = _parse(masked, names)
    if parts is None:
        return [[_whole(text, names) for text in end]]
    middle: list[str] = []
    begin: list[str] = []
    instead: list[str] = []
    is_clause = _finite(parts.cause) is not None
    cause, effect = _as_clause(parts.cause), _as_clause(parts.effect)
    link = "as" if is_clause else "after"
    if parts.lead:
        word = parts.word[0].upper() + parts.word[1:]
        if is_clause:
            joints = ["because of", "due to", "owing to", "as a result of", "on account of"]
            middle += [
                f"{word} {parts.cause} {joint} {noun}, {parts.effect}"
                for noun, _ in causes
                for joint in joints
            ]
            middle += [f"{word} {parts.cause} and {clause}, {parts.effect}" for _, clause in causes]
            middle += [
                f"{word}, {joint} {noun}, {parts.cause}, {parts.effect}"
                for noun, _ in causes
                for joint in ("owing to", "due to")
            ]
        else:
            middle += [f"{word} {parts.cause} and {noun}, {parts.effect}" for noun, _ in causes]
        middle += [
            f"{word} {parts.cause}, {noun} built up and {parts.effect}"
            for noun, _ in causes
            if re.search(r"contention|lag$", noun)
        ]
    begin += [f"{joint} {noun}, {cause}, and {effect}" for noun, _ in causes for joint in _NP_JOINTS[:5]]
    begin += [
        f"{joint} {noun}, {effect} {link} {parts.cause}" for noun, _ in causes for joint in _NP_JOINTS[:4]
    ]
    begin += [
        f"{joint} {clause}, {cause}, and {effect}" for _, clause in causes for joint in ("because", "since")
    ]
    begin += [f"{noun} was behind it: {cause}, and {effect}" for noun, _ in causes if not noun.endswith("s")]
    instead += [
        f"{joint} {noun}, {effect}" for noun, _ in causes for joint in ("because of", "due to", "after")
    ]
    instead += [f"{joint} {clause}, {effect}" for _, clause in causes for joint in ("because", "as", "when")]
    instead += [f"{effect} {joint} {clause}" for _, clause in causes for joint in ("because", "when")]
    if re.match(r"(?:its|it|their|they)\b", effect):
        instead = []  # the pronoun would lose what it stands for
    return [[_whole(text, names) for text in group] for group in (end, middle, begin, instead)]


def _consequences(masked: str, facts: Sequence[Fact], names: Sequence[str]) -> Groups:
    """Consequences that no fact holds, added at the end or in the middle, or in place of the second fact."""
    pool = _EFFECTS_MECHANICAL if _mechanical(masked, facts) else _EFFECTS_IT
    free = [entry for entry in pool if not _mentions(entry[3], masked, facts)]
    body = masked.rstrip(".").rstrip()
    end = [f"{body}, which {verb}" for verb, _, _, _ in free]
    end += [f"{body}, {participle}" for _, participle, _, _ in free]
    end += [f"{body}, so {clause}" for _, _, clause, _ in free]
    end += [f"{body}, and {clause}" for _, _, clause, _ in free]
    end += [f"{body} until {clause}" for _, _, clause, _ in free]
    end += [f"{body}; in consequence, {clause}" for _, _, clause, _ in free]
    parts = _parse(masked, names)
    middle: list[str] = []
    instead: list[str] = []
    if parts is not None:
        if parts.lead:
            word = parts.word[0].upper() + parts.word[1:]
            joint = "and" if _finite(parts.cause) else None
            middle += [f"{word} {parts.cause}, {clause}, and {parts.effect}" for _, _, clause, _ in free]
            if joint:
                middle += [f"{word} {parts.cause} and {clause}, {parts.effect}" for _, _, clause, _ in free]
                middle += [
                    f"{word} {parts.cause}, {participle}, {parts.effect}" for _, participle, _, _ in free
                ]
            instead += [f"{word} {parts.cause}, {clause}" for _, _, clause, _ in free]
        instead += [f"{_as_clause(parts.cause)}, which {verb}" for verb, _, _, _ in free]
        instead += [f"{_as_clause(parts.cause)}, so {clause}" for _, _, clause, _ in free]
    return [[_whole(text, names) for text in group] for group in (end, middle, instead)]


def _subtle(masked: str, facts: Sequence[Fact], names: Sequence[str]) -> Groups:
    """Words slipped in next to words of the facts."""
    known = "(?:" + "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) + ")"
    if not names:
        known = r"(?:[\w\-]+)"
    out: list[str] = []
    for raw, news, key in _SUBTLE:
        if _mentions(key, masked, facts):
            continue
        pattern = (
            raw.replace("{name}", known).replace("{number}", _NUMBER).replace("{{", "{").replace("}}", "}")
        )
        for match in re.finditer(pattern, masked):
            part = match.groupdict().get("n") or ""
            out += [_put(masked, match, new.replace("{n}", part)) for new in news]
    relative: list[str] = []
    for match in re.finditer(rf"(?<![\w\-]){known}(?= (?:{'|'.join(_VERBS)})\b)", masked):
        before = masked[: match.start()]
        if re.search(r"\b(?:to|from|by|via) $", before):
            continue
        pool = _SUFFERED_MECHANICAL if _mechanical(masked, facts) else _SUFFERED_IT
        for text, key in pool:
            if not _mentions(key, masked, facts):
                relative.append(f"{masked[: match.end()]}, {text},{masked[match.end() :]}")
    return [[_whole(text, names) for text in group] for group in (out, out, relative)]


def _deploys(masked: str, facts: Sequence[Fact], names: Sequence[str]) -> Groups:
    """What a deploy is said to have done, in words near to its title."""
    out: list[str] = []
    free = [text for text, key in _DEPLOY_DID if not _mentions(key, masked, facts)]
    phrase = re.search(rf"\b[Tt]he deploy(?:ment)? of [\w.\-]+(?: at {_TIME})?(?: \([^()]*\))?", masked)
    parts = _parse(masked, names)
    if phrase is not None:
        stop = phrase.end()
        lead = parts is not None and parts.lead and parts.word in {"after", "once", "when", "as", "because"}
        for text in free:
            if lead and masked[stop : stop + 2] == ", ":
                out.append(f"{masked[:stop]} {text}{masked[stop:]}")
            tail = "" if masked[stop : stop + 1] in {".", ","} else ","
            out.append(f"{masked[:stop]}, which {text}{tail}{masked[stop:]}")
    title = _deploy_title(facts)
    if title is not None:
        body = masked.rstrip(".")
        did = [
            "held a connection open per request",
            "leaked connections",
            "wrote to the disk synchronously",
            "blocked the event loop",
            "never committed its transactions",
            "ran a full table scan on each call",
            "bypassed the connection pool",
            "logged customers out",
            "sent every request twice",
            "ran into a deadlock",
        ]
        out += [f"{body} {joint} the {title} {text}" for text in did for joint in ("because", "as", "since")]
        out += [
            f"{body}, as the {title} was misconfigured",
            f"{body} after the {title} had been switched off",
        ]
    return [[_whole(text, names) for text in out]]


def _others(masked: str, facts: Sequence[Fact], names: Sequence[str]) -> Groups:
    """Deeds of a component, in the sentence or not, that no fact holds."""
    if _mechanical(masked, facts):
        deeds = [
            ("{n} had been overloaded", r"overload"),
            ("{n} ran dry", r"\bdry"),
            ("{n} had been restarted", r"restart"),
            ("{n} lost its lubricant", r"lubric"),
            ("the mounting of {n} was loose", r"loose|mount"),
            ("{n} had been realigned", r"align"),
        ]
    else:
        deeds = [
            ("{n} had been restarted", r"restart"),
            ("{n} was scaled down", r"scal(?:ed|ing)"),
            ("{n} dropped its cached keys", r"cache"),
            ("{n} refused new connections", r"refus"),
            ("{n} had failed over", r"fail(?:ed )?over"),
            ("{n} was rolled back", r"roll"),
            ("{n} retried every call", r"\bretr"),
            ("{n} had run out of memory", r"memory"),
            ("{n} held a lock", r"\block"),
            ("the credentials of {n} had expired", r"credential|expired"),
            ("{n} stopped answering", r"not answer|stopped answering|unreachable|availability"),
        ]
    body = masked.rstrip(".")
    used = [name for name in names if re.search(rf"(?<![\w\-]){re.escape(name)}(?![\w\-])", masked)]
    out = [
        f"{body} {joint} {deed.replace('{n}', name)}"
        for deed, key in deeds
        if not _mentions(key, masked, facts)
        for name in [*used, *names[:6]]
        for joint in ("because", "after", "once", "while")
    ]
    return [[_whole(text, names) for text in out]]


def invented_mechanism(sentence: str, facts: Sequence[Fact], names: Sequence[str], rng: Random) -> str | None:
    """A cause, a mechanism or a consequence that no fact holds, added or put in place of a true one."""
    masked, quotes = _mask(sentence)
    if _RULED_OUT.search(masked):
        groups = _ruled_out(masked, facts, names)
        groups = [[text for text in group if not _doubled(text, masked)] for group in groups]
        return _pick(groups, masked, quotes, rng)
    if not facts or (_finite(masked) is None and _parse(masked, names) is None):
        return None
    groups = [
        *_joined(masked, facts, names),
        *_consequences(masked, facts, names),
        *_subtle(masked, facts, names),
        *_deploys(masked, facts, names),
        *_others(masked, facts, names),
    ]
    groups = [[text for text in group if not _doubled(text, masked)] for group in groups]
    return _pick(groups, masked, quotes, rng)


FAMILIES: dict[str, Plant] = {
    "unit_or_role": unit_or_role,
    "order_or_direction": order_or_direction,
    "invented_mechanism": invented_mechanism,
}
