"""Strangers' tools and suspects: the benchmarks read answers in their scorers only, and score as they say."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.model import fit_plan, judging, plan_tools  # noqa: E402
from benchmarks.model.rerank import Offer  # noqa: E402

TOOLS = [
    {"name": "queue_depth", "description": "Messages that wait in a queue", "args": {"queue": "id"}, "required": ["queue"]},
    {"name": "disk_free", "description": "Free space of a host", "args": {"host": "id"}, "required": ["host"]},
    {"name": "price_list", "description": "What plans cost", "args": {}, "required": []},
]  # fmt: skip
INCIDENT = {
    "id": "i1", "registry": "r", "text": "messages of mail-q wait", "seen": "mail-q: 400 wait", "components": ["mailer-1", "mail-q"],
    "calls": [{"tool": "queue_depth", "args": {"queue": "mail-q"}}], "also_good": [{"tool": "disk_free", "args": {"host": "mailer-1"}}],
}  # fmt: skip


def _folder(place: Path, incident: dict[str, Any]) -> Path:
    place.mkdir()
    (place / "registries.json").write_text(json.dumps({"r": TOOLS}))
    (place / "incidents.json").write_text(json.dumps([incident]))
    return place


def test_noise_for_answers_changes_no_order(tmp_path: Path) -> None:
    noise = INCIDENT | {"calls": [{"tool": "price_list", "args": {}}], "also_good": []}
    found = []
    for name, incident in (("a", INCIDENT), ("b", noise)):
        registries, asked = plan_tools._shown(_folder(tmp_path / name, incident))
        (one,) = asked.values()
        assert not {"calls", "also_good"} & set(one)
        order = plan_tools.by_words(one, registries["r"])
        found.append(
            [(registries["r"][n].name, plan_tools.by_mention(one, registries["r"][n])) for n in order]
        )
        assert plan_tools.learned(one, registries["r"], None).calls(8)[0] == (0, 1)
    assert found[0] == found[1]
    assert found[0][0] == ("queue_depth", "mail-q")


def test_a_call_is_right_with_its_component_and_sensible_where_the_author_lists_it() -> None:
    whole = plan_tools.scored([("queue_depth", "mail-q"), ("price_list", "")], INCIDENT)
    assert whole == {"tool in 8": 1.0, "call in 8": 1.0, "sensible": 0.5, "first two sensible": 0.5}
    other = plan_tools.scored([("queue_depth", "mailer-1"), ("disk_free", "")], INCIDENT)
    assert (other["tool in 8"], other["call in 8"], other["sensible"]) == (1.0, 0.0, 1.0)


def test_a_tool_without_arguments_is_about_nobody() -> None:
    assert plan_tools.by_mention(INCIDENT, Offer(name="x", arguments=(), said="")) == ""
    assert (
        plan_tools.by_mention(INCIDENT | {"text": "", "seen": ""}, Offer(name="x", arguments=("a",), said=""))
        == "mailer-1"
    )


def test_what_is_learned_of_others_ranks_an_author_whose_answers_it_never_sees(tmp_path: Path) -> None:
    kinds = ["pump", "queue", "disk", "lease", "valve", "route"]
    called = {
        "a": "log of a {} with its last lines",
        "b": "log lines of a {}",
        "c": "the log that a {} wrote",
    }

    def write(noise: bool) -> list[fit_plan.Case]:
        lines = []
        for author, said in called.items():
            tools = {f"{k}_log": {"args": [k], "description": said.format(k)} for k in kinds}
            tools |= {f"{k}_price": {"args": [k], "description": f"what a {k} costs"} for k in kinds}
            incidents = [
                {
                    "text": f"{k}-1 is odd", "seen": "nothing yet", "components": [f"{o}-1" for o in kinds], "useless": [],
                    "calls": [{"tool": f"{k}_{'price' if noise and author == 'c' else 'log'}", "args": {k: f"{k}-1"}}],
                    "also_good": [],
                }
                for k in kinds
            ]  # fmt: skip
            lines.append({"author": author, "registry": author, "tools": tools, "incidents": incidents})
        (tmp_path / fit_plan.FILE).write_text("\n".join(map(json.dumps, lines)))
        return list(fit_plan.cases_in(tmp_path))

    found = []
    for noise in (False, True):
        cases = write(noise)
        columns = [fit_plan.columns_of(c.asked, c.tools, None) for c in cases]
        known = [i for i, c in enumerate(cases) if c.author != "c"]
        weights = fit_plan.fitted(cases, columns, known, 1e-3, 1e-3)
        found.append(
            [fit_plan.weighed(columns[i], weights).calls(2) for i in range(len(cases)) if i not in known]
        )
    assert found[0] == found[1]
    assert [calls[0] for calls in found[0]] == [(i, i) for i in range(len(kinds))]


class _Model:
    """Finds the suspect likely whose component the first fact names."""

    def scores(self, prompt: Any, labels: Any) -> list[float]:
        told, _, rest = prompt.user.partition("\n")
        yes = rest.removeprefix("Suspect: ").split(":")[0] == told.split(":")[0].strip()
        return [-0.1, -2.0] if yes else [-2.0, -0.1]


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    line = {
        "id": "c", "began": "10:00", "suspects": [["db", "resource.disk", 0.6], ["web", "resource.cpu", 0.4], ["", "unknown", 0.0]],
        "facts": [["web: processor time rose from 3 to 99 %.", 2.0], ["db is as before.", 1.0]], "answers": [["web", "resource.cpu"]],
    }  # fmt: skip
    file = tmp_path / "cases.jsonl"
    file.write_text(json.dumps(line) + "\n" + json.dumps(line | {"id": "d", "answers": []}) + "\n")
    return file


def test_suspects_are_judged_one_by_one_and_a_weight_is_chosen_by_log_loss(cases: Path) -> None:
    (case,) = judging.read(str(cases))  # one without an answer says nothing of an order
    assert [s[0] for s in case["suspects"]] == ["db", "web"]
    share = judging.likely(_Model(), case)
    assert np.isclose(sum(share), 1.0)
    assert share[1] > 0.9
    before, _ = judging._rows("no_model", [case], [[0.6, 0.4]])
    after, _ = judging._rows("ours", [case], [share])
    assert [r["value"] for r in before[:2]] == [0.0, 0.0]
    assert [r["value"] for r in after[:2]] == [1.0, 1.0]
    assert judging.best([case], [share]) == max(judging.WEIGHTS)
    assert judging.best([case], [share[::-1]]) == 0.0


def test_calibration_is_the_distance_of_what_is_told_from_what_is_right() -> None:
    assert judging.ece([(0.9, True)] * 9 + [(0.9, False)], bins=1) == pytest.approx(0.0)
    assert judging.ece([(0.9, False)] * 10, bins=1) == pytest.approx(0.9)
