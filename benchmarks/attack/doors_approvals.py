"""Approvals: can a call count as approved that nobody approved, or look like another one?

Three parts. `changed`: one real run asks for a call and 24 that differ from it by little; a person approves the one.
`replayed`: answers that belong elsewhere, forged, doubled or late, over HTTP. `shown`: pairs of calls that differ must not look
the same where a person reads them, on the page and in Slack.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import threading
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from unittest import mock

import httpx

from aitia import api
from aitia.agent.planning import planner
from aitia.core.errors import WaitsForPerson
from aitia.core.words import Plan, Task
from aitia.graphs.nodes import closing
from aitia.jobs import Approval, Jobs
from aitia.slack import result as slack_result
from benchmarks.attack.doors_try import Tried
from tests.mcp.world import raw
from tests.shop import shop_alert, shop_settings
from tests.web.served import opened

FAMILY: Final = "approvals"
TOKEN: Final = "the token of the bench"
TOOL: Final = "mcp_cmdb_restart"
APPROVED: Final[dict[str, Any]] = {
    "service": "orders",
    "n": 1,
    "flags": ["a", "b"],
    "deep": {"x": {"y": "z"}},
}


def _changed() -> dict[str, dict[str, Any]]:
    def but(**more: Any) -> dict[str, Any]:
        return {**APPROVED, **more}

    return {
        "another value": but(service="postgres"), "a value more": but(extra=True), "a value less": {"service": "orders"},
        "no value": {}, "float for int": but(n=1.0), "true for 1": but(n=True), "text for number": but(n="1"),
        "null": but(n=None), "blank behind": but(service="orders "), "blank before": but(service=" orders"),
        "upper case": but(service="Orders"), "line break": but(service="orders\n"), "zero width": but(service="ord\u200bers"),
        "bidi": but(service="\u202eorders"), "homoglyph": but(service="\u043erders"), "soft hyphen": but(service="or\u00adders"),
        "decomposed": but(service="o\u0301rders"), "composed": but(service="\u00f3rders"), "full width": but(service="\uff4frders"),
        "order of a list": but(flags=["b", "a"]), "list joined": but(flags=["ab"]), "nested": but(deep={"x": {"y": "Z"}}),
        "flattened": but(deep={"x.y": "z"}), "key case": {**{k.upper(): v for k, v in APPROVED.items()}},
        "key with blank": {**{f"{k} ": v for k, v in APPROVED.items()}}, "1e0 as text": but(n="1e0"), "large": but(n=2**62),
        "empty list": but(flags=[]),
    }  # fmt: skip


def tries(folder: Path) -> Iterator[Tried]:
    """All tries."""
    yield from changed(folder / "changed")
    yield from replayed(folder / "replayed")
    yield from shown(folder / "shown")


# -- changed arguments


def changed(folder: Path) -> Iterator[Tried]:
    """Approve one call of a real run: no other of the same run may count as approved."""
    held = _approved_in(folder / "held")
    lax = mock.patch.object(
        closing, "call_hash", lambda result, **_: hashlib.sha256(_lax(result.tool)).hexdigest()
    )
    with lax:
        loose = _approved_in(folder / "loose")
    for name in _changed():
        yield Tried(
            family=FAMILY,
            name=f"changed: {name}",
            got="approved with the other call" if name in held else "",
            control=name in loose,
        )


def _lax(tool: str) -> bytes:
    """What an approval would be bound to without its arguments."""
    return tool.encode()


def _approved_in(home: Path) -> set[str]:
    """Which of the changed calls the report says are approved, where only the first was."""
    home.mkdir(parents=True, mode=0o700)
    calls = {900: APPROVED, **{901 + n: args for n, args in enumerate(_changed().values())}}
    first = planner.first_round

    def with_calls(*args: Any, **more: Any) -> Plan:
        plan = first(*args, **more)
        asked = tuple(Task(id=n, tool=TOOL, args=args) for n, args in calls.items())
        return plan.model_copy(update={"tasks": (*plan.tasks[:2], *asked)})

    shop = shop_settings()
    quick = tuple(s for s in shop.sources if s.kind in ("metrics", "topology"))
    settings = shop.model_copy(update={"mcp": (raw("loose"),), "sources": quick, "max_calls": 90})
    at = settings.service.at
    from aitia.tools.mcp import McpTool

    free = mock.patch.object(McpTool, "spec", _any_arguments(McpTool.spec))
    with mock.patch.object(planner, "first_round", with_calls), free:
        try:
            api.diagnose(shop_alert(), config=settings, model=None, at=at, home=home, approvals=True)
            raise RuntimeError("nothing was asked")
        except WaitsForPerson as waits:
            run, asked = waits.run, waits.asked
        yes = next((h for h, call in asked.items() if _same(call["args"], APPROVED)), next(iter(asked)))
        report = api.resume(run, model=None, home=home, answers={yes: True})
    said = {c.task: "approved: run it by hand" in c.message for c in report.calls}
    if not said[900]:
        raise RuntimeError("the call that was approved is not")
    return {name for n, name in enumerate(_changed()) if said[901 + n]}


def _same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _any_arguments(spec: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The tool with arguments of any kind: what is bound is looked at, not what a schema lets through."""
    from dataclasses import replace

    from pydantic import BaseModel, ConfigDict

    class Anything(BaseModel):
        model_config = ConfigDict(extra="allow")

    return lambda tool: replace(spec(tool), arguments=Anything)


