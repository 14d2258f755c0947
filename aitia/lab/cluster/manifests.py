"""The objects of a site as its API server holds them after defaulting."""

from __future__ import annotations

from typing import Any, Final

from aitia.lab.cluster.spec import App, Layout
from aitia.lab.cluster.world import digest

Object = dict[str, Any]
APPS: Final = "apps/v1"
FILES: Final = ("/dev/termination-log", "File")


def pod_spec(layout: Layout, app: App) -> Object:
    """The `spec` of its pods, as a template holds it."""
    containers = [_container(layout, app)]
    spec: Object = {"containers": containers}
    if app.init:
        spec = {"initContainers": [_waiting(layout, app)], **spec}
    if layout.mesh and app.namespace == "" and app.kind != "CronJob":
        containers.append(_proxy(layout))
        spec = {"initContainers": [*spec.get("initContainers", []), _proxy_init(layout)], **spec}
        spec["containers"] = containers
    spec |= {
        "restartPolicy": "Always" if app.kind != "CronJob" else "Never",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": app.account or "default",
        "serviceAccount": app.account or "default",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    }
    if app.selector:
        spec["nodeSelector"] = dict(app.selector)
    if app.pull_secret:
        spec["imagePullSecrets"] = [{"name": app.pull_secret}]
    if app.spread:
        term = {
            "labelSelector": {"matchLabels": layout.selector(app)},
            "topologyKey": "kubernetes.io/hostname",
        }
        spec["affinity"] = {
            "podAntiAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]
            }
        }
    if app.on_every_node:
        spec |= {
            "hostNetwork": True,
            "tolerations": [{"operator": "Exists"}],
            "priorityClassName": "system-node-critical",
        }
        spec["priority"] = 2000001000
    volumes: list[Object] = []
    if app.config:
        volumes.append({"name": "config", "configMap": {"name": app.config, "defaultMode": 420}})
    if app.certificate:
        volumes.append({"name": "tls", "secret": {"secretName": app.certificate, "defaultMode": 420}})
    if app.volume and app.kind != "StatefulSet":
        volumes.append({"name": "data", "persistentVolumeClaim": {"claimName": f"{app.name}-data"}})
    if volumes:
        spec["volumes"] = volumes
    return spec


def _container(layout: Layout, app: App) -> Object:
    made: Object = {"name": app.container_name, "image": app.image}
    if app.command:
        made["command"] = list(app.command)
    if app.port:
        made["ports"] = [{"name": app.port_name, "containerPort": app.port, "protocol": "TCP"}]
    env: list[Object] = [{"name": k, "value": v} for k, v in app.env.items()]
    for name in app.calls:
        other = layout.app(name)
        env.append({"name": variable(layout, other), "value": address(layout, other, app)})
    for var, (name, key) in app.keys.items():
        env.append({"name": var, "valueFrom": {"configMapKeyRef": {"name": name, "key": key}}})
    for var, (name, key) in app.secrets.items():
        env.append({"name": var, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}})
    if env:
        made["env"] = env
    limits = {"cpu": app.cpu_limit, "memory": app.memory_limit}
    limits = {k: v for k, v in limits.items() if v}
    made["resources"] = {
        **({"limits": limits} if limits else {}),
        "requests": {"cpu": app.cpu, "memory": app.memory},
    }
    mounts = [
        *([{"name": "config", "readOnly": True, "mountPath": f"/etc/{app.name}"}] if app.config else []),
        *([{"name": "tls", "readOnly": True, "mountPath": "/etc/tls"}] if app.certificate else []),
        *([{"name": "data", "mountPath": app.mount}] if app.volume else []),
    ]
    if mounts:
        made["volumeMounts"] = mounts
    if app.probe and app.port:
        made["livenessProbe"] = probe(app, delay=10, period=10)
        made["readinessProbe"] = probe(app, delay=5, period=5)
        if app.startup:
            made["startupProbe"] = {**probe(app, delay=0, period=5), "failureThreshold": 24}
            made["startupProbe"].pop("initialDelaySeconds", None)
    made |= _defaults(app.image)
    return made


def _defaults(image: str) -> Object:
    return {
        "terminationMessagePath": FILES[0],
        "terminationMessagePolicy": FILES[1],
        "imagePullPolicy": "Always" if image.endswith(":latest") else "IfNotPresent",
    }


