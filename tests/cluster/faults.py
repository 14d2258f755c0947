"""One small cluster, and what each fault makes of it: specifications, events, logs and answers as Kubernetes would show them.

`FAULTS` maps a fault kind's id to variants; each changes the healthy cluster and says on which component the fault lies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .builder import NODES, SPACE, App, Cluster, app, container, event

Change = Callable[[Cluster], str]
FAULTS: dict[str, list[Change]] = {}


def fault(kind: str) -> Callable[[Change], Change]:
    def register(change: Change) -> Change:
        FAULTS.setdefault(kind, []).append(change)
        return change

    return register


def env(**values: str) -> list[dict[str, Any]]:
    return [{"name": k, "value": v} for k, v in values.items()]


def database_env(name: str) -> dict[str, Any]:
    return {
        "env": env(ORDERS_MYSQL_HOST="sql-main", ORDERS_MYSQL_PORT="3306", CACHE_ADDR="cache:6379"),
        "envFrom": [{"secretRef": {"name": f"{name}-mysql"}}],
    }


def healthy() -> Cluster:
    """Six apps, a MySQL server and a gateway on three nodes; nothing is wrong, old troubles included."""
    claim = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "sql-data"}}]}
    sql = app("sql-main", 3306, pod=claim, node="gamma")
    sql.spec["containers"][0] |= {
        "image": "registry.acme.io/team/mysql:8.0",
        "args": ["--max-connections=500", "--character-set-server=utf8mb4"],
        "volumeMounts": [{"name": "data", "mountPath": "/var/lib/mysql"}],
        "resources": {"limits": {"memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "512Mi"}},
    }
    sql.documents = [claim_manifest(), volume_manifest()]
    web_env = env(ORDERS_ADDR="orders:8081", BILLING_ADDR="billing:8082", STOCK_URL="http://stock.acme.svc.cluster.local:8083/api",
                  FEATURE_HOST="not-deployed-here", FEATURE_PORT="99", PORT="8080")  # fmt: skip
    apps = [
        app("web", 8080, container={"env": web_env}, logs=[(2, 'GET /favicon: error "no such file"')]),
        app("orders", 8081, container=database_env("orders"), node="beta"),
        app("billing", 8082, container=database_env("billing"), node="beta", restarts=4, restart_ago="6d"),
        app("stock", 8083, container=database_env("stock"), node="gamma"),
        app("cache", 6379, node="beta"),
        app("mail", 2525),
        sql,
        app("edge-gateway", 9000, container={"env": env(WEB_URL="http://web:8080")}),
    ]
    cluster = Cluster(apps=apps)
    cluster.configmaps = {
        "kube-root-ca.crt": {"ca.crt": "x"},
        "istio-ca-root-cert": {"root-cert.pem": "x"},
        "edge-routes": {"routes.yml": ROUTES},
    }
    gateway = cluster.app("edge-gateway").spec
    gateway["volumes"] = [{"name": "routes", "configMap": {"name": "edge-routes"}}]
    cluster.secrets = {f"{n}-mysql": "Opaque" for n in ("orders", "billing", "stock")}
    cluster.claims = {"sql-data": {"status": "Bound", "volume": "disk-1", "size": "5Gi"}}
    cluster.volumes = {
        "disk-1": {"status": "Bound", "claim": f"{SPACE}/sql-data"},
        "disk-0": {"status": "Released", "claim": f"{SPACE}/sql-data"},
    }
    cluster.nodes = {
        "alpha": {"roles": "control-plane", "labels": ["zone=a"]},
        "beta": {"labels": ["zone=b"]},
        "gamma": {"labels": ["zone=c"]},
    }
    cluster.quotas = {"limits": {"requests.cpu": ("2", "10"), "pods": ("8", "40")}}
    cluster.events = [
        ["55m", "Warning", "FailedScheduling", "pod/web-5c9cf56db6-kkkkk", "0/3 nodes are available: 3 Insufficient cpu."],
        ["50m", "Warning", "FailedCreate", "replicaset/web-6d4cf56db6",
         'Error creating: pods "web-6d4cf56db6-" is forbidden: error looking up service account acme/web: serviceaccount "web" not found'],
    ]  # fmt: skip
    cluster.node_services = {
        (n, s): RUNS.format(s) for n in NODES for s in ("kubelet", "containerd", "kube-proxy")
    }
    cluster.node_services["alpha", "kube-scheduler"] = RUNS.format("kube-scheduler")
    return cluster


RUNS = "Service: {0}\nStatus: ● {0}.service\n     Active: active (running) since Tue 2026-08-04 10:00:00 UTC; 3 days ago\n"
STOPPED = "Service: {0}\nStatus: ○ {0}.service\n     Active: inactive (dead) since Fri 2026-08-07 10:00:00 UTC; 2min ago\n"
ROUTES = """\
spring:
  cloud:
    gateway:
      routes:
        - id: orders
          uri: http://orders:8081
          predicates:
            - Path=/api/v1/orderservice/**
        - id: billing
          uri: http://billing:8082
          predicates:
            - Path=/api/v1/billingservice/**
        - id: stock
          uri: http://stock:8083
          predicates:
            - Path=/api/v1/stockservice/**
"""


def claim_manifest(**spec: Any) -> dict[str, Any]:
    wanted = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "5Gi"}},
        "storageClassName": "",
    } | spec
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "sql-data"},
        "spec": wanted,
    }


def volume_manifest(**spec: Any) -> dict[str, Any]:
    has = {
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "5Gi"},
        "storageClassName": "",
        "hostPath": {"path": "/mnt/d"},
    } | spec
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "disk-1"}, "spec": has}


def down(cluster: Cluster, name: str, status: str, **more: Any) -> App:
    """An app whose pods are not ready, with what follows for its service."""
    one = cluster.app(name)
    one.status, one.ready = status, False
    for key, value in more.items():
        setattr(one, key, value)
    return one


def waiting(reason: str, last: str = "", code: int = 1, message: str = "") -> list[str]:
    lines = ["State:          Waiting", f"  Reason:       {reason}"] + (
        [f"  Message:      {message}"] if message else []
    )
    if last:
        lines += ["Last State:     Terminated", f"  Reason:       {last}", f"  Exit Code:    {code}"]
    return [*lines, "Ready:          False", f"Restart Count:  {4 if last else 0}"]


def crashing(cluster: Cluster, name: str, *lines: str, container_name: str = "") -> str:
    one = down(cluster, name, "CrashLoopBackOff", restarts=4)
    one.states[container_name or name] = waiting("CrashLoopBackOff", "Error")
    one.events = [event("BackOff", f"Back-off restarting failed container {container_name or name} in pod")]
    one.logs += [(7, line) for line in lines]
    return name


def pending(cluster: Cluster, name: str, message: str) -> App:
    one = down(cluster, name, "Pending", node="")
    one.events = [
        event("FailedScheduling", message + " preemption: 0/3 nodes are available.", by="default-scheduler")
    ]
    return one


def refused(cluster: Cluster, name: str, message: str) -> App:
    """An app whose replica set cannot create pods."""
    one = down(cluster, name, "Running", pods=0)
    one.set_events = [
        event(
            "FailedCreate",
            f'Error creating: pods "{name}-6d4cf56db6-zz9zz" is forbidden: {message}',
            by="replicaset-controller",
        )
    ]
    return one


def _quota(resource: str, need: str, used: str, hard: str) -> Change:
    def change(cluster: Cluster) -> str:
        cluster.quotas = {"team-quota": {resource: (used, hard)}}
        refused(
            cluster,
            "stock",
            f"exceeded quota: team-quota, requested: {resource}={need}, used: {resource}={used}, limited: {resource}={hard}",
        )
        return SPACE

    return change


fault("resource.quota.k8s.cpu")(_quota("requests.cpu", "500m", "3800m", "4"))
fault("resource.quota.k8s.memory")(_quota("limits.memory", "2Gi", "7Gi", "8Gi"))
fault("resource.quota.k8s.pods")(_quota("pods", "1", "8", "8"))


@fault("resource.quota.k8s.cpu")
def _two_resources(cluster: Cluster) -> str:
    cluster.quotas = {"q": {"limits.cpu": ("4", "4"), "requests.memory": ("1Gi", "9Gi")}}
    refused(cluster, "mail", "exceeded quota: q, requested: limits.cpu=1,requests.memory=1Gi, used: limits.cpu=4,requests.memory=1Gi, "
            "limited: limits.cpu=4,requests.memory=9Gi")  # fmt: skip
    return SPACE


@fault("resource.quota.k8s.services")
def _no_service(cluster: Cluster) -> str:
    cluster.quotas = {"q": {"services": ("7", "7")}}
    cluster.hidden_services.add("billing")
    return SPACE


@fault("resource.quota.k8s.storage")
def _no_claim(cluster: Cluster) -> str:
    cluster.quotas = {"q": {"requests.storage": ("0", "1Gi")}}
    cluster.claims = {}
    pending(cluster, "sql-main", '0/3 nodes are available: persistentvolumeclaim "sql-data" not found.')
    return SPACE


@fault("resource.quota.k8s.storage")
def _no_claim_count(cluster: Cluster) -> str:
    cluster.quotas = {"q": {"persistentvolumeclaims": ("3", "3")}}
    cluster.claims = {}
    pending(cluster, "sql-main", '0/3 nodes are available: persistentvolumeclaim "sql-data" not found.')
    return SPACE


@fault("software.configuration.k8s.service_account")
def _account(cluster: Cluster) -> str:
    cluster.accounts = ["default", *(a.name for a in cluster.apps if a.name != "mail")]
    refused(cluster, "mail", 'error looking up service account acme/mail: serviceaccount "mail" not found')
    return "mail"


@fault("software.configuration.k8s.zero_replicas")
def _zero(cluster: Cluster) -> str:
    down(cluster, "orders", "Running", replicas=0)
    return "orders"


@fault("scheduling.k8s.cordon")
def _cordon(cluster: Cluster) -> str:
    for node in cluster.nodes.values():
        node["status"] = "Ready,SchedulingDisabled"
    pending(cluster, "mail", "0/3 nodes are available: 3 node(s) were unschedulable.")
    return "mail"


@fault("scheduling.k8s.cordon")
def _cordon_of_the_only_node(cluster: Cluster) -> str:
    cluster.nodes["gamma"]["status"] = "Ready,SchedulingDisabled"
    cluster.app("sql-main").spec["nodeSelector"] = {"kubernetes.io/hostname": "gamma"}
    pending(
        cluster,
        "sql-main",
        "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector.",
    )
    return "sql-main"


@fault("scheduling.k8s.node_selector")
def _selector(cluster: Cluster) -> str:
    cluster.app("mail").spec["nodeSelector"] = {"gpu": "yes"}
    pending(cluster, "mail", "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.")
    return "mail"


@fault("scheduling.k8s.node_affinity")
def _affinity(cluster: Cluster) -> str:
    terms = [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["x", "y"]}]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    cluster.app("mail").spec["affinity"] = {"nodeAffinity": required}
    pending(cluster, "mail", "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.")
    return "mail"


@fault("scheduling.k8s.anti_affinity")
def _anti(cluster: Cluster) -> str:
    term = {"labelSelector": {"matchLabels": {"app": "mail"}}, "topologyKey": "kubernetes.io/hostname"}
    cluster.app("mail").spec["affinity"] = {
        "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    }
    pending(cluster, "mail", "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.")
    return "mail"


@fault("scheduling.k8s.taint")
def _taint(cluster: Cluster) -> str:
    for node in cluster.nodes.values():
        node["taints"] = "dedicated=batch:NoSchedule"
    pending(cluster, "mail", "0/3 nodes are available: 3 node(s) had untolerated taint {dedicated: batch}.")
    return "mail"


def _capacity(resource: str, amount: str) -> Change:
    def change(cluster: Cluster) -> str:
        cluster.main("mail")["resources"] = {"requests": {resource: amount}}
        pending(cluster, "mail", f"0/3 nodes are available: 3 Insufficient {resource}.")
        return "mail"

    return change


fault("scheduling.k8s.cpu_capacity")(_capacity("cpu", "9"))
fault("scheduling.k8s.memory_capacity")(_capacity("memory", "64Gi"))
fault("scheduling.k8s.resource_capacity")(_capacity("nvidia.com/gpu", "1"))
fault("scheduling.k8s.resource_capacity")(_capacity("ephemeral-storage", "900Gi"))


@fault("scheduling.k8s.autoscaler")
def _autoscaler(cluster: Cluster) -> str:
    stuck = {
        "type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric",
        "message": "the HPA was unable to compute the replica count: no metrics returned from resource metrics API",
    }  # fmt: skip
    cluster.objects.append(
        made("HorizontalPodAutoscaler", "mail", {"scaleTargetRef": {"name": "mail"}, "maxReplicas": 6}, {"conditions": [stuck]})
    )  # fmt: skip
    return "mail"


@fault("scheduling.k8s.disruption_budget")
def _budget(cluster: Cluster) -> str:
    cluster.nodes["alpha"]["status"] = "Ready,SchedulingDisabled"
    status = {"disruptionsAllowed": 0, "expectedPods": 1, "desiredHealthy": 1, "currentHealthy": 1}
    cluster.objects.append(
        made("PodDisruptionBudget", "mail", {"selector": {"matchLabels": {"app": "mail"}}}, status)
    )
    return "mail"


def made(kind: str, name: str, spec: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    meta = {"name": name, "namespace": SPACE, "uid": f"{kind}-{name}"}
    return {"kind": kind, "metadata": meta, "spec": spec, "status": status}


@fault("software.configuration.k8s.webhook")
def _webhook(cluster: Cluster) -> str:
    refused(cluster, "mail", 'failed calling webhook "check.acme.io": Post "https://checker.ops.svc:443/check": connection refused')  # fmt: skip
    return "mail"


@fault("node.k8s.eviction")
def _evicted(cluster: Cluster) -> str:
    one = down(cluster, "mail", "Evicted")
    one.events = [event("Evicted", "The node was low on resource: ephemeral-storage. Threshold quantity: 2Gi, available: 1Gi.")]  # fmt: skip
    return "mail"


@fault("network.dns.k8s.name_server")
def _name_server(cluster: Cluster) -> str:
    cluster.system = [
        [f"coredns-5d78c9869d-{end}", "0/1", "CrashLoopBackOff", "7 (1m ago)", "3h", "10.9.0.3", "alpha"]
        for end in ("b2xkq", "zz7vw")
    ]
    return "coredns"


@fault("software.configuration.k8s.command")
def _command(cluster: Cluster) -> str:
    one = down(cluster, "mail", "CrashLoopBackOff", restarts=4)
    text = 'failed to create containerd task: OCI runtime create failed: exec: "serv": executable file not found in $PATH'
    one.states["mail"] = waiting("CrashLoopBackOff", "StartError", code=128)
    one.events = [event("Failed", f"Error: {text}")]
    return "mail"


@fault("software.configuration.k8s.probe")
def _startup(cluster: Cluster) -> str:
    one = down(cluster, "mail", "Running", restarts=6)
    one.states["mail"] = ["State:          Running", "Ready:          False", "Restart Count:  6"]
    one.events = [
        event("Unhealthy", "Startup probe failed: HTTP probe failed with statuscode: 503"),
        event("Killing", "Container mail failed startup probe, will be restarted", kind="Normal"),
    ]
    return "mail"


@fault("software.crash")
def _init(cluster: Cluster) -> str:
    one = down(cluster, "mail", "Init:CrashLoopBackOff", restarts=0)
    one.spec["initContainers"] = [container("migrate")]
    one.states["migrate"] = waiting("CrashLoopBackOff", "Error", code=3)
    one.logs = [(1, "migration 41 failed: column tenant does not exist")]
    return "mail"


@fault("software.certificate")
def _certificate(cluster: Cluster) -> str:
    return crashing(cluster, "mail", "ERROR: SSL certificate expired on 2026-08-03")


def _stopped(service: str, node: str) -> Change:
    def change(cluster: Cluster) -> str:
        cluster.node_services[node, service] = STOPPED.format(service)
        if service in ("kubelet", "containerd"):
            cluster.nodes[node] |= {
                "status": "NotReady",
                "message": "NodeStatusUnknown   Kubelet stopped posting node status.",
            }
        return node

    return change


fault("node.k8s.kubelet")(_stopped("kubelet", "beta"))
fault("node.k8s.container_runtime")(_stopped("containerd", "gamma"))
fault("node.k8s.kube_proxy")(_stopped("kube-proxy", "beta"))
fault("node.k8s.scheduler")(_stopped("kube-scheduler", "alpha"))


@fault("node.k8s.kubelet")
def _kubelet_by_condition(cluster: Cluster) -> str:
    cluster.node_services = {}
    cluster.nodes["beta"] |= {
        "status": "NotReady",
        "message": "NodeStatusUnknown   Kubelet stopped posting node status.",
    }
    return "beta"


@fault("node.k8s.container_runtime")
def _runtime_by_condition(cluster: Cluster) -> str:
    cluster.node_services = {}
    cluster.nodes["beta"] |= {
        "status": "NotReady",
        "ready": "False",
        "message": "KubeletNotReady     container runtime is down",
    }
    return "beta"


@fault("node.k8s.scheduler")
def _scheduler_by_silence(cluster: Cluster) -> str:
    cluster.node_services = {}
    down(cluster, "mail", "Pending", node="", conditions={}, age="3m")
    return "alpha"


@fault("node.k8s.pressure")
def _pressure(cluster: Cluster) -> str:
    cluster.nodes["beta"]["pressure"] = "True"
    return "beta"


def _pull(message: str, image: str, **pod: Any) -> Change:
    def change(cluster: Cluster) -> str:
        cluster.main("mail")["image"] = image
        cluster.app("mail").spec |= pod
        one = down(cluster, "mail", "ImagePullBackOff")
        one.states["mail"] = waiting("ImagePullBackOff")
        one.events = [
            event("Failed", f'Failed to pull image "{image}": {message.format(image=image)}'),
            event("Failed", "Error: ErrImagePull"),
        ]
        return "mail"

    return change


_WRAP = 'failed to pull and unpack image "{image}": failed to resolve reference "{image}": '
fault("network.dns.k8s.registry")(
    _pull(
        _WRAP
        + 'failed to do request: Head "https://hub.acme.lan/v2/": dial tcp: lookup hub.acme.lan on 10.1.1.1:53: no such host',
        "hub.acme.lan/x/mail:1",
    )
)
fault("network.dns.k8s.registry")(
    _pull(_WRAP + "dial tcp: lookup r.acme.lan: Temporary failure in name resolution", "r.acme.lan/x/mail:1")
)
fault("software.configuration.k8s.image")(
    _pull(
        "rpc error: code = NotFound desc = " + _WRAP + "{image}: not found", "registry.acme.io/team/mail:3.11"
    )
)
fault("software.configuration.k8s.image")(
    _pull(_WRAP + "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
          "registry.acme.io/team/mial:3.1")
)  # fmt: skip
fault("software.credentials.k8s.image_pull")(
    _pull(_WRAP + "failed to authorize: failed to fetch anonymous token: 403 Forbidden", "ghcr.io/own/mail:3")
)
fault("software.credentials.k8s.image_pull")(
    _pull(_WRAP + "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
          "docker.io/own-team/mail:3")
)  # fmt: skip
fault("software.credentials.k8s.image_pull")(_pull(_WRAP + "unexpected status from HEAD request: 401 Unauthorized", "r.io/own/mail:3",
                                                   imagePullSecrets=[{"name": "gone"}]))  # fmt: skip


def _unbound(claim: dict[str, Any], disk: dict[str, Any], reason: str, message: str, **live: Any) -> Change:
    def change(cluster: Cluster) -> str:
        cluster.claims = {
            "sql-data": {
                "status": "Pending",
                "events": [event(reason, message, by="persistentvolume-controller")],
            }
            | live
        }
        cluster.volumes = {
            "disk-0": {"status": "Released", "claim": f"{SPACE}/old"},
            "disk-1": {"status": "Available"} | disk,
        }
        cluster.app("sql-main").documents = [claim_manifest(**claim)]
        pending(
            cluster, "sql-main", "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims."
        )
        return "sql-main"

    return change


_NONE = "no persistent volumes available for this claim and no storage class is set"
fault("storage.k8s.selector")(
    _unbound({"selector": {"matchLabels": {"disk": "fast"}}}, {"labels": "disk=slow"}, "FailedBinding", _NONE)
)
fault("storage.k8s.storage_class")(
    _unbound(
        {"storageClassName": "gold"},
        {"class": "silver"},
        "ProvisioningFailed",
        'storageclass.storage.k8s.io "gold" not found',
        **{"class": "gold"},
    )
)
fault("storage.k8s.storage_class")(
    _unbound(
        {"storageClassName": "standard"},
        {},
        "ProvisioningFailed",
        "no volume plugin matched name: example.io/none",
        **{"class": "standard"},
    )
)
fault("storage.k8s.access_mode")(_unbound({"accessModes": ["ReadWriteMany"]}, {}, "FailedBinding", _NONE))
fault("storage.k8s.capacity")(
    _unbound({"resources": {"requests": {"storage": "80Gi"}}}, {}, "FailedBinding", _NONE)
)
fault("storage.k8s.volume_taken")(
    _unbound({"volumeName": "disk-1"}, {"status": "Bound", "claim": "other/data"}, "FailedBinding",
             'volume "disk-1" already bound to a different claim.', volume="disk-1")
)  # fmt: skip
fault("storage.k8s.volume_taken")(
    _unbound({}, {"status": "Bound", "claim": "other/data"}, "FailedBinding", _NONE)
)


@fault("storage.k8s.permission")
def _permission(cluster: Cluster) -> str:
    return crashing(
        cluster,
        "sql-main",
        "mysqld: Can't create/write to file '/var/lib/mysql/is_writable' (OS errno 13 - Permission denied)",
    )


@fault("storage.k8s.permission")
def _permission_hostpath(cluster: Cluster) -> str:
    cluster.app("cache").spec["volumes"] = [{"name": "d", "hostPath": {"path": "/srv/cache"}}]
    return crashing(
        cluster, "cache", "Fatal error: can't open the RDB file dump.rdb for reading: Permission denied"
    )


@fault("resource.memory.oom_killed")
def _oom(cluster: Cluster) -> str:
    crashing(cluster, "stock")
    cluster.main("stock")["resources"] = {"limits": {"memory": "24Mi"}}
    cluster.app("stock").states["stock"] = waiting("CrashLoopBackOff", "OOMKilled", 137)
    return "stock"


def _liveness(probe: dict[str, Any], message: str) -> Change:
    def change(cluster: Cluster) -> str:
        one = cluster.app("orders")
        one.restarts, one.restart_ago, one.age = 3, "15s", "3m"
        cluster.main("orders")["livenessProbe"] = probe
        one.states["orders"] = ["State:          Running", "Last State:     Terminated", "  Reason:       Error", "  Exit Code:    143",
                                "Ready:          True", "Restart Count:  3"]  # fmt: skip
        one.events = [event("Unhealthy", f"Liveness probe failed: {message}"),
                      event("Killing", "Container orders failed liveness probe, will be restarted", kind="Normal")]  # fmt: skip
        return "orders"

    return change


_BAD_HTTP = 'Get "http://10.9.0.3:8081/": net/http: HTTP/1.x transport connection broken: malformed HTTP response "\\x00\\x00"'
_UNHEALTHY_GRPC = 'timeout: failed to connect service "10.9.0.3:8081" within 1s: context deadline exceeded'
fault("software.configuration.k8s.liveness_protocol")(
    _liveness({"httpGet": {"path": "/", "port": 8081}}, _BAD_HTTP)
)
fault("software.configuration.k8s.liveness_protocol")(
    _liveness({"httpGet": {"path": "/", "port": 8081}}, "HTTP probe failed with statuscode: 404")
)
fault("software.configuration.k8s.liveness_protocol")(
    _liveness({"grpc": {"port": 8081}, "initialDelaySeconds": 20}, _UNHEALTHY_GRPC)
)
fault("software.configuration.k8s.liveness_port")(
    _liveness(
        {"tcpSocket": {"port": 8981}, "initialDelaySeconds": 20},
        "dial tcp 10.9.0.3:8981: connect: connection refused",
    )
)
fault("software.configuration.k8s.liveness_timing")(
    _liveness({"tcpSocket": {"port": 8081}, "initialDelaySeconds": 1, "periodSeconds": 1, "failureThreshold": 1},
              "dial tcp 10.9.0.3:8081: connect: connection refused")
)  # fmt: skip


def _unseen_liveness(cluster: Cluster) -> str:
    """The kubelet kills for a probe that no object shows, as in a summary of pods."""
    name = _liveness({}, "HTTP probe failed with statuscode: 500")(cluster)
    del cluster.main(name)["livenessProbe"]
    return name


fault("software.configuration.k8s.liveness")(_unseen_liveness)


def _readiness(probe: dict[str, Any], message: str) -> Change:
    def change(cluster: Cluster) -> str:
        one = down(cluster, "orders", "Running", age="5m")
        cluster.main("orders")["readinessProbe"] = probe
        one.events = [event("Unhealthy", f"Readiness probe failed: {message}")]
        return "orders"

    return change


fault("software.configuration.k8s.readiness_port")(
    _readiness({"tcpSocket": {"port": 8089}}, "dial tcp 10.9.0.3:8089: connect: connection refused")
)
fault("software.configuration.k8s.readiness_protocol")(
    _readiness({"httpGet": {"path": "/", "port": 8081}}, _BAD_HTTP)
)
fault("software.configuration.k8s.readiness_protocol")(
    _readiness({"httpGet": {"path": "/ok", "port": 8081}}, "HTTP probe failed with statuscode: 404")
)
fault("software.configuration.k8s.readiness_protocol")(_readiness({"grpc": {"port": 8081}}, _UNHEALTHY_GRPC))


@fault("software.configuration.k8s.service_selector")
def _service_selector(cluster: Cluster) -> str:
    one = cluster.app("billing")
    assert one.service
    one.service["selector"] = {"app": "billing-v2"}
    return "billing"


@fault("software.configuration.k8s.service_port")
def _service_port(cluster: Cluster) -> str:
    one = cluster.app("billing")
    assert one.service
    one.service["ports"][0]["targetPort"] = 8092
    return "billing"


@fault("software.configuration.k8s.service_port")
def _service_offers_another_port(cluster: Cluster) -> str:
    one = cluster.app("billing")
    assert one.service
    one.service["ports"][0] = {"name": "main", "port": 8092, "targetPort": 8082}
    return "billing"


@fault("software.configuration.k8s.service_protocol")
def _service_protocol(cluster: Cluster) -> str:
    one = cluster.app("billing")
    assert one.service
    one.service["ports"][0]["protocol"] = "UDP"
    return "billing"


def _address(**changed: str) -> Change:
    def change(cluster: Cluster) -> str:
        main = cluster.main("web")
        main["env"] = [e for e in main["env"] if e["name"] not in changed] + env(**changed)
        cluster.app("web").logs = [(30, f"request failed: dial tcp {v}: error") for v in changed.values()]
        return "web"

    return change


fault("software.configuration.k8s.env_address")(_address(ORDERS_ADDR="orders:8181"))
fault("software.configuration.k8s.env_address")(_address(ORDERS_ADDR="orderz:8081"))
fault("software.configuration.k8s.env_address")(_address(ORDERS_ADDR="billing:8082"))
fault("software.configuration.k8s.env_address")(
    _address(STOCK_URL="http://stock.acme.svc.cluster.local:8038/api")
)


@fault("software.configuration.k8s.port_conflict")
def _sidecar(cluster: Cluster) -> str:
    cluster.app("mail").spec["containers"].append(container("agent", 2525))
    return crashing(cluster, "mail", "listen tcp :2525: bind: address already in use", container_name="agent")


@fault("software.configuration.k8s.port_conflict")
def _sidecar_undeclared(cluster: Cluster) -> str:
    cluster.app("orders").spec["containers"].append(container("exporter"))
    return crashing(
        cluster, "orders", "java.net.BindException: Address already in use", container_name="exporter"
    )


@fault("network.dns.k8s.pod")
def _dns_policy(cluster: Cluster) -> str:
    cluster.app("orders").spec |= {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["192.0.2.53"]}}
    return crashing(cluster, "orders", "java.net.UnknownHostException: sql-main")


@fault("network.dns.k8s.pod")
def _dns_default(cluster: Cluster) -> str:
    cluster.app("web").spec["dnsPolicy"] = "Default"
    cluster.app("web").logs = [
        (50, "dial tcp: lookup orders on 192.168.1.1:53: no such host"),
        (40, "dial tcp: lookup billing on 192.168.1.1:53: no such host"),
    ]
    return "web"


@fault("network.policy.k8s")
def _policy(cluster: Cluster) -> str:
    cluster.policies = {"lock-down": "app=billing"}
    cluster.app("web").logs = [(30, "error: dial tcp: connect to billing:8082: i/o timeout")]
    return "billing"


@fault("software.configuration.k8s.secret")
def _secret_gone(cluster: Cluster) -> str:
    del cluster.secrets["stock-mysql"]
    one = down(cluster, "stock", "CreateContainerConfigError")
    one.states["stock"] = waiting("CreateContainerConfigError", message='secret "stock-mysql" not found')
    one.events = [event("Failed", 'Error: secret "stock-mysql" not found')]
    return "stock"


@fault("software.configuration.k8s.secret")
def _secret_not_bound(cluster: Cluster) -> str:
    cluster.main("stock").pop("envFrom")
    return crashing(
        cluster,
        "stock",
        "Could not resolve placeholder 'STOCK_MYSQL_PASSWORD' in value \"${STOCK_MYSQL_PASSWORD}\"",
    )


@fault("software.configuration.k8s.secret")
def _secret_mount(cluster: Cluster) -> str:
    cluster.app("mail").spec["volumes"] = [{"name": "tls", "secret": {"secretName": "mail-tls"}}]
    one = down(cluster, "mail", "ContainerCreating")
    one.events = [
        event("FailedMount", 'MountVolume.SetUp failed for volume "tls" : secret "mail-tls" not found')
    ]
    return "mail"


@fault("software.configuration.k8s.configmap")
def _configmap(cluster: Cluster) -> str:
    del cluster.configmaps["edge-routes"]
    one = down(cluster, "edge-gateway", "ContainerCreating")
    one.events = [
        event(
            "FailedMount", 'MountVolume.SetUp failed for volume "routes" : configmap "edge-routes" not found'
        )
    ]
    return "edge-gateway"


@fault("software.configuration.k8s.gateway")
def _gateway_config(cluster: Cluster) -> str:
    cluster.configmaps["edge-routes"]["routes.yml"] = ROUTES.replace(
        "http://billing:8082", "http://stock:8083"
    )
    return "edge-gateway"


@fault("software.configuration.k8s.gateway")
def _gateway_nginx(cluster: Cluster) -> str:
    text = "server {\n location /orders/ { proxy_pass http://billing:8082; }\n location /billing/ { proxy_pass http://billing:8082; }\n}"
    cluster.configmaps["edge-routes"] = {"nginx.conf": text}
    return "edge-gateway"


@fault("software.configuration.k8s.gateway")
def _gateway_env(cluster: Cluster) -> str:
    cluster.main("edge-gateway")["env"] = env(
        SPRING_CLOUD_GATEWAY_ROUTES_0_ID="orders", SPRING_CLOUD_GATEWAY_ROUTES_0_URI="http://mail:2525",
        SPRING_CLOUD_GATEWAY_ROUTES_0_PREDICATES_0="Path=/orders/**",
    )  # fmt: skip
    return "edge-gateway"


@fault("software.configuration.k8s.gateway")
def _gateway_ingress(cluster: Cluster) -> str:
    back = {"service": {"name": "mail", "port": {"number": 2525}}}
    rules = [{"http": {"paths": [{"path": "/orders", "pathType": "Prefix", "backend": back}]}}]
    cluster.app("edge-gateway").documents = [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "edge"},
            "spec": {"rules": rules},
        }
    ]
    return "edge-gateway"


@fault("software.credentials.database")
def _credentials(cluster: Cluster) -> str:
    return crashing(
        cluster,
        "stock",
        "java.sql.SQLException: Access denied for user 'stock'@'10.9.0.8' (using password: YES)",
    )


@fault("software.credentials.database")
def _credentials_go(cluster: Cluster) -> str:
    cluster.app("billing").logs = [
        (40, "Error 1045 (28000): Access denied for user 'b'@'10.9.0.4' (using password: YES)")
    ]
    return "billing"


_LINK = "com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure"


@fault("software.configuration.k8s.database_port")
def _database_port_env(cluster: Cluster) -> str:
    main = cluster.main("orders")
    main["env"] = env(ORDERS_MYSQL_HOST="sql-main", ORDERS_MYSQL_PORT="3307")
    return crashing(cluster, "orders", _LINK, "Caused by: java.net.ConnectException: Connection refused")


@fault("software.configuration.k8s.database_port")
def _database_port_secret(cluster: Cluster) -> str:
    one = cluster.app("stock")
    cluster.main("stock")["env"] = []
    one.documents = [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "stock-mysql"},
                      "stringData": {"STOCK_MYSQL_HOST": "sql-main", "STOCK_MYSQL_PORT": "13306", "STOCK_MYSQL_PASSWORD": "hunter2"}}]  # fmt: skip
    return crashing(cluster, "stock", _LINK)


@fault("software.configuration.k8s.database_port")
def _database_port_logs_only(cluster: Cluster) -> str:
    cluster.main("billing")["env"] = []
    return crashing(
        cluster,
        "billing",
        "dial tcp: connect sql-main:3360: connection refused",
        "mysql: connection refused by sql-main:3360, failed",
    )


@fault("resource.connections.database")
def _connections(cluster: Cluster) -> str:
    said = 'Data source rejected establishment of connection,  message from server: "Too many connections"'
    for name in ("orders", "stock"):
        crashing(cluster, name, said)
    cluster.main("sql-main")["args"] = ["--max-connections=1"]
    return "sql-main"


@fault("resource.connections.database")
def _connections_by_logs(cluster: Cluster) -> str:
    for name in ("orders", "billing", "stock"):
        cluster.app(name).logs = [(12, "SQLSTATE(08004): Error 1040: Too many connections")]
    return "sql-main"


@fault("software.configuration.k8s.database_readonly")
def _readonly(cluster: Cluster) -> str:
    cluster.main("sql-main")["args"] = ["--read-only=1"]
    cluster.app("orders").logs = [
        (9, "The MySQL server is running with the --read-only option so it cannot execute this statement")
    ]
    return "sql-main"


@fault("software.configuration.k8s.database_readonly")
def _readonly_by_config(cluster: Cluster) -> str:
    cluster.configmaps["sql-conf"] = {"my.cnf": "[mysqld]\nmax_connections = 400\nread_only = ON\n"}
    cluster.app("sql-main").spec["volumes"].append({"name": "c", "configMap": {"name": "sql-conf"}})
    return "sql-main"


def _slow(name: str, now: float) -> tuple[str, str, float, float]:
    return name, "p95latency", 20.1, now


@fault("resource.cpu.pod")
def _busy(cluster: Cluster) -> str:
    cluster.metrics = [
        ("stock", "cpu_cfs", 0.0, 0.9),
        ("stock", "cpu", 0.1, 0.9),
        _slow("stock", 300),
        _slow("web", 330),
    ]
    return "stock"


@fault("network.delay.pod")
def _slow_pod(cluster: Cluster) -> str:
    cluster.metrics = [_slow("orders", 2000), _slow("web", 2100), ("mail", "network_receive", 20.0, 4.0)]
    return "orders"


@fault("network.delay.node")
def _slow_node(cluster: Cluster) -> str:
    cluster.metrics = [_slow(n, 900) for n in ("orders", "billing", "web", "edge-gateway")]
    return "beta"


@fault("network.delay.node")
def _slow_node_named(cluster: Cluster) -> str:
    cluster.metrics = [("gamma", "node_rtt", 0.3, 210.0), _slow("stock", 800)]
    return "gamma"


@fault("network.loss.node")
def _lossy(cluster: Cluster) -> str:
    cluster.metrics = [("beta", "tcp_retrans", 0.4, 37.0), _slow("orders", 700), _slow("web", 720)]
    return "beta"


# Further shapes of the same kinds: how else a real cluster would show them.


@fault("software.configuration.k8s.service_selector")
def _service_of_another_app(cluster: Cluster) -> str:
    one = cluster.app("billing")
    assert one.service
    one.service["selector"] = {"app": "stock"}
    return "billing"


@fault("resource.quota.k8s.memory")
def _quota_stops_an_update(cluster: Cluster) -> str:
    cluster.quotas = {"q": {"requests.memory": ("8Gi", "8Gi")}}
    one = cluster.app("stock")
    one.failing = True
    one.set_events = [event("FailedCreate", 'Error creating: pods "stock-6d4cf56db6-zzzzz" is forbidden: exceeded quota: q, requested: '
                            "requests.memory=1Gi, used: requests.memory=8Gi, limited: requests.memory=8Gi", by="replicaset-controller")]  # fmt: skip
    return SPACE


@fault("storage.k8s.volume_taken")
def _released_volume(cluster: Cluster) -> str:
    change = _unbound({}, {"status": "Released", "claim": f"{SPACE}/sql-data"}, "FailedBinding", _NONE)
    return change(cluster)


fault("software.configuration.k8s.readiness_protocol")(
    _readiness({"httpGet": {"path": "/", "port": 8081}}, "HTTP probe failed with statuscode: 403")
)
fault("software.configuration.k8s.liveness_protocol")(
    _liveness(
        {"httpGet": {"path": "/", "port": 8081}, "initialDelaySeconds": 20},
        'Get "http://10.9.0.3:8081/": EOF',
    )
)
fault("software.configuration.k8s.liveness_port")(
    _liveness(
        {"grpc": {"port": 9999}, "initialDelaySeconds": 20},
        'timeout: failed to connect service "10.9.0.3:9999" within 1s: context deadline exceeded',
    )
)


@fault("software.configuration.k8s.port_conflict")
def _sidecar_by_command(cluster: Cluster) -> str:
    cluster.app("mail").spec["containers"].append(container("agent", command=["nc", "-lk", "-p", "2525"]))
    return crashing(cluster, "mail", container_name="agent")


@fault("software.configuration.k8s.database_port")
def _database_port_without_host(cluster: Cluster) -> str:
    main = cluster.main("stock")
    main["env"] = env(STOCK_MYSQL_PORT="3307")
    return crashing(cluster, "stock", _LINK)


@fault("network.dns.k8s.pod")
def _host_aliases(cluster: Cluster) -> str:
    cluster.app("web").spec["hostAliases"] = [{"ip": "192.0.2.9", "hostnames": ["orders"]}]
    cluster.app("web").logs = [(50, "dial tcp 192.0.2.9:8081: i/o timeout")]
    return "web"


@fault("network.dns.k8s.pod")
def _odd_name_server(cluster: Cluster) -> str:
    for name in ("orders", "billing"):
        cluster.app(name).logs = [(1, "dial tcp: lookup audit on 10.8.0.10:53: no such host")]
    cluster.app("web").logs = [(80, "dial tcp: lookup orders on 192.0.2.53:53: i/o timeout")]
    return "web"


fault("software.configuration.k8s.env_address")(_address(ORDERS_ADDR="orders.other.svc.cluster.local:8081"))
fault("software.configuration.k8s.env_address")(_address(ORDERS_ADDR="ordres-service:8081"))


@fault("resource.memory.oom_killed")
def _oom_in_sandbox(cluster: Cluster) -> str:
    one = down(cluster, "stock", "ContainerCreating")
    one.states["stock"] = waiting("ContainerCreating")
    one.events = [
        event(
            "FailedCreatePodSandBox",
            "Failed to create pod sandbox: runc create failed: container init was OOM-killed (memory limit too low?)",
        )
    ]
    return "stock"


@fault("software.configuration.k8s.secret")
def _secret_key_gone(cluster: Cluster) -> str:
    one = down(cluster, "stock", "CreateContainerConfigError")
    one.states["stock"] = waiting("CreateContainerConfigError")
    one.events = [event("Failed", "Error: couldn't find key PASSWORD in Secret acme/stock-mysql")]
    return "stock"


@fault("software.configuration.k8s.secret")
def _secret_not_bound_defaults(cluster: Cluster) -> str:
    cluster.main("stock").pop("envFrom")
    cluster.main("stock")["env"] = []
    return crashing(cluster, "stock", "Caused by: java.net.UnknownHostException: stock-mysql")


@fault("resource.connections.database")
def _connections_by_probe(cluster: Cluster) -> str:
    one = cluster.app("sql-main")
    one.events = [
        event(
            "Unhealthy", "Readiness probe failed: mysqladmin: connect failed: error: 'Too many connections'"
        )
    ]
    return "sql-main"


@fault("software.configuration.k8s.gateway")
def _gateway_json(cluster: Cluster) -> str:
    routes = (
        '{"routes":[{"id":"orders","uri":"http://stock:8083","predicates":["Path=/api/v1/orderservice/**"]}]}'
    )
    cluster.main("edge-gateway")["env"] = env(SPRING_APPLICATION_JSON=routes)
    return "edge-gateway"


@fault("software.configuration.k8s.gateway")
def _gateway_arguments(cluster: Cluster) -> str:
    words = ["--spring.cloud.gateway.routes[0].id=billing", "--spring.cloud.gateway.routes[0].uri=http://orders:8081",
             "--spring.cloud.gateway.routes[0].predicates[0]=Path=/billing/**"]  # fmt: skip
    cluster.main("edge-gateway")["args"] = words
    return "edge-gateway"


fault("software.configuration.k8s.env_address")(_address(STOCK_URL="http://stock-main:8083/api"))


@fault("software.configuration.k8s.database_port")
def _server_listens_elsewhere(cluster: Cluster) -> str:
    cluster.main("sql-main")["args"] = ["--max-connections=500", "--port=3399"]
    return "sql-main"


@fault("software.crash")
def _plain_crash(cluster: Cluster) -> str:
    return crashing(cluster, "stock", "panic: index 7 is out of range of 5 shelves")


@fault("unspecified")
def _crash_without_words(cluster: Cluster) -> str:
    return crashing(cluster, "stock")
