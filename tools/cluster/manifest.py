"""How objects are meant to be, from what they declare (live or as applied): pod specifications, services, claims, volumes."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from aitia.tools.cluster.objects import (
    Claim,
    Container,
    Need,
    Port,
    Probe,
    Reference,
    Service,
    Spec,
    Toleration,
    Volume,
)

_ADDRESS_KEY = re.compile(r"(HOST|PORT|ADDR(ESS)?|SERVER|ENDPOINT)S?$", re.IGNORECASE)
Doc = Mapping[str, Any]


def at(doc: object, *path: str) -> Any:
    """The value under a path of keys, or None."""
    for key in path:
        if not isinstance(doc, Mapping):
            return None
        doc = doc.get(key)
    return doc


def mapping(value: object) -> dict[str, str]:
    """A mapping's plain values as strings; nested ones are left out."""
    pairs = value.items() if isinstance(value, Mapping) else ()
    return {str(k): str(v) for k, v in pairs if not isinstance(v, Mapping | list)}


def listed(value: object) -> list[Any]:
    """A list, or [] for anything else."""
    return value if isinstance(value, list) else []


def name_of(doc: Doc) -> str:
    """metadata.name."""
    return str(at(doc, "metadata", "name") or "")


def spec_of(doc: Doc) -> Spec:
    """The pod specification of a workload's template (or of a pod)."""
    template = at(doc, "spec", "template")
    pod = at(template, "spec") if template is not None else at(doc, "spec")
    labels = at(template, "metadata", "labels") if template is not None else at(doc, "metadata", "labels")
    volumes = [v for v in listed(at(pod, "volumes")) if isinstance(v, Mapping)]
    account = at(pod, "serviceAccountName") or at(pod, "serviceAccount")
    containers = [_container(c, init=False) for c in listed(at(pod, "containers")) if isinstance(c, Mapping)]
    before = [_container(c, init=True) for c in listed(at(pod, "initContainers")) if isinstance(c, Mapping)]
    return Spec(
        containers=(*before, *containers),
        labels=mapping(labels),
        node_selector=mapping(at(pod, "nodeSelector")),
        affinity=_affinity(pod),
        anti_affinity=_anti_affinity(pod),
        tolerations=tuple(
            Toleration(
                key=str(t.get("key") or ""),
                operator=str(t.get("operator") or "Equal"),
                value=str(t.get("value") or ""),
                effect=str(t.get("effect") or ""),
            )
            for t in listed(at(pod, "tolerations"))
            if isinstance(t, Mapping)
        ),
        service_account=str(account or ""),
        claims=tuple(str(c) for v in volumes if (c := at(v, "persistentVolumeClaim", "claimName"))),
        host_paths=tuple(str(p) for v in volumes if (p := at(v, "hostPath", "path"))),
        references=tuple(_volume_references(volumes)),
        pull_secrets=tuple(
            str(s["name"])
            for s in listed(at(pod, "imagePullSecrets"))
            if isinstance(s, Mapping) and s.get("name")
        ),
        dns_policy=str(at(pod, "dnsPolicy") or ""),
        nameservers=tuple(str(s) for s in listed(at(pod, "dnsConfig", "nameservers"))),
        host_aliases={
            str(h): str(at(a, "ip"))
            for a in listed(at(pod, "hostAliases"))
            for h in listed(at(a, "hostnames"))
        },
    )


def _container(raw: Doc, *, init: bool) -> Container:
    env = [e for e in listed(raw.get("env")) if isinstance(e, Mapping) and e.get("name")]
    words = [*listed(raw.get("command")), *listed(raw.get("args"))]
    return Container(
        name=str(raw.get("name") or ""),
        image=str(raw.get("image") or ""),
        ports=tuple(_port(p) for p in listed(raw.get("ports")) if _whole(at(p, "containerPort"))),
        env=mapping({e["name"]: e["value"] for e in env if e.get("value") is not None}),
        references=(*_env_references(env), *_from_references(listed(raw.get("envFrom")))),
        requests=mapping(at(raw, "resources", "requests")),
        limits=mapping(at(raw, "resources", "limits")),
        liveness=_probe(raw.get("livenessProbe")),
        readiness=_probe(raw.get("readinessProbe")),
        startup=_probe(raw.get("startupProbe")),
        command=tuple(str(w) for w in words),
        mounts=tuple(str(m.get("name")) for m in listed(raw.get("volumeMounts")) if isinstance(m, Mapping)),
        init=init,
    )


