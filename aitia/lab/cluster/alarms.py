"""What makes somebody look: rules on symptoms, as a site's Prometheus would have them, or a person's sentence."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from aitia.lab.cluster.pods import is_over, is_ready
from aitia.lab.cluster.site import STEP_S, Site
from aitia.lab.cluster.spec import App
from aitia.lab.cluster.world import condition, owner_of

ERRORS: Final = 0.05  # share of the entry's answers
LATE: Final = 2.5  # times the usual
FOR_S: Final = {"errors": 90, "late": 150, "node": 120, "replicas": 300, "pod": 300, "rollout": 420, "job": 0, "certificate": 60, "loop": 60}  # fmt: skip
LOOPS: Final = 3  # restarts within ten minutes


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """What was reported."""

    at: int
    title: str
    text: str
    labels: dict[str, str] = field(default_factory=dict)
    hints: tuple[str, ...] = ()


_ERRORS: Final = (
    ("More than 5 % of the requests to {} fail", "The share of failed requests at {} is above 5 %. Users see errors.", "HighErrorRate"),
    ("{} error budget burns", "Error budget of {}: the last minutes used more than two per cent of the month's.", "ErrorBudgetBurn"),
    ("Users report errors", "The help desk has several reports of error pages; all of them go through {}.", "UserReports"),
    ("{}: success ratio below 95 %", "Success ratio of {} over the last minutes is below its objective.", "SuccessRatioLow"),
)  # fmt: skip
_LATE: Final = (
    ("{} answers slowly", "The latency at {} is far above the usual one.", "HighLatency"),
    ("p95 of {} above its objective", "Requests to {} take several times as long as half an hour ago.", "LatencyObjective"),
    ("Pages load slowly", "Users say that pages behind {} hardly load.", "UserReports"),
)  # fmt: skip


class Rules:
    """The rules of a site, looked at after every scrape."""

    def __init__(self, site: Site, chance: random.Random) -> None:
        self.site, self._chance = site, chance
        self._patience = chance.choice((0.7, 1.0, 1.3, 2.0, 2.6))  # sites differ in how long a rule must hold
        self._since: dict[tuple[str, str], int] = {}
        self._usual: dict[str, list[float]] = defaultdict(list)
        self._restarts: dict[str, list[tuple[int, int]]] = defaultdict(list)

    def look(self, armed: bool) -> Alarm | None:
        """The first rule that holds long enough; before `armed` they only learn what is usual."""
        holding: dict[tuple[str, str], bool] = {}
        for app in self.site.layout.apps:
            if not app.rate:
                continue
            served, usual = self.site.traffic.now[app.name], self._usual[app.name]
            if not armed:
                usual.append(served.latency_ms)
            typical = sorted(usual)[len(usual) // 2] if usual else served.latency_ms
            holding["errors", app.name] = served.errors > ERRORS
            holding["late", app.name] = served.latency_ms > max(LATE * typical, typical + 60)
        holding["certificate", ""] = self._certificate()
        for node in self.site.world.all_of("Node"):
            holding["node", node["metadata"]["name"]] = condition(node, "Ready")["status"] != "True"
        for job in self.site.world.all_of("Job"):
            holding["job", job["metadata"]["name"]] = condition(job, "Failed").get("status") == "True"
        self._workloads(holding)
        for key, holds in holding.items():
            if not holds:
                self._since.pop(key, None)
                continue
            since = self._since.setdefault(key, self.site.world.now)
            if armed and self.site.world.now - since >= FOR_S[key[0]] * self._patience:
                return self._alarm(*key)
        return None

    def _workloads(self, holding: dict[tuple[str, str], bool]) -> None:
        world = self.site.world
        for kind in ("Deployment", "StatefulSet"):
            for item in world.all_of(kind):
                status, wanted = item.get("status", {}), item["spec"]["replicas"]
                short = status.get("readyReplicas", 0) < wanted
                stuck = status.get("updatedReplicas", 0) < wanted or condition(item, "Progressing").get("status") == "False"  # fmt: skip
                holding["replicas", f"{kind}/{item['metadata']['name']}"] = short
                holding["rollout", f"{kind}/{item['metadata']['name']}"] = stuck and not short
        for pod in world.all_of("Pod"):
            name = pod["metadata"]["name"]
            bare = not owner_of(pod)
            holding["pod", name] = bare and not is_ready(pod) and not is_over(pod)
            count = sum(s["restartCount"] for s in pod["status"].get("containerStatuses", ()))
            held = self._restarts[name]
            held.append((world.now, count))
            held[:] = held[-600 // STEP_S :]
            holding["loop", name] = count - held[0][1] >= LOOPS

    def _certificate(self) -> bool:
        layout, physics = self.site.layout, self.site.world.physics
        return bool(layout.tls) and physics.certificates.get(layout.tls, self.site.world.now + 1) <= self.site.world.now  # fmt: skip

    def _alarm(self, rule: str, what: str) -> Alarm:
        layout, now = self.site.layout, self.site.world.now
        entry, space = layout.entry, layout.namespace
        kind, _, name = what.rpartition("/")
        named = {"namespace": space, "severity": "warning"}
        if rule in ("errors", "late"):
            title, text, name = self._chance.choice(_ERRORS if rule == "errors" else _LATE)
            labels = {"alertname": name, "service": what, "severity": "page"}
            return Alarm(
                at=now, title=title.format(what), text=text.format(what), labels=labels, hints=(what,)
            )
        if rule == "certificate":
            return Alarm(at=now, title=f"The probe of https://{layout.ingress} fails", text=f"https://{layout.ingress} has not been reachable for the outside prober for a minute; browsers show a warning.", labels={"alertname": "ProbeFailed", "instance": layout.ingress, "severity": "page"}, hints=(entry,))  # fmt: skip
        if rule == "node":
            return Alarm(at=now, title=f"Node {what} is unready", text=f"{what} has been unready for more than {FOR_S[rule] // 60} minutes.", labels={"alertname": "KubeNodeNotReady", "node": what, "severity": "warning"}, hints=(what,))  # fmt: skip
        if rule == "job":
            return Alarm(at=now, title=f"Job {space}/{what} failed to complete", text=f"Job {space}/{what} failed to complete. Removing the failed job after investigation should clear this alert.", labels={**named, "alertname": "KubeJobFailed", "job_name": what}, hints=(what.rpartition("-")[0],))  # fmt: skip
        if rule == "pod":
            return Alarm(at=now, title=f"Pod {space}/{what} is not ready", text=f"Pod {space}/{what} has been in a non-ready state for longer than 5 minutes.", labels={**named, "alertname": "KubePodNotReady", "pod": what}, hints=(what,))  # fmt: skip
        if rule == "loop":
            return Alarm(at=now, title=f"Pod {what} restarts again and again", text=f"Pod {what} was restarted {LOOPS} times or more within ten minutes.", labels={**named, "alertname": "PodRestarts", "pod": what}, hints=(what,))  # fmt: skip
        spaces = {
            i["metadata"]["namespace"] for i in self.site.world.all_of(kind) if i["metadata"]["name"] == name
        }
        where = next(iter(sorted(spaces)), space)
        if rule == "replicas":
            return Alarm(at=now, title=f"{kind} {where}/{name} has fewer ready pods than wanted", text=f"{kind} {where}/{name} has not matched the expected number of replicas for longer than 5 minutes.", labels={**named, "namespace": where, "alertname": f"Kube{kind}ReplicasMismatch", kind.lower(): name}, hints=(name,))  # fmt: skip
        return Alarm(at=now, title=f"The rollout of {where}/{name} does not get on", text=f"The rollout of {kind.lower()} {where}/{name} has not progressed for longer than 7 minutes.", labels={**named, "namespace": where, "alertname": f"Kube{kind}RolloutStuck", kind.lower(): name}, hints=(name,))  # fmt: skip


def quiet_alarm(site: Site, chance: random.Random) -> Alarm:
    """What is reported in an hour in which nothing is wrong."""
    entry = site.layout.entry
    at = site.world.now
    told = (
        (f"{entry} was slow for a moment", f"A colleague says that a page behind {entry} took long just now. It works again."),
        (f"Latency of {entry} above its threshold", f"The latency of {entry} was above its threshold in one of the last ten samples."),
        (f"Please look at {site.layout.namespace}", "A customer asks whether there is a disturbance. Nothing else was reported."),
        (f"Errors at {entry}?", f"One of the probes of {entry} from outside timed out."),
    )  # fmt: skip
    title, text = told[chance.randrange(len(told))]
    return Alarm(at=at, title=title, text=text, labels={"service": entry, "severity": "info"}, hints=(entry,))


def doubt(site: Site, app: App, said: str) -> Alarm:
    """What a person reports of an app where no rule fired."""
    where = f"{site.layout.space(app)}/{app.name}"
    usual = (
        "has produced nothing for a while"
        if app.kind == "CronJob"
        else "does not look right since a short while"
    )
    text = said or f"{where} {usual}; no alert has fired."
    title = text.split(";")[0].split(", ")[0].rstrip(".")
    return Alarm(at=site.world.now, title=title, text=text, labels={"severity": "info"})
