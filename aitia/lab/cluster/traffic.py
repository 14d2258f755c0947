"""Requests through the apps: who gets what from whom, at which rate, how late, and how much CPU that takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aitia.lab.cluster.life import Life
from aitia.lab.cluster.lines import trouble
from aitia.lab.cluster.manifests import variable
from aitia.lab.cluster.network import Reached, reach
from aitia.lab.cluster.pods import is_going, pods_of
from aitia.lab.cluster.spec import App, Layout, quantity
from aitia.lab.cluster.world import Object, World, labels_of

GIVES_UP_MS: Final = 5000.0
HUNG_AT: Final = 1.15  # of its capacity, beyond which a pod answers no probe in time
CORES: Final = 1.0  # of a container without a limit


@dataclass
class Served:
    """What an app did in one step."""

    rate: float = 0.0
    errors: float = 0.0  # share of its answers
    latency_ms: float = 0.0
    pods: list[Object] = field(default_factory=list)  # those that answer
    meets: dict[str, list[Reached]] = field(default_factory=dict)  # dependency: what each of its pods meets
    share: float = 0.0  # of its CPU capacity
    why: dict[str, float] = field(default_factory=dict)  # what its own failures are, with shares


class Traffic:
    """The flow of one step after another."""

    def __init__(self, world: World, layout: Layout, life: Life) -> None:
        self.world, self.layout, self.life = world, layout, life
        self.apps = [a for a in layout.apps if a.kind not in ("CronJob",) and a.port]
        self.apps += [a for a in layout.apps if a.kind not in ("CronJob",) and not a.port]
        self.now: dict[str, Served] = {}
        self.used: dict[str, float] = {}  # pod: cores
        self.throttled: dict[str, float] = {}  # pod: share of periods

    def step(self) -> None:
        """Work out the flow of this moment."""
        listening = self.life.listening()
        self.now = {a.name: Served() for a in self.apps}
        wave = (
            1
            + 0.12 * math.sin(self.world.now / 1900)
            + self.world.chance("wave", self.world.now).gauss(0, 0.03)
        )
        for app in self.apps:
            served = self.now[app.name]
            served.rate = app.rate * wave * (self.world.physics.load if app.rate else 1)
            served.pods = [p for p in self._pods(app) if not app.port or p["metadata"]["name"] in listening]
            for name in app.calls:
                served.meets[name] = [self._meet(app, p, name, listening) for p in served.pods]
        for app in self._from_outside():
            served = self.now[app.name]
            for name, met in served.meets.items():
                through = sum(1 for m in met if m.pods) / len(met) if met else 0.0
                if name in self.now:
                    self.now[name].rate += served.rate * app.fan_out * through
        for app in reversed(self._from_outside()):
            self._outcome(app)
        self._cores()

    def _pods(self, app: App) -> list[Object]:
        pods = pods_of(self.world, self.layout.space(app), self.layout.selector(app))
        return [
            p for p in pods if not is_going(p) and p["status"]["phase"] == "Running" and self._routed(app, p)
        ]

    def _routed(self, app: App, pod: Object) -> bool:
        """A pod without service runs whether ready or not; one with a service gets requests once ready."""
        if not app.port:
            return True
        return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"]["conditions"])

    def _meet(self, app: App, pod: Object, name: str, listening: Mapping[str, int]) -> Reached:
        other = self.layout.app(name)
        container = next(c for c in pod["spec"]["containers"] if c["name"] == app.container_name)
        wanted = variable(self.layout, other)
        value = next((e.get("value", "") for e in container.get("env", ()) if e["name"] == wanted), "")
        value = self._route(app, other) or value
        met = reach(self.world, labels_of(pod), pod["metadata"]["namespace"], value, listening)
        lossy = self.world.physics.machine(pod["spec"]["nodeName"])
        if met.pods and lossy.loss and self.world.chance("loss", pod["metadata"]["uid"], self.world.now).random() < lossy.loss:  # fmt: skip
            return Reached(
                problem="timeout", host=met.host, port=met.port, address=met.address, wait_ms=GIVES_UP_MS
            )
        return met

    def _route(self, app: App, other: App) -> str:
        """Where the ingress or the gateway sends what comes in; "" for an app that is neither."""
        layout = self.layout
        if app.name != layout.entry or app.namespace == "":
            return ""
        for ingress in self.world.all_of("Ingress", layout.namespace):
            to = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
            return f"{to['name']}.{layout.namespace}:{to['port']['number']}"
        for route in self.world.all_of("VirtualService", layout.namespace):
            at = route["spec"]["http"][0]["route"][0]["destination"]
            return f"{at['host']}.{layout.namespace}:{at['port']['number']}"
        return ""

    def _from_outside(self) -> list[App]:
        """Callers before those they call."""
        seen: dict[str, App] = {}

        def visit(app: App) -> None:
            if app.name in seen:
                return
            for name in app.calls:
                if name in self.now:
                    visit(self.layout.app(name))
            seen[app.name] = app

        for app in self.apps:
            visit(app)
        return list(reversed(seen.values()))

    def _outcome(self, app: App) -> None:
        served, physics = self.now[app.name], self.world.physics
        if not served.pods:
            served.errors, served.latency_ms = 1.0, 1.0
            return
        programs = [self.life.program(p, app.container_name) for p in served.pods]
        cost = app.cost_ms * sum(p.work for p in programs) / len(programs)
        each = served.rate * cost / 1000 / len(served.pods)  # a service spreads its requests evenly
        shares = [each / max(0.01, self._capacity(app, p)) for p in served.pods]
        served.share = sum(shares) / len(shares)
        noise = self.world.chance("late", app.name, self.world.now).lognormvariate(0, 0.06)
        own = (
            app.own_ms
            * physics.slow.get(app.name, 1.0)
            * noise
            * sum(p.slowdown for p in programs)
            / len(programs)
        )
        own *= sum(1 / (1 - min(share, 0.96)) for share in shares) / len(shares)
        good, late = 1.0, own
        if lost := sum(max(0.0, 1 - 1 / share) for share in shares if share) / len(shares):
            served.why["overloaded"] = lost
            late = min(GIVES_UP_MS, late * 4)
        broken = sum(p.errors for p in programs) / len(programs)
        if broken:
            served.why["broken"] = broken
        if physics.sizes.get(app.name, 0) >= 1:
            served.why["full"] = 0.6
        if app.account and self.world.get("RoleBinding", self.layout.space(app), app.account) is None:
            served.why["forbidden"] = 0.4
        for pod in served.pods:
            late += physics.machine(pod["spec"]["nodeName"]).delay_ms / len(served.pods)
        for share in served.why.values():
            good *= 1 - share
        for name, met in served.meets.items():
            other = self.now.get(name)
            asked = min(1.0, app.fan_out)
            lost = sum(1 for m in met if not m.pods) / len(met)
            refused = 1.0 if self.life.password_refused(app, name) else 0.0
            theirs = other.errors if other and other.pods else 0.0
            good *= 1 - asked * max(lost, refused, theirs)
            wait = sum(m.wait_ms for m in met if not m.pods) / len(met)
            late += app.fan_out * (wait + (1 - lost) * (other.latency_ms if other else 2.0))
        served.errors, served.latency_ms = 1 - good, min(late, GIVES_UP_MS * 2)
        for pod, share in zip(served.pods, shares, strict=True):
            (self.life.hung.add if share > HUNG_AT else self.life.hung.discard)(pod["metadata"]["uid"])

    def _capacity(self, app: App, pod: Object) -> float:
        limit = next(c for c in pod["spec"]["containers"] if c["name"] == app.container_name)["resources"].get("limits", {})  # fmt: skip
        cores = quantity(limit["cpu"]) if "cpu" in limit else CORES
        return cores * (1 - 0.85 * self.world.physics.machine(pod["spec"]["nodeName"]).cpu_stolen)

    def _cores(self) -> None:
        self.used, self.throttled = {}, {}
        for app in self.apps:
            served = self.now[app.name]
            for pod in served.pods:
                name = pod["metadata"]["name"]
                program = self.life.program(pod, app.container_name)
                wanted = 0.004 + served.rate / len(served.pods) * app.cost_ms * program.work / 1000
                wanted *= self.world.chance("cpu", name, self.world.now).lognormvariate(0, 0.05)
                most = self._capacity(app, pod)
                self.used[name] = min(wanted, most)
                self.throttled[name] = max(0.0, min(0.98, (wanted / most - 0.75) * 2.5))

    # Logs

    def write_lines(self) -> None:
        """What the programs write about this step."""
        for app in self.apps:
            served = self.now[app.name]
            for pod in served.pods:
                self._lines(app, served, pod)

    def _lines(self, app: App, served: Served, pod: Object) -> None:
        chance = self.world.chance("line", pod["metadata"]["name"], self.world.now)
        index = served.pods.index(pod)

        def say(level: str, text: str) -> None:
            self.life.say(pod, app, level, text, at=self.world.now - chance.uniform(0, 28))

        if chance.random() < 0.3:
            say("info", _USUAL[app.style][chance.randrange(len(_USUAL[app.style]))].format(n=chance.randrange(1000, 99999), ms=round(served.latency_ms * chance.uniform(0.6, 1.5), 1)))  # fmt: skip
        for name, met in served.meets.items():
            other = self.layout.app(name)
            here = met[index] if index < len(met) else None
            if here and not here.pods:
                for _ in range(min(3, 1 + int(served.rate / 8))):
                    say("error", f"{_call(app, other)} failed: {trouble(app.style, here)}")
            elif here and self.life.password_refused(app, name):
                say("error", f'{_call(app, other)} failed: password authentication failed for user "app"')
            elif (
                here
                and name in self.now
                and self.now[name].errors > 0.2
                and chance.random() < self.now[name].errors
            ):
                say("error", f"{_call(app, other)} failed: {_answer(other)}")
            elif here and name in self.now and self.now[name].latency_ms > 1500 and chance.random() < 0.5:
                say("warn", f"{_call(app, other)} took {round(self.now[name].latency_ms)} ms")
        if "full" in served.why:
            say("error", 'could not extend file "base/16384/16712": No space left on device')
        if "forbidden" in served.why:
            space = self.layout.space(app)
            say("error", f'pods is forbidden: User "system:serviceaccount:{space}:{app.account}" cannot list resource "pods" in API group "" in the namespace "{space}"')  # fmt: skip
        if "overloaded" in served.why and chance.random() < 0.5:
            say("warn", f"request queue is long: {round(served.share * 100)} waiting")
        program = self.life.program(pod, app.container_name)
        if program.errors and program.complaint and chance.random() < 0.3 + program.errors:
            say("error", program.complaint)


def _call(app: App, other: App) -> str:
    if other.style == "postgres":
        return "query"
    if other.style in ("redis", "kafka"):
        return f"{other.style} command"
    return f"call to {other.service_name}"


def _answer(other: App) -> str:
    if other.style == "postgres":
        return "ERROR: could not extend file (SQLSTATE 53100)"
    return (
        "rpc error: code = Internal"
        if other.probe == "grpc"
        else "unexpected status 500 Internal Server Error"
    )


_USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "json": ("GET /v1/items/{n} 200 {ms}ms", "cache refreshed, {n} entries"),
    "zap": ("handled request id={n} duration={ms}ms", "flushed batch of {n}"),
    "bunyan": ("GET /api/{n} 200 {ms} ms", "session {n} renewed"),
    "logback": ("Completed request {n} in {ms} ms", "Scheduled task done, {n} rows"),
    "python": ("processed message {n} in {ms} ms", "worker took task {n}"),
    "nginx": ("signal process started", "reloaded upstream peers"),
    "postgres": ("checkpoint complete: wrote {n} buffers", "automatic analyze of table: {n} rows"),
    "redis": ("{n} changes in 300 seconds. Saving...", "Background saving terminated with success"),
    "klog": ("Reconciled object in {ms} ms", "Starting worker {n}"),
    "kafka": ("Rolled new log segment at offset {n}", "Completed load of log with {n} segments"),
}
