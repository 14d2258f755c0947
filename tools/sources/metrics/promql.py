"""Safe PromQL selectors: names are checked, values are escaped, nothing else is ever put into a query."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from aitia.core.errors import BadInput

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")
_SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$])")


def escape(value: str) -> str:
    """A label value as it stands between double quotes."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")


def is_metric(name: str) -> bool:
    """Whether a name is a metric name of the classic character set."""
    return bool(_METRIC.match(name))


def matcher(label: str, value: str, *, operator: str = "=") -> str:
    """`label="value"`. Raises BadInput for a label name that PromQL does not allow."""
    if not _LABEL.match(label):
        raise BadInput(f"{label!r} is not a valid label name. Use letters, digits and underscores.")
    return f'{label}{operator}"{escape(value)}"'


def selector(metric: str, labels: Mapping[str, str] | None = None, *, match: str = "") -> str:
    """`metric{label="value",...}`; `match` is the configured matcher, with or without its braces."""
    parts = [] if is_metric(metric) or not metric else [matcher("__name__", metric)]
    parts += [matcher(label, value) for label, value in sorted((labels or {}).items())]
    parts += [inner(match)] if inner(match) else []
    name = metric if is_metric(metric) else ""
    if not name and not parts:
        parts = ['__name__!=""']
    return name + ("{" + ",".join(parts) + "}" if parts else "")


def any_of(metrics: Iterable[str], *, match: str = "") -> str:
    """A selector of several metrics at once."""
    alternatives = "|".join(_SPECIAL.sub(r"\\\1", name) for name in metrics)
    parts = [matcher("__name__", alternatives, operator="=~")] + ([inner(match)] if inner(match) else [])
    return "{" + ",".join(parts) + "}"


def any_value(label: str, values: Iterable[str]) -> str:
    """The inside of a selector: one of some values of a label."""
    alternatives = "|".join(_SPECIAL.sub(r"\\\1", value) for value in dict.fromkeys(values))
    return matcher(label, alternatives, operator="=~")


def with_label(label: str, values: Iterable[str], *, match: str = "") -> str:
    """The inside of a selector: one of some values of a label, and the configured matcher."""
    parts = [any_value(label, values)] + ([inner(match)] if inner(match) else [])
    return "{" + ",".join(parts) + "}"


def by_label(metric: str, label: str, *, match: str = "", over_s: float) -> str:
    """One value per value of a label: the mean of gauges (the least of `up`), a counter's summed rate per second.

    A histogram's or summary's `_sum` becomes the mean of what it sums: its rate over that of its `_count`.
    """
    if not _LABEL.match(label):
        raise BadInput(f"{label!r} is not a valid label name. Use letters, digits and underscores.")
    span = f"[{max(1, round(over_s))}s]"
    if metric.endswith("_sum"):
        count = metric.removesuffix("_sum") + "_count"
        parts = [f"sum by ({label}) (rate({selector(m, match=match)}{span}))" for m in (metric, count)]
        return f"{parts[0]} / {parts[1]}"
    if metric.endswith(("_total", "_count")):
        return f"sum by ({label}) (rate({selector(metric, match=match)}{span}))"
    return f"{'min' if metric == 'up' else 'avg'} by ({label}) ({selector(metric, match=match)})"


def moved_most(expression: str, *, window_s: float, baseline_s: float, step_s: float, top: int) -> str:
    """The `top` results of an expression whose mean over the window lies most standard deviations off the baseline's.

    Evaluated at the window's end; the baseline is what lies right before the window. A fiftieth of the baseline's
    mean is added to its deviation, so that a series which never varies does not win by a trifle.
    """
    step, before = f"{max(1, round(step_s))}s", f"{max(1, round(window_s))}s"
    now = f"avg_over_time(({expression})[{before}:{step}])"
    past = f"({expression})[{max(1, round(baseline_s))}s:{step}] offset {before}"
    spread = f"(stddev_over_time({past}) + abs(avg_over_time({past})) / 50 + 1e-12)"
    return f"topk({max(1, top)}, abs({now} - avg_over_time({past})) / {spread})"


def inner(match: str) -> str:
    """A configured matcher without its braces."""
    return match.strip().removeprefix("{").removesuffix("}").strip().strip(",")
