"""The sample knowledge base: whole, licensed, and last in line; and our own guides to the fault kinds."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from aitia.agent.runbooks.runbook_check import check
from aitia.agent.taxonomy import bundled, covers
from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput
from aitia.core.words import Window
from aitia.tools import Registry, SourceSet, ToolContext
from aitia.tools.incidents import runbooks_search
from aitia.tools.incidents.sample import ORIGINS, sample_documents
from aitia.tools.incidents.search import _bundled
from aitia.tools.sources import open_source

from .test_recall import AT, context, home  # noqa: F401

SAMPLE = {"name": "public", "kind": "runbooks", "type": "sample_runbooks"}


def test_every_document_has_text_title_and_origin() -> None:
    documents = sample_documents()
    assert len(documents) == 522
    assert len({d.id for d in documents}) == 522
    assert all(d.title and len(d.text) > 50 and d.meta["licence"] and d.ref for d in documents)
    by_id = {d.id: d for d in documents}
    found = by_id["prometheus_runbooks/content/runbooks/kubernetes/KubePodCrashLooping"]
    assert found.title == "Kube Pod Crash Looping"
    assert (found.meta["licence"], found.meta["origin"]) == (
        "Apache-2.0",
        "https://github.com/prometheus-operator/runbooks",
    )
    assert found.ref is not None
    assert found.ref.query.endswith("KubePodCrashLooping.md")


@pytest.mark.parametrize(
    ("name", "says"), [("prometheus_runbooks", "Apache License"), ("scoutflo_playbooks", "MIT License")]
)
def test_each_part_keeps_its_licence(name: str, says: str) -> None:
    folder = files("aitia.tools.incidents.sample")
    assert says in folder.joinpath(name, "LICENSE").read_text()
    assert ORIGINS[name][0] in folder.joinpath("NOTICE.txt").read_text()


def test_it_can_be_named_as_a_source_without_a_path() -> None:
    whole = open_source(SourceConfig.model_validate(SAMPLE), Path())
    assert len(whole.documents()) == 522  # type: ignore[attr-defined]
    part = open_source(
        SourceConfig.model_validate(SAMPLE | {"options": {"only": "prometheus_runbooks"}}), Path()
    )
    assert part.describe(Window(start=AT, end=AT.replace(hour=12))).count == 108
    with pytest.raises(BadInput, match="prometheus_runbooks, scoutflo_playbooks"):
        open_source(SourceConfig.model_validate(SAMPLE | {"options": {"only": "x"}}), Path()).documents()  # type: ignore[attr-defined]


def of(title: str, text: str, like: ToolContext) -> ToolContext:
    incident = like.incident.model_copy(update={"title": title, "text": text})
    return ToolContext(incident=incident, sources=SourceSet([]), resolver=like.resolver)


def test_samples_are_shown_only_where_nothing_else_matches_and_say_so(tmp_path: Path) -> None:
    site = context(tmp_path)
    ours = runbooks_search(site)
    assert not [e for e in ours.evidence if e.values["source"] == "sample"]
    found = runbooks_search(of("Cognito hosted login page is blank", "IAM role trust relationship", site))
    assert [e.values["source"] for e in found.evidence] == ["sample"] * len(found.evidence)
    assert found.evidence
    assert all(
        e.statement.startswith("Sample runbook, not this site's own,") and e.taint for e in found.evidence
    )


def test_nonsense_matches_no_sample_either(tmp_path: Path) -> None:
    assert runbooks_search(of("zzz qqq", "xyzzy", context(tmp_path))).status == "no_data"


def test_every_fault_kind_has_a_guide_of_ours() -> None:
    guides = [f for _, d in _bundled() for f in d.meta["faults"].split()]
    alone = [f.id for f in bundled() if not any(covers(g, f.id) for g in guides)]
    assert alone == ["unspecified"]


def test_our_own_guides_pass_the_check() -> None:
    folder = Path(str(files("aitia.tools.incidents").joinpath("knowledge")))
    checked = check(folder, Registry.load(), bundled())
    assert len(checked) >= 25
    assert [f for c in checked for f in c.findings] == []