def probe(app: App, *, delay: int, period: int) -> Object:
    """A probe of the app's own kind."""
    port: Any = app.port_name if app.probe == "http" else app.port
    how: Object = {
        "http": {"httpGet": {"path": app.path, "port": port, "scheme": "HTTP"}},
        "tcp": {"tcpSocket": {"port": port}},
        "grpc": {"grpc": {"port": port, "service": ""}},
        "exec": {"exec": {"command": ["/bin/sh", "-c", app.path]}},
    }[app.probe]
    timing = {"timeoutSeconds": 1, "periodSeconds": period, "successThreshold": 1, "failureThreshold": 3}
    return how | ({"initialDelaySeconds": delay} if delay else {}) | timing


def _waiting(layout: Layout, app: App) -> Object:
    held = [layout.app(name) for name in app.calls]
    store = next((a for a in held if a.style in ("postgres", "redis", "kafka")), held[0])
    name = store.service_name
    script = f"until nc -z {name} {store.port}; do echo waiting for {name}; sleep 2; done"
    made: Object = {"name": app.init, "image": "docker.io/library/busybox:1.36"}
    made |= {"command": ["sh", "-c", script], "resources": {}}
    return made | _defaults(made["image"])


def _proxy(layout: Layout) -> Object:
    image = "docker.io/istio/proxyv2:1.24.2"
    return {
        "name": "istio-proxy",
        "image": image,
        "args": ["proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local", "--log_output_level=default:info"],
        "ports": [{"name": "http-envoy-prom", "containerPort": 15090, "protocol": "TCP"}],
        "env": [
            {"name": "PILOT_CERT_PROVIDER", "value": "istiod"},
            {"name": "CA_ADDR", "value": "istiod.istio-system.svc:15012"},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
            {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}},
            {"name": "ISTIO_META_CLUSTER_ID", "value": "Kubernetes"},
            {"name": "ISTIO_META_MESH_ID", "value": "cluster.local"},
        ],
        "resources": {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "10m", "memory": "40Mi"}},
        "readinessProbe": {
            "httpGet": {"path": "/healthz/ready", "port": 15021, "scheme": "HTTP"},
            "timeoutSeconds": 3, "periodSeconds": 15, "successThreshold": 1, "failureThreshold": 4,
        },
        "startupProbe": {
            "httpGet": {"path": "/healthz/ready", "port": 15021, "scheme": "HTTP"},
            "timeoutSeconds": 3, "periodSeconds": 1, "successThreshold": 1, "failureThreshold": 600,
        },
        **_defaults(image),
    }  # fmt: skip


def _proxy_init(layout: Layout) -> Object:
    image = "docker.io/istio/proxyv2:1.24.2"
    return {
        "name": "istio-init",
        "image": image,
        "args": ["istio-iptables", "-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT", "-i", "*", "-b", "*"],
        "resources": {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "10m", "memory": "40Mi"}},
        "securityContext": {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]}, "privileged": False},
        **_defaults(image),
    }  # fmt: skip


def variable(layout: Layout, other: App) -> str:
    """The name of the variable that holds an app's address."""
    return layout.variable.format(name=other.name.upper().replace("-", "_"))


def address(layout: Layout, other: App, caller: App) -> str:
    """An app's address as a caller is given it."""
    host = other.service_name
    if layout.space(other) != layout.space(caller):
        host = f"{host}.{layout.space(other)}"
    if other.style == "postgres":
        return f"postgres://app@{host}:{other.port}/{other.name.replace('-', '_')}?sslmode=disable"
    if other.style == "redis":
        return f"redis://{host}:{other.port}/0"
    if other.style == "kafka":
        return f"{host}:{other.port}"
    pattern = layout.address if "." not in host else layout.address.replace(".{namespace}", "")
    return pattern.format(service=host, port=other.port, namespace=layout.namespace)


def own_labels(layout: Layout, app: App) -> dict[str, str]:
    """The labels of an app's own objects."""
    labels = {**layout.labels, **layout.selector(app)}
    if "app.kubernetes.io/version" in labels:
        labels["app.kubernetes.io/version"] = app.image.rpartition(":")[2]
    return labels


