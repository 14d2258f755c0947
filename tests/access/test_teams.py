"""Teams behind one address: the token decides, the team's own service checks it, and a file of teams keeps them apart."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import yaml
from fastapi import FastAPI

from aitia.access import Doorkeeper, IssuedTokens, Role
from aitia.access.oidc_settings import Oidc
from aitia.core.errors import BadInput
from aitia.core.serving import listening, listening_at
from aitia.jobs import Jobs
from aitia.settings import Service, Settings
from aitia.web.app import create_app
from aitia.web.front import Fronted, create_front
from aitia.web.server import server, url_of
from aitia.web.teams import Team, environment_of, load_teams
from tests.access.oidc.forger import forged
from tests.web.served import PATIENT, wait_for


@dataclass(kw_only=True)
class Here:
    """Two teams and the front of both."""

    client: httpx.Client
    tokens: dict[str, str]
    ids: dict[str, str]
    services: Fronted


@contextmanager
def running(app: FastAPI, listener: Any, *, behind: bool = False) -> Iterator[None]:
    made = server(app, behind=behind)
    thread = threading.Thread(target=made.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        wait_for(lambda: made.started)
        yield
    finally:
        made.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    folder = tmp_path_factory.mktemp("teams")
    tokens, ids, sockets = {}, {}, {}
    with ExitStack() as stack:
        issuer = stack.enter_context(forged()).issuer
        roles: dict[str, tuple[Role, ...]] = {"sre": ("see",)}
        oidc = Oidc(issuer=issuer, client_id="aitia", url="http://127.0.0.1", roles=roles)
        for name in ("shop", "bank"):
            home = folder / name
            home.mkdir()
            told = oidc if name == "shop" and find_spec("authlib") else None
            settings = Settings(service=Service(team=name, join_minutes=0, oidc=told))
            jobs, issued = Jobs(home, settings), IssuedTokens(home)
            ids[name] = jobs.submit(f"the secret of the {name}", origin="api").job.id
            tokens[name], _ = issued.issue("ann", ["see", "diagnose"], team=name, by="me")
            sockets[name] = str(home / "http.sock")
            door = Doorkeeper(issued=issued, team=name, closed=True)
            app = create_app(jobs, settings, token=door, bounds=PATIENT)
            stack.enter_context(running(app, listening_at(Path(sockets[name])), behind=True))
        services = Fronted(
            {**sockets, "away": str(folder / "nothing.sock")}, {"shop": 4, "bank": 4, "away": 4}
        )
        listener = listening("127.0.0.1", 0)
        stack.enter_context(running(create_front(services, Fronted({}, {}), bounds=PATIENT), listener))
        client = stack.enter_context(httpx.Client(base_url=url_of(listener), timeout=30, trust_env=False))
        yield Here(client=client, tokens=tokens, ids=ids, services=services)


def head(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **more}


def titles(answer: httpx.Response) -> list[str]:
    return [d["title"] for d in answer.json()["diagnoses"]]


@pytest.mark.parametrize("name", ["shop", "bank"])
def test_a_token_leads_to_its_team_and_nowhere_else(here: Here, name: str) -> None:
    other = {"shop": "bank", "bank": "shop"}[name]
    token = here.tokens[name]
    assert titles(here.client.get("/v1/diagnoses", headers=head(token))) == [f"the secret of the {name}"]
    assert here.client.get(f"/v1/diagnoses/{here.ids[other]}", headers=head(token)).status_code == 404
    moved = f"aitia.{other}.{token.rpartition('.')[2]}"
    refused = here.client.get("/v1/diagnoses", headers=head(moved))
    unknown = here.client.get("/v1/diagnoses", headers=head(moved.replace(other, "nobody")))
    assert refused.status_code == unknown.status_code == 401
    named = head(
        token, **{"X-Aitia-Team": other, "Cookie": f"aitia_session={other}.x", "X-Forwarded-Host": other}
    )
    assert titles(here.client.get(f"/v1/diagnoses?team={other}", headers=named)) == [
        f"the secret of the {name}"
    ]


def test_a_login_is_of_the_team_whose_token_was_given(here: Here) -> None:
    with httpx.Client(base_url=here.client.base_url, timeout=30, trust_env=False) as browser:
        page = browser.get("/", headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["location"]) == (303, "/login?next=/")
        assert "Sign in" in browser.get("/login", headers={"Accept": "text/html"}).text
        assert browser.post("/login", data={"token": here.tokens["bank"]}).status_code == 303
        cookie = browser.cookies["aitia_session"]
        assert cookie.startswith("bank.")
        shown = browser.get("/", headers={"Accept": "text/html"}).text
        assert "the secret of the bank" in shown
        assert "the secret of the shop" not in shown
        moved = {"Cookie": f"aitia_session=shop.{cookie.partition('.')[2]}"}
        assert (
            httpx.get(f"{here.client.base_url}v1/diagnoses", headers=moved, trust_env=False).status_code
            == 401
        )
        assert browser.post("/logout").status_code == 303
        assert browser.get("/v1/diagnoses", headers={"Cookie": f"aitia_session={cookie}"}).status_code == 401
    wrong = here.client.post("/login", data={"token": here.tokens["bank"][:-1]})
    assert wrong.status_code in (303, 401)
    assert "set-cookie" not in wrong.headers


def test_a_sign_in_goes_to_its_team_and_comes_back_by_its_state(here: Here) -> None:
    pytest.importorskip("authlib", reason="the extra oidc is not installed")
    begun = here.client.get("/login/oidc/shop")
    assert (begun.status_code, "state=shop." in begun.headers["location"]) == (303, True)
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
    cookie = {"Cookie": f"aitia_sign_in={begun.cookies['aitia_sign_in']}"}
    # Its own team's service knows the state, no other does: where nobody has a provider there is no such page.
    for said, status in (
        (f"bank.{state.partition('.')[2]}", 404),
        ("nobody.x", 401),
        ("x", 401),
        (state, 403),
    ):
        here.client.cookies.clear()
        back = here.client.get("/login/oidc/callback", params={"state": said, "error": "no"}, headers=cookie)
        assert back.status_code == status, (said, back.text)
    assert here.client.get("/login/oidc/bank").status_code == 404, "it has no provider"
    assert here.client.get("/login/oidc/nobody").status_code == 401


def test_what_is_sent_is_passed_on_whole(here: Here) -> None:
    text = "checkout is slow ü " * 500
    made = here.client.post("/v1/diagnoses", json={"text": text}, headers=head(here.tokens["shop"]))
    assert made.status_code == 202
    path = made.headers["location"]
    assert (
        here.client.get(path, headers=head(here.tokens["shop"]))
        .json()["title"]
        .startswith("checkout is slow ü")
    )
    with here.client.stream("GET", f"{path}/events", headers=head(here.tokens["shop"])) as stream:
        lines = stream.iter_lines()
        assert next(lines) == ": aitia"  # at once, not when the stream ends
    wait_for(lambda: not +here.services.inside, 20)  # a client that leaves gives its place back
    wrong = here.client.post("/v1/diagnoses", content=b"{", headers=head(here.tokens["shop"]))
    assert wrong.status_code == 415


def test_a_team_that_has_too_much_to_do_or_is_away_holds_up_itself_alone(here: Here) -> None:
    here.services.inside["shop"] = 4
    try:
        refused = here.client.get("/v1/diagnoses", headers=head(here.tokens["shop"]))
        assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
        assert here.client.get("/v1/diagnoses", headers=head(here.tokens["bank"])).status_code == 200
    finally:
        here.services.inside["shop"] = 0
    away = here.client.get("/v1/diagnoses", headers=head("aitia.away." + "0" * 48))
    assert (away.status_code, here.services.inside["away"]) == (503, 0)
    assert here.client.get("/healthz").status_code == 200
    ready = here.client.get("/readyz")
    assert (ready.status_code, "away" in ready.text) == (503, False)


def written(folder: Path, teams: dict[str, Any], **settings: Any) -> Path:
    for name in teams:
        file = folder / name / "aitia.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(
            yaml.safe_dump({"service": {"team": name} | settings.get(name, {})} | settings.get("all", {}))
        )
    (folder / "teams.yaml").write_text(yaml.safe_dump({"teams": teams}, sort_keys=False))
    return folder / "teams.yaml"


def team(name: str, **more: Any) -> dict[str, Any]:
    return {"home": f"{name}/home", "config": f"{name}/aitia.yaml", **more}


def test_a_file_of_teams_that_share_nothing(tmp_path: Path) -> None:
    file = written(tmp_path, {"shop": team("shop"), "bank": team("bank")})
    assert [t.home for t in load_teams(file).values()] == [
        str(tmp_path / n / "home") for n in ("shop", "bank")
    ]


DATABASE = {"database": "postgresql://aitia@db.example/aitia"}


@pytest.mark.parametrize(
    ("teams", "settings", "says"),
    [
        ({"shop": team("shop"), "bank": team("bank", home="shop/home")}, {}, "homes of their own"),
        ({"shop": team("shop"), "bank": team("bank", home="shop/home/in")}, {}, "homes of their own"),
        ({"shop": team("shop"), "bank": team("bank", home="bank/../shop/home")}, {}, "homes of their own"),
        (
            {"shop": team("shop"), "bank": team("bank", config="shop/aitia.yaml")},
            {},
            "Set service.team: bank",
        ),
        (
            {"shop": team("shop"), "bank": team("bank")},
            {"shop": DATABASE, "bank": DATABASE},
            "share the database",
        ),
        (
            {"shop": team("shop", environment="e"), "bank": team("bank", environment="e")},
            {},
            "share the environment",
        ),
        ({"shop": {"socket": "s"}, "bank": {"socket": "./s"}}, {}, "share the socket"),
        (
            {"shop": team("shop"), "bank": team("bank")},
            {"all": {"slack": {"channels": ["C1"]}}},
            "share the Slack channel",
        ),
        ({"Shop": team("Shop")}, {"Shop": {"team": ""}}, "Rename the team"),
        ({"shop": {"home": "x"}}, {}, "both `home` and `config`"),
        ({"shop": {}}, {}, "give `home` and `config`, or the `socket`"),
        ({"shop": team("shop", port=1)}, {}, "there is no such field"),
        ({}, {}, "teams"),
    ],
)
def test_teams_that_could_meet_are_refused(
    tmp_path: Path, teams: dict[str, Any], settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        load_teams(written(tmp_path, teams, **settings))


def test_a_teams_service_has_its_own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AITIA_TOKEN", "AITIA_DATABASE", "SLACK_BOT_TOKEN", "OTHER_SECRET", "AITIA_HOME"):
        monkeypatch.setenv(name, "of the front")
    file = tmp_path / "env"
    file.write_text("# of the shop\nPROMETHEUS_PASSWORD = a=b c\n\n")
    told = environment_of(Team(home=str(tmp_path), config="x", environment=str(file)))
    assert told["PROMETHEUS_PASSWORD"] == "a=b c"
    assert told["AITIA_HOME"] == str(tmp_path)
    assert "of the front" not in told.values()
    file.write_text("no value\n")
    with pytest.raises(BadInput, match="Fix line 1"):
        environment_of(Team(home=str(tmp_path), config="x", environment=str(file)))


def test_a_socket_that_is_in_use_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "s"
    first = listening_at(path)
    with pytest.raises(BadInput, match="a service listens"):
        listening_at(path)
    first.close()  # its service died
    listening_at(path).close()
    with pytest.raises(BadInput, match="Choose another --socket"):
        listening_at(tmp_path / "none" / "s")
