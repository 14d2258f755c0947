"""The component that a series belongs to, from its name and all of its labels together.

The label that says who scraped a series (`job`, `service` of a kubelet or of an exporter) is not the one that says whose it is: a
container's memory belongs to its pod, a probe's result to its target.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from aitia.core.bounds import own_yaml

NAME: Final = "__name__"


def owner_of(labels: Mapping[str, str], *, metric: str = "", label: str = "") -> str:
    """The raw name of the component, or "" where no label tells it.

    labels  the series' labels; `__name__` is its name where `metric` is not given
    label   the label that the settings name: it decides where the family has no owner of its own
    """
    metric = metric or labels.get(NAME, "")
    data = _data()
    for family in data["families"]:
        if _family(metric).startswith(tuple(family["names"])):
            keys = [*family["owner"], *(family.get("target", ()) if _scraped(labels, data) else ())]
            found = next((labels[key] for key in keys if labels.get(key)), "")
            if found:
                return found
    if label:
        return labels.get(label, "")
    key = next((key for key in data["usual"] if labels.get(key)), "")
    return _measured(labels[key], metric, data) if key in ("service", "job") else labels.get(key, "")


def _family(metric: str) -> str:
    """The name that tells the family: of a recording rule `level:metric:operation` the metric."""
    parts = metric.split(":")
    return parts[1] if len(parts) == 3 and parts[1] else metric


def _scraped(labels: Mapping[str, str], data: Mapping[str, Any]) -> bool:
    """Whether the series' service or job is called for an exporter."""
    names = [labels[key] for key in ("job", "service") if labels.get(key)]
    return any(name in data["scrapers"] or name.endswith(tuple(data["exporters"])) for name in names)


def _measured(name: str, metric: str, data: Mapping[str, Any]) -> str:
    """What an exporter measures, by its name."""
    if metric.startswith(tuple(data["own"])):
        return name
    for ending in data["exporters"]:
        if name.endswith(ending) and len(name) > len(ending):
            return name.removesuffix(ending)
    return name


@cache
def _data() -> dict[str, Any]:
    return dict(own_yaml(files("aitia.tools.identity").joinpath("families.yaml").read_text(encoding="utf-8")))
