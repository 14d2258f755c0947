"""Two sites with more machinery: a mesh with sidecars and a gateway, and a platform with ingress, autoscaling and policies."""

from __future__ import annotations

from aitia.lab.cluster.spec import App, Layout, NodeSpec

ISTIO = "istio-system"


def mesh() -> Layout:
    """A booking system in an Istio-like mesh on EKS, synced by Argo CD."""
    registry = "482913557710.dkr.ecr.eu-central-1.amazonaws.com"
    apps = (
        App(name="istio-ingressgateway", image="docker.io/istio/proxyv2:1.24.2", container="istio-proxy", namespace=ISTIO, port=8080, port_name="http2", replicas=2, calls=("web-bff",), rate=30, cost_ms=0.6, own_ms=1, probe="http", path="/healthz/ready", memory="128Mi", memory_limit="1Gi", cpu_limit="2", base_mib=66, style="json", victim=False),
        App(name="istiod", image="docker.io/istio/pilot:1.24.2", container="discovery", namespace=ISTIO, port=15012, port_name="https-dns", probe="tcp", memory="256Mi", cpu="200m", base_mib=170, style="klog", victim=False),
        App(name="web-bff", image=f"{registry}/booking/web-bff:2024.11.3", port=3000, replicas=3, calls=("search", "booking", "pricing"), fan_out=0.6, cost_ms=5, own_ms=9, memory="192Mi", memory_limit="384Mi", cpu_limit="600m", base_mib=140, style="bunyan", path="/health"),
        App(name="search", image=f"{registry}/booking/search:2024.10.7", port=8080, replicas=2, calls=("inventory",), cost_ms=9, own_ms=18, memory="512Mi", memory_limit="768Mi", cpu_limit="1", base_mib=420, style="logback", path="/actuator/health", startup=True, config="search-config"),
        App(name="inventory", image=f"{registry}/booking/inventory:2024.11.1", port=50051, port_name="grpc", probe="grpc", replicas=2, calls=("inventory-db",), cost_ms=2, own_ms=3, memory="96Mi", memory_limit="192Mi", cpu_limit="400m", base_mib=61, style="zap", secrets={"DB_PASS": ("inventory-db-auth", "password")}),
        App(name="booking", image=f"{registry}/booking/booking:2024.11.2", port=8080, replicas=2, calls=("inventory", "ledger", "notify"), fan_out=0.5, cost_ms=6, own_ms=14, memory="384Mi", memory_limit="640Mi", cpu_limit="800m", base_mib=330, style="logback", path="/actuator/health", keys={"HOLD_MINUTES": ("booking-env", "HOLD_MINUTES")}),
        App(name="pricing", image=f"{registry}/booking/pricing:2024.11.3", port=8000, replicas=2, cost_ms=7, own_ms=12, memory="256Mi", memory_limit="384Mi", cpu_limit="700m", base_mib=180, style="python", path="/livez", config="pricing-rules"),
        App(name="ledger", image=f"{registry}/booking/ledger:2024.9.4", port=8080, replicas=2, calls=("inventory-db",), cost_ms=3, own_ms=7, memory="192Mi", memory_limit="320Mi", cpu_limit="500m", base_mib=120, style="json", secrets={"SIGNING_KEY": ("ledger-signing", "key")}),
        App(name="notify", image=f"{registry}/booking/notify:2024.8.12", port=8080, replicas=1, cost_ms=1, own_ms=4, memory="96Mi", memory_limit="160Mi", cpu_limit="200m", base_mib=58, style="zap", account="notify"),
        App(name="inventory-db", image="docker.io/bitnami/postgresql:16.4.0", port=5432, port_name="tcp-postgresql", probe="exec", path="pg_isready -U postgres", memory="512Mi", memory_limit="1Gi", cpu="250m", cost_ms=1.1, own_ms=3, base_mib=360, volume=40, mount="/bitnami/postgresql", style="postgres"),
    )  # fmt: skip
    names = ("ip-10-30-11-24", "ip-10-30-12-90", "ip-10-30-13-157")
    extra = (
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "Gateway",
            "metadata": {"name": "public", "namespace": ISTIO},
            "spec": {"selector": {"istio": "ingressgateway"}, "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["book.example.com"]}]},
        },
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "VirtualService",
            "metadata": {"name": "web", "namespace": "booking"},
            "spec": {"hosts": ["book.example.com"], "gateways": [f"{ISTIO}/public"], "http": [{"route": [{"destination": {"host": "web-bff", "port": {"number": 3000}}}], "timeout": "10s"}]},
        },
        {
            "apiVersion": "security.istio.io/v1",
            "kind": "PeerAuthentication",
            "metadata": {"name": "default", "namespace": "booking"},
            "spec": {"mtls": {"mode": "STRICT"}},
        },
    )  # fmt: skip
    return Layout(
        name="k8s-mesh",
        title="A booking system with sidecars and a gateway",
        namespace="booking",
        entry="istio-ingressgateway",
        apps=apps,
        nodes=tuple(
            NodeSpec(
                name=f"{n}.eu-central-1.compute.internal",
                address=n[3:].replace("-", "."),
                cpu=4,
                memory_gib=16,
                labels={
                    "eks.amazonaws.com/nodegroup": "general-a",
                    "node.kubernetes.io/instance-type": "m6i.xlarge",
                },
            )
            for n in names
        ),
        version="v1.30.7-eks-59bf375",
        runtime="containerd://1.7.23",
        os_image="Amazon Linux 2023.6.20241111",
        kernel="6.1.115-126.197.amzn2023.x86_64",
        pods="10.31",
        services="172.20",
        provisioner="ebs.csi.aws.com",
        storage_class="gp3",
        label_keys=("app",),
        labels={"version": "v1"},
        annotations={"argocd.argoproj.io/tracking-id": "booking:apps/Deployment:{namespace}/{name}"},
        variable="{name}_HOST",
        journal="argocd",
        mesh=True,
        requests_metric="istio_requests_total",
        duration_metric="istio_request_duration_milliseconds",
        extra=extra,
    )