def workload(layout: Layout, app: App) -> Object:
    """The deployment, stateful set, daemon set, cron job or bare pod."""
    labels = own_labels(layout, app)
    meta: Object = {"name": app.name, "namespace": layout.space(app), "labels": labels}
    if layout.annotations and app.kind != "Pod":
        meta["annotations"] = {
            k: v.format(name=app.name, namespace=layout.space(app)) for k, v in layout.annotations.items()
        }
    pod_labels = {**layout.selector(app)}
    if layout.mesh:
        pod_labels |= {"service.istio.io/canonical-name": app.name, "security.istio.io/tlsMode": "istio"}
    template: Object = {
        "metadata": {"creationTimestamp": None, "labels": pod_labels},
        "spec": pod_spec(layout, app),
    }
    if layout.mesh and not app.namespace:
        template["metadata"]["annotations"] = {"sidecar.istio.io/status": '{"revision":"default"}'}
    selector = {"matchLabels": layout.selector(app)}
    if app.kind == "Pod":
        return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]}
    if app.kind == "Deployment":
        spec: Object = {
            "replicas": app.replicas,
            "selector": selector,
            "template": template,
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
            },
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": 600,
        }
        if app.volume:
            spec["strategy"] = {"type": "Recreate"}
        return {"apiVersion": APPS, "kind": "Deployment", "metadata": meta, "spec": spec}
    if app.kind == "DaemonSet":
        spec = {
            "selector": selector,
            "template": template,
            "updateStrategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0},
            },
            "revisionHistoryLimit": 10,
        }
        return {"apiVersion": APPS, "kind": "DaemonSet", "metadata": meta, "spec": spec}
    if app.kind == "StatefulSet":
        spec = {
            "replicas": app.replicas,
            "selector": selector,
            "template": template,
            **({"volumeClaimTemplates": [claim_template(layout, app)]} if app.volume else {}),
            "serviceName": app.service_name,
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "revisionHistoryLimit": 10,
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        }
        return {"apiVersion": APPS, "kind": "StatefulSet", "metadata": meta, "spec": spec}
    job = {
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": 3,
        "template": template,
        "completionMode": "NonIndexed",
        "suspend": False,
    }
    spec = {
        "schedule": f"*/{app.schedule_min} * * * *",
        "concurrencyPolicy": "Forbid",
        "suspend": False,
        "jobTemplate": {"metadata": {"creationTimestamp": None}, "spec": job},
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
    }
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta, "spec": spec}


def claim_template(layout: Layout, app: App) -> Object:
    """The claim of a stateful set's pods."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "creationTimestamp": None},
        "spec": claim_spec(layout, app.volume),
        "status": {"phase": "Pending"},
    }


def claim_spec(layout: Layout, size: int) -> Object:
    """What a claim asks for."""
    return {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": f"{size}Gi"}},
        "storageClassName": layout.storage_class,
        "volumeMode": "Filesystem",
    }


def service(layout: Layout, app: App, cluster_ip: str) -> Object:
    """The service in front of its pods."""
    port: Object = {
        "name": app.port_name,
        "protocol": "TCP",
        "port": app.port,
        "targetPort": app.port_name if app.probe == "http" else app.port,
    }
    outside: Object = {"type": "ClusterIP"}
    status: Object = {"loadBalancer": {}}
    if app.name == layout.entry and not layout.ingress:
        port["nodePort"] = 30_000 + digest(layout.name, app.name) % 2768
        outside = {
            "type": "LoadBalancer",
            "externalTrafficPolicy": "Cluster",
            "allocateLoadBalancerNodePorts": True,
        }
        status = {
            "loadBalancer": {
                "ingress": [{"ip": f"203.0.113.{10 + digest(layout.name) % 200}", "ipMode": "VIP"}]
            }
        }
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": app.service_name,
            "namespace": layout.space(app),
            "labels": own_labels(layout, app),
        },
        "spec": {
            "ports": [port],
            "selector": layout.selector(app),
            "clusterIP": "None" if app.headless else cluster_ip,
            "clusterIPs": ["None" if app.headless else cluster_ip],
            **outside,
            "sessionAffinity": "None",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
        },
        "status": status,
    }
