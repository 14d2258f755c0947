"""What libraries word, and applications wrap: causes stay apart in a diagnosis, and are read through quotes, codes and objects."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aitia.core.redact import Redactor
from aitia.core.words import Component, SourceRef, Window
from aitia.tools.logs.releases import releases
from aitia.tools.logs.told import changes, restarts
from aitia.tools.text.classes import meaning, own_words
from aitia.tools.text.names import Names, called
from aitia.tools.text.reading.record import Record
from aitia.tools.text.templates import Miner
from aitia.tools.text.templates.masks import Masker

AT = datetime(2026, 11, 30, 10, tzinfo=UTC)
WINDOW = Window(start=AT, end=AT.replace(hour=11))
NAMES = Names([Component(id="edge", type="service"), Component(id="keyvault", type="service")])
REF = SourceRef(source="logs", query="edge.log")


def templates(*messages: str, apart: bool) -> set[str]:
    miner = Miner(Masker({}, apart=apart))
    forms = [miner.form(m) for m in messages]
    return {miner.template(f).text for f in forms}


@pytest.mark.parametrize(
    "messages",
    [
        ("write failed: No space left on device", "write failed: Permission denied"),
        ("request errored err=no responders", "request errored err=TIMEOUT"),
        ("not sent, reason: quota used up", "not sent, reason: mailbox is gone"),
    ],
)
def test_a_diagnosis_keeps_causes_apart_that_are_one_statement(messages: tuple[str, str]) -> None:
    assert len(templates(*messages, apart=False)) == 1
    assert len(templates(*messages, apart=True)) == 2


def test_plain_english_is_no_sql() -> None:
    english = ("grant ok profile=u12 title=7", "grant for profile=u13 stuck behind a lock, gave up at 8 s")
    assert len(templates(*english, "begin tx: no handle", apart=False)) == 3
    sql = (
        "SELECT a FROM t WHERE id = 1",
        "select b from u where name = 'x' and more",
        "BEGIN",
        "drop table old",
    )
    assert len(templates(*[f"slow: {s}" for s in sql], apart=False)) < len(sql)


@pytest.mark.parametrize(
    ("text", "aspect"),
    [
        ('not applied: connection to server at "pg" (10.0.4.3), port 5432 failed: FATAL:  password authentication failed', "log.permission"),
        ("slot lost: pymysql.err.OperationalError: (1213, 'Deadlock found when trying to get lock')", "log.deadlock"),
        ("no consumer: ClosedByBroker: (403) \"ACCESS_REFUSED - Login was refused\"", "log.permission"),
        ("sync stopped: AxiosError: Request failed with status code 403", "log.permission"),
        ("consent check: AxiosError: Request failed with status code 502", "log.unavailable"),
        ("the tiles answered 429, retry-after 1800", "log.quota"),
        ('points lost {"member":44,"err":{"name":"error","code":"40P01","message":"deadlock detected"}}', "log.deadlock"),
        ('rows kept {"status":403,"message":"API rate limit exceeded for installation 4412."}', "log.quota"),
        ("not sent: HTTPSConnectionPool(host='a', port=443): Read timed out. (read timeout=5)", "log.timeout"),
        ("it fell: Could not resolve placeholder 'payments.key' in value \"${payments.key}\"", "log.configuration"),
        ("thread 'ingest-2' panicked at 'index out of bounds: the len is 3', src/parse.rs:2:1", "log.exception"),
        ("worker 7 (pid 12) was killed by signal 9", "log.restart"),
    ],
)  # fmt: skip
def test_what_libraries_word_is_read(text: str, aspect: str) -> None:
    assert meaning(text, "error").aspect == aspect


@pytest.mark.parametrize(
    "text",
    [
        'bad request body {"note": "deadlock detected"}',
        'invalid payload: {"error": "deadlock detected"}',
        'contact form received {"name": "Ann", "message": "deadlock detected"}',
        'coupon not taken {"code": "SPRING", "message": "deadlock detected"}',
        'no customer "x" and deadlock detected "y"',
        'GET /a?q={"error":"deadlock detected"} -> 400',
    ],
)
def test_what_a_client_sent_is_not(text: str) -> None:
    assert "deadlock" not in own_words(text)


def test_an_error_about_a_call_names_whom_was_called() -> None:
    assert called("grant stuck behind http://keyvault/<path>, gave up at 8 s", "keyvault")
    assert called("booking failed status=500 upstream=http://keyvault/<path>", "keyvault")
    for given in (
        'referrer "http://keyvault/x" seen',
        "GET /a?u=http://keyvault/ -> 500",
        "user said http://keyvault/ is bad",
    ):
        assert not called(given, "keyvault")


def record(text: str, second: int) -> Record:
    return Record(AT.timestamp() + second, "info", text, offset=0, size=len(text), number=1)


def test_a_browsers_version_is_no_release() -> None:
    agents = [record(f'GET /a HTTP/1.1" 200 rt=0.{n} "Mozilla/5.0 Version/17.{n} Mobile"', n) for n in (4, 9)]
    assert not list(releases("edge", agents, WINDOW, NAMES, Redactor(b"k"), REF))
    starts = [record(f"starting edge version 2.{n}.0", n) for n in (4, 9)]
    assert [e.values["to"] for e in releases("edge", starts, WINDOW, NAMES, Redactor(b"k"), REF)] == ["2.9.0"]


def test_units_that_a_host_starts_are_no_restarts_of_the_host() -> None:
    found = [record(f"Starting backup-{n}.service - Nightly dump...", 60 * n) for n in range(5)]
    assert not restarts("box", found, WINDOW, NAMES, Redactor(b"k"), REF, lambda r: r.message)


def test_a_setting_with_its_two_values_needs_no_equals_sign() -> None:
    told = record("settings reloaded, rev 118: statement_budget_ms 5000 -> 5", 0)
    (change,) = changes("edge", [told], WINDOW, NAMES, Redactor(b"k"), REF, lambda r: r.message)
    assert (change.values["old"], change.values["new"]) == ("5000", "5")
    moved = record("set reloaded: 12 -> 15", 0)
    assert not list(changes("edge", [moved], WINDOW, NAMES, Redactor(b"k"), REF, lambda r: r.message))
