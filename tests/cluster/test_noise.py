"""What looks odd and is no fault gives no finding: start-up, history, sidecars, operators, services with undeclared ports."""

from __future__ import annotations

from pathlib import Path

import pytest

from aitia.tools.cluster.analyse import analyse, analyse_nodes
from aitia.tools.cluster.gather import gather
from aitia.tools.cluster.reading import Reader

from .builder import App, Cluster, container, event
from .faults import env, healthy


def findings(cluster: Cluster, folder: Path) -> list[str]:
    state = gather(Reader(cluster.write(folder), "acme"))
    return [f.statement for f in (*analyse(state), *analyse_nodes(state)) if not f.symptom]


def starting(cluster: Cluster) -> None:
    """Every client was started half a minute ago, waits for its readiness, and complains that others are not there yet."""
    for one in cluster.apps:
        if one.name != "sql-main":
            one.ready, one.age = False, "30s"
            one.states[one.name] = ["State:          Running", "Ready:          False", "Restart Count:  0"]
            port = one.service["ports"][0]["port"] if one.service else 80
            one.events = [
                event(
                    "Unhealthy",
                    f"Readiness probe failed: dial tcp 10.9.0.3:{port}: connect: connection refused",
                    age="4s",
                )
            ]
            one.logs = [
                (9, "CommunicationsException: Communications link failure"),
                (9, "java.net.UnknownHostException: cache"),
            ]


def history(cluster: Cluster) -> None:
    """Restarts of last week, events of pods that are gone, and an account that came a second late."""
    for one in cluster.apps:
        one.restarts, one.restart_ago = 9, "3d4h"
        one.events = [
            event(
                "Unhealthy",
                "Liveness probe failed: dial tcp 10.9.0.3:9: connect: connection refused",
                age="3d",
            )
        ]
    cluster.events = [
        ["10m", "Warning", "Failed", "pod/orders-5c9cf56db6-kkkkk", 'Failed to pull image "x": not found'],
        [
            "10m",
            "Warning",
            "FailedScheduling",
            "pod/mail-5c9cf56db6-kkkkk",
            "0/3 nodes are available: 3 node(s) were unschedulable.",
        ],
    ]


def sidecars(cluster: Cluster) -> None:
    """Injected proxies and an exporter that asks its neighbour over localhost."""
    for name in ("web", "orders"):
        cluster.app(name).spec["containers"].append(container("istio-proxy", 15090))
    cluster.app("cache").spec["containers"].append(
        container("exporter", 9121, args=["--redis.addr=localhost:6379"])
    )


def operators(cluster: Cluster) -> None:
    """A job that is done, a tool on every node, and a service of which only one port is declared."""
    job = App(
        name="migrate",
        kind="Job",
        spec={"containers": [container("migrate")]},
        status="Completed",
        ready=False,
        service=None,
        replicas=0,
        pods=1,
    )
    cluster.apps.append(job)
    one = cluster.app("mail")
    assert one.service
    one.service["ports"].append({"name": "admin", "port": 8443, "targetPort": 8443})


def elsewhere(cluster: Cluster) -> None:
    """Addresses outside the namespace, addresses that nobody uses, and values that are no addresses."""
    cluster.main("web")["env"] += env(
        SMTP_HOST="smtp.example.com", SMTP_PORT="25", TRACE_URL="http://collector.telemetry:4318/v1", ASSISTANT_ADDR="assistant:80",
        IMAGE="registry.acme.io/team/web:3.1", RATIO="1:2", TIME="10:30", PEERS="a:1,b:2", HOST_IP="(v1:status.hostIP)",
    )  # fmt: skip


def front(cluster: Cluster) -> None:
    """A web server that sends every path to the gateway, whatever service the path speaks of."""
    paths = "".join(
        f" location /api/v1/{n}service/ {{ proxy_pass http://edge-gateway:9000; }}\n"
        for n in ("orders", "billing", "stock")
    )
    cluster.configmaps["web-conf"] = {"nginx.conf": "server {\n" + paths + "}\n"}
    cluster.app("web").spec["volumes"] = [{"name": "c", "configMap": {"name": "web-conf"}}]


def cordoned(cluster: Cluster) -> None:
    """A node that takes no pods while none waits, and an old volume."""
    cluster.nodes["alpha"]["status"] = "Ready,SchedulingDisabled"
    cluster.quotas = {"q": {"services": ("3", "30"), "requests.cpu": ("9", "10")}}


@pytest.mark.parametrize(
    "change", [starting, history, sidecars, operators, elsewhere, front, cordoned], ids=lambda c: c.__name__
)
def test_noise_gives_no_finding(change, tmp_path: Path) -> None:
    cluster = healthy()
    change(cluster)
    assert findings(cluster, tmp_path) == []
