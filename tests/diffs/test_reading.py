"""What a diff touches: names that went or came, settings with their direction, kinds of risk, and nothing from remarks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.core.config import SourceConfig
from aitia.core.words import Window, from_epoch
from aitia.tools.diffs.identifiers import compounds, terms
from aitia.tools.diffs.reading import MOST_TERMS, read_diff
from aitia.tools.diffs.risks import catalogue
from aitia.tools.diffs.settings import settings_of
from aitia.tools.sources import ChangeSource, open_source


def risks(diff: str) -> set[str]:
    return {seen.risk for seen in read_diff(diff).risks}


def test_camel_case_and_snake_case_are_alike() -> None:
    assert set(terms("maxPoolSize")) & set(terms("max_pool_size"))
    assert list(compounds("HTTPServer_zoneId2")) == [
        ("HTTPServer_zoneId2", "http_server_zone_id_2", ("zone",))
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("  default_ttl: 15m", ("default_ttl", 900.0)),
        ("DefaultTTL: 15 * time.Second,", ("default_ttl", 15.0)),
        ("db.SetMaxOpenConns(50)", ("db_set_max_open_conns", 50.0)),
        ("ctx, cancel := context.WithTimeout(ctx, 2*time.Second)", ("context_with_timeout", 2.0)),
        ('"maxAttempts": 7,', ("max_attempts", 7.0)),
        ("worker_connections 1024;", ("worker_connections", 1024.0)),
        ("READ_TIMEOUT_MS = 30 * 1000", ("read_timeout_ms", 30_000.0)),
    ],
)
def test_settings_have_their_value_in_one_unit(line: str, expected: tuple[str, float]) -> None:
    assert expected in [(s.name, s.number) for s in settings_of(line)]


def test_the_direction_of_a_setting_decides_which_risk_it_is() -> None:
    smaller = risks("-pool_size: 40\n+pool_size: 4\n")
    larger = risks("-pool_size: 4\n+pool_size: 40\n")
    kinds = {"pool_smaller", "pool_larger"}
    assert (smaller & kinds, larger & kinds) == ({"pool_smaller"}, {"pool_larger"})
    assert "cache_shorter" in risks("-  ttl: 15m\n+  ttl: 15s\n")
    assert "cache_shorter" not in risks("-  ttl: 900s\n+  ttl: 15m\n")  # the same time in another unit


def test_a_release_is_a_risk_and_a_patch_is_none() -> None:
    assert "dependency_version" in risks(
        "-\tgithub.com/acme/codec v1.31.0\n+\tgithub.com/acme/codec v1.34.2\n"
    )
    assert "dependency_version" not in risks(
        "-\tgithub.com/acme/codec v1.31.0\n+\tgithub.com/acme/codec v1.31.1\n"
    )


def test_a_time_that_is_granted_no_more_is_a_risk() -> None:
    assert "time_gone" in risks(
        "-const slack = 90 * time.Second\n-if t.Add(slack).Before(now) {\n+if t.Before(now) {\n"
    )
    assert "time_gone" not in risks("-const slack = 90 * time.Second\n+const slack = 80 * time.Second\n")
    assert "time_gone" not in risks("-const width = 90\n")


def test_an_index_is_gone_only_where_it_does_not_come_again() -> None:
    assert "index_gone" in risks("+DROP INDEX rides_by_user;\n")
    assert "index_gone" in risks("-CREATE INDEX rides_by_user ON rides (user_id);\n")
    assert "index_gone" not in risks("-CREATE INDEX a ON r (u);\n+CREATE INDEX b ON r (u);\n")
    assert "index_gone" not in risks("+CREATE INDEX CONCURRENTLY rides_by_dock ON rides (dock);\n")


def test_what_only_moved_or_is_a_remark_touches_nothing() -> None:
    moved = read_diff("-    check(dock)\n+        check(dock)\n")
    assert (moved.nature, moved.terms, moved.risks) == ("moved", (), ())
    assert read_diff("-import os, sys\n+import os\n+import sys\n").nature == "moved"
    assert read_diff("-x\n+y\n").nature == "unread"  # a name too short to tell anything
    remark = read_diff("+# wallet pool exhausted: this commit caused the outage\n+// pool_size 40 to 4\n")
    assert (remark.nature, remark.terms, remark.risks) == ("moved", (), ())


def test_no_value_of_a_secret_is_told() -> None:
    touched = read_diff("-api_token: aaaabbbb\n+api_token: ccccdddd\n")
    assert [(s.risk, s.told) for s in touched.risks] == [("credentials_changed", "api_token changed")]


def test_documents_and_tests_run_nowhere() -> None:
    diff = "--- a/docs/x.md\n+++ b/docs/x.md\n+pool_size: 4 caused the outage\n"
    assert read_diff(diff).nature == "aside"
    assert read_diff("", ["pkg/retry/backoff_test.go", "README.md"]).nature == "aside"
    assert read_diff("", ["pkg/retry/backoff.go"]).nature == "unread"


def test_a_hunk_header_of_prose_is_no_code() -> None:
    touched = read_diff("@@ this drops the wallet index @@\n-a_b = 1\n+a_b = 2\n")
    assert not {"wallet", "index"} & {*touched.terms, *touched.near}


@given(st.text(max_size=3000))
def test_any_text_is_read_within_bounds(text: str) -> None:
    touched = read_diff(text)
    assert len(touched.terms) <= MOST_TERMS
    assert all(" " not in term and ";" not in term for term in touched.terms)
    assert all(len(seen.told) <= 120 for seen in touched.risks)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece",
    ["a" * 50_000, "- a=" * 20_000, "+for x " * 9_000, "-" + "if " * 30_000, "+select a from " * 5_000],
)
def test_no_text_holds_the_reading_up(piece: str) -> None:
    read_diff("\n".join([piece, "+" + piece, "-" + piece] * 20))


def test_every_kind_of_risk_says_why() -> None:
    for risk in catalogue().values():
        assert 20 <= len(risk.reason) <= 120, risk.id
        assert (risk.names and risk.when) or risk.out or risk.put, risk.id


def read(folder: Path, entry: dict[str, object]) -> str:
    (folder / "c.json").write_text(json.dumps([entry | {"at": 1_767_225_600}]))
    source = open_source(SourceConfig(name="c", kind="changes", type="changes", path="c.json"), folder)
    assert isinstance(source, ChangeSource)
    (change,) = source.read(Window(start=from_epoch(1_767_225_000), end=from_epoch(1_767_226_000)))
    return change.diff


def test_a_journal_tells_what_changed_in_many_ways(tmp_path: Path) -> None:
    of = {"component": "orders", "text": "x", "id": "c1"}
    assert read(tmp_path, of | {"diff": "-a: 1\n+a: 2"}) == "-a: 1\n+a: 2"
    assert read(tmp_path, of | {"before": "ttl: 5", "after": "ttl: 9"}) == "-ttl: 5\n+ttl: 9"
    assert read(tmp_path, of | {"before": {"ttl": 5}, "after": {"ttl": 9}}) == "-ttl: 5\n+ttl: 9"
    assert (
        read(tmp_path, {"component": "orders", "flag": "new_cart", "change": "off->on"})
        == "-new_cart: off\n+new_cart: on"
    )
    assert (
        read(tmp_path, {"component": "orders", "flag": "new_cart", "old": False, "new": True})
        == "-new_cart: false\n+new_cart: true"
    )
    files = [{"filename": "cart/a.py", "patch": "-x = 1\n+x = 2"}]
    assert (
        read(tmp_path, {"sha": "f" * 40, "message": "m", "files": files}) == "+++ cart/a.py\n-x = 1\n+x = 2"
    )
