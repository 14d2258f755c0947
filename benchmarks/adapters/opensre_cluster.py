"""The set's summaries of an EKS cluster, printed as kubectl prints the same fields: a recording for `cluster_recorded`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

Object = Mapping[str, Any]
NOT_TOLD = "<unknown>"
PRESSURES = {
    "memory_pressure": "MemoryPressure",
    "disk_pressure": "DiskPressure",
    "pid_pressure": "PIDPressure",
}


def recording(read: Callable[[str], Any], now: datetime) -> dict[str, str]:
    """Lists and descriptions by question. `read` gives an evidence file by name, None where it may not be read."""
    pods = _listed(read("eks_pods"), "pods")
    deployments = _listed(read("eks_deployments"), "deployments")
    events = _listed(read("eks_events"), "warning_events")
    nodes = _listed(read("eks_node_health"), "nodes")
    made: dict[str, str] = {"collection_timestamp": now.isoformat()}
    spaces = sorted({str(o["namespace"]) for o in (*(pods or ()), *(deployments or ()), *(events or ()))})
    for space in spaces:
        _put(made, "pods", space, pods, lambda own: _pods(own, now), wide=True)
        _put(made, "deployments", space, deployments, _deployments)
        _put(made, "events", space, events, lambda own: _events(own, now))
        told = _by_object([e for e in events or () if e["namespace"] == space])
        for pod in (p for p in pods or () if p["namespace"] == space):
            lines = [*_pod(pod), *_table_of_events(told.get(f"pod/{pod['name']}", []), now)]
            made[_key("DescribeResource", "pods", space, pod["name"])] = "\n".join(lines) + "\n"
        for one in (d for d in deployments or () if d["namespace"] == space):
            lines = [*_deployment(one), *_table_of_events(told.get(f"deployment/{one['name']}", []), now)]
            made[_key("DescribeResource", "deployments", space, one["name"])] = "\n".join(lines) + "\n"
    if nodes is not None:
        made[_key("GetResources", "nodes", "")] = _nodes(nodes)
    for node in nodes or ():
        made[_key("DescribeResource", "nodes", "", node["name"])] = "\n".join(_node(node)) + "\n"
    return made if len(made) > 1 else {}


def _listed(raw: Any, key: str) -> list[Object] | None:
    return None if raw is None else list(raw.get(key) or [])


def _key(tool: str, resource: str, space: str, name: str = "", *, wide: bool = False) -> str:
    where: dict[str, str | bool] = {"namespace": space} if space else {}
    where |= {"output_wide": True} if wide else {}
    return f"{tool}:{json.dumps({'resource_type': resource, 'name': name, **where})}"


def _put(
    made: dict[str, str],
    resource: str,
    space: str,
    objects: list[Object] | None,
    shown: Callable[[list[Object]], str],
    *,
    wide: bool = False,
) -> None:
    """The list of a namespace, "" where it is empty; nothing where the file may not be read."""
    if objects is not None:
        made[_key("GetResources", resource, space, wide=wide)] = shown(
            [o for o in objects if o["namespace"] == space]
        )


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [list(heading), *(list(row) for row in rows)]
    if len(lines) == 1:
        return ""
    widths = [max(len(line[i]) for line in lines) + 3 for i in range(len(heading))]
    return (
        "\n".join("".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines)
        + "\n"
    )


def _age(then: object, now: datetime) -> str:
    """An age as kubectl prints it; the set's times are ISO 8601."""
    seconds = max(0, int((now - datetime.fromisoformat(str(then))).total_seconds())) if then else -1
    if seconds < 0:
        return NOT_TOLD
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    return (
        f"{seconds}s"
        if minutes < 2
        else f"{minutes}m"
        if hours < 3
        else f"{hours}h"
        if days < 2
        else f"{days}d"
    )


def _status(pod: Object) -> str:
    """Kubectl's STATUS: the phase, else why a container waits, else that the pod is being deleted."""
    if pod.get("deletion_timestamp"):
        return "Terminating"
    reasons = [
        str(c["state"].get("reason") or "") for c in pod["containers"] if not c["state"].get("running")
    ]
    return next((r for r in reasons if r), str(pod["phase"]))


def _pods(pods: list[Object], now: datetime) -> str:
    rows = []
    for pod in pods:
        ready, restarts = (sum(int(c[k]) for c in pod["containers"]) for k in ("ready", "restart_count"))
        row = [pod["name"], f"{ready}/{len(pod['containers'])}", _status(pod), str(restarts)]
        rows.append([*row, _age(pod.get("start_time"), now), "<none>", str(pod.get("node_name") or "<none>")])
    return _table(["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE"], rows)


