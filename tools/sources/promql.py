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
        raise BadInput(f"Use a label name of letters, digits and underscores: {label!r} is none.")
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


def inner(match: str) -> str:
    """A configured matcher without its braces."""
    return match.strip().removeprefix("{").removesuffix("}").strip().strip(",")
