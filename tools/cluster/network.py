"""Names that do not resolve and policies that keep traffic out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from aitia.tools.cluster.finding import (
    CONTRADICTION,
    LIKELY,
    POSSIBLE,
    SAID,
    Finding,
    get,
    logs,
    manifest,
    quote,
)
from aitia.tools.cluster.objects import LogLine, Service, Spec
from aitia.tools.cluster.state import State

_SERVER = re.compile(r"lookup (?P<name>[\w.-]+) on (?P<server>[\d.:a-f\[\]]+):53: (?P<why>[^\"\\]{3,60})")
_UNKNOWN = re.compile(
    r"(?i)UnknownHostException:? (?P<a>[\w.-]+)|getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (?P<b>[\w.-]+)"
    r"|(?:could not resolve host(?:name)?|name or service not known|temporary failure in name resolution"
    r"|nodename nor servname)[:\s]*(?P<c>[\w.-]*)"
    r"|dial tcp: lookup (?P<d>[\w.-]+)"
    r"|Failed to resolve '?(?P<e>[\w.-]+)"
)
_DIALED = re.compile(
    r"(?:dial tcp |connect(?:ing)? to |Connection (?:to )?/?)((?:\d{1,3}\.){3}\d{1,3}):(\d{2,5})"
)
_SILENT = re.compile(
    r"(?i)timed? ?out|deadline exceeded|ETIMEDOUT"
)  # packets that are dropped are not refused
_CLUSTER_DNS = ("ClusterFirst", "ClusterFirstWithHostNet", "")


def find(state: State) -> Iterator[Finding]:
    """Apps that do not use or cannot reach the cluster's name server; policies on apps that are not reached."""
    usual = _usual_servers(state)
    common = Counter(name for app in state.apps for name in failed_names(state, app))
    for app in state.apps:
        yield from _dns(state, app, usual, frozenset(n for n, apps in common.items() if apps >= 3))
    yield from _elsewhere(state)
    yield from _policies(state)


def _usual_servers(state: State) -> Counter[str]:
    found: Counter[str] = Counter()
    for app in state.apps:
        found.update({m.group("server") for line in state.lines(app) for m in _SERVER.finditer(line.text)})
    return found


def odd_dns(spec: Spec) -> str:
    """What in a specification keeps a pod from the cluster's name server, or ""."""
    if spec.dns_policy == "None":
        return f"its dnsPolicy is None with name servers {', '.join(spec.nameservers) or '(none)'}"
    if spec.dns_policy not in _CLUSTER_DNS:
        return (
            f"its dnsPolicy is {spec.dns_policy}, which uses the node's name servers instead of the cluster's"
        )
    if spec.nameservers:
        return f"its dnsConfig adds name servers {', '.join(spec.nameservers)}"
    return ""


def _pinned(state: State, app: str) -> str:
    """A service's name that the pod's own hosts file leads elsewhere, or ""."""
    known = {s.name: s.cluster_ip for s in state.services}
    for host, address in sorted(state.spec(app).host_aliases.items()):
        if known.get(host.split(".")[0], address) != address:
            return f"its hostAliases map {host} to {address}, which is not its service"
    return ""


def _astray(state: State, app: str) -> tuple[str, str] | None:
    """A service and the address at which an app's log says it was looked for, where that is neither its nor a pod's."""
    by_port: dict[int, list[Service]] = {}
    for service in state.services:
        for port in service.ports:
            by_port.setdefault(port.number, []).append(service)
    known = {s.cluster_ip for s in state.services} | {p.ip for p in state.pods}
    for line in state.lines(app):
        for address, port in _DIALED.findall(line.text):
            candidates = by_port.get(int(port), [])
            if len(candidates) == 1 and candidates[0].cluster_ip not in ("", "None") and address not in known:
                return candidates[0].name, address
    return None


def _elsewhere(state: State) -> Iterator[Finding]:
    """Services that should lead to an app's pods and are made to name an outside host."""
    for service in state.services:
        if service.type == "ExternalName" and state.workload(service.name):
            yield Finding(
                aspect="k8s.dns",
                component=service.name,
                statement=f"{service.name}: service {service.name} is an alias of {service.external or 'an outside host'}, while "
                f"pods of the same name run here.",
                strength=SAID,
                call=get("services", state.namespace, service.name),
                values={"external": service.external},
            )


