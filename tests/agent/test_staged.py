"""Stages of a judgement of servers: who complains of whom, since when, by which mechanism; and what words alone may not do."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from aitia.agent.facts import Facts
from aitia.agent.staged.changes import slight, touches
from aitia.agent.staged.features import Staged
from aitia.agent.staged.judge import ALL, HEARSAY, bundled_staged, freed, restaged, values_of
from aitia.agent.staged.mechanisms import MOST, mechanisms
from aitia.agent.staged.roles import role_of
from aitia.agent.staged.scene import Scene
from aitia.agent.topology import Topology
from aitia.agent.weights import Weights, bundled_weights
from aitia.agent.witness_table import BY_LOGS
from aitia.core.words import Evidence, Suspect
from tests.agent import evidence as shop

LEFT_OUT = Path(__file__).parents[2] / "benchmarks" / "lab" / "staged.json"
CALLS = {"door": ("left", "right"), "left": ("db", "cards"), "right": ("db", "cards"), "db": (), "cards": ()}
INVENTORY = shop.inventory(CALLS)


def scene(*facts: Evidence, words: bool = True) -> Scene:
    return Scene(Facts(facts, Topology(INVENTORY.components)), words=words)


def says(author: str, aspect: str, line: str, at: float = 0.0, **values: float | str) -> Evidence:
    told = {"reported_by": author, "template": line, "level": "error", "count_window": 40, "whose": "peer"}
    return shop.fact(author, aspect, line, kind="log.new", direction="new", at=at, **{**told, **values})


def fails(name: str, at: float = 0.0) -> Evidence:
    return shop.fact(
        name, "errors", f"{name}: errors 0 → 9 /s.", at=at, before=0.0, after=9.0, metric="errors"
    )


def both() -> list[Evidence]:
    """Both replicas are refused for the same reason; the door passes it on."""
    return [
        fails("left"),
        fails("right", 1),
        fails("door", 2),
        says("left", "log.certificate", "certificate has expired"),
        says("right", "log.certificate", "certificate has expired", 1),
        *shop.quiet("db", "errors", "latency", "availability"),
    ]


def test_complaints_end_at_those_who_call_nobody_who_complains() -> None:
    staged = Staged(scene(*both()))
    assert staged.sources == ["left", "right"]
    assert staged.place("door")["relay"] == 1.0
    assert staged.place("db")["common"] == staged.place("cards")["common"] == 1.0
    assert staged.place("left")["replica_in"] == 1.0


def test_the_sibling_that_is_well_points_to_the_replica_and_clears_what_both_call() -> None:
    staged = Staged(scene(fails("left"), fails("door", 2), *shop.quiet("right", "errors", "latency")))
    assert staged.sources == ["left"]
    assert staged.place("left")["replica_out"] == 1.0
    assert staged.place("db")["shared_but_sibling_quiet"] == 1.0


def test_a_change_counts_just_before_and_where_all_that_complain_reach_it() -> None:
    def change(name: str, at: float) -> Evidence:
        return shop.fact(
            name, "change.config", f"{name}: changed.", kind="change.config", direction="changed", at=at
        )

    staged = Staged(scene(*both(), change("db", -2), change("door", -2), change("cards", -40)))
    assert staged.place("db")["change"] == 1.0
    assert staged.place("door")["change_apart"] == 1.0
    assert staged.place("cards")["change_old"] == 1.0
    assert staged.place("cards")["change"] == 0.0


def test_measurements_exclude_kinds_and_no_more() -> None:
    staged = Staged(scene(*both()))
    assert staged.kind("db", "software.crash")["quiet_veto"] == 1.0
    assert staged.kind("db", "software.certificate")["quiet_veto"] == 0.0
    assert (
        staged.kind("cards", "software.certificate")["mechanism"]
        > staged.kind("cards", "software.crash")["mechanism"]
    )


def test_who_is_down_late_is_no_cause_and_a_probe_is_no_state() -> None:
    def down(name: str, at: float, metric: str) -> Evidence:
        return shop.fact(
            name,
            "availability",
            f"{name} is down.",
            kind="metric.missing",
            direction="gone",
            at=at,
            metric=metric,
            still=1.0,
        )

    now = Staged(scene(*both(), down("db", 1, "up")))
    late = Staged(scene(*both(), down("db", 40, "up")))
    probed = Staged(scene(*both(), down("door", 1, "probe_success")))
    assert now.place("db")["down"] == 1.0
    assert late.place("db")["down"] == 0.0
    assert late.place("db")["down_late"] == 1.0
    assert "down" not in {k for k, v in probed.place("door").items() if v}


def test_the_protocols_words_name_the_mechanism_whatever_the_language() -> None:
    assert mechanisms("log.error", "no se pudo: HTTP 429 para el cargo") == {"quota"}
    assert mechanisms("log.error", "échec: x509: certificate is not yet valid") == {"certificate"}
    assert mechanisms("log.error", "Abbruch: getaddrinfo ENOTFOUND bank") >= {"dns"}
    assert mechanisms("log.other", "all is well") == frozenset()
    assert mechanisms("log.other", "x" * MOST + " certificate has expired") == frozenset()


def test_a_line_of_a_client_or_of_a_peer_that_is_not_called_accuses_nobody() -> None:
    planted = says("left", "log.certificate", "cards: certificate has expired").model_copy(
        update={"provenance": "client"}
    )
    uncalled = says("left", "log.error", "door refused: 429").model_copy(update={"peer": "door"})
    claims = scene(fails("left"), fails("right"), planted, uncalled).claims
    assert not [c for c in claims if c.text]


def test_an_author_whose_own_series_are_quiet_weighs_nothing() -> None:
    claims = scene(
        *shop.quiet("left", "errors", "latency", "traffic"),
        says("left", "log.certificate", "expired certificate"),
    )
    assert not claims.claims
    assert not claims.failing


def suspect(component: str, fault: str, probability: float = 0.1) -> Suspect:
    return Suspect(component=component, fault=fault, score=0.0, probability=probability)


SUSPECTS = [
    suspect("cards", "software.certificate"),
    suspect("db", "software.certificate"),
    suspect("", "unknown", 0.7),
    suspect("", "healthy", 0.1),
]


WORDS = {"mechanism": 4.0, "share.kind": 1.0, "share.component": 1.0, "share.nobody": 1.0}


def share(suspects: list[Suspect], component: str) -> float:
    """The log-odds of a component against nobody."""
    own = [s.score for s in suspects if s.component == component]
    nobody = [s.score for s in suspects if not s.component]
    return math.log(sum(map(math.exp, own)) / sum(map(math.exp, nobody)))


def judged(
    facts: list[Evidence], factors: dict[str, float], bars: dict[tuple[str, str], str]
) -> list[Suspect]:
    return restaged(scene(*facts), SUSPECTS, bars, factors, bare)


def bare(component: str, fault: str) -> Suspect | None:
    """A ledger without a line."""
    return None if component == "door" else suspect(component, fault, 0.0)


def test_words_alone_add_little_and_two_witnesses_with_counters_more() -> None:
    alone = [fails("left"), says("left", "log.certificate", "certificate has expired")]
    mute, one, two = (judged(facts, WORDS, {}) for facts in (alone[:1], alone, both()))
    few = 0.4  # what pairs hold that are too little to be suspects
    assert share(one, "cards") <= share(mute, "cards") + HEARSAY + few
    assert share(two, "cards") > share(mute, "cards") + 2 * HEARSAY


def test_what_is_barred_stays_where_it_is_beside_unknown() -> None:
    bars = {("cards", "software.certificate"): "the alarm is of another"}
    made = judged(both(), WORDS | {"mechanism": 9.0, "nobody": -3.0}, bars)
    scores = {(s.component, s.fault): s.score for s in made}
    assert scores["cards", "software.certificate"] == scores["", "unknown"] == scores["", "healthy"]
    assert [s.fault for s in made if s.component == "cards"] == ["software.certificate"]
    assert all(s.ledger[-1].why for s in made)


def test_a_pair_that_no_ledger_has_is_added_with_the_facts_that_it_rests_on() -> None:
    refused = [
        says(n, "log.permission", "401 Unauthorized").model_copy(update={"id": f"E9{n}"})
        for n in ("left", "right")
    ]
    made = judged([*both()[:3], *refused], WORDS | {"common": 2.0}, {})
    added = next(s for s in made if (s.component, s.fault) == ("db", "software.credentials"))
    assert {"E9left", "E9right"} <= set(added.supporting)
    assert added.score == pytest.approx(sum(c.log_odds for c in added.ledger), abs=0.01)


def test_nobody_convicts_what_is_not_seen_where_others_may_stand_behind_it() -> None:
    calls = {"door": ("inner",), "inner": ("far",), "far": ()}
    facts = Facts([fails("door"), *shop.quiet("door", "memory")], Topology(shop.inventory(calls).components))
    pairs = {c for c, _ in values_of([suspect("", "unknown", 1.0)], {}, Scene(facts))}
    assert "inner" not in pairs
    assert "door" in pairs


def test_the_role_is_told_by_the_software_and_a_clients_counters_make_no_database() -> None:
    assert role_of(("kv",), ["valkey_connected_clients", "valkey_memory", "process_cpu"]) == "cache"
    assert role_of(("api",), ["redis_client_command_seconds_count", "api_requests_total", "api_up"]) == ""
    assert role_of(("orders",), ["db_client_wait", "orders_total", "orders_seconds"]) == ""
    assert role_of(("kq-db1",), []) == "database"
    assert role_of(("dns-interno",), []) == "resolver"


def test_an_outside_check_without_any_answer_is_a_hang_and_one_with_a_bad_answer_is_not() -> None:
    def status(after: float) -> Evidence:
        return shop.fact(
            "door",
            "other",
            "door: status.",
            metric="probe_http_status_code",
            before=200.0,
            after=after,
            direction="down",
        )

    assert scene(*both(), status(0.0)).hung
    assert not scene(*both(), status(502.0)).hung


def test_a_rate_of_what_was_well_is_no_state() -> None:
    well = shop.fact(
        "db", "availability", "db: ok 1 → 0 /s.", before=1.0, after=0.0, direction="down"
    ).model_copy(update={"unit": "/s"})
    assert not scene(*both(), well).down


def test_who_serves_others_as_ever_fails_nobody_by_itself() -> None:
    calm = shop.quiet("right", "errors", "latency")
    staged = Staged(
        scene(fails("left"), says("left", "log.timeout", "read timed out"), fails("door", 2), *calm)
    )
    assert staged.place("db")["serves_others"] == 1.0
    assert staged.kind("db", "network.partition")["of_serving"] == 1.0
    assert staged.kind("db", "software.crash")["of_serving"] == 0.0


QUEUE = {"till": ("mail",), "sender": ("mail",), "receipts": ("mail",), "mail": ()}


def of_queue(*facts: Evidence) -> Scene:
    """A queue server that three use, who are nobody's replicas."""
    kept = [
        *facts,
        shop.fact("mail", "other", "mail.", metric="rabbitmq_connections", direction="steady", strength=0.1),
    ]
    return Scene(Facts(kept, Topology(shop.inventory(QUEUE).components)))


