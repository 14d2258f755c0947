"""Faults as Kubernetes' own lists name them: what each makes of the small cluster of `faults.py`, where they are registered."""

from __future__ import annotations

from typing import Any

from .builder import SPACE, Cluster, container, event
from .faults import FAULTS, ROUTES, Change, _pull, crashing, down, env, fault, made, pending, refused

__all__ = ["FAULTS"]


def _told(name: str, reason: str, message: str, status: str = "ContainerCreating") -> Change:
    """An app whose pods wait, and the kubelet says why."""

    def change(cluster: Cluster) -> str:
        one = down(cluster, name, status)
        one.states[name] = ["State:          Waiting", f"  Reason:       {status}", "Ready:          False", "Restart Count:  0"]  # fmt: skip
        one.events = [event(reason, message)]
        return name

    return change


def _scheduled(message: str) -> Change:
    def change(cluster: Cluster) -> str:
        pending(cluster, "mail", f"0/3 nodes are available: {message}.")
        return "mail"

    return change


def _forbidden(message: str) -> Change:
    def change(cluster: Cluster) -> str:
        refused(cluster, "mail", message)
        return "mail"

    return change


def _pod(name: str, **status: Any) -> dict[str, Any]:
    """A pod of `mail` as the API gives it."""
    owner = {"kind": "ReplicaSet", "name": "mail-6d4cf56db6", "controller": True}
    one = made("Pod", name, {"containers": [container("mail", 2525)]}, status)
    one["metadata"] |= {"labels": {"app": "mail"}, "ownerReferences": [owner]}
    return one


fault("storage.k8s.mount")(
    _told(
        "sql-main",
        "FailedAttachVolume",
        "Multi-Attach error for volume 'disk-1' Volume is already exclusively attached to one node and can't be attached to another",
    )
)
fault("storage.k8s.mount")(
    _told("sql-main", "FailedMount", 'MountVolume.SetUp failed for volume "disk-1" : rpc error: code = DeadlineExceeded')
)  # fmt: skip
fault("node.k8s.pod_network")(lambda cluster: _network(cluster, "mail"))
fault("storage.k8s.node")(_scheduled("1 Insufficient cpu, 2 node(s) had volume node affinity conflict"))
fault("scheduling.k8s.host_port")(_scheduled("3 node(s) didn't have free ports for the requested pod ports"))
fault("scheduling.k8s.topology_spread")(
    _scheduled("3 node(s) didn't match pod topology spread constraints (missing required label)")
)
fault("scheduling.k8s.pod_affinity")(_scheduled("3 node(s) didn't match pod affinity rules"))
fault("scheduling.k8s.class")(_forbidden("no PriorityClass with name urgent was found"))
fault("resource.quota.k8s.limit_range")(
    _forbidden("[maximum memory usage per Container is 1Gi, but limit is 4Gi, cpu max limit to request ratio per Pod is 2]")
)  # fmt: skip
fault("software.configuration.k8s.security")(
    _forbidden('violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false')
)
fault("software.configuration.k8s.security")(
    _told("mail", "Failed", "Error: container has runAsNonRoot and image will run as root", "CreateContainerConfigError")
)  # fmt: skip
fault("software.configuration.k8s.hook")(
    _told("mail", "FailedPostStartHook", 'Exec lifecycle hook ([/bin/warm]) for Container "mail" failed: exit status 1', "PostStartHookError")
)  # fmt: skip
fault("software.dependency.k8s.registry")(
    _pull("429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit", "docker.io/x/mail:1")
)  # fmt: skip
fault("software.dependency.k8s.registry")(
    _pull('failed to do request: Head "https://r.acme.lan/v2/": dial tcp 10.1.1.9:443: i/o timeout', "r.acme.lan/x/mail:1")
)  # fmt: skip


def _network(cluster: Cluster, name: str) -> str:
    """The network plugin of a node fails for two apps of it."""
    text = 'Failed to create pod sandbox: failed to setup network for sandbox "9a": plugin type="bridge" failed (add): no IP addresses'
    for app in ("mail", "web"):
        _told(app, "FailedCreatePodSandBox", text)(cluster)
        cluster.app(app).node = "beta"
    return "beta"


@fault("node.k8s.pod_network")
def _network_unavailable(cluster: Cluster) -> str:
    cluster.nodes["beta"]["conditions"] = {"NetworkUnavailable": "no route was made for the node"}
    return "beta"


@fault("node.k8s.kernel")
def _read_only_disk(cluster: Cluster) -> str:
    cluster.nodes["gamma"]["conditions"] = {"ReadonlyFilesystem": "Remounting filesystem read-only"}
    return "gamma"


@fault("node.k8s.pressure")
def _no_disk_freed(cluster: Cluster) -> str:
    cluster.events.append(["2m", "Warning", "FreeDiskSpaceFailed", "node/beta", "failed to garbage collect required amount of images"])  # fmt: skip
    down(cluster, "orders", "Running")
    return "beta"


@fault("node.k8s.rebooted")
def _reboot(cluster: Cluster) -> str:
    cluster.events.append(["4m", "Warning", "Rebooted", "node/beta", "Node beta has been rebooted, boot id: 4b"])  # fmt: skip
    down(cluster, "orders", "Running")
    return "beta"


@fault("node.k8s.refused")
def _refused_by_node(cluster: Cluster) -> str:
    down(cluster, "mail", "Running", pods=0)
    said = (
        "Pod was rejected: Node didn't have enough resource: cpu, requested: 900, used: 3900, capacity: 4000"
    )
    cluster.objects.append(_pod("mail-6d4cf56db6-q2x7v", phase="Failed", reason="OutOfcpu", message=said))
    return "mail"


