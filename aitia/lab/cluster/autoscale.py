"""The horizontal pod autoscaler."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from aitia.lab.cluster.pods import is_ready, pods_of
from aitia.lab.cluster.scheduler import requests
from aitia.lab.cluster.world import Object, World, set_condition, stamp

TOLERANCE: Final = 0.1
STABLE_S: Final = 300  # before it scales down
SOURCE: Final = "horizontal-pod-autoscaler"
_NO_METRICS: Final = "unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server is currently unable to handle the request (get pods.metrics.k8s.io)"  # fmt: skip


def answers(world: World) -> bool:
    """Whether metrics-server has a pod that answers."""
    ends = world.get("Endpoints", "kube-system", "metrics-server") or {}
    return any(s.get("addresses") for s in ends.get("subsets", ()))


class Scalers:
    """All autoscalers. `used` gives the cores that a pod uses."""

    def __init__(self, world: World, used: Callable[[str], float]) -> None:
        self.world, self.used = world, used
        self._wanted: dict[str, list[tuple[int, int]]] = {}

    def watch(self) -> None:
        """One look of each, as every 15 s."""
        for item in self.world.all_of("HorizontalPodAutoscaler"):
            self._look(item)

    def _look(self, item: Object) -> None:
        world, spec = self.world, item["spec"]
        target = world.get("Deployment", item["metadata"]["namespace"], spec["scaleTargetRef"]["name"])
        if target is None:
            return
        now = int(target["spec"]["replicas"])
        goal = spec["metrics"][0]["resource"]["target"]["averageUtilization"]
        status = item.setdefault("status", {"currentMetrics": None, "desiredReplicas": now, "currentReplicas": now, "conditions": []})  # fmt: skip
        status["currentReplicas"] = now
        set_condition(world, item, "AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size")  # fmt: skip
        if not answers(world):
            told = f"failed to get cpu utilization: {_NO_METRICS}"
            world.event(item, "FailedGetResourceMetric", told, SOURCE, warning=True)
            world.event(item, "FailedComputeMetricsReplicas", f"invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: {told}", SOURCE, warning=True)  # fmt: skip
            set_condition(world, item, "ScalingActive", "False", "FailedGetResourceMetric", f"the HPA was unable to compute the replica count: {told}")  # fmt: skip
            return
        pods = pods_of(world, item["metadata"]["namespace"], target["spec"]["selector"]["matchLabels"])
        ready = [p for p in pods if is_ready(p)]
        asked = sum(requests(p["spec"], "cpu") for p in ready)
        if not ready or not asked:
            return
        used = sum(self.used(p["metadata"]["name"]) for p in ready)
        share = used / asked * 100
        ratio = share / goal
        wanted = now if abs(ratio - 1) <= TOLERANCE else math.ceil(len(ready) * ratio)
        bounded = min(spec["maxReplicas"], max(spec["minReplicas"], wanted))
        seen = self._wanted.setdefault(item["metadata"]["uid"], [])
        seen.append((world.now, bounded))
        seen[:] = [s for s in seen if world.now - s[0] <= STABLE_S]
        final = max(n for _, n in seen) if bounded < now else bounded
        current = {"resource": {"name": "cpu", "current": {"averageUtilization": round(share), "averageValue": f"{round(used / len(ready) * 1000)}m"}}, "type": "Resource"}  # fmt: skip
        status |= {"currentMetrics": [current], "desiredReplicas": final}
        set_condition(world, item, "ScalingActive", "True", "ValidMetricFound", "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)")  # fmt: skip
        if wanted > spec["maxReplicas"]:
            limited = ("True", "TooManyReplicas", "the desired replica count is more than the maximum replica count")  # fmt: skip
        elif wanted < spec["minReplicas"]:
            limited = ("True", "TooFewReplicas", "the desired replica count is less than the minimum replica count")  # fmt: skip
        else:
            limited = ("False", "DesiredWithinRange", "the desired count is within the acceptable range")
        set_condition(world, item, "ScalingLimited", *limited)
        if final != now:
            target["spec"]["replicas"] = final
            world.touch(target, spec=True)
            status["lastScaleTime"] = stamp(world.now)
            why = "cpu resource utilization (percentage of request) above target" if final > now else "All metrics below target"  # fmt: skip
            world.event(item, "SuccessfulRescale", f"New size: {final}; reason: {why}", SOURCE)
            set_condition(world, item, "AbleToScale", "True", "SucceededRescale", f"the HPA controller was able to update the target scale to {final}")  # fmt: skip
