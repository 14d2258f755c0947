"""A quick part of benchmarks/attack/doors.py: what was tried at the doors does not succeed, and would without its guard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="needs the [mcp] extra")
pytest.importorskip("slack_bolt", reason="needs the [slack] extra")

from benchmarks.attack import doors_approvals, doors_logins, doors_mcp, doors_plugins, doors_slack
from benchmarks.attack.doors_try import Tried

FULL = {
    "approvals": len(doors_approvals._changed())
    + len(doors_approvals._REPLAYS)
    + 2 * len(doors_approvals._pairs()),
    "mcp": len(doors_mcp.MODES) + len(doors_mcp._WEB) + len(doors_mcp._READS) + len(doors_mcp._CALLS) + 7,
    "slack": len(doors_slack.ATTACKS) + len(doors_slack.TEXTS),
    "plugins": len(doors_plugins.PLUGINS) + len(doors_plugins.SOURCES),
}


@pytest.mark.parametrize("family", FULL)
def test_each_family_has_at_least_forty_tries(family: str) -> None:
    assert FULL[family] >= 40


def _none_succeeds(tries: Iterator[Tried], *, least: int) -> None:
    done = list(tries)
    assert len({t.name for t in done}) == len(done) >= least
    assert [f"{t.name}: {t.got}" for t in done if t.got] == []


def test_no_call_looks_like_another_one(tmp_path: Path) -> None:
    done = list(doors_approvals.shown(tmp_path))
    _none_succeeds(iter(done), least=50)
    assert sum(bool(t.control) for t in done) >= 30  # printed as JSON in Unicode, they would


# One of each way that an answer, a login or a click can be wrong; the long tests try all.
ANSWERS = (
    "of another run",
    "after a denial",
    "race of yes and no",
    "a prefix of the hash",
    "without the token",
)
LOGINS = ("wrong logins, then the right login", "120 wrong bearers", "a copied cookie after the logout", "a part", "login by another site")  # fmt: skip
CLICKS = ("another secret", "ten minutes old", "by somebody else", "in another channel", "of revision true", "a form with a forged seal",
          "told at a host that begins alike")  # fmt: skip


@pytest.mark.server
def test_no_answer_counts_that_is_no_persons_yes(tmp_path: Path) -> None:
    _none_succeeds(doors_approvals.replayed(tmp_path, only=ANSWERS), least=len(ANSWERS))


@pytest.mark.long
@pytest.mark.server
def test_no_answer_of_all_counts_that_is_no_persons_yes(tmp_path: Path) -> None:
    _none_succeeds(doors_approvals.replayed(tmp_path), least=30)


@pytest.mark.server
def test_a_hostile_mcp_server_gets_nothing(tmp_path: Path) -> None:
    _none_succeeds(doors_mcp.servers(tmp_path, doors_mcp.QUICK), least=6)


def _clicked(folder: Path, diagnosed: Callable[..., Any], *, only: tuple[str, ...] = ()) -> list[Tried]:
    run = diagnosed("connection-exhaustion").copied(folder / "run").path
    return list(doors_slack.tries(folder, quick=True, only=only, run=run))


@pytest.mark.server
def test_nothing_forged_passes_slacks_door(tmp_path: Path, diagnosed: Callable[..., Any]) -> None:
    done = _clicked(tmp_path, diagnosed, only=CLICKS)
    _none_succeeds(iter(done), least=len(CLICKS))
    assert all(t.control for t in done)  # the same click, unforged, counts


@pytest.mark.long
@pytest.mark.server
def test_nothing_of_all_that_is_forged_passes_slacks_door(
    tmp_path: Path, diagnosed: Callable[..., Any]
) -> None:
    done = _clicked(tmp_path, diagnosed)
    _none_succeeds(iter(done), least=60)
    assert all(t.control for t in done)


@pytest.mark.long  # a process for each: that a plugin ends it is among what is tried
def test_a_broken_plugin_costs_its_own_facts_alone(tmp_path: Path) -> None:
    _none_succeeds(doors_plugins.tries(tmp_path, only=doors_plugins.QUICK), least=5)


@pytest.mark.server
def test_nobody_is_let_in_or_locked_out(tmp_path: Path) -> None:
    _none_succeeds(doors_logins.tries(tmp_path, only=LOGINS), least=len(LOGINS) + 4)


@pytest.mark.long
@pytest.mark.server
def test_nobody_is_let_in_or_locked_out_by_all_that_is_tried(tmp_path: Path) -> None:
    _none_succeeds(doors_logins.tries(tmp_path), least=30)
