"""Every fault kind of a cluster is found first, by the product as a whole; a healthy cluster gives no finding."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import weigh
from aitia.core.resolve import Resolver
from aitia.core.words import Evidence, Incident, Result, Task, Window
from aitia.tools.cluster import cluster_component, cluster_state
from aitia.tools.registry import Registry, SourceSet, ToolContext
from aitia.tools.sources import build_inventory

from . import published
from .builder import NODES, Cluster, app, event
from .faults import FAULTS, crashing, healthy, waiting

AT = datetime(2026, 8, 7, 10, tzinfo=UTC)
WINDOW = Window(start=AT - timedelta(minutes=30), end=AT)
assert published.FAULTS is FAULTS  # its faults are registered
CASES = [(kind, change) for kind, changes in FAULTS.items() for change in changes]


def context(cluster: Cluster, folder: Path) -> ToolContext:
    source = cluster.write(folder)
    sources = [source, *cluster.measured(folder, AT - timedelta(minutes=10))]
    resolver = Resolver()
    inventory = build_inventory(sources, WINDOW, resolver)
    incident = Incident(
        id="i", title="Something is wrong", started_at=AT - timedelta(minutes=10), window=WINDOW
    )
    return ToolContext(incident=incident, sources=SourceSet(sources), inventory=inventory, resolver=resolver)


def call(ctx: ToolContext, tool: str = "cluster_state", **args: str) -> Result:
    return Registry([cluster_state, cluster_component]).call(Task(id=1, tool=tool, args=args), ctx)


def numbered(result: Result) -> list[Evidence]:
    return [e.model_copy(update={"id": f"E{i}"}) for i, e in enumerate(result.evidence, start=1)]


@pytest.mark.parametrize(
    ("kind", "change"), CASES, ids=[f"{k}-{getattr(c, '__name__', '')}" for k, c in CASES]
)
def test_fault_is_ranked_first_and_cited_by_a_readable_call(kind: str, change, tmp_path: Path) -> None:
    cluster = healthy()
    component = change(cluster)
    ctx = context(cluster, tmp_path)
    result = call(ctx)
    assert result.status == "ok", result.message
    suspects = weigh(numbered(result), ctx.inventory, bundled()).suspects
    ranking = [(s.component, s.fault) for s in suspects if s.component]
    assert ranking[:1] == [(component, kind)], [
        e.statement for e in result.evidence if e.kind != "cluster.quiet"
    ]
    for e in result.evidence:
        measured = e.source.source == "met"
        assert measured or e.source.source == "rec"
        readable = r"SELECT .+metrics\.csv" if measured else r"kubectl (get|describe|logs) "
        assert re.match(readable, e.source.query), e.source.query
        assert "\n" not in e.statement


def test_every_kind_of_the_taxonomy_has_a_fixture() -> None:
    primary = {
        p.aspect: f.id for f in bundled() for p in f.patterns if p.primary and p.aspect.startswith("k8s.")
    }
    assert set(primary.values()) <= set(FAULTS)
    assert set(FAULTS) - set(primary.values()) == {
        "software.certificate"
    }  # by what a container says before it ends


def test_a_cluster_without_findings_is_not_healthy_as_long_as_no_requests_are_measured(
    tmp_path: Path,
) -> None:
    ctx = context(healthy(), tmp_path)
    result = call(ctx)
    assert [e.statement for e in result.evidence if e.kind in ("cluster.finding", "cluster.symptom")] == []
    calm = {e.component for e in result.evidence if e.kind == "cluster.quiet"}
    assert {"web", "orders", "sql-main", "alpha", "beta", "gamma"} <= calm
    assert weigh(numbered(result), ctx.inventory, bundled()).verdict == "unknown"


def test_secret_values_are_never_told(tmp_path: Path) -> None:
    cluster = healthy()
    for change in FAULTS["software.configuration.k8s.database_port"]:
        change(cluster)
    assert "hunter2" not in call(context(cluster, tmp_path)).model_dump_json()


def test_component_tool_tells_quiet_facts_of_a_well_app(tmp_path: Path) -> None:
    ctx = context(healthy(), tmp_path)
    result = call(ctx, "cluster_component", component="orders-6d4cf56db6-x07vq")
    assert [e.kind for e in result.evidence] == ["cluster.quiet"]
    assert "1 of 1 pods are ready" in result.evidence[0].statement
    assert call(ctx, "cluster_component", component="nobody").status == "no_data"


@pytest.mark.parametrize(
    "kind",
    ["software.configuration.k8s.service_selector", "software.credentials.database", "scheduling.k8s.taint"],
)
def test_a_crowd_of_starting_apps_hides_no_fault(kind: str, tmp_path: Path) -> None:
    """Thirty apps that were started a minute ago and are not ready yet are no symptom of anything."""
    cluster = healthy()
    for i in range(30):
        young = app(f"job-{i:02d}", 9100 + i, ready=False, age="50s", node=NODES[i % 3])
        young.states[young.name] = ["State:          Running", "Ready:          False", "Restart Count:  0"]
        young.events = [
            event(
                "Unhealthy",
                f"Readiness probe failed: dial tcp 10.9.0.3:{9100 + i}: connect: connection refused",
                age="4s",
            )
        ]
        cluster.apps.append(young)
    component = FAULTS[kind][0](cluster)
    ctx = context(cluster, tmp_path)
    weighed = weigh(numbered(call(ctx)), ctx.inventory, bundled())
    assert (weighed.verdict, weighed.component, weighed.fault) == ("cause", component, kind)


def test_a_loop_of_which_nobody_wrote_down_the_exit_code_has_last_words(tmp_path: Path) -> None:
    """A summary of pods may leave `lastState` out; what the container said before it ended is there all the same."""
    cluster = healthy()
    name = crashing(cluster, "web", "FATAL configuration error: required setting LEDGER_URL is not set")
    cluster.app(name).states[name] = waiting("CrashLoopBackOff")
    ctx = context(cluster, tmp_path)
    facts = numbered(call(ctx))
    assert any("ended, 4 restarts; its last words" in e.statement for e in facts)
    assert not any("Back-off" in e.statement for e in facts if e.aspect == "k8s.exit")
    first = next(s for s in weigh(facts, ctx.inventory, bundled()).suspects if s.component)
    assert (first.component, first.fault) == (name, "software.configuration")
