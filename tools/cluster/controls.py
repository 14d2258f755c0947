"""What stands between a workload and its pods: admission webhooks, autoscalers, disruption budgets, the cluster's name server."""

from __future__ import annotations

from collections.abc import Iterator

from aitia.tools.cluster.finding import CONTRADICTION, LIKELY, SAID, Finding, describe, get, quote
from aitia.tools.cluster.state import State
from aitia.tools.cluster.workloads import WEBHOOK


def find(state: State) -> Iterator[Finding]:
    """All findings of this module."""
    yield from _webhooks(state)
    yield from _autoscalers(state)
    yield from _budgets(state)
    yield from _name_server(state)


def _webhooks(state: State) -> Iterator[Finding]:
    for workload in state.workloads:
        told = next((m for e in reversed(workload.events) if (m := WEBHOOK.search(e.message))), None)
        if told is None or not state.refused(workload):
            continue
        hook = next((w for w in state.webhooks if w.name == told.group(1)), None)
        behind = (
            f", which service {hook.service} in {hook.namespace} answers" if hook and hook.service else ""
        )
        yield Finding(
            aspect="k8s.webhook",
            component=workload.name,
            statement=f"{workload.name}: admission webhook {told.group(1)}{behind}, lets none of its pods be created: "
            f'"{quote(told.string, 160)}".',
            strength=CONTRADICTION,
            call=describe(f"{workload.kind.lower()}s", state.namespace, workload.name),
            values={"webhook": told.group(1)},
            quotes=True,
        )


def _autoscalers(state: State) -> Iterator[Finding]:
    """Those that cannot scale, and those that may not scale further though they want to."""
    for scaler in state.scalers:
        full = bool(scaler.most) and scaler.wanted >= scaler.most and scaler.limited
        if state.workload(scaler.target) is None or not (scaler.problem or full):
            continue
        what = (
            f'does not scale: "{quote(scaler.problem, 160)}"'
            if scaler.problem
            else f"wants more than its limit of {scaler.most} replicas"
        )
        yield Finding(
            aspect="k8s.autoscaler",
            component=scaler.target,
            statement=f"{scaler.target}: autoscaler {scaler.name} {what}.",
            strength=LIKELY,
            call=get("horizontalpodautoscalers", state.namespace, scaler.name),
            values={"autoscaler": scaler.name, "most": scaler.most},
            quotes=bool(scaler.problem),
        )


def _budgets(state: State) -> Iterator[Finding]:
    """Budgets that can never spare a pod, of an app with pods on a node that is being emptied."""
    emptied = {n.name for n in state.nodes if n.unschedulable}
    for budget in state.budgets:
        if budget.allowed or not budget.expected or budget.wanted < budget.expected:
            continue
        for workload in state.workloads:
            labels = dict(workload.spec.labels or workload.selector)
            held = [p.node for p in state.pods_of(workload.name) if p.node in emptied]
            if held and budget.selector and budget.selector.items() <= labels.items():
                yield Finding(
                    aspect="k8s.disruption_budget",
                    component=workload.name,
                    statement=f"{workload.name}: disruption budget {budget.name} wants {budget.wanted} of "
                    f"{budget.expected} pods healthy, so node {held[0]}, which is cordoned, cannot be drained.",
                    strength=LIKELY,
                    call=get("poddisruptionbudgets", state.namespace, budget.name),
                    values={"budget": budget.name, "expected": budget.expected, "wanted": budget.wanted},
                )


def _name_server(state: State) -> Iterator[Finding]:
    """CoreDNS (or kube-dns) of which no pod is ready: no service name resolves anywhere."""
    pods = [p for p in state.system_pods if p.name.startswith(("coredns-", "kube-dns-")) and not p.done]
    if not pods or any(p.healthy for p in pods):
        return
    name = pods[0].name.partition("-")[0] if pods[0].name.startswith("coredns") else "kube-dns"
    yield Finding(
        aspect="k8s.name_server",
        component=name,
        statement=f"{name}: none of its {len(pods)} pods in kube-system is ready ({pods[0].status}, "
        f"{sum(p.restarts for p in pods)} restarts), so no service name of the cluster resolves.",
        strength=SAID,
        call=get("pods", "kube-system"),
        values={"pods": len(pods), "restarts": sum(p.restarts for p in pods)},
    )