def _deployments(found: list[Object]) -> str:
    rows = [
        [d["name"], f"{d['ready']}/{d['desired']}", NOT_TOLD, str(d["available"]), NOT_TOLD] for d in found
    ]
    return _table(["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"], rows)


def _nodes(found: list[Object]) -> str:
    rows = [
        [
            n["name"],
            "Ready" if n["ready"] == "True" else "NotReady",
            "<none>",
            NOT_TOLD,
            NOT_TOLD,
            n["internal_ip"],
        ]
        for n in found
    ]
    return _table(["NAME", "STATUS", "ROLES", "AGE", "VERSION", "INTERNAL-IP"], rows)


def _seen(event: Object, now: datetime) -> str:
    last = _age(event.get("last_time"), now)
    return (
        last
        if event["count"] < 2
        else f"{last} (x{event['count']} over {_age(event.get('first_time'), now)})"
    )


def _events(found: list[Object], now: datetime) -> str:
    rows = [[_seen(e, now), e["type"], e["reason"], _object(e), _line(e["message"])] for e in found]
    return _table(["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"], rows)


def _object(event: Object) -> str:
    kind, _, name = str(event["involved_object"]).partition("/")
    return f"{kind.lower()}/{name}"


def _by_object(events: Iterable[Object]) -> dict[str, list[Object]]:
    found: defaultdict[str, list[Object]] = defaultdict(list)
    for event in events:
        found[_object(event)].append(event)
    return found


def _line(text: object) -> str:
    return " ".join(str(text).split())


def _indented(table: str) -> list[str]:
    return [f"  {line}" for line in table.splitlines()]


def _table_of_events(events: list[Object], now: datetime) -> list[str]:
    rows = [[e["type"], e["reason"], _seen(e, now), NOT_TOLD, _line(e["message"])] for e in events]
    shown = _table(
        ["Type", "Reason", "Age", "From", "Message"], [["----", "------", "----", "----", "-------"], *rows]
    )
    return ["Events:", *_indented(shown)] if events else ["Events:  <none>"]


def _pod(pod: Object) -> list[str]:
    deleted = f" (since {pod['deletion_timestamp']})" if pod.get("deletion_timestamp") else ""
    lines = [f"Name:        {pod['name']}", f"Namespace:   {pod['namespace']}"]
    lines += [f"Node:        {pod.get('node_name') or '<none>'}", f"Start Time:  {pod.get('start_time')}"]
    lines += [f"Status:      {'Terminating' + deleted if deleted else pod['phase']}", "Containers:"]
    for one in pod["containers"]:
        lines += [f"  {one['name']}:", *_state(one["state"])]
        lines += [f"    Ready:          {one['ready']}", f"    Restart Count:  {one['restart_count']}"]
    rows = [[c["type"], c["status"], c["reason"], _line(c["message"])] for c in pod["conditions"]]
    return [*lines, "Conditions:", *_indented(_table(["Type", "Status", "Reason", "Message"], rows))]


def _state(state: Object) -> list[str]:
    """A running container has no exit code: one that is told beside `running` is that of the last one."""
    now = next((word for word in ("running", "waiting", "terminated") if state.get(word)), NOT_TOLD)
    lines = [f"    State:          {now.capitalize()}"]
    lines += [f"      {k.capitalize()}:  {_line(state[k])}" for k in ("reason", "message") if state.get(k)]
    lines += [f"      Started:      {state['started_at']}"] if state.get("started_at") else []
    if state.get("exit_code") is None:
        return lines
    lines += ["    Last State:     Terminated"] if now == "running" else []
    return [*lines, f"      Exit Code:    {state['exit_code']}"]


def _deployment(one: Object) -> list[str]:
    counts = f"{one['desired']} desired | {one['available']} available | {one['unavailable']} unavailable"
    return [f"Name:       {one['name']}", f"Namespace:  {one['namespace']}", f"Replicas:   {counts}"]


def _node(node: Object) -> list[str]:
    rows = [[shown, node[key]] for key, shown in PRESSURES.items()] + [["Ready", node["ready"]]]
    lines = [f"Name:    {node['name']}", f"Labels:  node.kubernetes.io/instance-type={node['instance_type']}"]
    lines += ["Conditions:", *_indented(_table(["Type", "Status"], rows))]
    lines += ["Addresses:", f"  InternalIP:  {node['internal_ip']}"]
    for heading in ("Capacity", "Allocatable"):
        lines += [f"{heading}:", *(f"  {r}:  {node[f'{heading.lower()}_{r}']}" for r in ("cpu", "memory"))]
    return lines