def piles(name: str, at: float) -> Evidence:
    return shop.fact(
        name, "queue", f"{name}: waits.", kind="metric.trend", at=at, **{"from": 0.0, "to": 300.0}
    )


def stops(name: str, at: float) -> Evidence:
    fell = shop.fact(name, "traffic", f"{name}: done.", direction="down", at=at, before=3.5, after=0.0)
    return fell.model_copy(update={"unit": "/s"})


def test_who_finishes_nothing_of_what_piles_up_complains_and_was_first() -> None:
    busy = shop.fact("sender", "other", "sender: work seconds.", at=1, before=0.01, after=0.9)
    staged = Staged(of_queue(piles("mail", 0), stops("sender", 0), busy, stops("receipts", 4)))
    place = {c: staged.place(c) for c in ("sender", "receipts", "till")}
    assert [place[c]["halts"] for c in place] == [1.0, 1.0, 0.0]
    assert [place[c]["halts_first"] for c in place] == [1.0, 0.0, 0.0]
    assert [place[c]["halts_busy"] for c in place] == [1.0, 0.0, 0.0]
    assert place["sender"]["replica_out"] == 0.0
    assert staged.kind("sender", "software.exception")["of_halt"] == 1.0


def test_work_that_ends_where_nothing_waits_for_it_is_rest() -> None:
    assert not of_queue(stops("sender", 0)).halts
    assert not of_queue(piles("mail", 0), stops("sender", 90)).halts


