"""The state of a generated cluster holds together as a real one does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from aitia.lab.cluster import SYSTEMS
from aitia.lab.cluster.world import walk
from tests.lab.cluster.conftest import Incident, Maker

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
TOP = {"apiVersion", "kind", "metadata", "spec", "status", "data", "type", "subsets", "roleRef", "subjects", "rules", "webhooks",
       "addressType", "endpoints", "ports", "provisioner", "reclaimPolicy", "volumeBindingMode", "allowVolumeExpansion"}  # fmt: skip
HEALTHY = [(s.name, "none") for s in SYSTEMS]
SICK = [
    ("k8s-deployments", "tag-not-pushed"),
    ("k8s-bare", "job-keeps-exiting"),
    ("k8s-stateful", "kubelet-stopped"),
    ("k8s-mesh", "memory-limit-cut"),
    ("k8s-platform", "webhook-silent"),
]


@pytest.fixture(params=HEALTHY + SICK, ids="-".join)
def any_incident(incident: Maker, request: pytest.FixtureRequest) -> Incident:
    system, fault = request.param
    return incident(system, fault)


def owner(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(iter(item["metadata"].get("ownerReferences", ())), {})


def test_every_controlled_object_has_its_owner_in_the_same_namespace(any_incident: Incident) -> None:
    known = {
        (i["kind"], i["metadata"].get("namespace"), i["metadata"]["name"]): i["metadata"]["uid"]
        for i in any_incident.items
    }
    custom = {"Kafka", "postgresql"}  # the recording does not list custom resources
    for item in any_incident.items:
        reference = owner(item)
        if reference and reference["kind"] not in custom:
            key = (reference["kind"], item["metadata"]["namespace"], reference["name"])
            assert known.get(key) == reference["uid"], item["metadata"]["name"]
    pods = [p for p in any_incident.of("Pod") if owner(p)]
    assert {owner(p)["kind"] for p in pods} <= {"ReplicaSet", "StatefulSet", "DaemonSet", "Job"}
    assert len({i["metadata"]["uid"] for i in any_incident.items}) == len(any_incident.items)


def test_counts_of_a_deployment_are_those_of_its_pods(any_incident: Incident) -> None:
    sets = {s["metadata"]["uid"]: owner(s)["name"] for s in any_incident.of("ReplicaSet")}
    for item in any_incident.of("Deployment"):
        name, space = item["metadata"]["name"], item["metadata"]["namespace"]
        pods = [
            p
            for p in any_incident.of("Pod")
            if p["metadata"]["namespace"] == space and sets.get(owner(p).get("uid")) == name
        ]
        living = [
            p
            for p in pods
            if "deletionTimestamp" not in p["metadata"]
            and p["status"]["phase"] not in ("Failed", "Succeeded")
        ]
        ready = [
            p
            for p in living
            if {"Ready": "True"}.items()
            <= {c["type"]: c["status"] for c in p["status"]["conditions"]}.items()
        ]
        assert item["status"].get("replicas", 0) == len(living), name
        assert item["status"].get("readyReplicas", 0) == len(ready), name


def test_endpoints_name_the_ready_pods_that_the_service_selects(any_incident: Incident) -> None:
    pods = {p["metadata"]["uid"]: p for p in any_incident.of("Pod")}
    services = {(s["metadata"]["namespace"], s["metadata"]["name"]): s for s in any_incident.of("Service")}
    for ends in any_incident.of("Endpoints"):
        selector = services[ends["metadata"]["namespace"], ends["metadata"]["name"]]["spec"]["selector"]
        for address in (a for s in ends["subsets"] for a in s.get("addresses", ())):
            pod = pods[address["targetRef"]["uid"]]
            assert selector.items() <= pod["metadata"]["labels"].items()
            assert pod["status"]["podIP"] == address["ip"]


def test_times_conditions_and_statuses_have_the_forms_of_the_api(any_incident: Incident) -> None:
    for item in any_incident.items:
        assert item["kind"] == "Event" or set(item) <= TOP, item["kind"]
        assert item["metadata"]["resourceVersion"].isdigit()
        for part in walk(item):
            if not isinstance(part, dict):
                continue
            for key, value in part.items():
                if key.endswith(("Timestamp", "startedAt", "finishedAt", "startTime", "Time")) and isinstance(
                    value, str
                ):
                    assert STAMP.fullmatch(value), (item["kind"], key, value)
    for pod in any_incident.of("Pod"):
        for status in pod["status"].get("containerStatuses", ()):
            assert len(status["state"]) == 1
            assert status["restartCount"] == 0 or status["lastState"], pod["metadata"]["name"]
        spread = [c["type"] for c in pod["status"].get("conditions", ())]
        assert len(spread) == len(set(spread))


def test_events_are_counted_and_none_is_older_than_the_api_server_keeps(any_incident: Incident) -> None:
    newest = max((e["lastTimestamp"] for e in any_incident.of("Event")), default="")
    for event in any_incident.of("Event"):
        assert event["firstTimestamp"] <= event["lastTimestamp"] <= newest
        assert event["count"] >= 1
        assert event["count"] > 1 or event["firstTimestamp"] == event["lastTimestamp"]
        assert event["source"]["component"] == event["reportingComponent"]


@pytest.mark.parametrize("system", [s.name for s in SYSTEMS])
def test_in_a_healthy_hour_all_is_ready(incident: Maker, system: str) -> None:
    one = incident(system, "none")
    for kind in ("Deployment", "StatefulSet"):
        for item in one.of(kind):
            assert item["status"].get("readyReplicas") == item["spec"]["replicas"], item["metadata"]["name"]
    assert not [e for e in one.of("Event") if e["type"] == "Warning"]
    assert all(c["status"]["phase"] == "Bound" for c in one.of("PersistentVolumeClaim"))


@pytest.mark.parametrize(
    ("system", "fault", "reasons"),
    [
        ("k8s-deployments", "tag-not-pushed", {"Pulling", "Failed", "BackOff"}),
        ("k8s-bare", "job-keeps-exiting", {"BackoffLimitExceeded", "SuccessfulCreate"}),
        ("k8s-stateful", "kubelet-stopped", {"NodeNotReady", "TaintManagerEviction"}),
        ("k8s-mesh", "memory-limit-cut", {"BackOff", "Started"}),
        ("k8s-platform", "webhook-silent", {"FailedCreate", "BackOff"}),
        ("k8s-platform", "cpu-quota-cut", {"FailedCreate"}),
        ("k8s-bare", "claim-of-unknown-class", {"ProvisioningFailed", "FailedScheduling"}),
    ],
)
def test_a_failure_leaves_the_events_of_its_kind(
    incident: Maker, system: str, fault: str, reasons: set[str]
) -> None:
    assert reasons <= incident(system, fault).reasons() | (
        {"TaintManagerEviction"} if fault == "kubelet-stopped" else set()
    )


def test_back_off_doubles_and_the_status_says_so(incident: Maker) -> None:
    one = incident("k8s-mesh", "memory-limit-cut")
    held = [s for p in one.of("Pod") for s in p["status"].get("containerStatuses", ()) if s["lastState"]]
    assert held
    for status in held:
        assert status["lastState"]["terminated"]["reason"] == "OOMKilled"
        assert status["lastState"]["terminated"]["exitCode"] == 137
        if waiting := status["state"].get("waiting"):
            wait = re.match(r"back-off (\d+m)?(\d+)s restarting failed container=", waiting["message"])
            assert wait
            assert int((wait[1] or "0m")[:-1]) * 60 + int(wait[2]) in (10, 20, 40, 80, 160, 300)


def test_decoys_leave_traces_and_change_no_verdict(incident: Maker) -> None:
    one = incident("k8s-deployments", "none", decoys=("rollout", "scaling", "finished-job", "old-restarts", "cordon", "restart", "load-wave", "config-touched"))  # fmt: skip
    assert len(one.made.decoys) >= 6
    assert {"ScalingReplicaSet", "Completed", "NodeNotSchedulable"} <= one.reasons()
    assert any(s["restartCount"] for p in one.of("Pod") for s in p["status"]["containerStatuses"])
    assert one.made.family == "none"
