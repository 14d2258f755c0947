"""The component that a series belongs to, from its name and all of its labels together.

The label that says who scraped a series (`job`, `service` of a kubelet or of an exporter) is not the one that says whose it is: a
container's memory belongs to its pod, a probe's result to its target, a queue's depth to the queue. In this order decide: the
family that the name begins like; a label that names a thing of which the name speaks; a cloud's dimensions; what a prober or
an exporter of many was asked about; the label of the settings; the usual labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

from aitia.core.bounds import own_yaml

NAME: Final = "__name__"
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ENDINGS: Final = ("name", "id", "identifier", "arn", "holder", "host", "address", "display", "idx", "ip")
_MIB: Final = re.compile(r"[a-z]+[A-Z][A-Za-z0-9]*")  # names as SNMP's MIBs spell them: `ifHCInOctets`
_CLOUD: Final = re.compile(r"(?:aws[_.]|amazonaws\.com/|azure_|azure\.|gcp[_.]|stackdriver_)")
_ADDRESS: Final = re.compile(r"(?:localhost|127\.[\d.]+|\[?::1\]?|0\.0\.0\.0|10\.\d+\.\d+\.\d+)(?::\d+)?$")
_LOOPBACK: Final = re.compile(
    r"(?:localhost|127\.[\d.]+|\[?::1\]?|0\.0\.0\.0)(?::\d+)?$"
)  # names whoever says it
_HELM: Final = re.compile(r"-prometheus-[a-z0-9]+-exporter$")  # `RELEASE-prometheus-postgres-exporter`
_NO_DIMENSION: Final = frozenset(
    {"namespace", "metricname", "region", "stat", "accountid", "availabilityzone", "statistic"}
)


def owner_of(labels: Mapping[str, str], *, metric: str = "", label: str = "") -> str:
    """The raw name of the component, or "" where no label tells it.

    labels  the series' labels; `__name__` is its name where `metric` is not given
    label   the label that the settings name: it decides where nothing tells more
    """
    metric = metric or labels.get(NAME, "")
    found = _by_family(metric, labels) or _by_thing(metric, labels) or _by_dimension(metric, labels)
    found = found or _asked(metric, labels)
    if found:
        return found
    if label:
        return labels.get(label, "")
    return _usual(metric, labels)


def _by_family(metric: str, labels: Mapping[str, str]) -> str:
    data, name = _data(), _family(metric)
    for family in data["families"]:
        if not name.startswith(tuple(family["names"])):
            continue
        if any(labels.get(k) != v for k, v in family.get("when", {}).items()):
            continue
        keys = [*family["owner"], *(family.get("target", ()) if _scraped(labels) else ())]
        if found := _first(labels, keys):
            return found
    return ""


def _family(metric: str) -> str:
    """The name that tells the family: of a recording rule `level:metric:operation` the metric."""
    parts = metric.split(":")
    return parts[1] if len(parts) == 3 and parts[1] else metric


def _by_thing(metric: str, labels: Mapping[str, str]) -> str:
    """The value of the label whose key names the thing of which the metric's name speaks last."""
    said = {word: place for place, word in enumerate(_words(metric))}
    best: tuple[int, str] = (-1, "")
    reserved = {"job", "exported_job", "instance", "host"} | ({"cluster"} if "pod" in labels else set())
    for key, value in labels.items():
        if value and not value.isdecimal() and key not in reserved and not _LOOPBACK.match(value):
            place = max((said.get(word, -1) for word in _thing(key)), default=-1)
            best = max(best, (place, value))
    return best[1] if best[0] >= 0 else ""


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    """The words of a name, small."""
    return tuple(w.lower() for w in _WORD.findall(name))


@lru_cache(maxsize=4096)
def _thing(key: str) -> tuple[str, ...]:
    """The words by which a metric's name speaks of the thing that a label's key names; none where it names no thing."""
    things = _data()["things"]
    words = list(_words(key))
    while len(words) > 1 and words[-1] in _ENDINGS:
        words.pop()
    if not words:
        return ()
    last = next(
        (
            words[-1].removesuffix(e)
            for e in _ENDINGS
            if words[-1].endswith(e) and len(words[-1]) > len(e) + 1
        ),
        words[-1],
    )
    for form in ("_".join(words[-2:]), last):
        if form in things:
            return tuple(things[form])
    return ()


