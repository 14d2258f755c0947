"""What of a recorded path counts as told: object and word in one cited line, and nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from aitia.core.words import Evidence, Incident, Report, Sentence, SourceRef, Window, from_epoch
from benchmarks.rca import closure

AT = from_epoch(1_760_000_000)


def fact(name: str, statement: str) -> Evidence:
    source = SourceRef(source="cluster", query="kubectl describe pods cart -n shop")
    return Evidence(
        id=name,
        kind="cluster.finding",
        aspect="k8s.service_port",
        statement=statement,
        strength=0.9,
        source=source,
    )


def report(*facts: Evidence, cites: tuple[str, ...]) -> Report:
    incident = Incident(
        id="x", title="x", started_at=AT, window=Window(start=AT, end=from_epoch(AT.timestamp() + 60))
    )
    first = Sentence(text="The likeliest cause is cart.", cites=cites, by="template", role="verdict")
    return Report(
        run="r", incident=incident, verdict="cause", probability=0.9, summary=(first,), evidence=facts
    )


PATH = ["GetResources::services", "GetResources::endpoints", "GetAppYAML::cart", "GetResources::services"]
RECORDED = {"result": {"fault_object": "app/cart"}, "process": {"path1": PATH, "path2": []}}
PORT = fact("E1", "cart: service cart sends port 80 to 81, but its containers listen on 80.")
EMPTY = fact("E2", "cart: service cart has no ready endpoints.")


def test_a_fact_counts_once_it_is_cited() -> None:
    told = closure.told_of(report(PORT, EMPTY, cites=("E1",)), RECORDED)
    assert told["coverage"] == pytest.approx(2 / 3)
    assert told["all facts"] == 1
    assert told["missing"] == ["GetResources::endpoints"]
    assert closure.told_of(report(PORT, EMPTY, cites=("E1", "E2")), RECORDED)["coverage"] == 1


def test_words_about_another_object_do_not_count() -> None:
    other = fact("E1", "orders: service orders sends port 80 to 81; it has no ready endpoints.")
    assert closure.told_of(report(other, cites=("E1",)), RECORDED)["coverage"] == 0


@pytest.mark.parametrize(
    ("look", "line", "told"),
    [
        (
            "DescribeResource::pods::cart",
            "cart-5f4d-xzqw4 is a pod that is pending and runs on no node.",
            True,
        ),
        ("DescribeResource::pods::cart", "cart: its pods are as before.", False),  # no reason, no field
        ("GetResources::pods", "cart-cache: a pod is pending.", False),  # another name that begins alike
        ("GetErrorLogs::cart", 'cart logged 3 times: "refused".', True),
        ("GetErrorLogs::cart", "cart: requests fail.", False),
        ("CheckNodeServiceStatus::n1::kubelet", "n1: the kubelet is not running.", True),
        ("CheckNodeServiceStatus::n1::kubelet", "n1: the container runtime is not running.", False),
        ("CheckServiceConnectivity::cart::80", "cart: port 80 of service cart refused connections.", True),
        ("CheckServiceConnectivity::cart::80", "cart: service cart sends port 80 to 81.", False),
        (
            "GetClusterConfiguration::",
            "cart-5f4d-xzqw4 fits on no node: its node selector matches none.",
            True,
        ),
        ("GetResources::unheard", "cart: unheard of cart.", False),
        ("NoSuchLook::cart", "cart: pods, ports, logs.", False),
    ],
)
def test_looks_and_lines(look: str, line: str, told: bool) -> None:
    name = closure.object_of(look)
    assert closure.is_told(look, [name] if name else ["cart"], [line]) is told


def test_a_namespace_is_no_object() -> None:
    assert closure.objects_of(
        ["GetResources::pods", "DescribeResource::deployments::cart"], "namespace/shop"
    ) == ["cart"]


def test_the_halves_are_apart_and_whole() -> None:
    names = [f"k{n}" for n in range(9)]
    first, second = (closure.half(names, h) for h in closure.HALVES)
    assert sorted([*first, *second]) == names
    assert len(first) == 5


def test_what_is_unrelated_has_another_cause_and_object() -> None:
    def case(target: str, cause: str) -> dict[str, dict[str, str]]:
        return {"result": {"fault_object": target, "root_cause": cause}}

    answers = {
        "a": case("app/x", "c1"),
        "b": case("app/x", "c2"),
        "c": case("app/y", "c1"),
        "d": case("app/y", "c2"),
    }
    assert closure.unrelated("a", list(answers), answers) == "d"
    assert closure.unrelated("a", ["a", "b"], answers) == ""


def test_another_order_keeps_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "objects.json").write_text('{"items": [1, 2, 3, 4, 5, 6]}')
    (tmp_path / "metrics.csv").write_text("time,value\n1,1\n2,2\n3,3\n4,4\n")
    closure.disordered(tmp_path, random.Random(1))
    lines = (tmp_path / "metrics.csv").read_text().splitlines()
    assert lines[0] == "time,value"
    assert sorted(lines[1:]) == ["1,1", "2,2", "3,3", "4,4"]
    assert (tmp_path / "objects.json").read_text() != '{"items": [1, 2, 3, 4, 5, 6]}'