# -- replays, forgeries, races


class House:
    """Two diagnoses that wait for the same call, one that is over, and the service before them."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, mode=0o700)
        self.jobs = Jobs(home, shop_settings())
        self.one, self.other, self.over = self._waiting("one"), self._waiting("other"), self._waiting("over")
        self.jobs.answer(self.over, dict.fromkeys(self.hashes(self.over), False), by="ann")

    def _waiting(self, name: str) -> str:
        job = self.jobs.submit(f"checkout of {name} answers with 5xx", origin="api", key=name).job
        claim = self.jobs.table.claim("bench/1/1", lease_s=3600, attempts=3)
        assert claim is not None
        calls = [
            {"hash": _hash(name, n), "tool": TOOL, "args": {"service": "orders", "n": n}} for n in range(2)
        ]
        self.jobs.table.settle(claim, "waiting", asked=json.dumps(calls))
        return job.id

    def hashes(self, job: str) -> list[str]:
        """What a diagnosis waits for."""
        return [a.hash for a in self.jobs.get(job).asked]

    def approved(self, job: str) -> set[str]:
        """What counts as approved."""
        return {h for h, said in json.loads(self.jobs.table.row(job)["answers"]).items() if said}


def _hash(name: str, n: int) -> str:
    """Of the same call in each run, as a run makes it."""
    from aitia.core.words import Result

    asked = Result(task=n, tool=TOOL, args={"service": "orders", "n": n}, status="needs_approval")
    try:
        from aitia.tools import Registry

        return closing.call_hash(asked, run=name, revision=1, registry=Registry())
    except TypeError:  # before approvals were bound to their run
        return closing.call_hash(asked)  # type: ignore[call-arg]


def replayed(folder: Path, *, only: Collection[str] = ()) -> Iterator[Tried]:
    """Answers that are not a person's yes to this call; `only` names some."""
    for n, name in enumerate(only or _REPLAYS):
        house = House(folder / str(n))
        with opened(house.jobs.home, house.jobs.settings, token=TOKEN) as client:
            client.headers["Authorization"] = f"Bearer {TOKEN}"
            got = _REPLAYS[name](house, client)
        yield Tried(family=FAMILY, name=f"replayed: {name}", got=got)


Attack = Callable[[House, httpx.Client], str]


def _answer(client: httpx.Client, job: str, calls: Any, **how: Any) -> httpx.Response:
    body = {"kind": "approval", "calls": calls}
    return client.post(f"/v1/diagnoses/{job}/answers", json=body, **how)


