"""Generated plans and judgements: right by construction, of kinds and tools of their own split."""

from __future__ import annotations

import re

import pytest

from aitia.agent.taxonomy import bundled
from aitia.models.curriculum import written
from aitia.models.curriculum.items import SPLITS, Split, dealt
from aitia.models.curriculum.judge import MOST, PARTS, Case, Judge, _read
from aitia.models.curriculum.plan import LABELS, Plan, _with, sites


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
    assert {title for c in made(0, 200, split) for _, title in c.suspects} <= titles


def made(seed: int, size: int, split: Split) -> list[Case]:
    """Cases of templates, without the written ones."""
    return [c for c in Judge().cases(seed, size, split) if "hand" in c.author]


def test_written_cases_name_kinds_of_the_taxonomy_and_are_dealt_by_system() -> None:
    titles = {fault.title for fault in bundled()}
    for case in written.cases():
        assert {title for _, title in case["suspects"]} <= titles
        assert case["cause"] is None or case["cause"] in case["suspects"]
        assert 3 <= len(case["suspects"]) <= MOST
    of = {s: {c.vendor for c in Judge().cases(0, 400, s) if "hand" not in c.author} for s in SPLITS}
    assert all(of.values())
    assert not of["train"] & of["check"] | of["train"] & of["held_out"] | of["check"] & of["held_out"]


def test_the_cause_is_told_by_its_proof_when_the_trouble_began() -> None:
    """Solved again from the text alone: a proof of a suspect's kind, about it, within the first minutes and not over."""
    held = _read("judge.yaml")
    kinds = {v["title"]: v for w in ("it", "plant") for v in held[w].values()}
    places = set()
    for case in made(5, 500, "train"):
        right = None
        for component, title in case.suspects:
            for fact, at in (re.fullmatch(r"(.+) \((\d\d:\d\d)\)", f).groups() for f in case.facts):  # type: ignore[union-attr]
                proof = any(_is(fact, line, component) for line in kinds[title]["proof"].splitlines())
                if proof and 0 <= _minutes(at) - _minutes(case.began) <= 2:
                    right = (component, title)
        assert case.cause == right, case
        places.add(case.suspects.index(right) if right else -1)
    assert places == {-1, 0, 1, 2, 3, 4}


@pytest.mark.parametrize("split", SPLITS)
def test_suspects_are_asked_one_by_one_up_to_the_cause(split: Split) -> None:
    told = set()
    for item in Judge().items(3, 200, split):
        asked = re.findall(
            r"^Suspect: (.+?): (.+)\nCause: (yes|no)$", f"{item.prompt}{item.told}", re.MULTILINE
        )
        said = [answer for *_, answer in asked]
        assert "yes" not in said[:-1]
        assert 1 <= len(asked) == len(set(asked)) <= MOST
        assert item.prompt.count("\n") == 2
        told.add(said[-1])
    assert told == {"yes", "no"}


def _is(fact: str, template: str, component: str) -> bool:
    pattern = re.sub(r"\\{[xnmp]\\}", r"[\\w.-]+", re.escape(template)).replace(
        r"\{c\}", re.escape(component)
    )
    return re.fullmatch(pattern, fact) is not None


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


@pytest.mark.parametrize("split", SPLITS)
def test_a_tool_is_asked_about_a_component_that_is_known(split: Split) -> None:
    seen = set()
    for item in Plan().items(2, 300, split):
        label, *rest = item.answer
        seen.add(label.text.strip())
        assert label.labels == LABELS
        assert label.text.strip() in LABELS
        assert item.prompt.count("\n") == 2
        known = item.prompt.partition("\n")[0].partition(" Known: ")[2].split(", ")
        if rest:
            assert label.text.strip() != "no"
            assert rest[-1].text.strip() in known
    assert seen == set(LABELS)


def test_registries_that_are_held_out_are_never_seen_in_training() -> None:
    of = {s: {i.vendor for i in Plan().items(0, 300, s)} for s in SPLITS}
    assert len(of["train"]) > 8
    assert not of["train"] & (of["held_out"] | of["check"])
    assert not of["check"] & of["held_out"]


def test_every_call_of_the_written_incidents_can_be_made() -> None:
    for site in sites():
        for incident in site["incidents"]:
            for call in (*incident["calls"], *incident["also_good"]):
                assert set(call["args"]) <= set(site["tools"][call["tool"]]["args"])
                if site["author"][-1] in "abc":  # others give spans and patterns too
                    assert set(call["args"].values()) <= set(incident["components"])
            good = {c["tool"] for c in (*incident["calls"], *incident["also_good"])}
            assert incident["calls"]
            assert set(incident["useless"]) - good


def test_other_names_stand_wherever_the_written_one_stood() -> None:
    named = {"shop-db": "tram-db", "shop-db-2": "kiosk-db-2"}
    assert _with("shop-db waits, shop-db-2 does not; workshop-db neither", named) == (
        "tram-db waits, kiosk-db-2 does not; workshop-db neither"
    )
