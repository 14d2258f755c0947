"""A real kubectl reads a recorded cluster."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aitia.core.errors import BadInput
from aitia.lab.cluster.columns import age
from aitia.lab.cluster.serve import kubeconfig, serve, server
from tests.lab.cluster.conftest import Maker

pytestmark = pytest.mark.server
Kubectl = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def kubectl(incident: Maker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("kubectl is not installed (Debian: kubernetes-client)")
    made = server(incident("k8s-deployments", "tag-not-pushed", victim="cart").folder, 0)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    home = tmp_path_factory.mktemp("home")
    (home / "config").write_text(kubeconfig(made.server_address[1], "shop"))

    def ask(*words: str) -> subprocess.CompletedProcess[str]:
        env = {"KUBECONFIG": str(home / "config"), "HOME": str(home), "PATH": os.environ["PATH"]}
        return subprocess.run(
            [program, *words], env=env, capture_output=True, text=True, timeout=60, check=False
        )

    yield ask
    made.shutdown()
    made.server_close()


def test_pods_of_all_namespaces_are_listed(kubectl: Kubectl) -> None:
    told = kubectl("get", "pods", "-A").stdout.splitlines()
    assert told[0].split() == ["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    cart = [line.split() for line in told if line.split()[1].startswith("cart-")]
    assert cart
    assert all(row[2] == "0/1" and row[3] in ("ImagePullBackOff", "ErrImagePull") for row in cart)
    assert any(line.startswith("kube-system") and " coredns-" in line for line in told)


def test_objects_come_as_yaml_and_json(kubectl: Kubectl) -> None:
    assert "kind: Deployment" in kubectl("get", "deploy", "cart", "-o", "yaml").stdout
    pods = json.loads(kubectl("get", "po", "-l", "app.kubernetes.io/name=cart", "-o", "json").stdout)["items"]
    assert pods
    assert all(p["metadata"]["name"].startswith("cart-") for p in pods)


def test_a_pod_is_described_with_its_events(kubectl: Kubectl) -> None:
    name = kubectl("get", "po", "-l", "app.kubernetes.io/name=cart", "-o", "name").stdout.split()[0]
    told = kubectl("describe", name).stdout
    assert "Controlled By:  ReplicaSet/cart-" in told
    assert "Back-off pulling image" in told
    assert "Reason:       ImagePullBackOff" in told or "Reason:       ErrImagePull" in told


def test_events_and_logs_are_read(kubectl: Kubectl) -> None:
    assert "Failed to pull image" in kubectl("get", "events").stdout
    logs = kubectl("logs", "deploy/storefront", "--tail=2")
    assert logs.returncode == 0
    assert 1 <= len(logs.stdout.splitlines()) <= 2


def test_nothing_can_be_changed(kubectl: Kubectl) -> None:
    name = kubectl("get", "po", "-o", "name").stdout.split()[0]
    for words in (("delete", name), ("scale", "deploy/cart", "--replicas=0"), ("label", name, "a=b")):
        refused = kubectl(*words)
        assert refused.returncode != 0, words
    assert kubectl("auth", "can-i", "list", "pods").stdout.strip() == "yes"
    assert kubectl("auth", "can-i", "delete", "pods").stdout.strip() == "no"
    assert name in kubectl("get", "po", "-o", "name").stdout


def test_what_is_not_there_is_not_found(kubectl: Kubectl) -> None:
    told = kubectl("get", "pod", "nobody")
    assert told.returncode != 0
    assert 'pods "nobody" not found' in told.stderr
    assert "the server doesn't have a resource type" in kubectl("get", "spaceships").stderr


def test_serving_ends_when_it_is_told_to(incident: Maker) -> None:
    stop = threading.Event()
    folder = incident("k8s-deployments", "tag-not-pushed", victim="cart").folder
    thread = threading.Thread(target=serve, args=(folder, 0, stop))
    thread.start()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_folder_without_a_cluster_is_refused() -> None:
    with pytest.raises(BadInput, match="no source of kind cluster"):
        server(Path(__file__).parents[3] / "scenarios" / "false-alarm", 0)


@pytest.mark.parametrize(("seconds", "told"), [(5, "5s"), (119, "119s"), (125, "2m5s"), (3600, "60m"), (90_000, "25h"), (200_000, "2d7h"), (900_000, "10d")])  # fmt: skip
def test_ages_are_written_as_kubectl_writes_them(seconds: int, told: str) -> None:
    assert age("2026-01-01T00:00:00Z", 1_767_225_600 + seconds) == told
