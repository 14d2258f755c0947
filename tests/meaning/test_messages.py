"""What a message means by its own words: faults, what only sounds like one, classes, owners and names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.tools.meaning.messages import classes, peer
from aitia.tools.meaning.phrases import Phrases, compiled, plain
from aitia.tools.text.classes import meaning, reading

NORMAL = (
    "nightly copy of store 3 finished: 0 errors, 0 warnings",
    "rx_crc_errors=0 rx_dropped=0 link_flaps=0",
    "ALARM CLEARED: chiller 2 high pressure",
    "heat pump 4 outlet temperature returned to normal",
    "-XX:+HeapDumpOnOutOfMemoryError -XX:ErrorFile=/var/log/hs_err.log",
    "Registered error handler for route group admin",
    "retry 3 of 5 succeeded after timeout",
    "operator ines logged in after 2 failed attempts: login successful",
    "node shelf-b has been elected leader for term 9",
    "%LINK-3-UPDOWN: Interface GigabitEthernet1/0/7, changed state to up",
    "circuit breaker of stock changed from HALF_OPEN to CLOSED",
    "Received SIGTERM, shutting down gracefully",
    "Deleted job failed-report-28501 after its time to live",
    "Sicherung abgeschlossen, keine Fehler gefunden",
    "Störung Kühlkreis 2 quittiert durch Bediener",
    "La copia de seguridad finalizó sin errores",
    "Le service a été rétabli",
    "バックアップは正常に完了しました",
)  # fmt: skip
FAULTS = (
    ("ORA-00060: deadlock detected while waiting for resource", "deadlock"),
    ("ORA-1653: unable to extend table SHOP.ORDERS by 128", "disk_full"),
    ("statement failed, SQLSTATE 53300", "connection_limit"),
    ("write: ENOSPC", "disk_full"),
    ("rpc error: code = DeadlineExceeded desc = stopped", "timeout"),
    ("EventID 6008", "restart"),
    ("shop.service: Failed with result 'oom-kill'.", "memory"),
    ("java.lang.OutOfMemoryError: Java heap space", "memory"),
    ("connection to shelf-3 could not be established, connection refused", "connection_refused"),
    ("lookup of stock.internal failed: no such host", "dns"),
    ("all 64 connections of the pool are in use", "connection_limit"),
    ("replica shelf-c lags 4000 s behind its primary", "replication"),
    ("raid array md3 degraded, disk sdc removed", "disk_hardware"),
    ("bgp neighbor 10.1.1.9 went down, hold time expired", "network"),
    ("fan 2 failed, chassis at 78 degC", "hardware"),
    ("pump P-7 tripped, suction pressure low-low alarm", "process"),
    ("too many requests from tenant blue, throttling", "overload"),
    ("Dienst Lager wurde unerwartet beendet", "restart"),
    ("Zertifikat von portal.example ist abgelaufen", "certificate"),
    ("espace disque insuffisant sur /srv", "disk_full"),
    ("se agotó el tiempo de espera de la conexión", "timeout"),
    ("ディスクの空き領域が不足しています", "disk_full"),
)


@pytest.mark.parametrize("text", NORMAL)
def test_what_only_sounds_like_trouble_is_none(text: str) -> None:
    assert reading(text).fault < 0


@pytest.mark.parametrize(("text", "kind"), FAULTS)
def test_faults_and_their_class(text: str, kind: str) -> None:
    found = reading(text)
    assert found.fault > 0
    assert found.kind == kind


def test_a_denied_recovery_is_no_recovery() -> None:
    assert reading("session to shelf-3 has been established").over
    assert not reading("session to shelf-3 could not be established").over
    assert not reading("still waiting for shelf-3 to become healthy again").over


def test_the_digit_of_a_cisco_message_is_its_severity() -> None:
    assert reading("%BAY-2-STATE: shelf 4").fault > reading("%BAY-6-STATE: shelf 4").fault + 2


@pytest.mark.parametrize(
    ("text", "whose", "name"),
    [
        ("connect() to upstream http://10.0.0.3:8080/ failed: connection refused", "peer", "http://10.0.0.3:8080"),
        ("lager.service: Start request repeated too quickly.", "peer", "lager.service"),
        ("failed password for invalid user admin from 203.0.113.9 port 4411 ssh2", "client", ""),
        ("EXT4-fs error (device sda1): reading directory lblock 0", "host", ""),
        ("NullPointerException at Basket.sum", "own", ""),
    ],
)  # fmt: skip
def test_whose_fault_it_is(text: str, whose: str, name: str) -> None:
    found = reading(text)
    assert (found.whose, found.peer) == (whose, name)


@given(st.text(max_size=200))
def test_a_peer_stands_in_the_text(text: str) -> None:
    assert peer(text) in text
    reading(text)


@pytest.mark.parametrize(
    "text",
    [
        "search q=ORA-00060 took=3",
        'GET /x?note=%22deadlock%20detected%22 404 user_agent="out of memory"',
        "login failed for user 'shop.service: Failed with result 'oom-kill'.'",
        'bad id "no space left on device"',
    ],
)
def test_what_a_client_wrote_makes_no_class(text: str) -> None:
    assert meaning(text, "").aspect not in ("log.deadlock", "log.oom", "log.disk_full")


def test_a_client_cannot_call_off_a_fault() -> None:
    quiet = 'order rejected: deadlock detected, note="cleared, back to normal, deadlock=0"'
    assert meaning(quiet, "").bad
    assert reading(quiet).kind == "deadlock"


@pytest.mark.parametrize(
    ("text", "level", "aspect", "severity"),
    [
        ("out of memory", "", "log.oom", "error"),
        ("out of memory", "info", "log.oom", "warning"),
        ("out of memory condition cleared", "info", "log.oom", "info"),
        ("out of memory condition cleared", "error", "log.oom", "error"),
        ("shelf 4 cannot keep up, its queue is full", "", "log.overload", "error"),
        ("order 4 failed its second check", "info", "log.other", "info"),
        ("GET /x -> 403", "", "log.other", "info"),
        ("GET /x -> 503", "", "log.error", "error"),
        ("listening on port 80", "", "log.restart", "info"),
        ("checkout started badly", "error", "log.error", "error"),
    ],
)  # fmt: skip
def test_in_a_diagnosis_a_level_is_believed(text: str, level: str, aspect: str, severity: str) -> None:
    found = meaning(text, level)  # type: ignore[arg-type]
    assert (found.aspect, found.severity) == (aspect, severity)


def test_phrases_match_whole_words() -> None:
    assert compiled("fail*").search("it failed")
    assert not compiled("fail*").search("unfailing")
    assert not compiled("end").search("pending")
    assert compiled("no .. left").search("no space at all left")
    assert not compiled("no .. left").search("no-one\nleft")
    assert compiled("停止").search("サービス停止中")
    assert compiled("out of memory").search(plain("OutOfMemoryError"))
    assert not compiled("out of memory").search("outofmemory")


@given(st.lists(st.sampled_from(["no", "host", "(a|the) disk", "(full )?disk", "lock*", "不足", "E?IO"]), max_size=7),
       st.text(st.sampled_from("no hostdiskEIO不足lcfua the"), max_size=60))  # fmt: skip
def test_the_index_of_first_words_loses_no_phrase(phrases: list[str], text: str) -> None:
    marked = [(str(n), phrase) for n, phrase in enumerate(phrases)]
    slow = [mark for mark, phrase in marked if compiled(phrase).search(text)]
    assert list(Phrases(marked).found(text)) == slow


def test_classes_are_those_of_the_aspects() -> None:
    assert {c.aspect for c in classes().values()} >= {"log.oom", "log.dns", "log.restart", "log.error"}