def changed(name: str, at: float = -1.0) -> Evidence:
    return shop.fact(
        name, "change.config", f"{name}: changed.", kind="change.config", direction="changed", at=at
    )


def test_a_change_behind_those_that_are_well_is_far() -> None:
    calls = {"edge": ("shop",), "shop": ("pool",), "pool": ("store",), "store": ()}
    well = [q for c in ("shop", "pool") for q in shop.quiet(c, "errors", "latency")]
    facts = [fails("edge"), changed("edge"), changed("store"), *well]
    staged = Staged(Scene(Facts(facts, Topology(shop.inventory(calls).components))))
    assert staged.place("edge")["change"] == staged.place("store")["change"] == 1.0
    assert staged.place("edge")["change_far"] == 0.0
    assert staged.place("store")["change_far"] == 1.0


def test_a_bar_of_one_who_shows_nothing_falls_where_it_was_just_changed() -> None:
    bars = {
        ("db", "software.configuration"): f"{BY_LOGS}, and only one message",
        ("db", "x"): "the alarm is of another",
    }
    assert freed(scene(*both(), changed("db")), bars) == {("db", "x"): "the alarm is of another"}
    assert freed(scene(*both(), changed("db", -60.0)), bars) == bars


def test_what_a_server_refuses_it_says_of_itself() -> None:
    refuses = says("db", "log.permission", "password authentication failed for user 'left'", whose="client")
    refuses = refuses.model_copy(update={"peer": "left"})
    claims = scene(*both(), fails("db"), refuses).claims
    assert any(k.author == "db" and k.targets == {"db"} and "identity" in k.how for k in claims)


