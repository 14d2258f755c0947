"""What a metric is about: rules of a data file, matched once per metric name and label set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from aitia.core.aspects import METRIC
from aitia.core.bounds import own_yaml
from aitia.core.errors import BadInput

Bad = Literal["up", "down", "both"]


@dataclass(frozen=True, kw_only=True)
class Aspect:
    """A rule: the aspect, how a sentence names it, its unit, the direction of trouble and what change matters."""

    aspect: str
    say: str
    unit: str = ""
    bad: Bad = "both"
    floor: float = 0.0
    relative: bool = True


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


OTHER = Aspect(aspect="other", say="")
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

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._rules = [_rule(entry) for entry in raw.get("rules", [])]
        self.limits = tuple(
            LimitRule(re.compile(entry["used"], re.IGNORECASE), str(entry["limit"]))
            for entry in raw.get("limits", [])
        )
        self._known: dict[str, Aspect] = {}

    def of(self, metric: str, labels: Mapping[str, str] | None = None) -> Aspect:
        """The first rule found in `metric{`, or, where it holds a `=`, in `metric{label=value,...}`; else `other`."""
        name = plain_name(metric) + "{"
        key = name + ",".join(f"{k}={v}" for k, v in sorted((labels or {}).items())) + "}"
        if key not in self._known:
            # A queue's name in a label makes no queue of what is counted: only a rule with a `=` looks at labels.
            self._known[key] = next(
                (a for rule, a in self._rules if rule.search(key if "=" in rule.pattern else name)), OTHER
            )
        return self._known[key]


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
