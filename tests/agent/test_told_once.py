"""A release that two sources tell is one change."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aitia.agent.told_once import told_once
from aitia.core.words import Evidence, SourceRef, Window, from_epoch

AT = from_epoch(1_790_000_000)


def release(kind: str, component: str = "orders", *, later_s: float = 0.0) -> Evidence:
    return Evidence(
        component=component, kind=kind, aspect="change.deploy", statement="1.0 to 1.1", direction="changed", strength=0.7,
        window=Window(start=AT, end=AT + timedelta(minutes=5)), onset=AT + timedelta(seconds=later_s), source=SourceRef(source="s", query="q"),
    )  # fmt: skip


def test_the_log_of_a_deploy_that_a_journal_tells_is_no_second_change() -> None:
    deploy = release("change.deploy")
    assert told_once([deploy, release("log.release", later_s=40.0)]) == [deploy]


@pytest.mark.parametrize(
    "told",
    [
        release("log.release", later_s=900.0),  # another start
        release("log.release", "payment"),
    ],
)
def test_other_releases_stay(told: Evidence) -> None:
    deploy = release("change.deploy")
    assert told_once([deploy, told]) == [deploy, told]
    assert told_once([told]) == [told]