def test_the_software_that_a_name_names_tells_who_of_those_that_it_calls() -> None:
    calls = {"lobby": ("bus", "ranks"), "bus": (), "ranks": ()}
    kinds = [
        shop.fact("bus", "other", "bus.", metric="gnatsd_connz", direction="steady", strength=0.1),
        shop.fact("ranks", "other", "ranks.", metric="redis_memory", direction="steady", strength=0.1),
    ]
    counted = fails("lobby").model_copy(
        update={"values": {"metric": "lobby_redis_errors_total", "before": 0.0, "after": 9.0}}
    )
    staged = Staged(Scene(Facts([*kinds, counted], Topology(shop.inventory(calls).components))))
    assert staged.place("ranks")["labelled"] == 1.0
    assert staged.place("bus")["labelled"] == 0.0


def test_a_part_of_a_name_in_a_line_hints_at_one_of_those_that_are_called() -> None:
    staged = Staged(
        scene(fails("left"), says("left", "log.timeout", "GET /cards/17 took 9 s"), fails("door", 2))
    )
    assert staged.place("cards")["hinted"] == 1.0
    assert staged.place("db")["hinted"] == 0.0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Out of memory: Killed process 4711 (db)", {"memory"}),
        ("exited: db (terminated by SIGKILL; not expected)", set()),
    ],
)
def test_what_the_kernel_ended_for_want_of_memory_ran_full(line: str, told: set[str]) -> None:
    ended = says("host", "log.oom", line).model_copy(
        update={"component": "db", "provenance": "infrastructure"}
    )
    assert Staged(scene(*both(), ended)).full("db") == told


def test_features_are_known_and_the_files_hold_together() -> None:
    facts = Facts(both(), Topology(INVENTORY.components))
    values = values_of(SUSPECTS, {}, Scene(facts))
    assert {n for row in values.values() for n in row} <= set(ALL)
    assert set(bundled_staged().factors) <= set(ALL)
    assert bundled_weights().staged == bundled_staged().factors
    left_out = json.loads(LEFT_OUT.read_text(encoding="utf-8"))
    assert len(left_out) == bundled_staged().data["systems"]
    assert all(set(factors) <= set(ALL) for factors in left_out.values())
    with pytest.raises(ValidationError, match="no such feature"):
        Weights(staged={"mechanics": 1.0})


@pytest.mark.parametrize(
    ("text", "told", "nothing"),
    [
        ("Quarterly rotation of service secrets", {"keys"}, False),
        ("Kennwörter der Dienstkonten gewechselt", {"keys"}, False),
        ("Uprawnienia tematów zawężone (ZG-418)", {"rights"}, False),
        ("límites del bus según la guía", {"limits"}, False),
        ("Rekordy dostawców zaktualizowane", {"names"}, False),
        ("Copyright header in the Caddyfile", set(), True),
        ("VACUUM ANALYZE merkliste", set(), True),
        ("orders 2.13.4: fix of the order number format", set(), False),
        ("", set(), False),
    ],
)
def test_what_the_words_of_a_change_say(text: str, told: set[str], nothing: bool) -> None:
    assert touches(text) == told
    assert slight(text) is nothing


def test_a_change_is_read_where_it_was_made_and_when() -> None:
    rotated = changed("db").model_copy(
        update={"statement": 'db: maintenance, 9 s before the alarm: "Rotation of secrets".'}
    )
    staged = Staged(scene(*both(), rotated))
    assert staged.kind("db", "software.credentials")["change_says"] == 1.0
    assert staged.kind("cards", "software.credentials")["change_says"] == 0.0
    later = (
        rotated.model_copy(update={"onset": rotated.onset + timedelta(seconds=60)})
        if rotated.onset
        else rotated
    )
    assert Staged(scene(*both(), later)).kind("db", "software.credentials")["change_says"] == 0.0
