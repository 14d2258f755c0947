"""What Kubernetes API objects (JSON) tell of components: owners, addresses, names; and what an account may list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aitia.core.words import Component, Link
from aitia.tools.sources.cluster.object_kinds import entries, name_of, section

Object = Mapping[str, Any]


def components(items: Iterable[Object], namespace: str) -> list[Component]:
    """Applications and pods of a namespace by owner references, the nodes they run on, and names of their services.

    A pod is an alias of the application that owns it (through its replica set): what is said of either is said of one.
    """
    items = list(items)
    owners = {(_kind(i), name_of(i)): _owner(i) for i in items}
    found: list[Component] = [Component(id=namespace, type="namespace")]
    labels: dict[str, Mapping[str, Any]] = {}
    for pod in (i for i in items if _kind(i) == "Pod" and name_of(i)):
        app = _root(pod, owners)
        host = str(section(pod, "spec").get("nodeName") or "")
        links = [Link(relation="part_of", to=namespace)]
        links += [Link(relation="runs_on", to=host)] if host else []
        address = str(section(pod, "status").get("podIP") or "")
        aliases = [
            name_of(pod),
            address if address != _host_ip(pod) else "",
        ]  # a host's address is the host's
        aliases += [_container(c) for c in entries(pod, "status", "containerStatuses")]
        found.append(Component(id=app, type="app", aliases=_distinct(aliases, app), links=tuple(links)))
        found += [Component(id=host, type="node", aliases=_distinct([_host_ip(pod)], host))] if host else []
        labels.setdefault(app, section(pod, "metadata", "labels"))
    for service in (i for i in items if _kind(i) == "Service"):
        found += _service(service, namespace, labels)
    return found


def apart(spaces: Mapping[str, Sequence[Component]]) -> list[Component]:
    """The components of several namespaces; applications of one name in two of them are two, `namespace/name`."""
    names = [i for found in spaces.values() for i in {c.id for c in found if c.type == "app"}]
    twice = {n for n in names if names.count(n) > 1}

    def told(one: Component, namespace: str) -> Component:
        if one.type != "app" or one.id not in twice:
            return one
        aliases = tuple(a for a in one.aliases if a.startswith(f"{one.id}.{namespace}") or a not in twice)
        return one.model_copy(update={"id": f"{namespace}/{one.id}", "aliases": aliases})

    return merged(told(one, namespace) for namespace, found in spaces.items() for one in found)


def merged(found: Iterable[Component]) -> list[Component]:
    """One component per id, with all that was said of it, by id."""
    kept: dict[str, Component] = {}
    for one in found:
        before = kept.get(one.id, one)
        kept[one.id] = Component(
            id=one.id,
            type=before.type,
            aliases=tuple(dict.fromkeys((*before.aliases, *one.aliases))),
            links=tuple(dict.fromkeys((*before.links, *one.links))),
        )
    return [kept[key] for key in sorted(kept)]


def not_listable(rules: str, wanted: Sequence[str]) -> list[str]:
    """The types that no row of `kubectl auth can-i --list` allows to list."""
    allowed: set[str] = set()
    for row in rules.splitlines():
        verbs = re.search(r"\[([^\[\]]*)\]\s*$", row)
        if verbs and {"list", "*"} & set(verbs[1].split()) and not row.startswith(("[", " ")):
            allowed |= {part.split(".")[0] for part in row.split()[0].split(",")}
    return [] if "*" in allowed else [w for w in wanted if w not in allowed]


def _service(service: Object, namespace: str, labels: Mapping[str, Mapping[str, str]]) -> list[Component]:
    """The service's DNS name is one of the application's, where it selects the pods of exactly one."""
    wanted = section(service, "spec", "selector")
    behind = [app for app, has in labels.items() if wanted and wanted.items() <= has.items()]
    if len(behind) != 1:
        return []
    name, app = name_of(service), behind[0]
    address = str(section(service, "spec").get("clusterIP") or "")
    known = [name, f"{name}.{namespace}", f"{name}.{namespace}.svc", f"{name}.{namespace}.svc.cluster.local"]
    return [
        Component(id=app, type="app", aliases=_distinct([*known, address if address != "None" else ""], app))
    ]


def _root(item: Object, owners: Mapping[tuple[str, str], tuple[str, str]]) -> str:
    """The name of the topmost owner; a pod without owner stands for itself."""
    key, seen = (_kind(item), name_of(item)), set()
    while key not in seen:
        seen.add(key)
        above = owners.get(key)
        if not above or not above[1]:
            break
        key = above
    return key[1]


def _owner(item: Object) -> tuple[str, str]:
    for reference in entries(item, "metadata", "ownerReferences"):
        if reference.get("controller", True) and reference.get("kind") != "Node":
            return str(reference.get("kind")), str(reference.get("name"))
    return "", ""


def _container(status: Object) -> str:
    """The container's id without its runtime: `containerd://4f2a...`, of which cAdvisor uses the hexadecimal part."""
    return str(status.get("containerID") or "").rpartition("//")[2]


def _host_ip(pod: Object) -> str:
    return str(section(pod, "status").get("hostIP") or "")


def _distinct(names: Iterable[str], own: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n for n in names if n and n != own))


def _kind(item: Object) -> str:
    return str(item.get("kind") or "")
