"""The kubelets' probes of containers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aitia.lab.cluster.pods import is_going, is_over
from aitia.lab.cluster.world import Object, digest

if TYPE_CHECKING:
    from aitia.lab.cluster.kubelet import Kubelet


class Prober:
    """Startup, readiness and liveness probes of all containers."""

    def __init__(self, kubelet: Kubelet) -> None:
        self._kubelet = kubelet

    def poll(self) -> None:
        """Look at the probes of all containers that run; those that hold are not looked at in between."""
        for pod in self._kubelet.world.all_of("Pod"):
            if is_over(pod) or is_going(pod) or not self._kubelet.works(pod) or "podIP" not in pod["status"]:
                continue
            for container in pod["spec"]["containers"]:
                held = self._kubelet.record(pod, container["name"])
                if "running" not in self._kubelet.status_of(pod, container["name"])["state"]:
                    continue
                for kind in ("readinessProbe", "livenessProbe"):
                    begun = self._kubelet.world.now - held.began > 60
                    if kind in container and begun and kind not in held.probing and self._kubelet.life.probe(pod, container, container[kind]):  # fmt: skip
                        self.probe(pod, container, kind, held.starts)

    def probe(self, pod: Object, container: Mapping[str, Any], kind: str, start: int) -> None:
        """Ask once, tell what failed, and ask again while it fails. `start` is which start of the container this belongs to."""
        held, name, probe = self._kubelet.record(pod, container["name"]), container["name"], container[kind]
        status = self._kubelet.status_of(pod, name)
        if held.starts != start or "running" not in status["state"] or is_going(pod):
            return
        if kind != "startupProbe" and not status["started"]:
            self._kubelet.later(pod, probe["periodSeconds"], lambda: self.probe(pod, container, kind, start))
            return
        problem = self._kubelet.life.probe(pod, container, probe)
        held.failures[kind] = held.failures.get(kind, 0) + 1 if problem else 0
        if not problem:
            held.probing.discard(kind)
            self._passed(pod, container, kind)
            return
        held.probing.add(kind)
        word = kind.removesuffix("Probe").capitalize()
        self._kubelet.say(pod, "Unhealthy", f"{word} probe failed: {problem}", warning=True, container=name)
        if held.failures[kind] >= probe["failureThreshold"]:
            if kind == "readinessProbe" and status["ready"]:
                status["ready"] = False
                self._kubelet.tell_readiness(pod)
            elif kind != "readinessProbe":
                self._kubelet.say(pod, "Killing", f"Container {name} failed {word.lower()} probe, will be restarted", container=name)  # fmt: skip
                code = 143 if digest(name, pod["metadata"]["name"]) % 3 else 137
                wait = 2 if code == 143 else pod["spec"]["terminationGracePeriodSeconds"]
                began = held.began
                held.probing.clear()
                held.starts += 1  # its timers end here
                self._kubelet.later(
                    pod, wait, lambda: self._kubelet.exited(pod, container, False, code, "Error", began=began)
                )
                return
        self._kubelet.later(pod, probe["periodSeconds"], lambda: self.probe(pod, container, kind, start))

    def _passed(self, pod: Object, container: Mapping[str, Any], kind: str) -> None:
        status = self._kubelet.status_of(pod, container["name"])
        if kind == "startupProbe" and not status["started"]:
            status["started"] = True
            if "readinessProbe" not in container:
                status["ready"] = True
                self._kubelet.tell_readiness(pod)
        if kind == "readinessProbe" and not status["ready"]:
            status["ready"] = True
            self._kubelet.tell_readiness(pod)
