"""What runs in kube-system: DNS, proxies, metrics; and the storage class."""

from __future__ import annotations

from collections.abc import Iterator

from aitia.lab.cluster.spec import App, Layout
from aitia.lab.cluster.world import Object


def system_apps(layout: Layout) -> tuple[App, ...]:
    """CoreDNS, kube-proxy, metrics-server and what provisions volumes."""
    space = "kube-system"
    dns = App(name="coredns", image="registry.k8s.io/coredns/coredns:v1.11.3", namespace=space, port=53, port_name="dns", service="kube-dns", replicas=2, cpu="100m", memory="70Mi", memory_limit="170Mi", config="coredns", probe="tcp", style="klog", base_mib=21, cost_ms=0.05, labels={"k8s-app": "kube-dns"})  # fmt: skip
    proxy = App(name="kube-proxy", kind="DaemonSet", image=f"registry.k8s.io/kube-proxy:{layout.version}", namespace=space, cpu="25m", memory="32Mi", style="klog", base_mib=26, labels={"k8s-app": "kube-proxy"}, on_every_node=True)  # fmt: skip
    metrics = App(name="metrics-server", image="registry.k8s.io/metrics-server/metrics-server:v0.7.2", namespace=space, port=10250, port_name="https", probe="tcp", cpu="100m", memory="200Mi", style="klog", base_mib=58, labels={"k8s-app": "metrics-server"})  # fmt: skip
    return (dns, proxy, metrics)


def system_objects(layout: Layout) -> Iterator[Object]:
    """The storage class and the resolver's configuration."""
    yield {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": layout.storage_class,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": layout.provisioner,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": layout.binding,
        "allowVolumeExpansion": True,
    }
    zones = "cluster.local in-addr.arpa ip6.arpa"
    core = f".:53 {{\n    errors\n    health\n    ready\n    kubernetes {zones} {{\n      pods insecure\n    }}\n    forward . /etc/resolv.conf\n    cache 30\n    loop\n    reload\n    loadbalance\n}}\n"  # fmt: skip
    yield {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "coredns", "namespace": "kube-system"},
        "data": {"Corefile": core},
    }
