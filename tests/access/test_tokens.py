"""Issued tokens: kept as hashes, with roles and an end, refused as soon as they are revoked; what each role may do over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from aitia.access import EVERYTHING, Doorkeeper, Identity, IssuedTokens
from aitia.access.issued import team_of
from aitia.cli.app import run
from aitia.core import trail
from aitia.core.errors import BadInput
from aitia.core.redact import Redactor, load_key
from aitia.jobs import Jobs
from tests.web.served import opened
from tests.web.states import World

CALL = "ab" * 32
ROLES = ("see", "diagnose", "approve", "administer")


def head(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_token_is_kept_as_a_hash_and_told_once(tmp_path: Path) -> None:
    store = IssuedTokens(tmp_path)
    token, made = store.issue("Ann  Example", ["approve", "see"], team="shop", by="terminal:root")
    assert team_of(token) == "shop"
    assert (made.name, made.roles, made.state) == ("Ann Example", ("see", "approve"), "valid")
    secret = token.rpartition(".")[2]
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes(), file
    assert (tmp_path / "access.sqlite").stat().st_mode & 0o777 == 0o600
    assert [line.what for line in store.trail()] == ["issue token"]
    store.revoke(made.id, by="terminal:root")
    store.revoke(made.id, by="terminal:root")  # said again it is done already
    assert [line.what for line in store.trail()] == ["issue token", "revoke token"]
    assert trail.verify(store.trail()).lines == 2
    assert store.any()
    assert store.known() == {}
    assert secret not in Redactor(load_key(tmp_path)).text(f"Authorization: Bearer {token}")


@pytest.mark.parametrize(
    ("name", "roles", "days", "says"),
    [
        ("ann", [], 1, "at least one role"),
        ("ann", ["root"], 1, "'root' is no role"),
        ("", ["see"], 1, "Name the person"),
        ("slack:U1", ["see"], 1, "without a colon"),
        ("a" * 81, ["see"], 1, "80 characters"),
        ("ann", ["see"], 0, "days of a token"),
        ("ann", ["see"], float("nan"), "days of a token"),
        ("ann", ["see"], 1e9, "days of a token"),
    ],
)
def test_what_is_wrong_with_a_token_is_said(
    tmp_path: Path, name: str, roles: list[str], days: float, says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        IssuedTokens(tmp_path).issue(name, roles, days=days, by="me")


def test_a_doorkeeper_knows_whose_token_it_is(tmp_path: Path) -> None:
    store = IssuedTokens(tmp_path)
    assert not Doorkeeper(issued=store)  # nothing was issued: open to this machine
    token, made = store.issue("ann", ["see"], team="shop", by="me")
    expired, _ = store.issue("old", ["see"], team="shop", days=1e-9, by="me")
    door = Doorkeeper(token="one for all", issued=store, team="shop")
    assert door
    ann = door.knows(token)
    assert ann == Identity(name="ann", token=made.id, roles=frozenset({"see"}))
    assert door.still(ann)
    assert door.bears(f"bearer  {token}") == ann
    assert door.knows("one for all") == EVERYTHING
    secret = token.rpartition(".")[2]
    wrong = [
        "",
        token[:-1],
        f"{token}0",
        token.upper(),
        f"aitia.plant.{secret}",
        f"aitia..{secret}",
        expired,
        "\ud800",
    ]
    assert [door.knows(t) for t in wrong] == [None] * len(wrong)
    assert Doorkeeper(issued=store, team="plant").knows(token) is None
    store.revoke(made.id, by="me")
    door.refresh()
    assert door.knows(token) is None
    assert not door.still(ann)
    assert Doorkeeper(issued=store)  # all are revoked or over: that does not open the door


def test_what_cannot_be_read_again_holds_for_a_minute_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = IssuedTokens(tmp_path)
    token, _ = store.issue("ann", ["see"], by="me")
    door = Doorkeeper(issued=store)
    monkeypatch.setattr("aitia.access.keeper.STALE_S", -1.0)
    assert door.knows(token) is None


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world") / "home")


@pytest.fixture
def closed(world: World, tmp_path: Path) -> Iterator[tuple[World, httpx.Client, dict[str, str]]]:
    """A world of its own, its door, and a token for each role."""
    here = world.copied(tmp_path)
    store = IssuedTokens(tmp_path)
    tokens = {role: store.issue(f"{role}r", [role], by="me")[0] for role in ROLES}
    with opened(tmp_path, here.jobs.settings, token=Doorkeeper(issued=store)) as client:
        yield here, client, tokens


def test_each_role_may_do_what_it_says_and_nothing_else(
    closed: tuple[World, httpx.Client, dict[str, str]],
) -> None:
    world, client, tokens = closed
    waiting, done = world.ids["waiting"], world.ids["done"]
    calls = {
        "see": [("GET", f"/v1/diagnoses/{done}", None), ("GET", "/", None), ("GET", "/metrics", None)],
        "diagnose": [
            ("POST", "/v1/diagnoses", {"text": "checkout is slow"}),
            ("POST", f"/v1/diagnoses/{done}/answers", {"kind": "outcome", "right": True}),
            ("POST", f"/v1/diagnoses/{done}/again", None),
        ],
        "approve": [
            ("POST", f"/v1/diagnoses/{waiting}/answers", {"kind": "approval", "calls": {CALL: True}})
        ],
    }
    for role in ROLES:
        for needed, several in calls.items():
            for method, path, body in several:
                answer = client.request(method, path, json=body, headers=head(tokens[role]))
                allowed = needed in (role, "see")
                assert (answer.status_code < 400) == allowed, (role, method, path, answer.text)
                if not allowed:
                    assert answer.status_code == 403
                    assert f"the role '{needed}'" in answer.json()["detail"]
    assert client.get("/v1/diagnoses").status_code == 401
    names = [(line.what, line.who) for line in world.jobs.table.trail()]
    assert ("approve", "approver") in names
    assert ("look again", "diagnoser") in names


def test_a_form_needs_the_same_role(closed: tuple[World, httpx.Client, dict[str, str]]) -> None:
    world, client, tokens = closed
    form = {"hash": CALL, "approved": "yes", "by": "somebody else"}
    path = f"/diagnoses/{world.ids['waiting']}/approvals"
    client.post("/login", data={"token": tokens["diagnose"]})
    assert client.post(path, data=form).status_code == 403
    client.post("/login", data={"token": tokens["approve"]})
    assert client.post(path, data=form).status_code == 303
    assert [line.who for line in world.jobs.table.trail() if line.what == "approve"] == ["approver"]


def test_a_revoked_token_ends_its_sessions_within_a_second(
    closed: tuple[World, httpx.Client, dict[str, str]], tmp_path: Path
) -> None:
    _, client, tokens = closed
    client.post("/login", data={"token": tokens["see"]})
    assert client.get("/v1/diagnoses").status_code == 200
    store = IssuedTokens(tmp_path)
    (id,) = [t.id for t in store.all() if t.name == "seer"]
    store.revoke(id, by="me")
    until = time.monotonic() + 20
    while client.get("/v1/diagnoses").status_code == 200:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert client.get("/v1/diagnoses", headers=head(tokens["see"])).status_code == 401


def test_an_administrator_issues_and_revokes_over_http(
    closed: tuple[World, httpx.Client, dict[str, str]],
) -> None:
    _, client, tokens = closed
    asked = {"name": "new one", "roles": ["see"], "days": 1}
    for role in ROLES:
        for method, path in (
            ("GET", "/v1/tokens"),
            ("POST", "/v1/tokens"),
            ("POST", "/v1/tokens/00000000/revoke"),
        ):
            answer = client.request(
                method, path, json=asked if method == "POST" else None, headers=head(tokens[role])
            )
            assert (answer.status_code == 403) == (role != "administer"), (role, method, path, answer.text)
    made = client.post("/v1/tokens", json=asked, headers=head(tokens["administer"])).json()
    assert client.get("/v1/diagnoses", headers=head(made["token"])).status_code == 200
    listed = client.get("/v1/tokens", headers=head(tokens["administer"])).text
    assert made["issued"]["id"] in listed
    assert made["token"].rpartition(".")[2] not in listed
    path = f"/v1/tokens/{made['issued']['id']}/revoke"
    assert client.post(path, headers=head(tokens["administer"])).json()["revoked_at"]
    assert client.get("/v1/diagnoses", headers=head(made["token"])).status_code == 401
    for wrong in ({**asked, "roles": ["root"]}, {**asked, "days": 0}, {**asked, "name": "slack:U1"}):
        assert client.post("/v1/tokens", json=wrong, headers=head(tokens["administer"])).status_code == 422


def test_two_persons_approve_where_the_policy_says_so(world: World, tmp_path: Path) -> None:
    jobs, job = waiting(world, tmp_path)
    asked = {CALL: True}
    with pytest.raises(BadInput, match="token of their own"):
        jobs.answer(job, asked, by="ann")  # a name that anybody may give
    jobs.answer(job, asked, by="ann", vouched=True)
    (first,) = [a for a in jobs.get(job).asked if a.hash == CALL]
    assert (first.first, jobs.get(job).state) == ("ann", "waiting")
    with pytest.raises(BadInput, match="You have approved this step already"):
        jobs.answer(job, asked, by="ann", vouched=True)
    with pytest.raises(BadInput, match="where it was approved first"):
        jobs.answer(job, asked, by="slack:U1", vouched=True)
    assert not jobs.table.answer(job, asked, by="slack:U1", two={CALL})  # nor past the check
    assert not jobs.table.answer(job, asked, by="ann", two={CALL})
    jobs.answer(job, asked, by="ben", vouched=True)
    jobs.answer(job, {"cd" * 32: True}, by="ann")  # of this one the policy says nothing
    assert jobs.get(job).state == "queued"
    done = [(line.what, line.who) for line in jobs.table.trail() if line.what.startswith("approve")]
    assert done == [("approve first of two", "ann"), ("approve", "ben"), ("approve", "ann")]
    claim = jobs.table.claim("tests/1/1", lease_s=30, attempts=9)
    assert claim is not None
    assert set(claim.answers) <= {CALL, "cd" * 32}


def test_one_person_is_enough_to_deny(world: World, tmp_path: Path) -> None:
    jobs, job = waiting(world, tmp_path)
    jobs.answer(job, {CALL: True}, by="ann", vouched=True)
    jobs.answer(job, {CALL: False, "cd" * 32: False}, by="ann", vouched=True)
    assert jobs.get(job).state == "queued"
    assert [line.what for line in jobs.table.trail()][-3:] == ["approve first of two", "deny", "deny"]


def waiting(world: World, home: Path) -> tuple[Jobs, str]:
    """The waiting diagnosis, one of whose steps two must approve."""
    jobs = world.copied(home).jobs
    job = world.ids["waiting"]
    asked = [a.model_dump(mode="json") | {"persons": 2 if a.hash == CALL else 1} for a in jobs.get(job).asked]
    jobs.table.set(job, asked=json.dumps(asked))
    return jobs, job


def test_tokens_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert run(["tokens", "new", "ann", "--role", "see", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert run(["tokens", "list", "--json"]) == 0
    told = capsys.readouterr().out
    assert made["token"] not in told
    assert json.loads(told)[0]["state"] == "valid"
    assert run(["tokens", "revoke", made["id"], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "revoked"
    assert run(["tokens", "revoke", "nothing"]) == 2
    assert "There is no token 'nothing'" in capsys.readouterr().err
    assert run(["audit", "verify", "--json"]) == 0
    assert [log["log"] for log in json.loads(capsys.readouterr().out)] == ["jobs", "access"]