def _whole(value: object) -> int:
    text = str(value if value is not None else "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0


def _port(raw: Doc) -> Port:
    return Port(
        number=_whole(raw.get("containerPort") or raw.get("port")),
        protocol=str(raw.get("protocol") or "TCP").upper(),
        name=str(raw.get("name") or ""),
        target=str(raw.get("targetPort") or ""),
    )


def _seconds(raw: Doc, key: str, default: float) -> float:
    value = raw.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def _probe(raw: object) -> Probe | None:
    if not isinstance(raw, Mapping):
        return None
    http = at(raw, "httpGet")
    kind = "exec"
    where: object = None
    if isinstance(http, Mapping):
        kind = "https" if str(http.get("scheme")).upper() == "HTTPS" else "http"
        where = http
    elif isinstance(raw.get("tcpSocket"), Mapping):
        kind, where = "tcp", raw["tcpSocket"]
    elif isinstance(raw.get("grpc"), Mapping):
        kind, where = "grpc", raw["grpc"]
    return Probe(
        kind=kind,  # type: ignore[arg-type]
        port=str(at(where, "port") or ""),
        path=str(at(where, "path") or ""),
        delay=_seconds(raw, "initialDelaySeconds", 0.0),
        timeout=_seconds(raw, "timeoutSeconds", 1.0),
        period=_seconds(raw, "periodSeconds", 10.0),
        failures=int(_seconds(raw, "failureThreshold", 3.0)),
    )


def _env_references(env: list[Doc]) -> list[Reference]:
    found = []
    for e in env:
        for field, kind in (("secretKeyRef", "secret"), ("configMapKeyRef", "configmap")):
            ref = at(e, "valueFrom", field)
            if isinstance(ref, Mapping) and ref.get("name"):
                found.append(_reference(kind, ref["name"], str(ref.get("key") or ""), ref.get("optional")))
    return found


def _from_references(entries: list[Any]) -> list[Reference]:
    found = []
    for e in entries:
        for field, kind in (("secretRef", "secret"), ("configMapRef", "configmap")):
            ref = at(e, field)
            if isinstance(ref, Mapping) and ref.get("name"):
                found.append(_reference(kind, ref["name"], "", ref.get("optional")))
    return found


def _volume_references(volumes: list[Doc]) -> Iterator[Reference]:
    for v in volumes:
        if name := at(v, "secret", "secretName"):
            yield _reference("secret", name, "", at(v, "secret", "optional"))
        if name := at(v, "configMap", "name"):
            yield _reference("configmap", name, "", at(v, "configMap", "optional"))


def _reference(kind: str, name: object, key: str, optional: object) -> Reference:
    return Reference(
        kind="secret" if kind == "secret" else "configmap", name=str(name), key=key, optional=optional is True
    )


def needs(raw: object) -> tuple[Need, ...]:
    """A label selector (matchLabels and matchExpressions) or a node selector term as requirements."""
    wanted = [Need(key=k, operator="In", values=(v,)) for k, v in mapping(at(raw, "matchLabels")).items()]
    for e in [*listed(at(raw, "matchExpressions")), *listed(at(raw, "matchFields"))]:
        if isinstance(e, Mapping) and e.get("key"):
            values = tuple(str(v) for v in listed(e.get("values")))
            wanted.append(Need(key=str(e["key"]), operator=str(e.get("operator") or "In"), values=values))
    return tuple(wanted)


_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"


def _affinity(pod: object) -> tuple[tuple[Need, ...], ...]:
    terms = listed(at(pod, "affinity", "nodeAffinity", _REQUIRED, "nodeSelectorTerms"))
    return tuple(needs(t) for t in terms)


def _anti_affinity(pod: object) -> tuple[Need, ...]:
    terms = listed(at(pod, "affinity", "podAntiAffinity", _REQUIRED))
    return tuple(n for t in terms for n in needs(at(t, "labelSelector")))


def service_of(doc: Doc, namespace: str) -> Service:
    """A Service object."""
    return Service(
        name=name_of(doc),
        namespace=str(at(doc, "metadata", "namespace") or namespace),
        type=str(at(doc, "spec", "type") or "ClusterIP"),
        selector=mapping(at(doc, "spec", "selector")),
        ports=tuple(_port(p) for p in listed(at(doc, "spec", "ports")) if _whole(at(p, "port"))),
    )


def claim_of(doc: Doc, namespace: str) -> Claim:
    """A PersistentVolumeClaim object."""
    declared = at(doc, "spec", "storageClassName")
    return Claim(
        name=name_of(doc),
        namespace=str(at(doc, "metadata", "namespace") or namespace),
        status=str(at(doc, "status", "phase") or ""),
        volume=str(at(doc, "spec", "volumeName") or ""),
        storage_class=None if declared is None else str(declared),
        size=str(at(doc, "spec", "resources", "requests", "storage") or ""),
        modes=tuple(str(m) for m in listed(at(doc, "spec", "accessModes"))),
        selector=needs(at(doc, "spec", "selector")),
    )


def volume_of(doc: Doc) -> Volume:
    """A PersistentVolume object."""
    ref = at(doc, "spec", "claimRef")
    return Volume(
        name=name_of(doc),
        status=str(at(doc, "status", "phase") or ""),
        claim=f"{at(ref, 'namespace') or ''}/{at(ref, 'name')}".lstrip("/") if at(ref, "name") else "",
        storage_class=str(at(doc, "spec", "storageClassName") or ""),
        size=str(at(doc, "spec", "capacity", "storage") or ""),
        modes=tuple(str(m) for m in listed(at(doc, "spec", "accessModes"))),
        labels=mapping(at(doc, "metadata", "labels")),
    )


def addresses(doc: Doc) -> dict[str, str]:
    """The entries of a ConfigMap or Secret that name a host or a port; nothing else of a secret is read."""
    found = {k: v for k, v in mapping(at(doc, "data")).items() if _ADDRESS_KEY.search(k)}
    if doc.get("kind") == "Secret":
        found = {k: decoded for k, v in found.items() if (decoded := _decoded(v))}
        found |= {k: v for k, v in mapping(at(doc, "stringData")).items() if _ADDRESS_KEY.search(k)}
    return {k: v for k, v in found.items() if len(v) <= 253 and "@" not in v}


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
