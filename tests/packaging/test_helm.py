"""The Helm chart, by Helm's own engine: it is sound, says what the plain manifests say, and refuses values that cannot work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from aitia.settings import load_settings

helm = pytest.importorskip(
    "helm_python", reason="Helm's engine is not installed (pip install helm-python-sdk)"
)
DEPLOY = Path(__file__).parents[2] / "deploy"
CHART = DEPLOY / "helm/aitia"
SOME: list[dict[str, Any]] = [
    {},
    {"replicas": 1, "runs": {"accessMode": "ReadWriteOnce", "storageClass": "fast"}},
    {"image": {"digest": f"sha256:{'0' * 64}"}, "imagePullSecrets": [{"name": "registry"}]},
    {"model": {"enabled": True, "claim": "models", "name": "qwen"}},
    {"ingress": {"enabled": True, "className": "nginx", "host": "aitia.ops.example", "tlsSecret": "tls"}},
    {
        "networkPolicy": {"from": [{"namespaceSelector": {}}]},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "x"}],
    },
    {"runs": {"claim": "there-already"}, "networkPolicy": {"enabled": False}},
]


def rendered(values: dict[str, Any], name: str = "demo") -> list[dict[str, Any]]:
    with helm.Chart.load(str(CHART)) as chart:
        files = chart.render(values, name=name, namespace="ops")
    return [d for text in files.values() for d in yaml.safe_load_all(text) if d]


def checked(values: dict[str, Any]) -> list[dict[str, Any]]:
    with helm.Chart.load(str(CHART)) as chart:
        chart.validate_schema(chart.merge_values(values))
    return rendered(values)


def one(documents: list[dict[str, Any]], kind: str, ending: str = "aitia") -> dict[str, Any]:
    (found,) = [d for d in documents if d["kind"] == kind and d["metadata"]["name"].endswith(ending)]
    return found


@pytest.mark.parametrize("values", SOME, ids=json.dumps)
def test_helm_finds_nothing_wrong(values: dict[str, Any]) -> None:
    told = helm.lint(str(CHART), values, strict=True, namespace="ops")
    assert told["errors"] == []
    assert {m["error"] for m in told["messages"]} <= {"icon is recommended"}


@pytest.mark.parametrize("values", SOME, ids=json.dumps)
def test_kubernetes_schemas_take_it(values: dict[str, Any]) -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    for document in rendered(values):
        validate.validate(document, "1.30", strict=True)


@pytest.mark.parametrize("values", SOME, ids=json.dumps)
def test_what_is_named_is_there(values: dict[str, Any]) -> None:
    documents = rendered(values)
    names = {(d["kind"], d["metadata"]["name"]) for d in documents}
    assert len(names) == len(documents)
    for workload in (d for d in documents if d["kind"] == "Deployment"):
        pod = workload["spec"]["template"]
        labels = workload["spec"]["selector"]["matchLabels"]
        assert labels.items() <= pod["metadata"]["labels"].items()
        service = one(documents, "Service", workload["metadata"]["name"])
        assert service["spec"]["selector"] == labels
        (container,) = pod["spec"]["containers"]
        assert service["spec"]["ports"][0]["targetPort"] in {p["name"] for p in container["ports"]}
        volumes = {v["name"]: v for v in pod["spec"]["volumes"]}
        assert {m["name"] for m in container["volumeMounts"]} == set(volumes)
        for volume in volumes.values():
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in names
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            assert (
                claim is None
                or ("PersistentVolumeClaim", claim) in names
                or claim in ("models", "there-already")
            )
        secure = container["securityContext"]
        assert (secure["readOnlyRootFilesystem"], secure["allowPrivilegeEscalation"]) == (True, False)
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True


def test_it_says_what_the_plain_manifests_say() -> None:
    """One is made by hand, the other from values: what matters must not drift apart."""
    plain = [d for d in yaml.safe_load_all((DEPLOY / "kubernetes/aitia.yaml").read_text()) if d]
    theirs, ours = (one(d, "Deployment")["spec"]["template"]["spec"] for d in (plain, rendered({}, "aitia")))
    (a,), (b,) = theirs["containers"], ours["containers"]
    for key in ("image", "ports", "envFrom", "resources", "securityContext", "lifecycle", "volumeMounts", "startupProbe",
                "livenessProbe", "readinessProbe"):  # fmt: skip
        assert a[key] == b[key], key
    for key in (
        "securityContext",
        "terminationGracePeriodSeconds",
        "automountServiceAccountToken",
        "volumes",
    ):
        assert theirs[key] == ours[key], key
    for kind in ("PodDisruptionBudget", "PersistentVolumeClaim"):
        a_, b_ = (next(x for x in d if x["kind"] == kind)["spec"] for d in (plain, rendered({}, "aitia")))
        assert {k: v for k, v in a_.items() if k != "selector"} == {
            k: v for k, v in b_.items() if k != "selector"
        }


def test_the_settings_are_settings_and_a_change_of_them_restarts(tmp_path: Path) -> None:
    file = tmp_path / "aitia.yaml"
    config = {
        "sources": [{"name": "m", "kind": "metrics", "type": "prometheus", "url": "http://p:9090"}],
        "window": {"for_s": 60},
    }
    documents = rendered({"config": config})
    file.write_text(one(documents, "ConfigMap")["data"]["aitia.yaml"])
    assert load_settings(file).window.for_s == 60
    sums = [
        one(d, "Deployment")["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
        for d in (rendered({}), documents, rendered({"config": config}))
    ]
    assert sums[0] != sums[1] == sums[2]


def test_workers_are_told_where_the_model_is() -> None:
    documents = rendered({"model": {"enabled": True, "claim": "models", "name": "qwen"}})
    args = one(documents, "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]
    server = one(documents, "Service", "model")
    port = server["spec"]["ports"][0]["port"]
    assert f"--model=openai:http://{server['metadata']['name']}:{port}/v1#qwen" in args


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"runs": {"accessMode": "ReadWriteOnce"}}, "ReadWriteMany"),
        ({"model": {"enabled": True}}, "model.claim"),
        ({"replicas": 0}, "replicas"),
        ({"image": {"digest": "latest"}}, "digest"),
        ({"model": {"file": "../../etc/passwd"}}, "file"),
        ({"config": None}, "config"),
        ({"replica": 2}, "replica"),
    ],
)
def test_values_that_cannot_work_are_refused(values: dict[str, Any], says: str) -> None:
    with pytest.raises(helm.HelmError, match=says):
        checked(values)
