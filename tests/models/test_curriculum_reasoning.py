"""Generated plans and judgements: right by construction, of kinds and tools of their own split."""

from __future__ import annotations

import json
import re

import pytest

from aitia.agent.taxonomy import bundled
from aitia.models.curriculum.items import SPLITS, Item, Split, dealt
from aitia.models.curriculum.judge import LETTERS, NONE, PARTS, Judge, _read
from aitia.models.curriculum.plan import KEPT, Plan, recall_of_cut

_TOOL = re.compile(r"^- ([\w.-]+)\((\w*)\)(?: -> (\w+))?: (.+)$", re.MULTILINE)


def test_kinds_are_those_of_the_taxonomy_and_no_split_shares_one() -> None:
    held, taxonomy = _read("judge.yaml"), bundled()
    for world in ("it", "plant"):
        assert {k: taxonomy.title(k) for k in held[world]} == {k: v["title"] for k, v in held[world].items()}
        parts = [set(dealt(held[world], split, PARTS)) for split in SPLITS]
        assert all(len(p) >= 2 for p in parts)
        assert set().union(*parts) == set(held[world])
        assert sum(map(len, parts)) == len(held[world])


@pytest.mark.parametrize("split", SPLITS)
def test_suspects_are_of_the_splits_kinds(split: Split) -> None:
    held = _read("judge.yaml")
    titles = {held[w][k]["title"] for w in ("it", "plant") for k in dealt(held[w], split, PARTS)}
    told = [line for i in Judge().items(0, 200, split) for line in _suspects(i)]
    assert {line.split(": ", 1)[1] for line in told} <= titles


def _suspects(item: Item) -> list[str]:
    return re.findall(r"^[A-E] (.+)$", item.prompt, re.MULTILINE)


def test_the_cause_is_told_by_its_proof_when_the_trouble_began() -> None:
    """Solved again from the text alone: a proof of a suspect's kind, about it, within the first minutes and not over."""
    held = _read("judge.yaml")
    kinds = {v["title"]: v for w in ("it", "plant") for v in held[w].values()}
    answers = set()
    for item in Judge().items(5, 300, "train"):
        began = re.search(r"Trouble since (\d\d:\d\d)", item.prompt)
        assert began
        right = NONE
        for letter, suspect in zip(LETTERS, _suspects(item), strict=False):
            component, title = suspect.split(": ", 1)
            for fact, at in re.findall(r"^- (.+) \((\d\d:\d\d)\)$", item.prompt, re.MULTILINE):
                proof = any(_is(fact, line, component) for line in kinds[title]["proof"].splitlines())
                if proof and 0 <= _minutes(at) - _minutes(began[1]) <= 2:
                    right = letter
        assert item.told.strip() == right, item.prompt
        answers.add(right)
    assert answers == {*LETTERS, NONE}


def _is(fact: str, template: str, component: str) -> bool:
    pattern = re.sub(r"\\{[xnmp]\\}", r"[\\w.-]+", re.escape(template)).replace(
        r"\{c\}", re.escape(component)
    )
    return re.fullmatch(pattern, fact) is not None


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


@pytest.mark.parametrize("split", SPLITS)
def test_plans_call_offered_tools_with_their_arguments_in_order(split: Split) -> None:
    for item in Plan().items(2, 200, split):
        tools = {name: (argument, gives) for name, argument, gives, _ in _TOOL.findall(item.prompt)}
        tasks = json.loads(item.told)
        assert len(tools) <= KEPT
        assert [t["id"] for t in tasks] == list(range(1, len(tasks) + 1))
        for task in tasks:
            argument, _ = tools[task["tool"]]
            assert list(task["args"]) == ([argument] if argument else [])
            for value in task["args"].values():
                made = re.fullmatch(r"<task-(\d+)\.(\w+)>", value)
                assert value in item.prompt or (
                    made is not None and made[2] == tools[tasks[int(made[1]) - 1]["tool"]][1]
                )
                assert task["dep"] == ([int(made[1])] if made else [])


def test_descriptions_of_held_out_tools_are_never_seen_in_training() -> None:
    said = {s: {d for i in Plan().items(0, 300, s) for *_, d in _TOOL.findall(i.prompt)} for s in SPLITS}
    assert len(said["train"]) > 60
    assert not said["train"] & (said["held_out"] | said["check"])
    assert not said["check"] & said["held_out"]


def test_the_cut_loses_calls_and_says_so() -> None:
    assert 0.4 < recall_of_cut(0, 200, "train") < 1.0
