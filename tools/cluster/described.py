"""What `kubectl describe` prints, to typed objects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from aitia.tools.cluster.objects import (
    Claim,
    Container,
    Event,
    Node,
    Port,
    Probe,
    Quota,
    Reference,
    Service,
    Spec,
    Toleration,
)
from aitia.tools.cluster.text import Branch, Row, age_s, pairs

_PROBE = re.compile(
    r"^(?P<kind>grpc|http-get|tcp-socket|exec)\s+(?P<where>.*?)\s*delay=(?P<delay>\d+)s\s+timeout=(?P<timeout>\d+)s"
    r"\s+period=(?P<period>\d+)s\s+#success=\d+\s+#failure=(?P<failures>\d+)"
)
_EVENT = re.compile(
    r"^(?P<age>\S+)(?: \(x\d+ over \S+\))?\s+(?P<type>Normal|Warning)\s+(?P<reason>\S+)"
    r"\s+(?P<object>[a-zA-Z.]+/\S+)\s+(?P<message>.*)$"
)
_KEY_OF = re.compile(r"<set to the key '([^']+)' (?:in|of) (secret|config map) '([^']+)'>")
_AGES = re.compile(r"^(\S+)(?: \(x(\d+) over \S+\))?")
_FROM = re.compile(r"^(\S+)\s+(Secret|ConfigMap)\b")
_PORT: Final = re.compile(r"(\d+)/(TCP|UDP|SCTP)")


def events(branch: Branch) -> tuple[Event, ...]:
    """The events below a description."""
    return tuple(event(row, kind="", name=branch.text("Name")) for row in branch.table("Events"))


def event(row: Row, *, kind: str, name: str) -> Event:
    """One row of an event table of `describe`."""
    ages = _AGES.match(row.get("Age", ""))
    return Event(
        type=row.get("Type", ""),
        reason=row.get("Reason", ""),
        message=row.get("Message", ""),
        kind=kind,
        name=name,
        last_s=age_s(ages.group(1)) if ages else None,
        count=int(ages.group(2) or 1) if ages else 1,
    )


def listed_events(text: str) -> tuple[Event, ...]:
    """The lines of `kubectl get events`, with or without their heading (`--no-headers`, or the last lines only)."""
    return tuple(_listed_event(m) for line in text.split("\n") if (m := _EVENT.match(line)))


def _listed_event(match: re.Match[str]) -> Event:
    kind, _, name = match.group("object").partition("/")
    return Event(
        type=match.group("type"),
        reason=match.group("reason"),
        message=match.group("message").strip(),
        kind=kind.lower(),
        name=name,
        last_s=age_s(match.group("age")),
    )


def conditions(branch: Branch) -> dict[str, tuple[str, str]]:
    """Conditions by type: status and reason."""
    return {
        r["Type"]: (r.get("Status", ""), r.get("Reason", ""))
        for r in branch.table("Conditions")
        if r.get("Type")
    }


def spec(branch: Branch) -> Spec:
    """The pod specification as a pod's or a template's description shows it."""
    volumes = branch.get("Volumes").children
    references = [r for v in volumes if (r := _volume_reference(v)) is not None]
    account = branch.text("Service Account") or branch.text("Service account")
    return Spec(
        containers=(
            *(_container(c, init=True) for c in branch.get("Init Containers").children),
            *(_container(c, init=False) for c in branch.get("Containers").children),
        ),
        labels=branch.pairs("Labels"),
        node_selector=branch.pairs("Node-Selectors"),
        tolerations=tuple(_toleration(line) for line in branch.lines("Tolerations")),
        service_account=account,
        claims=tuple(v.text("ClaimName") for v in volumes if v.text("ClaimName")),
        host_paths=tuple(v.text("Path") for v in volumes if v.text("Type").startswith("HostPath")),
        references=tuple(references),
    )


def _volume_reference(volume: Branch) -> Reference | None:
    kind = volume.text("Type")
    optional = volume.text("Optional") == "true"
    if kind.startswith("Secret") and volume.text("SecretName"):
        return Reference(kind="secret", name=volume.text("SecretName"), optional=optional)
    if kind.startswith("ConfigMap") and volume.text("Name"):
        return Reference(kind="configmap", name=volume.text("Name"), optional=optional)
    return None


def _container(branch: Branch, *, init: bool) -> Container:
    exit_code = branch.text("Last State", "Exit Code") or branch.text("State", "Exit Code")
    restarts = branch.text("Restart Count")
    env: dict[str, str] = {}
    references = _sourced(branch)
    for e in branch.get("Environment").children:
        if match := _KEY_OF.search(e.value):
            kind = "secret" if match.group(2) == "secret" else "configmap"
            optional = "Optional: true" in e.value
            references.append(
                Reference(kind=kind, name=match.group(3), key=match.group(1), optional=optional)  # type: ignore[arg-type]
            )
        else:
            env[e.key] = e.value
    return Container(
        name=branch.key,
        image=branch.text("Image"),
        ports=_ports(branch.text("Port") or branch.text("Ports")),
        env=env,
        references=tuple(references),
        requests={c.key: c.value for c in branch.get("Requests").children},
        limits={c.key: c.value for c in branch.get("Limits").children},
        liveness=probe(branch.text("Liveness")),
        readiness=probe(branch.text("Readiness")),
        command=(*_words(branch.get("Command")), *_words(branch.get("Args"))),
        mounts=tuple(
            m.group(1) for line in branch.get("Mounts").more if (m := re.search(r" from (\S+) \(", line))
        ),
        state=branch.text("State"),
        reason=branch.text("State", "Reason"),
        message=branch.text("State", "Message") or branch.text("Last State", "Message"),
        last_reason=branch.text("Last State", "Reason"),
        exit_code=int(exit_code) if exit_code.isdigit() else None,
        ready=branch.text("Ready") == "True",
        restarts=int(restarts) if restarts.isdigit() else 0,
        init=init,
    )


def _words(branch: Branch) -> list[str]:
    return [
        *([branch.value] if branch.value else []),
        *branch.more,
        *(f"{c.key}: {c.value}" for c in branch.children),
    ]


def _sourced(branch: Branch) -> list[Reference]:
    """`Environment Variables from:` lists whole secrets and config maps."""
    found = []
    source = branch.get("Environment Variables from")
    for line in [*source.more, *(f"{c.key}: {c.value}" for c in source.children)]:
        if match := _FROM.match(line.strip()):
            kind = "secret" if match.group(2) == "Secret" else "configmap"
            found.append(
                Reference(kind=kind, name=match.group(1), optional="Optional: true" in line)  # type: ignore[arg-type]
            )
    return found


def _ports(text: str) -> tuple[Port, ...]:
    return tuple(Port(number=int(n), protocol=p) for n, p in _PORT.findall(text))


def probe(text: str) -> Probe | None:
    """`grpc <pod>:8080  delay=5s timeout=1s period=10s #success=1 #failure=3`, or None."""
    match = _PROBE.match(text)
    if match is None:
        return None
    kind, where = match.group("kind"), match.group("where").strip()
    path = ""
    if kind == "http-get":
        scheme, _, rest = where.partition("://")
        kind, (hostport, _, path) = ("https" if scheme == "https" else "http"), rest.partition("/")
        path = "/" + path
    else:
        hostport = where
    named = {"tcp-socket": "tcp"}.get(kind, kind)
    return Probe(
        kind=named,  # type: ignore[arg-type]
        port="" if named == "exec" else hostport.rpartition(":")[2].split()[0] if hostport.strip() else "",
        path=path,
        delay=float(match.group("delay")),
        timeout=float(match.group("timeout")),
        period=float(match.group("period")),
        failures=int(match.group("failures")),
    )


def _toleration(line: str) -> Toleration:
    head, _, rest = line.partition(" ")
    body, _, effect = head.partition(":")
    key, equal, value = body.partition("=")
    if key == "op" or line.startswith("op=Exists"):
        return Toleration(operator="Exists")
    exists = "op=Exists" in rest or not equal
    return Toleration(key=key, operator="Exists" if exists else "Equal", value=value, effect=effect)


def node(branch: Branch) -> Node:
    """A described node."""
    rows = {r.get("Type", ""): r for r in branch.table("Conditions")}
    ready = rows.get("Ready", {})
    labels = branch.pairs("Labels")
    requested = {
        r["Resource"]: r.get("Requests", "").split(" ")[0]
        for r in _allocated(branch)
        if r.get("Resource") in ("cpu", "memory")
    }
    return Node(
        name=branch.text("Name"),
        ready=ready.get("Status", ""),
        ready_message=f"{ready.get('Reason', '')} {ready.get('Message', '')}".strip(),
        unschedulable=branch.text("Unschedulable") == "true",
        roles=branch.text("Roles"),
        labels=labels,
        taints=tuple(branch.lines("Taints")),
        allocatable={c.key: c.value for c in branch.get("Allocatable").children},
        requested=requested,
        pressure=tuple(k for k, r in rows.items() if k.endswith("Pressure") and r.get("Status") == "True"),
    )


def _allocated(branch: Branch) -> list[Row]:
    here = branch.get("Allocated resources")
    kept = Branch(key="x", more=[line for line in here.more if not line.strip().startswith("(")])
    return Branch(key="", children=[kept]).table("x")


def service(branch: Branch) -> Service:
    """A described service."""
    return Service(
        name=branch.text("Name"),
        namespace=branch.text("Namespace"),
        type=branch.text("Type") or "ClusterIP",
        selector=branch.pairs("Selector"),
        ports=tuple(service_ports(branch)),
        cluster_ip=branch.text("IP"),
        external=branch.text("External Name"),
        endpoints=tuple(_endpoints(branch)),
    )


def service_ports(branch: Branch) -> Iterable[Port]:
    """Port and TargetPort lines, which alternate."""
    name, number, protocol = "", 0, "TCP"
    for child in branch.children:
        if child.key == "Port":
            match = re.search(r"^(\S+)?\s*(\d+)/(\w+)$", child.value)
            name, number, protocol = "", 0, "TCP"
            if match:
                name = match.group(1) or ""
                name = "" if name == "<unset>" else name
                number, protocol = int(match.group(2)), match.group(3)
        elif child.key == "TargetPort" and number:
            target = child.value.partition("/")[0]
            yield Port(number=number, protocol=protocol, name=name, target=target)
            number = 0


def _endpoints(branch: Branch) -> list[str]:
    found: list[str] = []
    for child in branch.children:
        if child.key == "Endpoints":
            found += [e.strip() for e in child.value.split(",") if e.strip() and "<none>" not in e]
    return found


def quota(branch: Branch) -> Quota:
    """A described resource quota: a table of Resource, Used, Hard."""
    used: dict[str, str] = {}
    hard: dict[str, str] = {}
    lines = [*branch.more, *(m for c in branch.children for m in c.more)]
    for line in lines:
        words = line.split()
        if len(words) == 3 and words[1][:1].isdigit() and words[2][:1].isdigit():
            used[words[0]], hard[words[0]] = words[1], words[2]
    return Quota(name=branch.text("Name"), namespace=branch.text("Namespace"), used=used, hard=hard)


def listed_quota(row: Row, namespace: str) -> Quota:
    """A row of `kubectl get resourcequota`: `pods: 10/10, requests.cpu: 9/10`."""
    used: dict[str, str] = {}
    hard: dict[str, str] = {}
    for column in ("REQUEST", "LIMIT"):
        for part in row.get(column, "").split(","):
            name, _, numbers = part.strip().partition(": ")
            first, _, second = numbers.partition("/")
            if name and second:
                used[name], hard[name] = first, second
    return Quota(name=row.get("NAME", ""), namespace=namespace, used=used, hard=hard)


def claim(branch: Branch) -> Claim:
    """A described claim: an unbound one shows neither size nor modes."""
    declared = branch.get("StorageClass").value
    return Claim(
        name=branch.text("Name"),
        namespace=branch.text("Namespace"),
        status=branch.text("Status"),
        volume=branch.text("Volume"),
        storage_class="" if declared in ("<unset>", "<none>") else declared,
        events=events(branch),
    )


def labels_of(row: Row) -> dict[str, str]:
    """The LABELS column of `--show-labels`."""
    return pairs(row.get("LABELS", ""))
