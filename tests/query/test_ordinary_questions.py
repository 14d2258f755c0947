"""The ten ordinary questions of an engineer, over a recorded cluster, and the same in five languages."""

from __future__ import annotations

import pytest

from .conftest import Sitting


def test_how_many_pods_run(cluster: Sitting) -> None:
    assert cluster.ask("How many pods are running?").found.value == 4
    assert set(cluster.found.names) == {"meta-pg", "notebook", "tile-store", "viewer"}
    assert cluster.answer.citations[0].query == "kubectl get pods -n geo-etl"


def test_which_pods_never_restarted(cluster: Sitting) -> None:
    names = cluster.ask("which pods never restarted?").found.names
    assert len(names) == 13
    assert "ingest-api" not in names
    assert cluster.ask("which pods restarted?").found.names == ("ingest-api",)


def test_which_image(cluster: Sitting) -> None:
    assert (
        "registry.gitlab.example.com/geo-etl/ingest-api:build-4127"
        in cluster.ask("which image does ingest-api use?").answer.text
    )


def test_errors_of_a_component_and_the_last_ten(cluster: Sitting) -> None:
    found = cluster.ask("show me the errors of viewer").found
    assert found.value == 17
    assert len(found.rows) == 10
    assert all(r.component == "viewer" and "[error]" in r.text for r in found.rows)
    last = cluster.ask("last ten ERROR lines").found.rows
    assert [r.at for r in last] == sorted(r.at for r in last)
    assert last[-1].ref.lines is not None


def test_errors_between_two_times(cluster: Sitting) -> None:
    found = cluster.ask("errors between 09:05 and 09:10").found
    assert found.value == 10
    assert all("09:05:00" <= f"{r.at:%H:%M:%S}" <= "09:10:00" for r in found.rows)


def test_why_and_events(cluster: Sitting) -> None:
    assert "OOMKilled" in cluster.ask("why does ingest-api keep failing?").answer.text
    assert "BackOff" in cluster.ask("events of ingest-api").answer.text
    cluster.last = None
    assert "0 jobs failed" in cluster.ask("why did this job fail?").answer.text


def test_which_nodes_have_a_label(cluster: Sitting) -> None:
    found = cluster.ask("which nodes have the label pool=batch?").found
    assert found.names == ("etl1",)
    assert found.said == "1 node with 'pool=batch': etl1."


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("Wie viele Pods laufen?", 4),
        ("combien de pods tournent ?", 4),
        ("¿cuántos pods están corriendo?", 4),
        ("quanti pod sono in esecuzione?", 4),
        ("Wie viele Fehler hat viewer seit 9:05 geloggt?", 13),
        ("combien d'erreurs de viewer depuis 9h05 ?", 13),
        ("how many erors did viewer log since 9:05", 13),
    ],
)
def test_counts_in_five_languages(cluster: Sitting, question: str, value: float) -> None:
    assert cluster.ask(question).found.value == value


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("who calls tile-store?", {"ingest-api", "prune-tiles", "reproject"}),
        ("wer ruft tile-store auf?", {"ingest-api", "prune-tiles", "reproject"}),
        ("qui appelle tile-store ?", {"ingest-api", "prune-tiles", "reproject"}),
        ("¿quién llama a tile-store?", {"ingest-api", "prune-tiles", "reproject"}),
        ("chi chiama tile-store?", {"ingest-api", "prune-tiles", "reproject"}),
    ],
)
def test_callers_in_five_languages(cluster: Sitting, question: str, names: set[str]) -> None:
    assert set(cluster.ask(question).found.names) == names


def test_a_machine_is_asked(pump: Sitting) -> None:
    found = pump.ask("highest bearing temperature of P-101A").found
    assert found.value is not None
    held = [p.value for p in found.curve]
    assert found.value >= max(held)
    other = pump.ask("and the other pump?")
    assert 'component="P-101B"' in other.query
    asked = pump.ask("oil pressure of P-101A").answer
    assert asked.status == "not_known"
    assert "Measured of P-101A:" in asked.text


def test_two_spans_are_compared(shop: Sitting) -> None:
    shop.ask("compare the errors of postgres before and after 01:09")
    values = list(shop.found.values.values())
    assert [int(v) for v in values] == [79, 0]


def test_connections_that_one_holds_of_another(shop: Sitting) -> None:
    shop.ask("how many connections did orders hold on postgres at most?")
    assert shop.found.value == 34
    assert 'labels="application_name=orders"' in shop.query
