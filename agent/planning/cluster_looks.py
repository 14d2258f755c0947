"""What a series of looks at a cluster has shown so far: signs, and who plays which part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from aitia.core.words import Incident, Result

_SAID: Final = (
    ("said.slow", r"(?i)latency|slow|degrad|p9\d|quality"),
    ("said.restart", r"(?i)restart|crash"),
    ("said.broken", r"(?i)unreach|unavail|disrupt|down|error|fail"),
)
_ENTRIES: Final = (
    r"front",
    r"gateway|edge|ingress",
    r"dashboard|portal|^ui|-ui(?:-|$)",
    r"^web|-web$",
    r"nginx|proxy|^api",
)


class Seen:
    """The state of a stepwise look. Names come from answers alone; `target(role)` gives them, the likeliest first."""

    def __init__(self, incident: Incident, done: Sequence[Result]) -> None:
        answered = [r for r in done if r.status == "ok"]
        self.incident, self.done = incident, done
        self.words = f"{incident.title} {incident.text}"
        self.things = [t for r in answered for t in (*r.data.get("seen", ()), *r.data.get("unwell", ()))]
        self.bad = [t for r in answered for t in r.data.get("unwell", ())]
        self.points = [p for r in answered for p in r.data.get("points", ())]
        self.signs = {s for r in answered for s in r.data.get("signs", ())} | {"start"}
        self.signs |= {sign for sign, words in _SAID if re.search(words, self.words)}
        self.pods = self._apps("pods")
        self.services: dict[str, dict[str, Any]] = {}
        for t in self.things:
            if t["resource"] == "services":
                self.services.setdefault(str(t["name"]), {}).update(t)
        self._roles = self._cast()
        self._put_together()

    @property
    def parts(self) -> tuple[str, ...]:
        """All parts that somebody may play."""
        return tuple(self._roles)

    def target(self, role: str) -> list[str]:
        """Who plays a part, the likeliest first."""
        return self._roles.get(role, [])

    def role(self, resource: str, name: str) -> str:
        """The part that a name plays; "" where it plays none."""
        if resource in ("pods", "replicasets"):
            name = next((str(t["component"]) for t in self.things if t["name"] == name), name)
        own = {
            "nodes": ("node", "control"),
            "resourcequotas": ("quota",),
            "persistentvolumeclaims": ("claim",),
        }
        parts = own.get(resource, ("unwell", "suspect", "entry", "other"))
        if resource == "replicasets":
            return "set" if name in self.target("suspect") else ""
        return next((part for part in parts if name in self.target(part)), "")

    def named(self, resource: str, component: str) -> str:
        """The name of a component's object of a resource, one that is not well first; the component itself for its own kind."""
        listed = (*self.bad, *self.things)
        return next(
            (
                str(t["name"])
                for t in listed
                if t["resource"] == resource and component in (t["component"], t["name"])
            ),
            "" if resource in ("pods", "replicasets") else component,
        )

    def _apps(self, resource: str) -> list[str]:
        return list(dict.fromkeys(str(t["component"]) for t in self.things if t["resource"] == resource))

    def _cast(self) -> dict[str, list[str]]:
        unwell = list(
            dict.fromkeys(str(t["component"]) for t in self.bad if t["resource"] == "pods" and t.get("state"))
        )
        listed = {
            str(t["component"])
            for r in self.done
            for t in r.data.get("unwell", ())
            if r.args.get("resource") == "pods"
        }
        unwell = [a for a in unwell if a in listed]
        entry = self._entry()
        suspects = self._suspects()
        nodes = [str(t["name"]) for t in self.bad if t["resource"] == "nodes"]
        stuck = {str(t["name"]) for t in self.bad if t["resource"] == "pods"}
        nodes += [
            str(t["node"])
            for t in self.things
            if t["resource"] == "pods" and t["name"] in stuck and t.get("node")
        ]
        control = [str(t["name"]) for t in self.things if t["resource"] == "nodes" and t.get("control")]
        others = [
            s for s in self.services if s not in entry and not any(s.startswith(f"{e}-") for e in entry)
        ]
        quotas = [t for t in (*self.bad, *self.things) if t["resource"] == "resourcequotas"]
        claims = [t for t in (*self.bad, *self.things) if t["resource"] == "persistentvolumeclaims"]
        made = {
            "unwell": unwell,
            "entry": entry,
            "suspect": suspects,
            "set": [a for a in suspects if a in self._short()],
            "node": nodes,
            "control": control,
            "other": [*(s for s in suspects if s in self.services), *others],
            "quota": [str(t["name"]) for t in quotas],
            "claim": [str(t["name"]) for t in claims],
        }
        return {role: list(dict.fromkeys(names)) for role, names in made.items()}

    def _short(self) -> set[str]:
        """Apps whose workload has fewer pods than it wants."""
        short = [t for t in self.bad if t["resource"] in ("deployments", "statefulsets")]
        short = short or [t for t in self.bad if t["resource"] == "replicasets"]
        return {str(t["component"]) for t in short}

    def _entry(self) -> list[str]:
        """Where users come in: what the report names, what is open to the outside, else what is called so."""
        apps = [*(self.pods or self._apps("deployments")), *(n for n in self.services if not self._alias(n))]
        told = [a for a in apps if re.search(rf"(?<![\w-]){re.escape(a)}(?![\w-])", self.incident.title)]
        outside = [str(t["name"]) for t in self.services.values() if t.get("outside")]
        open_apps = [a for a in apps for s in outside if s == a or s.startswith(f"{a}-")]
        called = [a for words in _ENTRIES for a in apps if re.search(words, a)]
        return [*told, *called, *open_apps][:1]

    def _suspects(self) -> list[str]:
        """Apps that answers point to, by how plainly."""
        points: dict[str, float] = {}

        def add(name: str, weight: float) -> None:
            points[name] = max(points.get(name, 0.0), weight) + 0.1 * min(points.get(name, 0.0), weight)

        for t in self.bad:
            resource, name = str(t["resource"]), str(t["component"])
            weight = {
                "endpoints": 1.0,
                "deployments": 1.0,
                "statefulsets": 1.0,
                "services": 1.0,
                "replicasets": 0.6,
            }.get(resource, 0)
            if weight and not self._alias(name):
                add(name, weight)
        for name in self.missing_pods():
            add(name, 0.95)
        for name in self.missing_services():
            add(name, 0.9)
        for place, name in enumerate(self._pointed()):
            add(name, max(0.2, 0.8 - 0.1 * place))
        return sorted(points, key=lambda n: (-round(points[n], 6), n))

    def _alias(self, service: str) -> bool:
        """Whether a service is a further one of another app (`frontend-external`)."""
        return service not in self.pods and any(service.startswith(f"{a}-") for a in self.pods)

    def _pointed(self) -> Iterable[str]:
        """Services that logs name, by address or by name."""
        by_address = {str(t.get("address")): n for n, t in self.services.items() if t.get("address")}
        for point in self.points:
            name = by_address.get(point.rpartition(":")[0], point)
            if name in self.services or name in self.pods:
                yield name

    def missing_pods(self) -> list[str]:
        """Services whose app has no pod, where services are called like apps."""
        if not self._alike():
            return []
        return [s for s in self.services if s not in self.pods and not self._alias(s)]

    def missing_services(self) -> list[str]:
        """Apps without a service, where nearly all have one of their own name."""
        if not self._alike() or not any(r.args == {"resource": "services"} for r in self.done):
            return []
        return [a for a in self.pods if a not in self.services]

    def _alike(self) -> bool:
        shared = sum(a in self.services for a in self.pods)
        return len(self.pods) > 2 and shared >= 0.8 * len(self.pods)

    def _put_together(self) -> None:
        """Signs that no single answer gives."""
        if any(t["resource"] == "pods" for t in self.bad) and self.target("unwell"):
            self.signs.add("pod.unwell")
        empty = [
            str(t["component"]) for t in self.bad if t["resource"] in ("endpoints", "services", "deployments")
        ]
        short = [a for a in [*empty, *self.missing_pods()] if not self._alias(a)]
        if self.pods and any(a not in self.pods for a in short):
            self.signs.add("app.no_pods")
        if "endpoints.empty" in self.signs and any(a in self.pods for a in empty):
            self.signs.add("app.has_pods")
        if self.missing_services():
            self.signs.add("service.missing")