def _forged(make: Callable[[str], Any]) -> Attack:
    def attack(house: House, client: httpx.Client) -> str:
        (first, _) = house.hashes(house.one)
        answer = _answer(client, house.one, make(first))
        return f"{answer.status_code}: it counts" if house.approved(house.one) else ""

    return attack


def _of_another_run(house: House, client: httpx.Client) -> str:
    _answer(client, house.one, dict.fromkeys(house.hashes(house.other), True))
    return "the other run's answer counts" if house.approved(house.one) else ""


def _mixed(house: House, client: httpx.Client) -> str:
    mine, theirs = house.hashes(house.one)[0], "0" * 64
    _answer(client, house.one, {mine: True, theirs: True})
    return "half of a strange answer counts" if house.approved(house.one) else ""


def _after_deny(house: House, client: httpx.Client) -> str:
    first = house.hashes(house.one)[0]
    _answer(client, house.one, {first: False})
    _answer(client, house.one, {first: True})
    return "approved after it was denied" if house.approved(house.one) else ""


def _by_page_after_deny(house: House, client: httpx.Client) -> str:
    first = house.hashes(house.one)[0]
    _answer(client, house.one, {first: False})
    client.post(f"/diagnoses/{house.one}/approvals", data={"hash": first, "approved": "yes"})
    return "approved on the page after it was denied" if house.approved(house.one) else ""


def _when_over(house: House, client: httpx.Client) -> str:
    before = house.jobs.table.row(house.over)["answers"]
    for h in house.hashes(house.over):
        _answer(client, house.over, {h: True})
    return (
        "an answered call was answered again" if house.jobs.table.row(house.over)["answers"] != before else ""
    )


