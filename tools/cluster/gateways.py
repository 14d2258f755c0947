"""Gateways: routes that lead to another service than they speak of, or to one that is not there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aitia.tools.cluster.configuration import references_of
from aitia.tools.cluster.finding import CONTRADICTION, LIKELY, SAID, Finding, manifest, quote
from aitia.tools.cluster.objects import Route, Service
from aitia.tools.cluster.state import State

_NOISE: Final = frozenset({"api", "v1", "v2", "v3", "", "rest", "http", "https", "route", "routes", "path"})


@dataclass(frozen=True, kw_only=True)
class Names:
    """Services by the cores of their names: without a prefix that most share, without `service` and punctuation."""

    prefix: str
    by_core: Mapping[str, str]

    def named(self, text: str) -> str:
        """The service that a word means, or ""."""
        return self.by_core.get(core(text), "") or self.by_core.get(core(text.removeprefix(self.prefix)), "")


def names_of_services(names: Sequence[str]) -> Names:
    """The cores of service names; a first word counts as a prefix where at least half of them (and three) share it."""
    first = Counter(n.split("-")[0] for n in names if "-" in n)
    common, times = first.most_common(1)[0] if first else ("", 0)
    prefix = f"{common}-" if times >= max(3, 0.5 * len(names)) else ""
    return Names(
        prefix=prefix, by_core={core(n.removeprefix(prefix)): n for n in sorted(names, reverse=True)}
    )


def core(text: str) -> str:
    """A name without punctuation, case, and the word `service`."""
    return re.sub(r"(service|svc)$", "", re.sub(r"[^a-z0-9]", "", text.lower()))


def find(state: State) -> Iterator[Finding]:
    """Routes that disagree with their own names, of holders whose other routes agree with theirs."""
    services = {s.name: s for s in state.services}
    names = names_of_services(sorted(services))
    for holder in sorted({r.holder for r in state.routes}):
        routes = [r for r in state.routes if r.holder == holder]
        wrong = [(r, w) for r in routes if (w := _wrong(state, r, services, names)) is not None]
        right = [r for r in routes if names.named(r.name) == r.host or _by_path(r, names) == r.host]
        if len(wrong) > max(2, len(right)):
            continue  # a front that sends everything to one place: its paths name what lies behind that
        for route, (what, strength, meant) in wrong:
            # A route of an object that no app of this namespace reads is a matter of the app that it is about.
            app = holder if state.workload(holder) else _reader(state, holder) or meant
            if app:
                yield Finding(
                    aspect="k8s.gateway",
                    component=app,
                    statement=f"{app}: its route {quote(route.path or route.name, 80)} ({quote(route.where, 60)}) {what}.",
                    strength=strength,
                    call=manifest(app, state.namespace),
                    values={"path": route.path, "host": route.host, "meant": meant},
                    quotes=True,
                )


def _by_path(route: Route, names: Names) -> str:
    segments = [s for s in re.split(r"[/*]", route.path) if s.lower() not in _NOISE]
    return next((found for s in segments if (found := names.named(s))), "")


def _wrong(
    state: State, route: Route, services: Mapping[str, Service], names: Names
) -> tuple[str, float, str] | None:
    """What is wrong with a route, how sure that is, and the app that its name or its path speaks of ("" where none)."""
    by_name, by_path = names.named(route.name), _by_path(route, names)
    target = services.get(route.host)
    others = [m for m in (by_name, by_path) if m and not _one_app(state, services[m], target)]
    agrees = any(m and m not in others for m in (by_name, by_path))
    if others:
        what = f"mentions service {others[0]} but points to {route.host}"
        sure = LIKELY if agrees else CONTRADICTION if target else SAID
        return what, sure, state.app_behind(services[others[0]])
    if target is None:
        known = by_name or by_path or route.where == "ingress"
        meant = state.app_behind(services[by_name or by_path]) if by_name or by_path else ""
        return (f"points to service {route.host}, which does not exist", SAID, meant) if known else None
    if route.port and all(p.number != route.port for p in target.ports):
        what = f"points to port {route.port} of {route.host}, which it does not expose"
        return what, LIKELY, state.app_behind(target)
    return None


def _one_app(state: State, one: Service, other: Service | None) -> bool:
    return other is not None and (one == other or state.app_behind(one) == state.app_behind(other) != "")


def _reader(state: State, name: str) -> str:
    """The app that reads a config map or stands behind a gateway object; "" where none can be told."""
    users = [a for a in state.apps if any(r.name == name for r in references_of(state, a))]
    gates = [a for a in state.apps if re.search(r"(?i)gateway|ingress", a)]
    return users[0] if users else gates[0] if len(gates) == 1 else ""