def platform() -> Layout:
    """A platform team's cluster: ingress, autoscaling, budgets, quotas, network policies, certificates, a policy webhook."""
    registry = "harbor.intra.example.net/finport"
    apps = (
        App(name="ingress-nginx-controller", image="registry.k8s.io/ingress-nginx/controller:v1.11.3", container="controller", namespace="ingress-nginx", port=80, port_name="http", replicas=2, calls=("portal",), rate=35, cost_ms=0.5, own_ms=1, path="/healthz", memory="90Mi", base_mib=110, style="nginx", victim=False),
        App(name="cert-manager", image="quay.io/jetstack/cert-manager-controller:v1.16.1", container="cert-manager-controller", namespace="cert-manager", port=9402, port_name="http", probe="", memory="64Mi", base_mib=40, style="klog", account="cert-manager", victim=False),
        App(name="policy-guard", image=f"{registry}/policy-guard:1.6.0", namespace="policy-system", port=443, port_name="https", probe="tcp", replicas=2, memory="64Mi", memory_limit="128Mi", base_mib=35, style="klog", certificate="policy-guard-tls", pull_secret="harbor-robot"),
        App(name="portal", image=f"{registry}/portal:7.2.0", port=8080, replicas=3, calls=("accounts", "documents", "quotes"), fan_out=0.6, cpu="200m", cpu_limit="400m", memory="192Mi", memory_limit="320Mi", cost_ms=8, own_ms=10, base_mib=150, style="json", config="portal-config", pull_secret="harbor-robot"),
        App(name="accounts", image=f"{registry}/accounts:3.9.1", port=8080, replicas=2, calls=("accounts-db",), cpu="200m", cpu_limit="400m", memory="384Mi", memory_limit="640Mi", cost_ms=6, own_ms=11, base_mib=340, style="logback", path="/actuator/health", startup=True, secrets={"SPRING_DATASOURCE_PASSWORD": ("accounts-db-app", "password")}, pull_secret="harbor-robot"),
        App(name="documents", image=f"{registry}/documents:2.0.18", port=8080, replicas=2, calls=("render",), cpu="150m", cpu_limit="400m", memory="192Mi", memory_limit="384Mi", cost_ms=5, own_ms=9, base_mib=140, style="python", keys={"RETENTION_DAYS": ("documents-env", "RETENTION_DAYS")}, pull_secret="harbor-robot"),
        App(name="render", image=f"{registry}/render:1.12.5", port=9090, port_name="grpc", probe="grpc", replicas=2, cpu="250m", cpu_limit="500m", memory="256Mi", memory_limit="512Mi", cost_ms=14, own_ms=30, base_mib=210, style="zap", pull_secret="harbor-robot"),
        App(name="quotes", image=f"{registry}/quotes:6.1.2", port=8080, replicas=2, calls=("quotes-cache",), cpu="100m", cpu_limit="300m", memory="96Mi", memory_limit="192Mi", cost_ms=3, own_ms=5, base_mib=70, style="zap", account="quotes", pull_secret="harbor-robot"),
        App(name="quotes-cache", image="docker.io/library/redis:7.2.6", port=6379, port_name="redis", probe="tcp", cpu="100m", cpu_limit="300m", memory="64Mi", memory_limit="192Mi", cost_ms=0.2, own_ms=0.6, base_mib=48, style="redis"),
        App(name="accounts-db", kind="StatefulSet", image="docker.io/library/postgres:16.6", port=5432, port_name="postgres", probe="exec", path="pg_isready -U postgres", cpu="300m", cpu_limit="1", memory="512Mi", memory_limit="1Gi", cost_ms=1.3, own_ms=3, base_mib=410, volume=60, mount="/var/lib/postgresql/data", style="postgres", headless=True),
    )  # fmt: skip
    host = "portal.example.net"
    certificate = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": "portal-tls", "namespace": "finport-prod"},
        "spec": {"secretName": "portal-tls", "dnsNames": [host], "issuerRef": {"name": "intra-ca", "kind": "ClusterIssuer", "group": "cert-manager.io"}, "duration": "2160h0m0s", "renewBefore": "360h0m0s"},
    }  # fmt: skip
    rack = "topology.kubernetes.io/zone"
    return Layout(
        name="k8s-platform",
        title="A platform with ingress, autoscaling, budgets, quotas, policies and certificates",
        namespace="finport-prod",
        entry="ingress-nginx-controller",
        apps=apps,
        nodes=tuple(
            NodeSpec(
                name=f"fra1-k8s-wrk{n:02d}",
                address=f"172.19.4.{30 + n}",
                cpu=4,
                memory_gib=16,
                labels={rack: f"rack-{n % 3}", "node.example.net/tier": "general"},
            )
            for n in (3, 4, 7, 9)
        ),
        version="v1.32.1",
        runtime="containerd://2.0.2",
        os_image="Ubuntu 22.04.5 LTS",
        kernel="5.15.0-130-generic",
        pods="10.200",
        services="10.96",
        provisioner="rook-ceph.rbd.csi.ceph.com",
        storage_class="rook-ceph-block",
        binding="Immediate",
        label_keys=("app.kubernetes.io/name", "app.kubernetes.io/instance"),
        labels={"app.kubernetes.io/instance": "finport-prod", "owner": "team-portal"},
        variable="{name}_BASE_URL",
        address="http://{service}.{namespace}.svc.cluster.local:{port}",
        journal="flux",
        network=("CalicoIsUp", "Calico is running on this node"),
        quota={"requests.cpu": "6", "requests.memory": "10Gi", "limits.cpu": "16", "limits.memory": "24Gi", "pods": "50", "persistentvolumeclaims": "10"},
        limits={"cpu": "2", "memory": "2Gi"},
        policies=True,
        ingress=host,
        tls="portal-tls",
        scalers={"portal": (3, 6, 70), "render": (2, 4, 75)},
        budgets={"portal": 2, "accounts": 1, "accounts-db": 1},
        webhook="policy-guard",
        extra=(certificate,),
    )  # fmt: skip
