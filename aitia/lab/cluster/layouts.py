"""Three of the five sites: a shop of deployments, bare pods and jobs, stateful sets. The others are in `platforms`."""

from __future__ import annotations

from aitia.lab.cluster.spec import App, Layout, NodeSpec


def shop() -> Layout:
    """A web shop, installed with Helm on a kubeadm cluster."""
    registry = "ghcr.io/nordwind-shop"
    pull = "ghcr-pull"
    apps = (
        App(name="storefront", image=f"{registry}/storefront:3.18.2", port=8080, replicas=3, calls=("catalog", "cart", "checkout"), rate=24, fan_out=0.7, memory_limit="256Mi", cpu_limit="500m", cost_ms=6, own_ms=12, base_mib=118, style="bunyan", path="/healthz", config="storefront-config", spread=True, pull_secret=pull),
        App(name="catalog", image=f"{registry}/catalog:2.7.0", port=8080, replicas=2, calls=("catalog-db", "cache"), memory_limit="512Mi", cpu_limit="500m", cost_ms=5, own_ms=9, base_mib=300, style="logback", path="/actuator/health", startup=True, keys={"LOG_LEVEL": ("catalog-env", "LOG_LEVEL")}, secrets={"DB_PASSWORD": ("catalog-db", "password")}, pull_secret=pull),
        App(name="cart", image=f"{registry}/cart:1.14.1", port=7070, port_name="grpc", probe="grpc", replicas=2, calls=("cache",), memory_limit="192Mi", cpu_limit="300m", cost_ms=2, own_ms=4, base_mib=72, style="zap", secrets={"REDIS_PASSWORD": ("cache", "redis-password")}, pull_secret=pull),
        App(name="checkout", image=f"{registry}/checkout:5.3.4", port=8080, replicas=2, calls=("payment", "orders-db", "mailer"), fan_out=0.5, memory_limit="384Mi", cpu_limit="500m", cost_ms=7, own_ms=16, base_mib=160, style="json", config="checkout-config", secrets={"DB_PASSWORD": ("orders-db", "password")}, init="wait-for-db", pull_secret=pull),
        App(name="payment", image=f"{registry}/payment:4.0.9", port=9000, replicas=2, memory_limit="256Mi", cpu_limit="300m", cost_ms=4, own_ms=38, base_mib=96, style="python", secrets={"PSP_API_KEY": ("payment-psp", "api-key")}, account="payment", pull_secret=pull),
        App(name="mailer", image=f"{registry}/mailer:0.9.6", port=8025, replicas=1, memory_limit="128Mi", cpu_limit="200m", cost_ms=1, own_ms=3, base_mib=44, style="zap", probe="tcp", config="mailer-config", pull_secret=pull),
        App(name="catalog-db", image="docker.io/library/postgres:16.4", port=5432, port_name="postgresql", probe="exec", path="pg_isready -U app", volume=20, mount="/var/lib/postgresql/data", memory="512Mi", memory_limit="1Gi", cpu="250m", cost_ms=1.4, own_ms=3, base_mib=340, style="postgres"),
        App(name="orders-db", image="docker.io/library/postgres:16.4", port=5432, port_name="postgresql", probe="exec", path="pg_isready -U app", volume=50, mount="/var/lib/postgresql/data", memory="512Mi", memory_limit="1Gi", cpu="250m", cost_ms=1.6, own_ms=4, base_mib=420, style="postgres"),
        App(name="cache", image="docker.io/library/redis:7.4.1-alpine", port=6379, port_name="redis", probe="tcp", memory="96Mi", memory_limit="256Mi", cost_ms=0.2, own_ms=0.7, base_mib=52, style="redis"),
    )  # fmt: skip
    return Layout(
        name="k8s-deployments",
        title="A web shop of deployments, installed with Helm",
        namespace="shop",
        entry="storefront",
        apps=apps,
        nodes=(
            NodeSpec(
                name="kube-cp-01",
                address="192.168.20.11",
                cpu=4,
                memory_gib=8,
                labels={"node-role.kubernetes.io/control-plane": ""},
                taints=(("node-role.kubernetes.io/control-plane", "", "NoSchedule"),),
            ),
            NodeSpec(name="kube-w-01", address="192.168.20.21", labels={"disktype": "ssd"}),
            NodeSpec(name="kube-w-02", address="192.168.20.22", labels={"disktype": "ssd"}),
            NodeSpec(name="kube-w-03", address="192.168.20.23", labels={"disktype": "hdd"}),
        ),
        labels={"app.kubernetes.io/instance": "shop", "app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/version": "", "helm.sh/chart": "webservice-2.4.0"},
        annotations={"meta.helm.sh/release-name": "{name}", "meta.helm.sh/release-namespace": "{namespace}"},
        quota={"pods": "40", "requests.cpu": "12"},
        budgets={"storefront": 2, "catalog": 1},
        journal="helm",
        network=("FlannelIsUp", "Flannel is running on this node"),
    )  # fmt: skip