def _by_dimension(metric: str, labels: Mapping[str, str]) -> str:
    """The dimension of a cloud's metric that names the resource, else its ARN's `Name` tag or the ARN."""
    plain = {_plain(key): value for key, value in labels.items() if value}
    cloud = _CLOUD.match(metric) or labels.get("Namespace", "").startswith(
        ("AWS/", "ContainerInsights", "CWAgent")
    )
    if not cloud and not any(key.startswith(("dimension_", "Dimensions.")) for key in labels):
        return ""
    whole = "elb" in _words(metric) and not metric.startswith("aws_elb")
    for name in _data()["dimensions"]:
        if name in plain and not (name == "targetgroup" and whole):
            return plain[name]
    if labels.get("name", "").startswith("arn:"):
        return labels.get("tag_Name") or labels["name"]
    named = (v for k, v in labels.items() if k[:1].isupper() and _plain(k) not in _NO_DIMENSION)
    return next(named, "")


def _plain(key: str) -> str:
    key = key.removeprefix("dimension_").removeprefix("Dimensions.")
    return "".join(_words(key))


def _asked(metric: str, labels: Mapping[str, str]) -> str:
    """What a prober, a collector or an exporter of many was asked about, where this is one of those."""
    data = _data()
    words = _words(metric)
    collector = _first(labels, ("service.name", "service_name", "host", "job", "k8s.pod.name", "instance"))
    # A program that tells its own name measures what it calls under `server` and `target`.
    calls = "client" in words or any(key in labels for key in ("service", "app", "pod", "service.name"))
    for_others = (
        metric.startswith(tuple(data["probes"]))
        or _MIB.fullmatch(metric)
        or any(key in labels for key in ("module", "exporter", "prober"))
        or collector.startswith(tuple(data["collectors"]))
        or any(labels.get(key) in data["scrapers"] for key in ("job", "service"))
        or "exported_instance" in labels
        or (metric.startswith("snmp.") and "snmp_device" in labels)
        or (not calls and ("target" in labels or "server" in labels))
    )
    keys = [k for k in data["asked"] if k != "instance" or _named(labels.get("instance", ""))]
    if not for_others or "exporter" in words:
        return ""
    places = {
        k: v
        for k, v in labels.items()
        if not v.startswith(("/", "localhost", "127.")) and not v.startswith("dns:")
    }
    return _first(places, keys)


def _named(instance: str) -> bool:
    """Whether an instance names a place, not only an address behind which anything may stand."""
    host = instance.rsplit(":", 1)[0]
    return bool(host) and not _ADDRESS.match(instance) and not host.endswith(tuple(_data()["exporters"]))


def _scraped(labels: Mapping[str, str]) -> bool:
    """Whether the series' service or job is called for an exporter."""
    data = _data()
    names = [labels[key] for key in ("job", "service") if labels.get(key)]
    return any(name in data["scrapers"] or name.endswith(tuple(data["exporters"])) for name in names)


def _usual(metric: str, labels: Mapping[str, str]) -> str:
    data = _data()
    for key in data["usual"]:
        value = labels.get(key, "")
        if not value or (key == "instance" and not _named(value)):
            continue
        if key.startswith("service") and value.startswith(tuple(data["collectors"])):
            continue
        return _measured(value, metric) if key in ("service", "job") else value
    return labels.get("instance", "")


def _measured(name: str, metric: str) -> str:
    """What an exporter measures, by its name."""
    data = _data()
    if metric.startswith(tuple(data["own"])) or "exporter" in _words(metric):
        return name
    if helm := _HELM.search(name):
        return name[: helm.start()]
    for ending in data["exporters"]:
        if name.endswith(ending) and len(name) > len(ending):
            return name.removesuffix(ending)
    return name


def _first(labels: Mapping[str, str], keys: Iterable[str]) -> str:
    return next((labels[key] for key in keys if labels.get(key)), "")


@cache
def _data() -> dict[str, Any]:
    return dict(own_yaml(files("aitia.tools.identity").joinpath("families.yaml").read_text(encoding="utf-8")))