def _race(house: House, client: httpx.Client) -> str:
    first = house.hashes(house.one)[0]
    said: list[tuple[bool, int]] = []

    def press(yes: bool) -> None:
        said.append((yes, _answer(client, house.one, {first: yes}).status_code))

    threads = [threading.Thread(target=press, args=(n % 2 == 0,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = [yes for yes, code in said if code == 200]
    kept = first in house.approved(house.one)
    return "" if taken == [kept] else f"told {taken}, kept {kept}"


def _double(house: House, client: httpx.Client) -> str:
    first = house.hashes(house.one)[0]
    codes = [_answer(client, house.one, {first: True}).status_code for _ in range(2)]
    return "" if codes[0] == 200 and codes[1] == 409 else f"answered {codes}"


def _stale(house: House, client: httpx.Client) -> str:
    asked = json.loads(house.jobs.table.row(house.one)["asked"])
    old = [a | {"at": "2026-01-01T00:00:00+00:00"} for a in asked]
    try:
        [Approval.model_validate(a) for a in old]
    except ValueError:
        old = asked  # before a question had a time
    house.jobs.table.set(house.one, asked=json.dumps(old))
    _answer(client, house.one, {asked[0]["hash"]: True})
    return "approved months later" if house.approved(house.one) else ""


def _with(**how: Any) -> Attack:
    """As somebody who may not."""

    def attack(house: House, client: httpx.Client) -> str:
        first = house.hashes(house.one)[0]
        drop = how.get("drop")
        if drop:
            del client.headers[drop]
        _answer(client, house.one, {first: True}, headers=how.get("headers", {}))
        return "a stranger's answer counts" if house.approved(house.one) else ""

    return attack


def _logged_out(house: House, client: httpx.Client) -> str:
    del client.headers["Authorization"]
    client.post("/login", data={"token": TOKEN})
    copied = f"aitia_session={client.cookies['aitia_session']}"
    client.post("/logout")
    client.cookies.clear()
    _answer(client, house.one, {house.hashes(house.one)[0]: True}, headers={"Cookie": copied})
    return "the cookie of a session that was ended approves" if house.approved(house.one) else ""


def _other_site(house: House, client: httpx.Client) -> str:
    del client.headers["Authorization"]
    client.post("/login", data={"token": TOKEN})
    first = house.hashes(house.one)[0]
    evil = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    client.post(f"/diagnoses/{house.one}/approvals", data={"hash": first, "approved": "yes"}, headers=evil)
    return "a page of another site approves" if house.approved(house.one) else ""


def _raw(text: Callable[[str], str], *, method: str = "POST", kind: str = "application/json") -> Attack:
    def attack(house: House, client: httpx.Client) -> str:
        first = house.hashes(house.one)[0]
        client.request(
            method,
            f"/v1/diagnoses/{house.one}/answers",
            content=text(first).encode(),
            headers={"Content-Type": kind},
        )
        return "it counts" if house.approved(house.one) else ""

    return attack


_REPLAYS: Final[Mapping[str, Attack]] = {
    "of another run": _of_another_run,
    "mixed with a strange one": _mixed,
    "after a denial": _after_deny,
    "on the page after a denial by the API": _by_page_after_deny,
    "when it is over": _when_over,
    "race of yes and no": _race,
    "double click": _double,
    "asked months ago": _stale,
    "without the token": _with(drop="Authorization"),
    "with a wrong token": _with(headers={"Authorization": "Bearer x"}),
    "with a forged cookie": _with(drop="Authorization", headers={"Cookie": "aitia_session=99999999999.00"}),
    "after the logout": _logged_out,
    "from another site": _other_site,
    "a prefix of the hash": _forged(lambda h: {h[:16]: True}),
    "the hash in upper case": _forged(lambda h: {h.upper(): True} if h.upper() != h else {"x": True}),
    "the hash with a blank": _forged(lambda h: {f"{h} ": True}),
    "the hash with a line break": _forged(lambda h: {f"{h}\n": True}),
    "the hash in full-width digits": _forged(lambda h: {"".join(chr(ord(c) + 0xFEE0) for c in h): True}),
    "an empty hash": _forged(lambda _: {"": True}),
    "a star": _forged(lambda _: {"*": True}),
    "SQL": _forged(lambda _: {"' or 1=1 --": True}),
    "a list of hashes": _forged(lambda h: [h]),
    "true alone": _forged(lambda _: True),
    "no with another name": _forged(lambda h: {h: "no"}),
    "null": _forged(lambda h: {h: None}),
    "a key twice": _raw(lambda h: f'{{"kind":"approval","calls":{{"{h}":false,"{h}":true}}}}'),
    "as plain text": _raw(lambda h: f'{{"kind":"approval","calls":{{"{h}":true}}}}', kind="text/plain"),
    "as a form": _raw(lambda h: f"kind=approval&calls[{h}]=true", kind="application/x-www-form-urlencoded"),
    "as PUT": _raw(lambda h: f'{{"kind":"approval","calls":{{"{h}":true}}}}', method="PUT"),
    "in another kind": _raw(lambda h: f'{{"kind":"outcome","right":true,"calls":{{"{h}":true}}}}'),
}


# -- what is shown


def _pairs() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    plain = {"service": "orders", "why": "pay roll"}

    def other(**more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return plain, {**plain, **more}

    found = {
        "zero width space": other(service="ord\u200bers"), "joiner": other(service="ord\u200ders"), "soft hyphen": other(service="or\u00adders"),
        "bidi override": other(service="or\u202eders"), "bidi isolate": other(service="or\u2066ders"), "hangul filler": other(service="orders\u3164"),
        "variation selector": other(service="orders\ufe0f"), "grapheme joiner": other(service="or\u034fders"), "tag": other(service="orders\U000e0041"),
        "cyrillic o": other(service="\u043erders"), "greek o": other(service="\u03bfrders"), "full width": other(service="\uff4frders"),
        "no-break space": other(why="pay\u00a0roll"), "en space": other(why="pay\u2002roll"), "two blanks": other(why="pay  roll"),
        "blank behind": other(service="orders "), "line break": other(why="pay\nroll"), "tab": other(why="pay\troll"),
        "braille blank": other(service="orders\u2800"), "escape": other(service="orders\x1b[8m"), "null": other(service="orders\x00"),
        "half a character": other(service="orders\udc00"), "combining": other(service="o\u0338rders"),
        "decomposed": ({"service": "\u00f3"}, {"service": "o\u0301"}), "hidden key": (plain, {"service\u200b": "orders", "why": "pay roll"}),
        "cut at the end": ({"why": "x" * 9_000 + "a"}, {"why": "x" * 9_000 + "b"}),
        "hidden by width": ({"why": "x", "z": 1}, {"why": "x", "z": 1, "zz": ["" for _ in range(900)]}),
        "number as text": ({"n": 1}, {"n": "1"}), "true as 1": ({"n": 1}, {"n": True}),
    }  # fmt: skip
    return found


def shown(folder: Path) -> Iterator[Tried]:
    """Two calls that differ must look different, or must not be offered for approval."""
    pages = _pages(folder)
    for n, (name, (one, other)) in enumerate(_pairs().items()):
        for where, read in (("page", lambda m: pages.get(m, "")), ("Slack", _slack)):
            seen = [read((n, k)) if where == "page" else _slack(args) for k, args in enumerate((one, other))]
            offered = all(text is not None for text in seen)
            alike = offered and _visible(str(seen[0])) == _visible(str(seen[1]))
            naive = [json.dumps(args, ensure_ascii=False, sort_keys=True)[:2_000] for args in (one, other)]
            yield Tried(
                family=FAMILY,
                name=f"shown on {where}: {name}" if where == "page" else f"shown in Slack: {name}",
                got="looks like another call" if alike else "",
                control=_visible(naive[0]) == _visible(naive[1]),
            )


def _pages(folder: Path) -> dict[tuple[int, int], str]:
    """What a browser shows of each call, read over HTTP."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    jobs = Jobs(folder, shop_settings())
    found: dict[tuple[int, int], str] = {}
    with opened(folder, jobs.settings) as client:
        for n, pair in enumerate(_pairs().values()):
            for k, args in enumerate(pair):
                job = jobs.submit(f"checkout {n} {k}", origin="api").job
                claim = jobs.table.claim("bench/1/1", lease_s=3600, attempts=3)
                assert claim is not None
                jobs.table.settle(
                    claim,
                    "waiting",
                    asked=json.dumps([{"hash": f"{n:04}{k}" * 12, "tool": TOOL, "args": args}]),
                )
                page = client.get(f"/diagnoses/{job.id}").text
                match = re.search(r"<pre><code>(.*?)</code></pre>", page, re.DOTALL)
                found[n, k] = html.unescape(match[1]) if match else ""
    return found


def _slack(args: dict[str, Any]) -> str | None:
    """What Slack shows of a call, None where it can only be denied there."""
    job = Approval(hash="0" * 64, tool=TOOL, args=args)
    blocks = slack_result.approval(_JOB, job)
    if not any(
        e["action_id"].startswith("approve") for b in blocks if b["type"] == "actions" for e in b["elements"]
    ):
        return None
    return next(e["text"] for b in blocks if b["type"] == "rich_text" for r in b["elements"]
                if r["type"] == "rich_text_preformatted" for e in r["elements"])  # fmt: skip


class _Job:
    id, revision = "bench", 1


_JOB: Any = _Job()
_ALIKE: Final = str.maketrans(
    {"\u043e": "o", "\u03bf": "o", "\u00a0": " ", "\u2002": " ", "\u2800": "", "\u3164": "", "\u1160": ""}
)


def _visible(text: str) -> str:
    """What an eye can tell apart: without what has no ink, lookalikes as one, runs of blanks at a line's end gone."""
    folded = unicodedata.normalize("NFKC", text.translate(_ALIKE))
    inked = "".join(c for c in folded if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Mn") or c == "\n")
    return "\n".join(line.rstrip() for line in inked.split("\n"))