def failed_names(state: State, app: str) -> Counter[str]:
    """Names of services that exist and that an app's log says do not resolve, with counts."""
    services = {s.name for s in state.services}
    found: Counter[str] = Counter()
    for line in state.lines(app):
        for match in _UNKNOWN.finditer(line.text):
            name = next((g for g in match.groups() if g), "").split(".")[0]
            if name in services:
                found[name] += line.count
    return found


def _dns(state: State, app: str, usual: Counter[str], common: frozenset[str]) -> Iterator[Finding]:
    odd = odd_dns(state.spec(app)) or _pinned(state, app)
    failed = failed_names(state, app)
    names = ", ".join(n for n, _ in failed.most_common(3))
    if odd:
        told = f"; it cannot resolve {names}" if names else ""
        yield Finding(
            aspect="k8s.dns",
            component=app,
            statement=f"{app}: {odd}, so service names do not resolve{told}.",
            strength=CONTRADICTION if failed or state.short(app) else SAID,
            call=manifest(app, state.namespace),
            values={"names": len(failed)},
        )
        return
    foreign = [
        (m.group("server"), line)
        for line in state.lines(app)
        for m in _SERVER.finditer(line.text)
        if usual[m.group("server")] == 1 and len(usual) > 1
    ]
    if foreign:
        yield Finding(
            aspect="k8s.dns",
            component=app,
            statement=(
                f"{app}: it uses name server {foreign[0][0]}, which no other app uses, and gets no answer: "
                f'"{quote(foreign[0][1].text[-160:])}".'
            ),
            strength=SAID,
            call=logs(app, state.namespace),
            quotes=True,
        )
        return
    astray = _astray(state, app)
    if astray is not None:
        yield Finding(
            aspect="k8s.dns",
            component=app,
            statement=(
                f"{app}: its log mentions service {astray[0]} at {astray[1]}, which is neither the service's "
                "address nor a pod's."
            ),
            strength=POSSIBLE,
            call=logs(app, state.namespace),
            values={"service": astray[0], "address": astray[1]},
        )
        return
    for name in common:
        failed.pop(name, None)  # several apps cannot resolve it: that is not this app's doing
    if len(failed) >= 2 and sum(failed.values()) >= 10 and not _was_young(state, app, failed):
        yield Finding(
            aspect="k8s.dns",
            component=app,
            statement=f"{app}: its log says {sum(failed.values())} times that existing services do not resolve ({names}).",
            strength=LIKELY if len(failed) >= 3 else POSSIBLE,
            call=logs(app, state.namespace),
            values={"names": len(failed), "count": sum(failed.values())},
        )


def _was_young(state: State, app: str, failed: Counter[str]) -> bool:
    """Whether the errors come from the first seconds, when services were still being made: others resolve by now."""
    ages = [p.age_s for p in state.pods_of(app) if p.age_s is not None]
    ready = [p for p in state.pods_of(app) if p.healthy]
    return bool(ready) and (not ages or min(ages) < 600.0)


def _policies(state: State) -> Iterator[Finding]:
    """Policies that let nothing in to an app whose callers complain that it does not answer."""
    for policy in (p for p in state.policies if p.closed):
        for app in state.apps:
            workload = state.workload(app)
            labels = dict(workload.spec.labels or workload.selector) if workload else {}
            waiting = _waiting(state, app) if policy.selector.items() <= labels.items() else None
            if waiting is not None:
                yield Finding(
                    aspect="k8s.network_policy",
                    component=app,
                    statement=f"{app}: network policy {policy.name} covers its pods and lets nothing in, and {waiting[0]} waits "
                    f'for it in vain: "{quote(waiting[1].text[-160:])}".',
                    strength=LIKELY,
                    call=get("networkpolicies", state.namespace, policy.name),
                    values={"policy": policy.name},
                    quotes=True,
                )


def _waiting(state: State, app: str) -> tuple[str, LogLine] | None:
    """Another app whose log says that one of this app's services does not answer in time."""
    names = [
        n
        for s in state.services_of(app)
        if s.endpoints
        for n in (s.name, s.cluster_ip)
        if n not in ("", "None")
    ]
    return next(
        (
            (other, line)
            for other in state.apps
            if other != app
            for line in state.lines(other)
            if _SILENT.search(line.text)
            and any(re.search(rf"(?<![\w.-]){re.escape(n)}(?![\w-])", line.text) for n in names)
        ),
        None,
    )
