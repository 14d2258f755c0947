"""The door: who is let in, what is refused and how it is told, what is one request and what is two."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from aitia import http_protocol
from aitia.access import EVERYTHING, Doorkeeper
from aitia.core.errors import BadInput
from aitia.core.serving import listening
from aitia.core.store import RunStore
from aitia.core.tokens import Buckets, Token, client_of
from aitia.jobs import Jobs
from aitia.settings import Service, Settings
from aitia.tools.sources.base import Span
from aitia.web.auth import SESSION_S, Guard
from aitia.web.incoming import SIGNATURE
from aitia.web.limits import Aside, Bounds
from aitia.web.problems import Problem
from aitia.web.spans import SpanSpool
from aitia.web.strict_json import parse_json

from .served import opened, told, wait_for

pytestmark = pytest.mark.server
STARTED = "2026-11-25T10:00:00Z"


def alerts(group: str = "g", *summaries: str, status: str = "firing", **fields: Any) -> dict[str, Any]:
    listed = [
        {
            "status": status,
            "labels": {"service": "shop"},
            "annotations": {"summary": s},
            "startsAt": STARTED,
            **fields,
        }
        for s in summaries or ("slow",)
    ]
    return {"version": "4", "groupKey": group, "status": status, "alerts": listed}


def pagerduty(kind: str = "incident.triggered", id: str = "Q1", **data: Any) -> dict[str, Any]:
    service = {"id": "P1", "type": "service_reference", "summary": "db"}
    incident = {"id": id, "type": "incident", "title": "db down", "created_at": STARTED, "service": service}
    return {"event": {"id": "E1", "event_type": kind, "occurred_at": STARTED, "data": incident | data}}


def post(client: httpx.Client, body: Any, **headers: str) -> httpx.Response:
    return client.post("/v1/diagnoses", json=body, headers=headers)


def is_problem(answer: httpx.Response, status: int, says: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert says in body["detail"], body["detail"]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """One for all requests that change nothing."""
    with opened(tmp_path_factory.mktemp("home")) as client:
        yield client


def test_words_are_a_new_diagnosis_each_time(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        first, second = (post(client, {"text": "checkout is slow", "since": "5m"}) for _ in range(2))
        assert (first.status_code, second.status_code) == (202, 202)
        assert first.json()["id"] != second.json()["id"]
        assert first.headers["location"] == first.json()["links"]["self"]
        shown = client.get(first.headers["location"]).json()
        assert (shown["state"], shown["origin"], shown["title"]) == ("queued", "api", "checkout is slow")


def test_an_idempotency_key_is_one_diagnosis(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        sent = [post(client, {"text": f"slow {n}"}, **{"Idempotency-Key": "k"}) for n in range(2)]
        assert [a.status_code for a in sent] == [202, 200]
        assert sent[0].json()["id"] == sent[1].json()["id"]


def test_a_group_is_one_diagnosis_until_it_is_resolved(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        first = post(client, alerts())
        repeated = post(client, alerts())
        grown = post(client, alerts("g", "slow", "slower"))
        later = post(client, alerts("g", "slower", startsAt="2026-11-25T10:20:00Z"))
        assert [a.status_code for a in (first, repeated, grown, later)] == [202, 200, 200, 200]
        assert len({a.json()["id"] for a in (first, repeated, grown, later)}) == 1
        assert post(client, alerts("other")).status_code == 202
        assert post(client, alerts(status="resolved")).json()["alert"] == "resolved"
        fresh = post(client, alerts("g", "slow again", startsAt="2026-11-25T12:00:00Z"))
        assert fresh.status_code == 202
        assert fresh.json()["id"] != first.json()["id"]


def test_what_a_group_is_called_stays_outside(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        post(client, alerts('{}:{customer="Jane Roe"}'))
        for file in tmp_path.glob("jobs.sqlite*"):
            assert b"Jane Roe" not in file.read_bytes()


def test_a_pagerduty_incident_is_one_diagnosis(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        first = post(client, pagerduty())
        assert (first.status_code, first.json()["origin"], first.json()["title"]) == (
            202,
            "pagerduty",
            "db down",
        )
        assert post(client, pagerduty()).json()["id"] == first.json()["id"]
        for kind in ("incident.acknowledged", "incident.annotated", "service.updated"):
            assert post(client, pagerduty(kind)).status_code == 204
        ping = {"event": {"event_type": "pagey.ping", "data": {"message": "Hello", "type": "ping"}}}
        assert post(client, ping).status_code == 204
        assert post(client, pagerduty("incident.resolved", id="Q9")).status_code == 204
        assert post(client, pagerduty("incident.resolved")).json()["alert"] == "resolved"
        assert post(client, pagerduty("incident.reopened")).status_code == 202
        assert len(client.get("/v1/diagnoses").json()["diagnoses"]) == 2


def test_a_pagerduty_message_must_be_signed_where_there_is_a_secret(tmp_path: Path) -> None:
    body = json.dumps(pagerduty()).encode()

    def signed(secret: str) -> str:
        return "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()

    with opened(tmp_path, pagerduty_secret="s3") as client:

        def send(signature: str) -> httpx.Response:
            headers = {"Content-Type": "application/json", SIGNATURE: signature}
            return client.post("/v1/diagnoses", content=body, headers=headers)

        for wrong in ("", "v1=", signed("s4"), signed("s3")[3:], "v2" + signed("s3")[2:]):
            is_problem(send(wrong), 401, "Sign the body")
        assert send(f"{signed('old')}, {signed('s3')}").status_code == 202
        assert post(client, alerts()).status_code == 202


def test_a_list_comes_in_pages(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        ids = [post(client, {"text": f"trouble {n}"}).json()["id"] for n in range(5)]
        seen: list[str] = []
        cursor = ""
        while True:
            page = client.get("/v1/diagnoses", params={"limit": 2, "cursor": cursor}).json()
            seen += [d["id"] for d in page["diagnoses"]]
            cursor = page["next"]
            if not cursor:
                break
        assert sorted(seen) == sorted(ids)
        assert seen == sorted(seen, reverse=True)
        assert client.get("/v1/diagnoses", params={"state": "done"}).json()["diagnoses"] == []
        assert len(client.get("/v1/diagnoses", params={"origin": "api"}).json()["diagnoses"]) == 5


def test_secrets_of_a_request_are_not_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        made = post(client, {"text": "login fails with password=hunter2hunter2 for ann@example.com"})
        assert "hunter2" not in made.text
        for file in tmp_path.glob("jobs.sqlite*"):
            assert b"hunter2" not in file.read_bytes()


@pytest.mark.parametrize(
    ("send", "status", "says"),
    [
        (lambda c: c.get("/v1/diagnoses/none"), 404, "There is no diagnosis"),
        (lambda c: c.get("/v1/diagnoses/none/events"), 404, "Give the id"),
        (lambda c: c.get("/v1/diagnoses/none/report"), 404, "Give the id"),
        (lambda c: c.post("/v1/diagnoses/none/again"), 404, "Give the id"),
        (lambda c: c.get("/v1/diagnoses/.%00"), 422, "Fix path.id"),
        (lambda c: c.get("/v1/nothing"), 404, "There is no such path. Use one that is in"),
        (lambda c: c.put("/v1/diagnoses"), 405, "This method is not allowed. Use one from the"),
        (lambda c: c.get("/v1/diagnoses?limit=0"), 422, "Fix query.limit"),
        (lambda c: c.get("/v1/diagnoses?state=lost"), 422, "Fix query.state"),
        (lambda c: c.get("/v1/search"), 422, "Fix query.q"),
        (lambda c: post(c, {}), 422, "Fix body: send"),
        (lambda c: post(c, []), 422, "Fix body"),
        (lambda c: post(c, {"text": "  "}), 422, "Fix body.text.text"),
        (lambda c: post(c, {"text": "x" * 20_001}), 422, "Fix body.text.text"),
        (lambda c: post(c, {"text": "slow", "since": "yesterday-ish"}), 422, "Write a time like"),
        (lambda c: post(c, {"text": "slow", "since": "2100-01-01T00:00:00Z"}), 422, "is in the future (after"),
        (lambda c: post(c, {"text": "slow", "path": "/etc/passwd"}), 422, "Fix body.text.path"),
        (lambda c: post(c, alerts() | {"version": "3"}), 422, "Fix 'version' of the message"),
        (lambda c: post(c, alerts() | {"groupKey": ""}), 422, "Fix 'groupKey' of the message"),
        (lambda c: post(c, alerts() | {"alerts": []}), 422, "Fix 'alerts' of the message: send a list with at least"),
        (lambda c: post(c, alerts(startsAt="soon")), 422, "Fix 'startsAt' of the alert"),
        (lambda c: post(c, pagerduty(created_at="soon")), 422, "'soon' is not a time. Fix 'event.data.created_at'"),
        (lambda c: c.post("/v1/diagnoses", content=b"text=slow"), 415, "Send Content-Type"),
        (lambda c: c.post("/v1/diagnoses", content=b"{}", headers={"Content-Type": "text/plain"}), 415, "Send Content-Type"),
        (lambda c: post(c, {"text": "x"}, Origin="http://evil.example"), 403, "The request comes from another site. Send it"),
        (lambda c: post(c, {"text": "x"}, Origin="null"), 403, "The request comes from another site. Send it"),
        (lambda c: post(c, {"text": "x"}, **{"Sec-Fetch-Site": "cross-site"}), 403, "The request comes from another site. Send it"),
        (lambda c: c.get("/v1/diagnoses", headers={"Host": "evil.example"}), 403, "Without a token only requests to localhost or"),
        (lambda c: c.get("/v1/diagnoses", headers={"Host": "127.0.0.1.evil.example"}), 403, "Without a token only requests to localhost or"),
        (lambda c: c.get("/v1/diagnoses", headers={"Host": "[::2]:80"}), 403, "Without a token only requests to localhost or"),
        (lambda c: c.get("/v1/nothing", headers={"Cookie": "x" * 20_000}), 404, "There is no such path. Use one that is in"),
    ],
)  # fmt: skip
def test_what_is_refused_says_what_to_change(
    door: httpx.Client, send: Callable[[httpx.Client], httpx.Response], status: int, says: str
) -> None:
    is_problem(send(door), status, says)


def test_what_is_not_so_far_says_so(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        here = post(client, {"text": "slow"}).headers["location"]
        is_problem(client.get(f"{here}/report"), 409, "The diagnosis is queued. Wait for the report")
        is_problem(client.post(f"{here}/again"), 409, ". Wait until it has ended.")
        for body, says in (
            ({"kind": "approval", "calls": {"h": True}}, "and is not waiting for"),
            ({"kind": "question", "question": "why?"}, "Wait for the report"),
            ({"kind": "outcome", "right": True}, "Wait for the report"),
        ):
            is_problem(client.post(f"{here}/answers", json=body), 409, says)


def test_an_approval_is_bound_to_what_was_asked(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        here = post(client, {"text": "slow"}).json()
        table = Jobs(tmp_path, Settings()).table
        calls = [{"hash": h, "tool": "restart", "args": {"service": h}} for h in ("aa", "bb")]
        table.set(here["id"], state="waiting", asked=json.dumps(calls))
        waits = client.get(here["links"]["self"]).json()
        assert [(a["hash"], a["args"]["service"]) for a in waits["asked"]] == [("aa", "aa"), ("bb", "bb")]

        def say(**calls: bool) -> httpx.Response:
            return client.post(here["links"]["answers"], json={"kind": "approval", "calls": calls})

        is_problem(say(cc=True), 422, "is not the hash of a waiting call. Answer one")
        assert say(aa=True).json()["diagnosis"]["state"] == "waiting"
        assert say(bb=False).json()["diagnosis"]["state"] == "queued"
        is_problem(say(aa=False), 409, "and is not waiting for")
        assert json.loads(table.row(here["id"])["answers"]) == {"aa": True, "bb": False}


@pytest.mark.parametrize("first", [{"aa": False}, {"aa": False, "bb": False}])
def test_the_second_of_two_persons_is_told_who_was_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: dict[str, bool]
) -> None:
    with opened(tmp_path) as client:
        here = post(client, {"text": "slow"}).json()
        jobs = Jobs(tmp_path, Settings())
        calls = [{"hash": h, "tool": "restart", "args": {}} for h in ("aa", "bb")]
        run = RunStore.create(tmp_path, meta={}).id
        jobs.table.set(here["id"], state="waiting", asked=json.dumps(calls), run=run)

        def say(by: str, calls: dict[str, bool]) -> httpx.Response:
            return client.post(here["links"]["answers"], json={"kind": "approval", "calls": calls, "by": by})

        assert say("Ann\x1b", first).status_code == 200
        late = say("Bob", {"aa": True})
        is_problem(
            late,
            409,
            "Somebody has already answered this. Check the" if len(first) == 1 else "and is not waiting for",
        )
        assert late.json()["detail"].endswith("Denied by Ann.")
        form = {"hash": "aa", "approved": "yes", "by": "Bob"}
        page = client.post(f"/diagnoses/{here['id']}/approvals", data=form, headers={"Accept": "text/html"})
        assert page.status_code == 409
        assert "Denied by Ann." in page.text
        assert jobs.run_store(here["id"]).meta()["answer_aa"]["by"] == "Ann\x1b"


def test_many_keys_one_of_them_twice_are_refused_at_once() -> None:
    body = "{" + ",".join(f'"{n:x}":0' for n in range(60_000)) + ',"ea5f":0}'
    began = time.monotonic()
    with pytest.raises(Problem, match="the key 'ea5f' occurs twice"):
        parse_json(body.encode())
    assert time.monotonic() - began < 3


def test_a_large_body_is_read_beside_the_event_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where: list[bool] = []

    def parsed(raw: bytes) -> Any:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        where.append(True)
        return parse_json(raw)

    monkeypatch.setattr("aitia.web.strict_json.parse_json", parsed)
    with opened(tmp_path) as client:
        assert post(client, alerts("g", "slow " * 100_000)).status_code == 202
    assert where == [True]


def test_spans_are_kept_again_once_the_folder_is_there_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("aitia.web.spans.FLUSH_S", 0.05)
    spool = SpanSpool(tmp_path, host="127.0.0.1", port=0)
    with spool:
        (spool.folder / "1.jsonl").symlink_to(
            tmp_path / "deleted"
        )  # as one that another service deletes meanwhile
        spool.folder.rename(tmp_path / "away")
        spool.keep(
            [Span(trace="1", id="1", parent="", component="pay", operation="GET", start=1.0, duration=1.0)]
        )
        wait_for(lambda: "spans are not saved" in caplog.text)
        (tmp_path / "away").rename(spool.folder)
        wait_for(lambda: [f for f in spool.folder.glob("*.jsonl") if f.is_file()])
        spool.flush()
        assert not list(spool.folder.glob("*.part"))


def test_a_stream_stays_open_while_a_person_is_waited_for(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        here = post(client, {"text": "slow"}).json()
        table = Jobs(tmp_path, Settings()).table
        table.set(here["id"], state="waiting", asked=json.dumps([{"hash": "aa", "tool": "t", "args": {}}]))
        seen: list[dict[str, str]] = []
        reader = threading.Thread(target=lambda: seen.extend(told(client, here["links"]["events"])))
        reader.start()
        time.sleep(1.5)
        assert reader.is_alive()
        table.set(here["id"], state="failed", message="it was denied")
        reader.join(20)
        states = [json.loads(e["data"])["state"] for e in seen if e.get("event") == "state"]
        assert states == ["waiting", "failed"]
        assert seen[-1]["event"] == "end"


def test_a_place_in_a_stream_is_freed_when_its_client_leaves(tmp_path: Path) -> None:
    with opened(tmp_path, bounds=Bounds(streams=1)) as client:
        events = post(client, {"text": "slow"}).json()["links"]["events"]
        with client.stream("GET", events) as held:
            lines = held.iter_lines()
            next(lines)
            refused = client.get(events)
            is_problem(refused, 503, "Too many clients are following a diagnosis. Try")
            assert int(refused.headers["retry-after"]) > 0

        def follows() -> bool:
            with client.stream("GET", events) as answer:
                return answer.status_code == 200

        assert wait_for(follows, 10)


@pytest.mark.parametrize("seen", ["x", "1-", "1-2-3", "9" * 30, "1-2.end.end", "1-2\u00b2"])
def test_a_strange_cursor_is_refused(door: httpx.Client, seen: str) -> None:
    events = post(door, {"text": "slow"}, **{"Idempotency-Key": "cursor"}).json()["links"]["events"]
    is_problem(door.get(events, params={"after": seen}), 422, "Send the id of an event")


def test_a_full_queue_says_when_to_come_again(tmp_path: Path) -> None:
    with opened(tmp_path, Settings(service=Service(places=2))) as client:
        assert [post(client, {"text": f"t{n}"}).status_code for n in range(2)] == [202, 202]
        full = post(client, {"text": "one more"})
        is_problem(full, 503, "Send it again later")
        assert int(full.headers["retry-after"]) > 0


def test_a_client_that_asks_too_much_is_told_to_wait(tmp_path: Path) -> None:
    with opened(tmp_path, bounds=Bounds(per_s=2.0, burst=5)) as client:
        answers = [client.get("/v1/diagnoses") for _ in range(8)]
        assert answers[0].status_code == 200
        assert answers[-1].status_code == 429
        is_problem(answers[-1], 429, "Too many requests from this client. Send fewer.")
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert client.get("/healthz").status_code == 200
        time.sleep(0.7)
        assert client.get("/v1/diagnoses").status_code == 200


def test_a_body_is_bounded_whether_its_length_is_told_or_not(tmp_path: Path) -> None:
    with opened(tmp_path, bounds=Bounds(body=5_000)) as client:
        text = json.dumps({"text": "x" * 6_000}).encode()
        headers = {"Content-Type": "application/json"}
        is_problem(
            client.post("/v1/diagnoses", content=text, headers=headers), 413, "Send at most 5000 bytes"
        )

        def pieces() -> Any:
            for at in range(0, len(text), 500):
                yield text[at : at + 500]

        is_problem(client.post("/v1/diagnoses", content=pieces(), headers=headers), 413, "Send at most")
        assert post(client, {"text": "x" * 4_000}).status_code == 202


def test_a_body_that_comes_too_slowly_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path, bounds=Bounds(body_s=0.5)) as client:

        def slow() -> Any:
            yield b'{"text": '
            time.sleep(1.5)
            yield b'"x"}'

        answer = client.post("/v1/diagnoses", content=slow(), headers={"Content-Type": "application/json"})
        is_problem(answer, 408, "The body did not arrive in time. Send all of it")


def test_a_head_that_does_not_end_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_S", 0.5)
    with opened(tmp_path) as client:
        place = (client.base_url.host, client.base_url.port or 0)
        for begun in (b"", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "):
            with socket.create_connection(place) as slow:
                slow.settimeout(10)
                slow.sendall(begun)
                time.sleep(0.3)
                slow.sendall(b"" if not begun else b"a")
                assert slow.recv(1000) == b""
        with socket.create_connection(place) as large:
            large.settimeout(10)
            large.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 60_000)
            assert large.recv(1000).startswith(b"HTTP/1.1 4")


def test_every_answer_tells_the_browser_what_it_may_do(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        answers = [
            client.get("/healthz"),
            client.get("/v1/nothing"),
            post(client, {"text": "x"}),
            post(client, 1),
        ]
        for answer in answers:
            policy = answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert answer.headers["cache-control"] == "no-store"
            assert "server" not in answer.headers


def test_a_token_is_needed_and_a_cookie_stands_for_it(tmp_path: Path) -> None:
    with opened(tmp_path, token="open sesame") as client:
        bearer = {"Authorization": "Bearer open sesame"}
        is_problem(client.get("/v1/diagnoses"), 401, "The token is missing. Send it")
        is_problem(
            client.get("/v1/diagnoses", headers={"Authorization": "Bearer x"}),
            401,
            "Send the right one.",
        )
        assert client.get("/v1/diagnoses", headers=bearer).status_code == 200
        assert client.get("/v1/diagnoses", headers=bearer | {"Host": "aitia.example"}).status_code == 200
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
        own = {"Origin": str(client.base_url).rstrip("/")}
        foreign = client.post(
            "/login", data={"token": "open sesame"}, headers={"Origin": "http://evil.example"}
        )
        assert foreign.status_code == 403
        wrong = client.post("/login", data={"token": "x"}, headers=own)
        assert (wrong.status_code, wrong.headers["location"]) == (303, "/login?wrong=1&next=/")
        assert "set-cookie" not in wrong.headers
        right = client.post("/login", data={"token": "open sesame", "next": "/search"}, headers=own)
        assert (right.status_code, right.headers["location"]) == (303, "/search")
        cookie = right.headers["set-cookie"]
        for part in ("HttpOnly", "SameSite=strict", "Path=/"):
            assert part in cookie
        assert "open sesame" not in cookie
        assert client.get("/v1/diagnoses").status_code == 200  # the client keeps the cookie
        assert post(client, {"text": "x"}, **own).status_code == 202
        is_problem(
            post(client, {"text": "x"}, Origin="http://evil.example"),
            403,
            "The request comes from another site. Send it",
        )
        assert client.post("/logout", headers=own).status_code == 303
        is_problem(client.get("/v1/diagnoses"), 401, "The token is missing. Send it")


def test_a_login_leads_to_no_other_site(tmp_path: Path) -> None:
    with opened(tmp_path, token="t") as client:
        for next in (
            "//evil.example", "http://evil.example", "/\\evil.example", "evil", "/a\r\nX: y", "/\u00e4",
        ):  # fmt: skip
            client.cookies.clear()
            assert client.post("/login", data={"token": "t", "next": next}).headers["location"] == "/", next


def test_a_token_is_not_guessed_and_the_right_one_always_passes(tmp_path: Path) -> None:
    with opened(tmp_path, token="right") as client:
        right = {"Authorization": "Bearer right"}
        logins = [client.post("/login", data={"token": f"guess {n}"}).status_code for n in range(15)]
        assert (logins[0], logins[-1]) == (303, 429)
        bearers = [
            client.get("/v1/diagnoses", headers={"Authorization": f"Bearer guess {n}"}) for n in range(120)
        ]
        slowed = [a for a in bearers if a.status_code == 429]
        assert len(slowed) > 60  # one in five seconds is answered 401
        assert all(1 <= int(a.headers["retry-after"]) <= 60 for a in slowed)
        assert client.get("/v1/diagnoses", headers=right).status_code == 200
        assert client.post("/login", data={"token": "right"}).headers["location"] == "/"
        assert client.get("/v1/diagnoses").status_code == 200  # by its cookie


def test_who_knows_the_token_is_not_held_up_by_others_of_the_same_address(tmp_path: Path) -> None:
    right = {"Authorization": "Bearer right"}
    with opened(tmp_path, token="right", bounds=Bounds(per_s=0.1, burst=5)) as client:
        assert [client.get("/v1/diagnoses").status_code for _ in range(7)][-1] == 429
        assert client.get("/v1/diagnoses", headers=right).status_code == 200


def test_a_logout_ends_the_session_wherever_its_cookie_was_copied_to(tmp_path: Path) -> None:
    with opened(tmp_path, token="right") as client:
        first = client.post("/login", data={"token": "right"}).cookies["aitia_session"]
        copied = {"Cookie": f"aitia_session={first}"}
        client.cookies.clear()
        assert client.get("/v1/diagnoses", headers=copied).status_code == 200
        client.post("/login", data={"token": "right"}, headers=copied)
        assert (
            client.get("/v1/diagnoses", headers=copied).status_code == 401
        )  # another login, another session
        second = client.cookies["aitia_session"]
        assert second != first
        assert client.post("/logout").status_code == 303
        client.cookies.clear()
        assert client.get("/v1/diagnoses", headers={"Cookie": f"aitia_session={second}"}).status_code == 401


def test_a_session_ends_and_cannot_be_made_without_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Guard(Doorkeeper(token="t"))
    cookie = guard.session(EVERYTHING)
    assert guard.holds(cookie)
    for other in ("", ".", cookie + "0", cookie[:-1], cookie.swapcase(), "\u0663.x"):
        assert not guard.holds(other)
    assert not Guard(Doorkeeper(token="t")).holds(cookie)  # another process, perhaps with another token
    assert cookie not in repr(vars(guard))
    late = time.time() + SESSION_S + 1
    monkeypatch.setattr(time, "time", lambda: late)
    assert not guard.holds(cookie)
    many = [guard.session(EVERYTHING) for _ in range(1_001)]
    assert (guard.holds(many[0]), guard.holds(many[-1])) == (None, EVERYTHING)


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_network_that_one_subscriber_has_is_one_client(address: str, client: str) -> None:
    assert client_of(address) == client


def test_many_addresses_together_guess_no_faster() -> None:
    token = Token("t")
    waits = [token.wrong(f"10.0.{n // 250}.{n % 250}") for n in range(400)]
    assert waits[0] == 0.0
    assert waits[-1] > 0.0
    assert token.knows("t")
    assert not Token("").knows("")


def test_a_service_that_cannot_write_is_not_ready(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        assert client.get("/readyz").status_code == 200
        (tmp_path / "jobs.sqlite").rename(tmp_path / "gone")
        (tmp_path / "jobs.sqlite").mkdir()
        is_problem(client.get("/readyz"), 503, "The job table cannot be used now")
        is_problem(client.get("/v1/diagnoses"), 503, "Cannot write ")
        assert client.get("/healthz").status_code == 200


def test_a_bug_is_an_answer_without_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(self: Jobs, **_: Any) -> None:
        raise RuntimeError("a secret of the house")

    with opened(tmp_path) as client:
        monkeypatch.setattr(Jobs, "list", broken)
        answer = client.get("/v1/diagnoses")
        is_problem(answer, 500, "Please report it as an aitia bug")
        assert "secret" not in answer.text
        assert "frame-ancestors" in answer.headers["content-security-policy"]
        monkeypatch.undo()
        assert client.get("/v1/diagnoses").status_code == 200
    assert "a secret of the house" in capfd.readouterr().err


def test_a_bucket_fills_again_and_strange_clients_are_forgotten() -> None:
    now = 0.0
    buckets = Buckets(per_s=1.0, burst=2, clock=lambda: now)
    assert [buckets.wait("a") for _ in range(3)] == [0.0, 0.0, 1.0]
    assert buckets.wait("b") == 0.0
    now = 1.0
    assert [buckets.wait("a") for _ in range(2)] == [0.0, 1.0]
    for n in range(20_000):
        buckets.wait(f"c{n}")
    assert len(buckets._left) <= 10_000


def test_work_aside_is_bounded_in_number_and_time() -> None:
    async def crowd() -> list[Any]:
        aside = Aside(threads=1, waiting=1, seconds=0.3)
        release = threading.Event()
        try:
            asked = [aside(release.wait, 5) for _ in range(3)]
            first = await asyncio.gather(*asked, return_exceptions=True)
            release.set()
            await asyncio.sleep(0.2)
            return [*first, await aside(lambda: "free again")]
        finally:
            release.set()
            aside.close()

    *refused, last = asyncio.run(crowd())
    assert [type(e) for e in refused] == [Problem] * 3
    assert last == "free again"


def test_an_address_that_is_taken_is_told() -> None:
    with listening("127.0.0.1", 0) as held, pytest.raises(BadInput, match="Choose another --host or --port"):
        listening("127.0.0.1", held.getsockname()[1])