def bare() -> Layout:
    """A data team's cluster: bare pods, jobs on a schedule, plain `app` labels, k3s."""
    registry = "registry.gitlab.example.com/geo-etl"
    apps = (
        App(name="ingest-api", kind="Pod", image=f"{registry}/ingest-api:build-4127", container="api", port=5000, calls=("tile-store", "meta-pg"), rate=9, cost_ms=9, own_ms=20, memory="256Mi", memory_limit="512Mi", cpu_limit="500m", base_mib=190, style="python", path="/ping", secrets={"PG_PASS": ("pg-credentials", "PG_PASS")}, config="ingest-settings"),
        App(name="tile-store", kind="Pod", image="docker.io/minio/minio:RELEASE.2024-11-07T00-52-20Z", container="minio", port=9000, port_name="s3", probe="tcp", memory="512Mi", cost_ms=2, own_ms=6, base_mib=310, volume=100, mount="/export", style="zap"),
        App(name="meta-pg", kind="Pod", image="docker.io/library/postgres:15.8", container="postgres", port=5432, port_name="pg", probe="exec", path="pg_isready", memory="384Mi", memory_limit="768Mi", cost_ms=1.5, own_ms=4, base_mib=250, volume=30, mount="/var/lib/postgresql/data", style="postgres"),
        App(name="notebook", kind="Pod", image="quay.io/jupyter/scipy-notebook:2024-10-14", container="notebook", port=8888, probe="http", path="/api", memory="1Gi", base_mib=620, style="python", victim=False),
        App(name="viewer", kind="Pod", image=f"{registry}/viewer:build-980", container="web", port=8080, calls=("ingest-api",), rate=6, cost_ms=3, own_ms=7, memory="64Mi", memory_limit="128Mi", cpu_limit="200m", base_mib=40, style="nginx", path="/index.html"),
        App(name="sync-stations", kind="CronJob", image=f"{registry}/sync:build-2210", container="sync", calls=("meta-pg",), schedule_min=10, runs_s=45, memory="128Mi", memory_limit="256Mi", base_mib=90, style="python", secrets={"PG_PASS": ("pg-credentials", "PG_PASS")}),
        App(name="reproject", kind="CronJob", image=f"{registry}/reproject:build-2054", container="reproject", calls=("tile-store",), schedule_min=15, runs_s=140, memory="512Mi", memory_limit="1Gi", base_mib=420, cpu="500m", style="python", command=("python", "-m", "reproject")),
        App(name="prune-tiles", kind="CronJob", image=f"{registry}/prune:build-310", container="prune", calls=("tile-store",), schedule_min=20, runs_s=25, memory="64Mi", memory_limit="128Mi", base_mib=36, style="json", config="prune-settings"),
    )  # fmt: skip
    return Layout(
        name="k8s-bare",
        title="A data team's bare pods, jobs and cron jobs on k3s",
        namespace="geo-etl",
        entry="viewer",
        apps=apps,
        nodes=(
            NodeSpec(name="etl0", address="10.8.0.10", cpu=8, memory_gib=32, labels={"node-role.kubernetes.io/control-plane": "true"}),
            NodeSpec(name="etl1", address="10.8.0.11", cpu=8, memory_gib=32, labels={"pool": "batch"}),
        ),
        version="v1.30.6+k3s1",
        runtime="containerd://1.7.22-k3s1",
        os_image="Debian GNU/Linux 12 (bookworm)",
        kernel="6.1.0-27-amd64",
        label_keys=("app",),
        variable="{name}_ADDR",
        address="http://{service}:{port}",
        journal="kubectl",
        requests_metric="flask_http_request_total",
        duration_metric="flask_http_request_duration_seconds",
    )  # fmt: skip


