"""The kubelets: volumes, images, containers, probes, back-off and the status of pods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aitia.lab.cluster.images import configuration_problem, lost_secrets, mount_problem, pull_problem
from aitia.lab.cluster.life import Life, Run
from aitia.lab.cluster.pods import fail_pod, fresh_status, is_going, is_over
from aitia.lab.cluster.probing import Prober
from aitia.lab.cluster.world import Object, World, digest, set_condition, stamp

SYNC_S: Final = 13  # between two looks at a pod that waits
BACKOFF: Final = (10, 300)  # of a container that exits, and of an image that cannot be pulled
RESET_S: Final = 600  # a container that ran this long begins anew
MOUNTS: Final = (1, 1, 2, 4, 8, 16, 32, 64, 122)  # seconds between tries to set up a volume


@dataclass
class Container:
    """What a kubelet remembers of a container beside its status."""

    starts: int = 0
    delay: int = 0  # the next back-off
    began: float = 0.0
    failures: dict[str, int] = field(default_factory=dict)
    probing: set[str] = field(default_factory=set)
    pull_delay: int = 0


class Kubelet:
    """All kubelets of the cluster."""

    def __init__(self, world: World, life: Life) -> None:
        self.world, self.life = world, life
        self.images: dict[str, set[str]] = {}
        self.prober = Prober(self)
        self._held: dict[tuple[str, str], Container] = {}
        self._addresses: dict[str, int] = {}
        world.assigned.append(self._assigned)
        world.removed.append(self._removed)

    # Timers of a pod do nothing once it is gone or its node's kubelet stopped.

    def later(self, pod: Object, delay: float, call: Callable[[], None]) -> None:
        """Do something for a pod after some seconds, if its kubelet still can."""

        def run() -> None:
            if self.world.alive(pod) and not is_over(pod) and self.works(pod):
                call()

        self.world.at(delay, run)

    def works(self, pod: Object) -> bool:
        """Whether the kubelet and the runtime of a pod's node run."""
        machine = self.world.physics.machine(pod["spec"].get("nodeName", ""))
        return machine.kubelet and machine.runtime

    def say(self, pod: Object, reason: str, message: str, *, warning: bool = False, container: str = "", init: bool = False) -> None:  # fmt: skip
        """An event of the kubelet."""
        path = f"spec.{'initContainers' if init else 'containers'}{{{container}}}" if container else ""
        self.world.event(pod, reason, message, "kubelet", host=pod["spec"]["nodeName"], warning=warning, field=path)  # fmt: skip

    def _assigned(self, world: World, pod: Object) -> None:
        self.later(pod, 1, lambda: self._begin(pod))

    def _begin(self, pod: Object) -> None:
        world, spec = self.world, pod["spec"]
        node = world.get("Node", "", spec["nodeName"])
        if is_going(pod) or node is None:
            return
        address = next(a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP")
        status = pod["status"]
        status |= {"hostIP": address, "hostIPs": [{"ip": address}], "startTime": stamp(world.now)}
        inits = spec.get("initContainers", [])
        waiting = "PodInitializing" if inits else "ContainerCreating"
        if inits:
            status["initContainerStatuses"] = [fresh_status(c, "PodInitializing") for c in inits]
        status["containerStatuses"] = [fresh_status(c, waiting) for c in spec["containers"]]
        set_condition(world, pod, "PodReadyToStartContainers", "False", probe=True)
        if inits:
            names = " ".join(c["name"] for c in inits)
            set_condition(world, pod, "Initialized", "False", "ContainersNotInitialized", f"containers with incomplete status: [{names}]", probe=True)  # fmt: skip
        else:
            set_condition(world, pod, "Initialized", "True", probe=True)
        self.tell_readiness(pod)
        status["conditions"].sort(key=lambda c: _ORDER.index(c["type"]))
        for volume in spec.get("volumes", ()):
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            held = world.get("PersistentVolumeClaim", pod["metadata"]["namespace"], claim) if claim else None
            volume_object = held and world.get("PersistentVolume", "", held["spec"].get("volumeName", ""))
            if volume_object and "csi" in volume_object["spec"]:
                world.event(pod, "SuccessfulAttachVolume", f'AttachVolume.Attach succeeded for volume "{volume_object["metadata"]["name"]}"', "attachdetach-controller")  # fmt: skip
        self._mount(pod, 0)

    def _mount(self, pod: Object, tries: int) -> None:
        if is_going(pod):
            return
        name, problem = mount_problem(self.world, pod)
        unbound = [
            c for v in pod["spec"].get("volumes", ()) if "persistentVolumeClaim" in v
            if (c := self.world.get("PersistentVolumeClaim", pod["metadata"]["namespace"], v["persistentVolumeClaim"]["claimName"]))
            and c["status"]["phase"] != "Bound"
        ]  # fmt: skip
        if problem:
            self.say(pod, "FailedMount", f'MountVolume.SetUp failed for volume "{name}" : {problem}', warning=True)  # fmt: skip
        if problem or unbound:
            pause = MOUNTS[min(tries, len(MOUNTS) - 1)]
            self.later(pod, pause, lambda: self._mount(pod, tries + 1))
            return
        self.later(pod, 1, lambda: self._sandbox(pod))

    def _sandbox(self, pod: Object) -> None:
        status, node = pod["status"], pod["spec"]["nodeName"]
        if pod["spec"].get("hostNetwork"):
            address = status["hostIP"]
        else:
            self._addresses[node] = self._addresses.get(node, 1) + 1
            number = [n["metadata"]["name"] for n in self.world.all_of("Node")].index(node)
            address = f"{self.life.layout.pods}.{number}.{self._addresses[node] % 250 + 2}"
        status |= {"podIP": address, "podIPs": [{"ip": address}]}
        set_condition(self.world, pod, "PodReadyToStartContainers", "True", probe=True)
        self._next_init(pod, 0)

    def _next_init(self, pod: Object, index: int) -> None:
        inits = pod["spec"].get("initContainers", [])
        if index < len(inits):
            self._pull(pod, inits[index], True)
            return
        if inits:
            set_condition(self.world, pod, "Initialized", "True", probe=True)
        for container in pod["spec"]["containers"]:
            self._pull(pod, container, False)

    # Images

    def _pull(self, pod: Object, container: Mapping[str, Any], init: bool) -> None:
        if is_going(pod):
            return
        image, node, name = container["image"], pod["spec"]["nodeName"], container["name"]
        here = self.images.setdefault(node, set())
        if image in here and container["imagePullPolicy"] != "Always":
            self.say(pod, "Pulled", f'Container image "{image}" already present on machine', container=name, init=init)  # fmt: skip
            self.later(pod, 0, lambda: self._create(pod, container, init))
            return
        if lost := lost_secrets(self.world, pod):
            self.say(pod, "FailedToRetrieveImagePullSecret", lost, warning=True)
        self.say(pod, "Pulling", f'Pulling image "{image}"', container=name, init=init)
        chance = self.world.chance("pull", pod["metadata"]["uid"], name, self.world.now)
        problem = pull_problem(self.world, pod, image)
        took = chance.uniform(0.6, 1.8) if problem or image in here else chance.uniform(1.5, 11)

        def done() -> None:
            if problem:
                self._not_pulled(pod, container, init, problem)
                return
            here.add(image)
            told = f"{took:.3f}s".rstrip("0")
            size = 18_000_000 + digest(image) % 220_000_000
            self.say(pod, "Pulled", f'Successfully pulled image "{image}" in {told} ({told} including waiting). Image size: {size} bytes.', container=name, init=init)  # fmt: skip
            self._create(pod, container, init)

        self.later(pod, took, done)

    def _not_pulled(self, pod: Object, container: Mapping[str, Any], init: bool, problem: str) -> None:
        image, name = container["image"], container["name"]
        told = f'Failed to pull image "{image}": {problem}'
        self.say(pod, "Failed", told, warning=True, container=name, init=init)
        self.say(pod, "Failed", "Error: ErrImagePull", warning=True, container=name, init=init)
        self._wait(pod, name, "ErrImagePull", problem)
        held = self.record(pod, name)
        held.pull_delay = min(BACKOFF[1], held.pull_delay * 2 or BACKOFF[0])
        until = self.world.now + held.pull_delay

        def look() -> None:
            if self.world.now >= until:
                self._pull(pod, container, init)
                return
            back = f'Back-off pulling image "{image}"'
            self.say(pod, "BackOff", back, container=name, init=init)
            self.say(pod, "Failed", "Error: ImagePullBackOff", warning=True, container=name, init=init)
            self._wait(pod, name, "ImagePullBackOff", back)
            self.later(pod, min(SYNC_S, max(1, until - self.world.now)), look)

        self.later(pod, 2, look)

    # Containers

    def _create(self, pod: Object, container: Mapping[str, Any], init: bool) -> None:
        name = container["name"]
        if problem := configuration_problem(self.world, pod, container):
            self.say(pod, "Failed", f"Error: {problem}", warning=True, container=name, init=init)
            self._wait(pod, name, "CreateContainerConfigError", problem)
            self.later(pod, SYNC_S, lambda: self._pull(pod, container, init))
            return
        created = f"Created container: {name}" if self.world.minor >= 32 else f"Created container {name}"
        self.say(pod, "Created", created, container=name, init=init)
        held, app = self.record(pod, name), self.life.app_of(pod)
        program = self.world.physics.program(container["image"])
        command = container.get("command", [""])[0]
        known = {"", "sh", "/bin/sh", *(app.command if app else ()), *program.commands}
        if command not in known and not init:
            told = f'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "{command}": {"stat " + command + ": no such file or directory" if "/" in command else "executable file not found in $PATH"}: unknown'  # fmt: skip
            self.say(pod, "Failed", f"Error: {told}", warning=True, container=name, init=init)
            self.exited(pod, container, init, 128, "StartError", message=told, began=0)
            return
        self.say(pod, "Started", f"Started container {name}", container=name, init=init)
        held.starts += 1
        held.began, held.failures, held.probing = self.world.now, {}, set()
        status = self.status_of(pod, name)
        probed = container.get("startupProbe") is not None
        status |= {
            "state": {"running": {"startedAt": stamp(self.world.now)}},
            "containerID": f"containerd://{self.world.uid('container', name).replace('-', '') * 2}",
            "imageID": f"{container['image'].rpartition(':')[0]}@sha256:{digest('image', container['image']):032x}{digest(container['image']):032x}",
            "started": not probed if not init else True,
            "ready": not init and container.get("readinessProbe") is None and not probed,
        }
        run = self.life.run(pod, container, init)
        self.life.started[pod["metadata"]["uid"], name] = (self.world.now + run.start_s, run.port)
        if all("running" in s["state"] for s in pod["status"]["containerStatuses"]):
            pod["status"]["phase"] = "Running"
        self.tell_readiness(pod)
        self.world.touch(pod)
        self._follow(pod, container, init, run, held.starts)

    def _follow(self, pod: Object, container: Mapping[str, Any], init: bool, run: Run, start: int) -> None:
        """Timers for what a start leads to: an exit, a condition that is waited for, the probes."""
        name, held = container["name"], self.record(pod, container["name"])

        def same(call: Callable[[], None]) -> Callable[[], None]:
            return lambda: call() if held.starts == start and "running" in self.status_of(pod, name)["state"] else None  # fmt: skip

        if run.until is not None:
            until = run.until

            def look() -> None:
                if until():
                    self.exited(pod, container, init, 0, "Completed", began=held.began)
                else:
                    self.later(pod, 20, same(look))

            self.later(pod, 1, same(look))
        elif run.exit_after is not None:

            def end() -> None:
                app = self.life.app_of(pod)
                for told in run.says:
                    if app is None:
                        self.life.logs[pod["metadata"]["namespace"], pod["metadata"]["name"], name].append((self.world.now, told))  # fmt: skip
                    else:
                        self.life.say(pod, app, "info" if run.code == 0 else "error", told, name)
                self.exited(pod, container, init, run.code, run.reason, began=held.began)

            self.later(pod, max(1, run.exit_after), same(end))
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            if kind in container:
                wait = container[kind].get("initialDelaySeconds", 0) + 1 + digest(name, kind) % 3
                self.later(
                    pod,
                    wait,
                    same(lambda kind=kind: self.prober.probe(pod, container, kind, start)),  # type: ignore[misc]
                )

    def exited(self, pod: Object, container: Mapping[str, Any], init: bool, code: int, reason: str, *, began: float, message: str = "") -> None:  # fmt: skip
        """A container ended: its status, and what follows."""
        world, name = self.world, container["name"]
        held, status = self.record(pod, name), self.status_of(pod, name)
        self.life.started.pop((pod["metadata"]["uid"], name), None)
        ended: Object = {"exitCode": code, "reason": reason, **({"message": message} if message else {})}
        ended |= {"startedAt": stamp(began), "finishedAt": stamp(world.now)}
        ended["containerID"] = status.get("containerID") or f"containerd://{world.uid('container', name).replace('-', '') * 2}"  # fmt: skip
        status |= {"state": {"terminated": ended}, "ready": False, "started": False}
        policy = pod["spec"]["restartPolicy"]
        if init and code == 0:
            status["ready"] = True
            world.touch(pod)
            names = [c["name"] for c in pod["spec"]["initContainers"]]
            self.later(pod, 1, lambda: self._next_init(pod, names.index(name) + 1))
            return
        self.tell_readiness(pod)
        world.touch(pod)
        if policy == "Never" or (policy == "OnFailure" and code == 0):
            self._finished(pod)
            return
        if began and world.now - began >= RESET_S:
            held.delay = 0
        self._again(pod, container, init, ended)

    def _again(self, pod: Object, container: Mapping[str, Any], init: bool, ended: Object) -> None:
        """Start it once more: at once the first time, then after a delay that doubles."""
        name, held, world = container["name"], self.record(pod, container["name"]), self.world
        delay, until = held.delay, world.now + max(1, held.delay)
        held.delay = min(BACKOFF[1], held.delay * 2 or BACKOFF[0])
        meta = pod["metadata"]

        def look() -> None:
            if is_going(pod):
                return
            status = self.status_of(pod, name)
            if world.now >= until:
                status["restartCount"] += 1
                status["lastState"] = {"terminated": ended}
                world.touch(pod)
                self._pull(pod, container, init)
                return
            told = f"back-off {_minutes(delay)} restarting failed container={name} pod={meta['name']}_{meta['namespace']}({meta['uid']})"  # fmt: skip
            back = f"Back-off restarting failed container {name} in pod {meta['name']}_{meta['namespace']}({meta['uid']})"  # fmt: skip
            self.say(pod, "BackOff", back, warning=True, container=name, init=init)
            self._wait(pod, name, "CrashLoopBackOff", told, last=ended)
            self.later(pod, min(SYNC_S, max(1, until - world.now)), look)

        self.later(pod, 1, look)

    def _finished(self, pod: Object) -> None:
        ended = [s["state"].get("terminated") for s in pod["status"]["containerStatuses"]]
        if not all(ended):
            return
        good = all(e["exitCode"] == 0 for e in ended if e)
        pod["status"]["phase"] = "Succeeded" if good else "Failed"
        for kind in ("Ready", "ContainersReady"):
            set_condition(self.world, pod, kind, "False", "PodCompleted" if good else "PodFailed", probe=True)
        self.world.touch(pod)

    # Status

    def tell_readiness(self, pod: Object) -> None:
        """The Ready conditions from the containers' statuses."""
        unready = [s["name"] for s in pod["status"]["containerStatuses"] if not s["ready"]]
        for kind in ("Ready", "ContainersReady"):
            if unready:
                set_condition(self.world, pod, kind, "False", "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]", probe=True)  # fmt: skip
            else:
                set_condition(self.world, pod, kind, "True", probe=True)

    def _wait(self, pod: Object, name: str, reason: str, message: str, last: Object | None = None) -> None:
        status = self.status_of(pod, name)
        if status["state"].get("waiting", {}).get("reason") == reason and not last:
            return
        if last is not None:
            status["lastState"] = {"terminated": last}
        status["state"] = {"waiting": {"reason": reason, "message": message}}
        self.world.touch(pod)

    def record(self, pod: Object, name: str) -> Container:
        """What the kubelet remembers of a container."""
        return self._held.setdefault((pod["metadata"]["uid"], name), Container())

    def status_of(self, pod: Object, name: str) -> Object:
        """A container's status."""
        statuses = (*pod["status"].get("initContainerStatuses", ()), *pod["status"]["containerStatuses"])
        return next(s for s in statuses if s["name"] == name)

    def _removed(self, world: World, pod: Object) -> None:
        if not self.works(pod):
            return
        for status in pod["status"].get("containerStatuses", ()):
            if "running" in status["state"]:
                self.say(pod, "Killing", f"Stopping container {status['name']}", container=status["name"])
        wait = 2 + digest(pod["metadata"]["uid"]) % 5

        def gone() -> None:
            for container in pod["spec"]["containers"]:
                self.life.started.pop((pod["metadata"]["uid"], container["name"]), None)
            world.delete(pod)

        world.at(wait, lambda: gone() if world.alive(pod) and self.works(pod) else None)

    def evict(self, pod: Object, message: str) -> None:
        """Node-pressure eviction."""
        self.say(pod, "Evicted", message, warning=True)
        for status in pod["status"].get("containerStatuses", ()):
            if "running" in status["state"]:
                self.say(pod, "Killing", f"Stopping container {status['name']}", container=status["name"])
                self.life.started.pop((pod["metadata"]["uid"], status["name"]), None)
                began = status["state"]["running"]["startedAt"]
                ended = {"exitCode": 137, "reason": "Error", "startedAt": began, "finishedAt": stamp(self.world.now), "containerID": status["containerID"]}  # fmt: skip
                status |= {"state": {"terminated": ended}, "ready": False, "started": False}
        set_condition(self.world, pod, "DisruptionTarget", "True", "TerminationByKubelet", message, probe=True)  # fmt: skip
        fail_pod(self.world, pod, "Evicted", message)


_ORDER: Final = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


def _minutes(seconds: int) -> str:
    """A duration as Go prints it."""
    return f"{seconds}s" if seconds < 60 else f"{seconds // 60}m{seconds % 60}s"
