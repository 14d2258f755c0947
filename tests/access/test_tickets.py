"""Sessions and sign-ins of several processes: what one began another knows, and what one ended is over for all."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aitia.access.identity import EVERYTHING, Identity
from aitia.access.issued import FILE
from aitia.access.keeper import Doorkeeper
from aitia.access.oidc import Provider, SignInRefused
from aitia.access.oidc_settings import Oidc
from aitia.access.tickets import OwnTickets, SharedTickets, Tickets
from aitia.web.auth import FRESH_S, SESSIONS, Guard

pytestmark = pytest.mark.usefixtures("database")
ANN = Identity(name="ann", roles=frozenset({"see", "approve"}))


def guard(home: Path, salt: str = "t") -> Guard:
    """One process's door."""
    return Guard(Doorkeeper(token="t"), SharedTickets(home, salt=salt))


def wait_until_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    later = time.time() + FRESH_S + 0.1
    monkeypatch.setattr(time, "time", lambda: later)


def test_a_session_of_one_process_is_known_to_another_and_its_logout_ends_it_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = guard(tmp_path), guard(tmp_path)
    cookie = here.session(ANN)
    assert there.holds(cookie) == ANN
    there.end(cookie)
    assert there.holds(cookie) is None
    wait_until_asked_again(monkeypatch)
    assert here.holds(cookie) is None


def test_another_shared_token_ends_all_and_a_restart_none(tmp_path: Path) -> None:
    cookie = guard(tmp_path).session(EVERYTHING)
    assert guard(tmp_path).holds(cookie) == EVERYTHING  # a restart does not
    assert guard(tmp_path, salt="other").holds(cookie) is None


def test_what_is_kept_is_no_cookie(tmp_path: Path, database: str) -> None:
    cookie = guard(tmp_path).session(ANN)
    if not database:
        for file in tmp_path.glob(f"{FILE}*"):
            assert cookie.encode() not in file.read_bytes()
            assert oct(file.stat().st_mode)[-2:] == "00"


@pytest.mark.parametrize("shared", [True, False])
def test_the_oldest_go_where_there_are_too_many_and_nothing_outlives_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    tickets: Tickets = SharedTickets(tmp_path) if shared else OwnTickets()
    for n in range(5):
        tickets.put("session", f"s{n}", "x", seconds=60, most=3)
    tickets.put("sign-in", "s0", "of another kind", seconds=1e5, most=3)
    assert [n for n in range(5) if tickets.get("session", f"s{n}")] == [2, 3, 4]
    assert tickets.get("sign-in", "s0") == "of another kind"
    late = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: late)
    assert tickets.get("session", "s4") is None
    assert tickets.take("session", "s4") is None
    assert SESSIONS == 1_000


def test_of_many_that_take_a_sign_in_one_gets_it(tmp_path: Path) -> None:
    tickets = [SharedTickets(tmp_path) for _ in range(8)]
    tickets[0].put("sign-in", "state", "verifier", seconds=60, most=9)
    with ThreadPoolExecutor(8) as pool:
        told = [*pool.map(lambda t: t.take("sign-in", "state"), tickets)]
    assert sorted(t or "" for t in told) == [""] * 7 + ["verifier"]


def test_a_sign_in_that_one_replica_began_another_one_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("authlib")

    async def published(self: Provider) -> dict[str, str]:
        return {"authorization_endpoint": "https://login.example/authorize"}

    monkeypatch.setattr(Provider, "_published", published)
    config = Oidc.model_validate(
        {
            "issuer": "https://login.example",
            "client_id": "aitia",
            "url": "https://aitia.example",
            "roles": {"sre": ["see"]},
        }
    )
    here, there = (Provider(config, tickets=SharedTickets(tmp_path)) for _ in range(2))
    _, state = asyncio.run(here.begin("/diagnoses"))
    assert there.take(state).next == "/diagnoses"
    with pytest.raises(SignInRefused, match="Sign in again"):
        here.take(state)
