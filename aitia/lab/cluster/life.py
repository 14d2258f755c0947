"""What the programs in containers do: when they listen, exit, run out of memory, answer a probe; and what they write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aitia.lab.cluster.lines import line, trouble
from aitia.lab.cluster.network import reach, split
from aitia.lab.cluster.physics import Program
from aitia.lab.cluster.spec import App, Layout, quantity
from aitia.lab.cluster.world import Object, World, epoch, labels_of

MIB: Final = 2**20
KEEPS: Final = 1200  # lines of a container, the last ones


@dataclass(kw_only=True)
class Run:
    """How one start of a container goes."""

    exit_after: float | None = None
    code: int = 0
    reason: str = "Error"
    says: tuple[str, ...] = ()
    until: Callable[[], bool] | None = None  # it exits with 0 once this holds
    start_s: float = 1.0
    port: int = 0


@dataclass
class Life:
    """The programs of a site."""

    world: World
    layout: Layout
    logs: dict[tuple[str, str, str], list[tuple[float, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    hung: set[str] = field(default_factory=set)  # uids of pods that answer too late for a probe
    tasks: dict[str, float] = field(default_factory=dict)  # one-off jobs: seconds until they end well
    started: dict[tuple[str, str], tuple[float, int]] = field(
        default_factory=dict
    )  # uid, container: when, port

    def app_of(self, pod: Mapping[str, Any]) -> App | None:
        """The app that a pod is a copy of."""
        held, space = labels_of(pod), pod["metadata"]["namespace"]
        return next(
            (
                a
                for a in self.layout.apps
                if self.layout.space(a) == space and self.layout.selector(a).items() <= held.items()
            ),
            None,
        )

    def program(self, pod: Object, container: str) -> Program:
        """The program in a container's image."""
        spec = next(c for c in pod["spec"]["containers"] if c["name"] == container)
        return self.world.physics.program(spec["image"])

    def run(self, pod: Object, container: Mapping[str, Any], init: bool) -> Run:
        """What follows from starting a container now."""
        app, name = self.app_of(pod), str(container["name"])
        chance = self.world.chance("run", pod["metadata"]["uid"], name, self.world.now)
        if app is None and (problem := self._corefile()) and name == "coredns":
            return Run(exit_after=1.0, code=1, says=(problem,))
        if (lasts := self.tasks.get(labels_of(pod).get("job-name", ""))) is not None:
            return Run(exit_after=lasts, reason="Completed")
        if init and "nc -z" in str(container.get("command", "")):
            return self._waiting(pod, container)
        if app is None or name != app.container_name:
            return Run(exit_after=1.0 if init else None, start_s=1.0)
        program = self.world.physics.program(container["image"])
        start = program.start_s * chance.uniform(0.8, 1.3)
        self.say(
            pod, app, "info", f"starting {app.name} version {container['image'].rpartition(':')[2]}", name
        )
        env = {e["name"]: e.get("value", "") for e in container.get("env", ())}
        missing = [n for n in program.needs if n not in env]
        if missing:
            told = f"required environment variable {missing[0]} is not set"
            return Run(exit_after=chance.uniform(0.5, 2), code=1, says=(told,))
        if problem := self._refused_by_store(pod, app, container):
            return Run(exit_after=chance.uniform(2, 5), code=1, says=(problem,))
        if app.kind == "CronJob":
            return self._batch(pod, app, container, program, chance.uniform(0.8, 1.2))
        if (ends := self._out_of_memory(app, container, program)) is not None:
            after = max(ends, start * 0.6) if ends > 0 else start * chance.uniform(0.5, 0.9)
            return Run(
                exit_after=after,
                code=137,
                reason="OOMKilled",
                start_s=start,
                port=program.listens or app.port,
            )
        if program.exits_after:
            after = program.exits_after * chance.uniform(0.7, 1.3)
            return Run(
                exit_after=after,
                code=program.exit_code,
                says=program.says,
                start_s=start,
                port=program.listens or app.port,
            )
        return Run(start_s=start, port=program.listens or app.port)

    def _waiting(self, pod: Object, container: Mapping[str, Any]) -> Run:
        """An init container that waits until the app's first dependency can be reached."""
        command = str(container.get("command", [""])[-1])
        host, port = split(f"{command.split('nc -z ')[-1].split(';')[0].replace(' ', ':')}")

        def there() -> bool:
            found = reach(
                self.world,
                labels_of(pod),
                pod["metadata"]["namespace"],
                f"{host}:{port}",
                self.listening(),
            )
            if not found.pods:
                told = (
                    f"nc: bad address '{host}'"
                    if found.problem in ("dns", "no_host")
                    else f"waiting for {host}"
                )
                self.logs[pod["metadata"]["namespace"], pod["metadata"]["name"], container["name"]].append(
                    (self.world.now, told)
                )
            return bool(found.pods)

        return Run(until=there)

    def _corefile(self) -> str:
        """What CoreDNS says of a configuration that it cannot parse."""
        held = self.world.get("ConfigMap", "kube-system", "coredns") or {}
        text = str(held.get("data", {}).get("Corefile", ""))
        if text.count("{") == text.count("}"):
            return ""
        return f"/etc/coredns/Corefile:{text.count(chr(10))} - Error during parsing: Unexpected EOF"

    def _batch(
        self, pod: Object, app: App, container: Mapping[str, Any], program: Program, factor: float
    ) -> Run:
        for name in app.calls:
            other = self.layout.app(name)
            value = next(
                (
                    e["value"]
                    for e in container.get("env", ())
                    if e.get("value", "").find(other.service_name) >= 0
                ),
                "",
            )
            found = reach(self.world, labels_of(pod), pod["metadata"]["namespace"], value, self.listening())
            if value and not found.pods:
                return Run(exit_after=6 * factor, code=1, says=(trouble(app.style, found),))
        if program.exits_after:
            return Run(exit_after=program.exits_after * factor, code=program.exit_code, says=program.says)
        return Run(
            exit_after=app.runs_s * factor,
            code=0,
            reason="Completed",
            says=(f"{app.name} finished, {round(1800 * factor)} records",),
        )

    def _refused_by_store(self, pod: Object, app: App, container: Mapping[str, Any]) -> str:
        """The words of a store that does not take the app's password."""
        for name in app.calls:
            if self.password_refused(app, name):
                other = self.layout.app(name)
                return (
                    "WRONGPASS invalid username-password pair or user is disabled."
                    if other.style == "redis"
                    else f'FATAL: password authentication failed for user "app" (host {other.service_name}, SQLSTATE 28P01)'
                )
        return ""

    def password_refused(self, app: App, store: str) -> bool:
        """Whether a store no longer takes the password in the secret of an app."""
        return self.world.physics.passwords.get(f"{app.name}>{store}", "") == "stale"

    def _out_of_memory(self, app: App, container: Mapping[str, Any], program: Program) -> float | None:
        """Seconds until the limit is reached; None for never."""
        limit = container.get("resources", {}).get("limits", {}).get("memory")
        if not limit:
            return None
        room = quantity(limit) / MIB - app.base_mib
        if room <= 0:
            return 0.0
        return room / program.growth * 60 if program.growth else None

    def memory_mib(self, pod: Object, container: str) -> float:
        """The working set of a container now."""
        app = self.app_of(pod)
        begun, _ = self.started.get((pod["metadata"]["uid"], container), (float(self.world.now), 0))
        if app is None or container != app.container_name:
            return 38.0
        grown = self.program(pod, container).growth * (self.world.now - begun) / 60
        warm = 1 - 0.25 * (2.718 ** (-(self.world.now - begun) / 120))
        limit = next(c for c in pod["spec"]["containers"] if c["name"] == container)["resources"].get(
            "limits", {}
        )
        most = quantity(limit["memory"]) / MIB if "memory" in limit else 1e9
        return min(most * 0.998, app.base_mib * float(warm) + grown)

    def listening(self) -> dict[str, int]:
        """The port at which each pod's program answers now."""
        held = {}
        for pod in self.world.all_of("Pod"):
            app = self.app_of(pod)
            if app is None or not app.port:
                continue
            begun = self.started.get((pod["metadata"]["uid"], app.container_name))
            if begun and begun[0] <= self.world.now:
                held[str(pod["metadata"]["name"])] = begun[1]
        return held

    def probe(self, pod: Object, container: Mapping[str, Any], probe: Mapping[str, Any]) -> str:
        """What the kubelet says of a probe that failed; "" where it holds."""
        app, name, ip = self.app_of(pod), container["name"], pod["status"].get("podIP", "")
        begun = self.started.get((pod["metadata"]["uid"], name))
        if begun is None:
            return "container is not running"
        up = begun[0] <= self.world.now
        if app is None or name != app.container_name:
            return "" if up else f'Get "http://{ip}:15021/healthz/ready": dial tcp {ip}:15021: connect: connection refused'  # fmt: skip
        if "exec" in probe:
            right = probe["exec"]["command"][-1] == app.path
            return "" if up and right else "" + ("command failed: exit status 1" if right else f"/bin/sh: {probe['exec']['command'][-1].split()[0]}: not found")  # fmt: skip
        how = next(k for k in ("httpGet", "tcpSocket", "grpc") if k in probe)
        port = _number(container, probe[how]["port"])
        there, slow = up and port == begun[1], pod["metadata"]["uid"] in self.hung
        seconds = probe.get("timeoutSeconds", 1)
        if how == "grpc":
            right = there and app.probe == "grpc" and not slow
            return "" if right else f'timeout: failed to connect service "{ip}:{port}" within {seconds}s: context deadline exceeded'  # fmt: skip
        if how == "tcpSocket":
            return "" if there else f"dial tcp {ip}:{port}: connect: connection refused"
        url = f"http://{ip}:{port}{probe[how].get('path', '/')}"
        if not there:
            return f'Get "{url}": dial tcp {ip}:{port}: connect: connection refused'
        if app.probe == "grpc":
            return f'Get "{url}": net/http: HTTP/1.x transport connection broken: malformed HTTP response "\\x00\\x00\\x06\\x04\\x00\\x00\\x00\\x00\\x00\\x00\\x05\\x00\\x00@\\x00"'
        if slow:
            return f'Get "{url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
        return "" if probe[how].get("path", "/") == app.path else "HTTP probe failed with statuscode: 404"

    def say(
        self, pod: Object, app: App, level: str, message: str, container: str = "", at: float | None = None
    ) -> None:
        """A line of a container's log in the app's own style."""
        moment = self.world.now if at is None else at
        key = (pod["metadata"]["namespace"], pod["metadata"]["name"], container or app.container_name)
        held = self.logs[key]
        held.append((moment, line(app, moment, level, message, str(pod["metadata"]["name"]))))
        if len(held) > 2 * KEEPS:
            del held[:KEEPS]

    def age(self, pod: Object) -> int:
        """Seconds since its creation."""
        return self.world.now - epoch(pod["metadata"]["creationTimestamp"])


def _number(container: Mapping[str, Any], port: int | str) -> int:
    if isinstance(port, int):
        return port
    return next((int(p["containerPort"]) for p in container.get("ports", ()) if p.get("name") == port), 0)