def stateful() -> Layout:
    """Stores and queues: stateful sets, two of them made by an operator, on a managed cloud cluster."""
    apps = (
        App(name="tele-ingest", image="europe-docker.pkg.dev/meter-prod/apps/tele-ingest:v2.31.0", kind="Deployment", port=8443, port_name="http", replicas=2, calls=("kafka", "devices-pg"), rate=40, cost_ms=2, own_ms=5, memory="256Mi", memory_limit="512Mi", cpu_limit="1", base_mib=170, style="logback", path="/q/health/live", secrets={"PGPASSWORD": ("app.devices-pg.credentials", "password")}),
        App(name="kafka", kind="StatefulSet", image="quay.io/strimzi/kafka:0.43.0-kafka-3.8.0", container="kafka", port=9092, port_name="tcp-clients", service="kafka-bootstrap", probe="tcp", replicas=3, memory="1Gi", memory_limit="2Gi", cpu="400m", cost_ms=0.6, own_ms=3, base_mib=980, volume=100, mount="/var/lib/kafka/data", style="kafka", owner="Kafka", spread=True),
        App(name="devices-pg", kind="StatefulSet", image="ghcr.io/zalando/spilo-16:3.3-p3", container="postgres", port=5432, port_name="postgresql", probe="exec", path="pg_isready -h localhost", replicas=2, memory="768Mi", memory_limit="1536Mi", cpu="300m", cost_ms=1.2, own_ms=3, base_mib=520, volume=80, mount="/home/postgres/pgdata", style="postgres", owner="postgresql"),
        App(name="timeseries", kind="StatefulSet", image="docker.io/victoriametrics/victoria-metrics:v1.106.1", container="vmsingle", port=8428, replicas=1, memory="512Mi", memory_limit="1Gi", cost_ms=1, own_ms=4, base_mib=380, volume=200, mount="/storage", style="json", path="/health"),
        App(name="rollup", kind="StatefulSet", image="europe-docker.pkg.dev/meter-prod/apps/rollup:v1.9.3", container="rollup", port=8080, replicas=3, calls=("kafka", "timeseries"), rate=12, cost_ms=8, own_ms=9, memory="384Mi", memory_limit="768Mi", cpu_limit="800m", base_mib=260, style="logback", path="/q/health/live", headless=True, config="rollup-config", volume=5, mount="/state"),
        App(name="query-api", image="europe-docker.pkg.dev/meter-prod/apps/query-api:v4.2.2", port=8080, replicas=2, calls=("timeseries", "devices-pg"), rate=15, cost_ms=4, own_ms=8, memory="192Mi", memory_limit="384Mi", cpu_limit="500m", base_mib=110, style="zap", path="/healthz", keys={"QUERY_TIMEOUT": ("query-api-env", "QUERY_TIMEOUT")}, secrets={"PGPASSWORD": ("app.devices-pg.credentials", "password")}),
        App(name="postgres-operator", image="ghcr.io/zalando/postgres-operator:v1.13.0", port=8080, cpu="50m", memory="96Mi", memory_limit="256Mi", base_mib=58, style="klog", path="/readyz", account="postgres-operator"),
    )  # fmt: skip
    pool = "gke-meter-prod-pool-2-7c41d0e8"
    zone = "topology.kubernetes.io/zone"
    return Layout(
        name="k8s-stateful",
        title="Metering stores and queues: stateful sets with claims, some made by an operator",
        namespace="metering",
        entry="query-api",
        apps=apps,
        nodes=tuple(
            NodeSpec(name=f"{pool}-{tail}", address=f"10.164.0.{n}", cpu=4, memory_gib=16, labels={"cloud.google.com/gke-nodepool": "pool-2", zone: f"europe-west4-{z}"})
            for tail, n, z in (("1bqk", 14, "a"), ("8xwd", 15, "b"), ("qz0f", 16, "c"), ("r5tm", 17, "a"))
        ),
        version="v1.31.1-gke.2105000",
        runtime="containerd://1.7.23",
        os_image="Container-Optimized OS from Google",
        kernel="6.6.56+",
        provisioner="pd.csi.storage.gke.io",
        storage_class="premium-rwo",
        label_keys=("app.kubernetes.io/name", "app.kubernetes.io/part-of"),
        labels={"app.kubernetes.io/instance": "metering", "team": "grid-data"},
        variable="{name}_ENDPOINT",
        journal="flux",
        budgets={"kafka": 2, "devices-pg": 1, "rollup": 2},
        requests_metric="http_server_requests_seconds_count",
        duration_metric="http_server_requests_seconds",
    )  # fmt: skip
