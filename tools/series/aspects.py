"""What a metric is about: what its name means (tools/meaning), and a few rules for names that mean another thing."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from aitia.core.aspects import METRIC
from aitia.core.bounds import own_yaml
from aitia.core.errors import BadInput
from aitia.tools.meaning.dictionary import Entry
from aitia.tools.meaning.metadata import UNTOLD, Metadata
from aitia.tools.meaning.names import Meaning, Quantity, lexicon

Bad = Literal["up", "down", "both"]
By = Literal["", "metadata", "behaviour", "dictionary", "model"]


@dataclass(frozen=True, kw_only=True)
class Aspect:
    """A rule: the aspect, how a sentence names it, its unit, the direction of trouble and what change matters.

    assumed     the unit is the quantity's usual one, in which the floor is meant: nobody has stated it
    share       of the metric's usual level: the smallest change that matters where no unit says how much a floor is
    understood  False: nothing says what is measured
    setting     what somebody sets, as its name says
    by          what says so, where it is neither a rule nor the name's words
    """

    aspect: str
    say: str
    unit: str = ""
    bad: Bad = "both"
    floor: float = 0.0
    relative: bool = True
    assumed: bool = False
    share: float = 0.0
    understood: bool = True
    setting: bool = False
    by: By = ""


@dataclass(frozen=True)
class LimitRule:
    """A gauge (`used`) and the pattern of the gauge that bounds it; `{1}` is the first group of `used`."""

    used: re.Pattern[str]
    limit: str

    def bound(self, metric: str) -> re.Pattern[str] | None:
        """The pattern of the limit's name for this metric, or None where the rule does not speak of it."""
        found = self.used.match(metric)
        if not found:
            return None
        stem = found.group(1) if self.used.groups else ""
        return re.compile(f"^{self.limit.replace('{1}', re.escape(stem))}$", re.IGNORECASE)


_TIMES = ("s", "ms", "us", "ns", "min", "h", "d")
_FLOORS = {  # the smallest change that matters, where trouble lies the other way
    (
        "memory",
        "down",
    ): 67_108_864.0,  # bytes: of what is free a host's page cache moves tens of MiB at any time
    ("network", "up"): 0.5,  # errors and drops per second
    ("availability", "up"): 0.5,  # members
}
_OF_CURRENT = frozenset(
    {
        "a",
        "b",
        "c",
        "l1",
        "l2",
        "l3",
        "phase",
        "rms",
        "mean",
        "avg",
        "average",
        "load",
        "sensor",
        "dc",
        "ac",
        "draw",
    }
)
_ELECTRIC = frozenset(
    {
        "motor",
        "phase",
        "battery",
        "dc",
        "ac",
        "amp",
        "amps",
        "ampere",
        "amperes",
        "pump",
        "drive",
        "axis",
        "winding",
    }
)
OTHER = Aspect(aspect="other", say="")
NOT_UNDERSTOOD = Aspect(aspect="other", say="", understood=False)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SUFFIX = re.compile(r"\s*[(\[]([^()\[\]]{1,12})[)\]]\s*$")
_SUFFIXES = {"%": "percent", "s": "seconds", "ms": "milliseconds", "us": "microseconds", "b": "bytes"}


def plain_name(metric: str) -> str:
    """A metric's name in the form that the rules are written for: `CpuUsageRate(%)` is `Cpu_Usage_Rate_percent`.

    Names in snake case without a unit in parentheses stay as they are.
    """
    found = _SUFFIX.search(metric)
    unit = _SUFFIXES.get(found.group(1).lower(), "") if found else ""
    bare = metric[: found.start()] if found else metric
    name = re.sub(r"\s+", "_", _CAMEL.sub("_", bare).strip())
    return f"{name}_{unit}" if unit else name


