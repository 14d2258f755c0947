"""Changes as code hosts, deploy tools, flag services and clouds export them, and their ids in the fact."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.redact import Redactor
from aitia.core.resolve import Resolver
from aitia.core.words import Incident, Window
from aitia.tools import SourceSet, ToolContext
from aitia.tools.changes import changes_list
from aitia.tools.sources.changes.journal import JournalSource
from aitia.tools.sources.exporting import write_changes

AT = datetime(2026, 6, 18, 10, 30, tzinfo=UTC)
WINDOW = Window(start=AT - timedelta(hours=1), end=AT + timedelta(hours=1))
WHEN = AT.isoformat()
SHA = "8975e17f00649f6587cfd4c60a0c0469d01ec8ea"


def source(root: Path, told: object, name: str = "export.json") -> JournalSource:
    (root / name).write_text(told if isinstance(told, str) else json.dumps(told))
    return JournalSource(SourceConfig(name="s", kind="changes", type="changes", path=name), root)


GITHUB = {
    "sha": SHA, "html_url": f"https://github.com/acme/checkout/commit/{SHA}", "node_id": "x",
    "commit": {"message": "fix: pool size\n\nlong story", "author": {"name": "a", "date": WHEN}, "committer": {"date": WHEN}},
}  # fmt: skip
GITLAB = {"id": SHA, "short_id": SHA[:8], "title": "fix: pool size", "committed_date": WHEN,
          "web_url": f"https://gitlab.example.org/acme/shop/checkout/-/commit/{SHA}"}  # fmt: skip


@pytest.mark.parametrize(
    ("told", "name", "component", "kind", "text", "id"),
    [
        ([{"timestamp": WHEN, "service": "pay", "commit_sha": SHA, "version": "v7"}], "x.json", "pay", "deploy", "version v7", SHA),
        ([{"timestamp": WHEN, "flag": "flash_sale", "service": "web", "change": "off->on"}], "x.json", "web", "flag",
         "flag flash_sale, change off->on", "flash_sale"),
        ([{"sha": SHA, "author": "j", "timestamp": WHEN, "message": "fix: guard", "files_changed": ["services/cart/v.go", "README.md"]}],
         "commits.json", "cart", "deploy", f"fix: guard (sha {SHA[:12]})", SHA),
        ([{"sha": SHA, "timestamp": WHEN, "message": "raise limits", "files": [{"filename": "charts/cart/values.yaml"}]}],
         "x.json", "cart", "config", f"raise limits (sha {SHA[:12]})", SHA),
        ([GITHUB], "x.json", "checkout", "deploy", f"fix: pool size (sha {SHA[:12]})", SHA),
        ([GITLAB], "commits.json", "checkout", "deploy", "fix: pool size", SHA),
        ({"items": [{"date": AT.timestamp() * 1000, "kind": "flag", "name": "x", "description": "turned on", "_id": "5f"}]}, "x.json",
         "", "flag", "turned on", "5f"),
        ({"Events": [{"SourceIdentifier": "db-1", "SourceType": "db-instance", "Message": "Finished applying modification",
                      "EventCategories": ["configuration change"], "Date": WHEN}]}, "x.json", "db-1", "config",
         "Finished applying modification", ""),
        ([{"commit": SHA, "date": "Thu Jun 18 10:30:00 2026 +0000", "message": "tune", "files": ["orders/a.py"]}], "log.json",
         "orders", "deploy", f"tune (commit {SHA[:12]})", SHA),
        ([{"revision": 3, "updated": WHEN, "status": "deployed", "chart": "checkout-1.4.2", "description": "Upgrade complete"}],
         "x.json", "checkout", "deploy", "Upgrade complete (revision 3)", "3"),
    ],
    ids=["deploys", "flags", "commits", "configuration", "github", "gitlab", "launchdarkly", "rds", "git log", "helm"],
)  # fmt: skip
def test_an_export_is_read_with_its_ids(
    tmp_path: Path, told: object, name: str, component: str, kind: str, text: str, id: str
) -> None:
    (only,) = source(tmp_path, told, name).read(WINDOW)
    assert (only.at, only.component, only.kind, only.text, only.id) == (AT, component, kind, text, id)


def test_a_commit_of_two_services_is_a_change_of_each(tmp_path: Path) -> None:
    told = {
        "sha": SHA,
        "timestamp": WHEN,
        "message": "rename",
        "files": ["services/a/x.go", "services/b/x.go", "docs/n.md"],
    }
    found = source(tmp_path, [told])
    assert [c.component for c in found.read(WINDOW)] == ["a", "b"]
    assert "component from the folders of 'files'" in found.describe(WINDOW).guessed


def test_a_backup_is_no_change_and_is_said(tmp_path: Path) -> None:
    told = [
        {"SourceIdentifier": "db-1", "Message": "m", "EventCategories": [c], "Date": WHEN} for c in ("backup", "maintenance", "failover")
    ]  # fmt: skip
    found = source(tmp_path, {"Events": told})
    assert [c.kind for c in found.read(WINDOW)] == ["maintenance"]
    assert "2 of 3 entries are events, not changes: read them as logs" in found.describe(WINDOW).note


def test_the_fact_names_the_commit_also_after_a_long_text(tmp_path: Path) -> None:
    told = [{"timestamp": WHEN, "service": "pay", "commit_sha": SHA, "message": "word " * 60}]
    incident = Incident(id="i", title="t", window=WINDOW, started_at=AT + timedelta(minutes=5))
    found = source(tmp_path, told)
    ctx = ToolContext(incident=incident, sources=SourceSet([found]), resolver=Resolver([]))
    (fact,) = changes_list(ctx).evidence
    assert fact.values["change_id"] == SHA
    assert fact.statement.endswith(f'… ({SHA[:12]})".')
    assert len(str(fact.values["text"])) <= 120


@pytest.mark.parametrize(
    "told", ["[" * 100_000, '{"items": [3]}', '{"items": 3}', '[{"commit": {"a": 1}}]', '{"a":' * 90_000]
)
def test_hostile_exports_are_a_source_error_that_names_the_place(tmp_path: Path, told: str) -> None:
    with pytest.raises(SourceError, match=r"export\.json"):
        source(tmp_path, told).read(WINDOW)


def test_a_recorded_change_keeps_its_id(tmp_path: Path) -> None:
    made = source(tmp_path, [{"timestamp": WHEN, "service": "pay", "commit_sha": SHA, "version": "v7"}]).read(
        WINDOW
    )
    assert write_changes(tmp_path / "again.jsonl", made, Redactor(b"k" * 32)) == 1
    config = SourceConfig(name="s", kind="changes", type="changes", path="again.jsonl")
    assert [(c.component, c.kind, c.id) for c in JournalSource(config, tmp_path).read(WINDOW)] == [
        ("pay", "deploy", SHA)
    ]
