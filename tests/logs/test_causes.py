"""Messages that say plainly what a cause is, whatever else they name; and those that only sound like it."""

from __future__ import annotations

import pytest

from aitia.tools.text.classes import meaning

X509 = "x509: certificate has expired or is not yet valid: current time"


@pytest.mark.parametrize(
    ("message", "aspect"),
    [
        ("jwt.exceptions.ImmatureSignatureError: The token is not yet valid (nbf)", "log.clock"),
        ("token used before issued", "log.clock"),
        ("chronyd[811]: System clock wrong by 122.1 seconds", "log.clock"),
        ("rafthttp: the clock difference against peer 4e8d454852097618 is too high [12.4s > 1s]", "log.clock"),
        ("403 RequestTimeTooSkewed: The difference between the request time and the server's time is too large.", "log.clock"),
        ("javax.security.auth.login.LoginException: Clock skew too great (37)", "log.clock"),
        (f"{X509} 2024-11-29T11:51Z is before 2026-11-01T00:00:00Z", "log.clock"),
        (f"{X509} 2026-11-29T11:51Z is after 2026-11-01T00:00:00Z", "log.certificate"),
        ("ERROR:  cannot execute INSERT in a read-only transaction", "log.configuration"),
        ("The MySQL server is running with the --read-only option so it cannot execute this statement", "log.configuration"),
        ("NOREPLICAS Not enough good replicas to write.", "log.configuration"),
        ("LOG:  duration: 2214.2 ms  plan: Query Text: SELECT 1  Seq Scan on items", "log.query_plan"),
        ("COMMAND Slow query ns=stock.items planSummary=COLLSCAN keysExamined=0 docsExamined=4112", "log.query_plan"),
        ("retry budget exhausted for payments, request 5 is not tried again", "log.retry"),
        ("connection refused, retrying in 5 s", "log.connection_refused"),
    ],
)  # fmt: skip
def test_the_cause_is_read(message: str, aspect: str) -> None:
    found = meaning(message, "")
    assert (found.aspect, found.bad) == (aspect, True)


@pytest.mark.parametrize(
    "message",
    [
        "clock synchronised again after 3 s",
        'order saved, note "Seq Scan on items, clock skew too great"',
        "retrying in 5 s",
    ],
)
def test_what_is_over_calm_or_was_only_given_is_none(message: str) -> None:
    assert not meaning(message, "info").bad


def test_an_error_stays_one_though_it_was_tried_again() -> None:
    assert meaning("attempt 6 of 9 failed", "error").aspect == "log.error"