class Aspects:
    """The rules of one file."""

    def __init__(
        self, raw: Mapping[str, Any], *, otherwise: Callable[[str, Metadata], Aspect] | None = None
    ) -> None:
        self._otherwise = otherwise or meant  # of a name that no rule takes
        self._rules = [_rule(entry) for entry in raw.get("rules", [])]
        self.limits = tuple(
            LimitRule(re.compile(entry["used"], re.IGNORECASE), str(entry["limit"]))
            for entry in raw.get("limits", [])
        )
        self._known: dict[tuple[str, Metadata], Aspect] = {}
        self._site: Mapping[str, Entry] = {}

    def with_site(self, names: Mapping[str, Entry]) -> Aspects:
        """The same rules, the names of a site's dictionary before all of them."""
        made = copy.copy(self)
        made._known, made._site = {}, names
        return made

    def of(self, metric: str, labels: Mapping[str, str] | None = None, metadata: Metadata = UNTOLD) -> Aspect:
        """The first rule found in `metric{`, or, where it holds a `=`, in `metric{label=value,...}`; else what the name means."""
        of = metric.removesuffix(f"_{metadata.stat}") if metadata.stat else metric
        name = plain_name(of) + "{"
        series = name + ",".join(f"{k}={v}" for k, v in sorted((labels or {}).items())) + "}"
        key = series, metadata
        if key not in self._known and metric in self._site:
            self._known[key] = meant(metric, metadata, self._site[metric])
        if key not in self._known and metadata.quantity:
            self._known[key] = meant(of, metadata)
        if key not in self._known:
            # A queue's name in a label makes no queue of what is counted: only a rule with a `=` looks at labels.
            self._known[key] = next(
                (a for rule, a in self._rules if rule.search(series if "=" in rule.pattern else name)), None
            ) or self._otherwise(of, metadata)
        return self._known[key]


def meant(metric: str, metadata: Metadata = UNTOLD, entry: Entry | None = None) -> Aspect:
    """What a metric means by the site's dictionary, else by its name and metadata; `other` where that is not clear enough."""
    meaning = lexicon().read(metric, metadata.unit, metadata.help)
    by: By = "metadata" if meaning.by == "metadata" else ""
    if metadata.quantity:
        direction = lexicon().direction_of(metric, metadata.quantity)
        meaning, by = replace(meaning, quantity=metadata.quantity, direction=direction), "metadata"
    if entry is not None and entry.taken:
        meaning = replace(meaning, quantity=entry.quantity, direction=entry.direction)
        by = "model" if entry.by.startswith("model") else "dictionary"
    return replace(_aspect(meaning), by=by)


def _aspect(meaning: Meaning) -> Aspect:
    quantity = lexicon().quantities.get(meaning.quantity)
    if quantity is None:
        return NOT_UNDERSTOOD
    if quantity.id == "lag" and meaning.unit in _TIMES:
        return Aspect(aspect="lag", say="lag", unit="s", bad="up", floor=1.0, assumed=True)
    if (
        quantity.id == "availability" and meaning.direction == "up"
    ):  # how many are out of service, and of whom, is no state of its own
        return Aspect(
            aspect="errors", say=quantity.say("up"), bad="up", floor=quantity.floor, relative=quantity.relative,
            assumed=True,
        )  # fmt: skip
    if quantity.id == "locks":
        return _locks(meaning.words, quantity)
    if quantity.id == "current" and not meaning.unit and _is_adjective(meaning.words):
        return NOT_UNDERSTOOD
    return Aspect(
        aspect=quantity.aspect,
        say=quantity.say(meaning.direction) if quantity.aspect != "other" else "",
        unit=quantity.unit,
        bad="both" if meaning.direction == "none" else meaning.direction,
        floor=_FLOORS.get((quantity.id, meaning.direction), quantity.floor),
        relative=quantity.relative,
        assumed=True,
        setting=quantity.id == "setting",
    )


def _is_adjective(words: tuple[str, ...]) -> bool:
    """Whether `current` says which one is meant, as in `current revision`, and no other word tells of electricity."""
    at = words.index("current") if "current" in words else len(words)
    return at < len(words) - 1 and words[at + 1] not in _OF_CURRENT and not _ELECTRIC & {*words}


def _locks(words: tuple[str, ...], quantity: Quantity) -> Aspect:
    """Locks that are waited for are trouble, a deadlock is work that failed, and locks that are held tell nothing."""
    if any(w.startswith("deadlock") for w in words):
        return Aspect(aspect="errors", say="deadlocks", unit="/s", bad="up", floor=0.02, assumed=True)
    if any(w.startswith(("wait", "block", "conten")) for w in words):
        return Aspect(aspect="locks", say=quantity.say("up"), bad="up", floor=quantity.floor)
    return OTHER


def _rule(entry: Mapping[str, Any]) -> tuple[re.Pattern[str], Aspect]:
    fields = {k: v for k, v in entry.items() if k != "match"}
    if fields.get("aspect") not in METRIC:
        raise BadInput(f"Set `aspect` of a metric rule to a known aspect, not {fields.get('aspect')!r}.")
    return re.compile(str(entry["match"]), re.IGNORECASE), Aspect(**fields)


@cache
def bundled() -> Aspects:
    """The rules that come with aitia."""
    text = files("aitia.tools.series").joinpath("aspects.yaml").read_text(encoding="utf-8")
    return Aspects(own_yaml(text))