@fault("scheduling.k8s.gate")
def _gated(cluster: Cluster) -> str:
    down(cluster, "mail", "Running", pods=0)
    condition = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}
    cluster.objects.append(_pod("mail-6d4cf56db6-q2x7v", phase="Pending", conditions=[condition]))
    return "mail"


@fault("scheduling.k8s.preempted")
def _preempted(cluster: Cluster) -> str:
    down(cluster, "mail", "Running", pods=0)
    said = "Preempted by pod 7c1f on node alpha"
    cluster.events.append(["1m", "Normal", "Preempted", "pod/mail-6d4cf56db6-x07vq", said])
    return "mail"


@fault("scheduling.k8s.cron")
def _no_job_any_more(cluster: Cluster) -> str:
    spec = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": {"containers": [container("tidy")]}}}}}  # fmt: skip
    cluster.objects.append(made("CronJob", "tidy", spec, {"lastScheduleTime": "2026-08-05T00:00:00Z"}))
    said = "Cannot determine if job needs to be started. Too many missed start time (> 100). Set or decrease .spec.startingDeadlineSeconds"
    cluster.events.append(["1m", "Warning", "FailedNeedsStart", "cronjob/tidy", said])
    return "tidy"


@fault("resource.quota.k8s.objects")
def _graphics(cluster: Cluster) -> str:
    cluster.quotas = {"gpu": {"requests.nvidia.com/gpu": ("4", "4")}}
    refused(cluster, "stock", "exceeded quota: gpu, requested: requests.nvidia.com/gpu=1, used: requests.nvidia.com/gpu=4, limited: requests.nvidia.com/gpu=4")  # fmt: skip
    return SPACE


@fault("software.configuration.k8s.finalizer")
def _never_gone(cluster: Cluster) -> str:
    down(cluster, "mail", "Running", pods=0)
    one = _pod("mail-6d4cf56db6-q2x7v", phase="Running")
    one["metadata"] |= {"deletionTimestamp": "2024-12-31T00:00:00Z", "finalizers": ["acme.io/archive"]}
    cluster.objects.append(one)
    return "mail"


@fault("software.configuration.k8s.init")
def _waits_in_vain(cluster: Cluster) -> str:
    one = down(cluster, "mail", "Init:0/1")
    one.spec["initContainers"] = [container("wait-for-queue")]
    one.states["wait-for-queue"] = ["State:          Running", "Ready:          False", "Restart Count:  0"]
    return "mail"


@fault("software.credentials.k8s.rbac")
def _no_rights(cluster: Cluster) -> str:
    said = 'error: pods is forbidden: User "system:serviceaccount:acme:mail" cannot list resource "pods" in API group ""'
    cluster.app("mail").logs = [(40, said)]
    return "mail"


@fault("software.configuration.k8s.image")
def _never_pulled(cluster: Cluster) -> str:
    one = down(cluster, "mail", "ErrImageNeverPull")
    one.states["mail"] = ["State:          Waiting", "  Reason:       ErrImageNeverPull", "Ready:          False", "Restart Count:  0"]  # fmt: skip
    one.events = [event("ErrImageNeverPull", 'Container image "mail:dev" is not present with pull policy of Never')]  # fmt: skip
    return "mail"


@fault("software.configuration.k8s.gateway")
def _gateway_placeholder(cluster: Cluster) -> str:
    """The route's host is a variable with a default, as in Spring's property placeholders."""
    text = ROUTES.replace("http://billing:8082", "lb://${STOCK_HOST:stock}")
    for name in ("orders", "stock"):
        text = text.replace(f"http://{name}:", f"http://${{{name.upper()}_HOST:{name}}}:")
    cluster.configmaps["edge-routes"]["routes.yml"] = text
    return "edge-gateway"


@fault("software.configuration.k8s.gateway")
def _gateway_variable(cluster: Cluster) -> str:
    """The default would be right, the variable of the app that reads the map is not."""
    cluster.configmaps["edge-routes"]["routes.yml"] = ROUTES.replace(
        "http://billing:8082", "http://${BACK:billing}:8082"
    )
    cluster.main("edge-gateway")["env"] = env(BACK="stock")
    return "edge-gateway"


@fault("software.configuration.k8s.gateway")
def _ingress_of_nobody(cluster: Cluster) -> str:
    """No app of the namespace reads the ingress: the app whose path leads elsewhere is told."""
    cluster.apps = [a for a in cluster.apps if a.name != "edge-gateway"]
    back = {"service": {"name": "stock", "port": {"number": 8083}}}
    rules = [{"http": {"paths": [{"path": "/orders", "pathType": "Prefix", "backend": back}]}}]
    cluster.objects.append(made("Ingress", "front", {"rules": rules}, {}))
    return "orders"


@fault("software.configuration.k8s.port_conflict")
def _injected(cluster: Cluster) -> str:
    """The template has one container; the mesh has put another beside it, which holds the port."""
    crashing(cluster, "mail", "org.acme.PortInUseException: Port 2525 is already in use")
    cluster.app("mail").spec["containers"].append(container("istio-proxy", 15090))
    return "mail"


@fault("resource.connections.database")
def _clients_end(cluster: Cluster) -> str:
    """Three clients end with the server's word as their last: it is the server's fault, once."""
    for name in ("orders", "billing", "stock"):
        crashing(cluster, name, "FATAL SQLSTATE(08004): Error 1040: Too many connections")
    return "sql-main"
