"""Messages that mean harm or are broken: each becomes an incident within bounds, or an error that says what to change."""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.alerts import AsksPerson, as_webhook, parse_notice, read_text
from aitia.core.errors import BadInput
from aitia.core.redaction.speech import said
from aitia.incoming import make_incident

from .payloads import CONFIRMATION, FILES, JSON_FILES, NOW, inside, payload, text

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def paths(value: Any, before: str = "") -> list[str]:
    if isinstance(value, dict):
        return [
            path
            for name, held in value.items()
            for path in (f"{before}{name}", *paths(held, f"{before}{name}."))
        ]
    if isinstance(value, list):
        return [path for n, held in enumerate(value) for path in paths(held, f"{before}{n}.")]
    return []


@settings(max_examples=200)
@given(st.data())
def test_any_value_in_any_place_is_read_or_refused_in_words(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(JSON_FILES))
    at = [p for p in paths(payload(name)) if name != "cloudwatch-sns.json" and all(p.split("."))]
    if not at:
        at = ["Trigger.Dimensions", "StateChangeTime", "AlarmArn", "NewStateValue", "AlarmName"]
    message = inside(name, data.draw(st.sampled_from(at)), data.draw(ANY))
    try:
        notice, incident = as_webhook(message), make_incident(message, now=NOW)
    except BadInput:
        return
    assert incident.title or notice.state == "resolved"
    assert len(incident.title) <= 200
    assert len(incident.text) <= 20_000
    assert len(incident.hints) <= 50
    assert len(incident.link) <= 500


HOSTILE = (
    "../../../../etc/passwd", "$(touch /tmp/owned)", "`id`", "file:///etc/passwd", "{{7*7}}", "%s%n", "\x1b[31m\x00\u202e", "{0.__class__}",
    "a" * 100_000, "://", "<!channel>", "' or 1=1 --",
)  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("name", [n for n in JSON_FILES if n != "cloudwatch-sns.json"])
def test_hostile_words_are_words(name: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every text of a message at once: whatever is made of it is text, and nothing is opened."""

    def refuse(*args: object, **more: object) -> None:
        raise AssertionError(f"opened {args}")

    def spoilt(value: Any, field: str = "") -> Any:
        if isinstance(value, dict):
            return {k: spoilt(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [spoilt(v, field) for v in value]
        keeps = (
            "status",
            "state",
            "action",
            "type",
            "at",
            "time",
            "timestamp",
            "date",
            "condition",
            "version",
            "key",
            "value",
            "transition",
            "schemaId",
        )
        return words if isinstance(value, str) and not field.lower().endswith(keeps) else value

    message = spoilt(payload(name))
    read_text("warm up")
    for opener in (
        "socket.socket.connect",
        "socket.getaddrinfo",
        "os.system",
        "subprocess.Popen",
        "builtins.open",
    ):
        monkeypatch.setattr(opener, refuse)
    incident = make_incident(message, now=NOW)
    assert len(incident.text) <= 20_000
    assert incident.title.strip() or not words.strip()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"alerts": NaN}', "NaN is not a JSON number"),
        (b'{"alerts": [1e999]}', "A number is too large. Send finite numbers"),
        (b'{"alerts": [], "alerts": []}', "the key 'alerts' occurs twice"),
        (b'{"alerts": ' + b"[" * 50 + b"]" * 50 + b"}", "at most 40 levels deep"),
        (b"[" * 200_000, "at most 40 levels deep"),
        (b'{"a": "\\ud800"}', "unpaired surrogate"),
        (b"\xff", "not UTF-8"),
        (b'{"a"', "Send valid JSON"),
        (b'"text"', "no known alert format"),
        (b"7", "no known alert format"),
        (b"null", "no known alert format"),
    ],
)  # fmt: skip
def test_json_that_is_not_meant_so_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        parse_notice(body)


def wide() -> Any:
    many = {f"field {n}": {f"inner {m}": "x" for m in range(30)} for n in range(3_000)}
    return (
        many
        | payload("datadog.json")
        | {"tags": ",".join(f"k{n}:v" for n in range(50_000)), "metadata": many}
    )


@pytest.mark.parametrize(
    "message",
    [
        wide(),
        "\n" * 2_000_000,
        "-" * 2_000_000,
        "```" * 600_000,
        "```{" * 400_000,
        "Problem has been resolved " * 70_000,
        {"data": {"essentials": {"alertRule": "x", "alertTargetIDs": ["/" * 500_000] * 4}}},
        payload("datadog.json") | {"body": "%%%" + " " * 2_000_000, "title": "[Triggered" * 200_000},
    ],
    ids=range(8),
)
def test_a_large_message_costs_little(message: Any) -> None:
    began = time.monotonic()
    try:
        incident = make_incident(message, now=NOW)
    except BadInput:
        incident = None
    assert time.monotonic() - began < 5
    assert incident is None or len(incident.labels) <= 120


def test_sns_is_not_answered_by_us_and_a_person_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("the SubscribeURL was opened"))
    for way in (as_webhook, lambda m: make_incident(json.dumps(m), now=NOW)):
        with pytest.raises(AsksPerson) as error:
            way(CONFIRMATION)
        assert "must confirm it" in str(error.value)
        told = said(str(error.value))  # as a log has it
        assert (
            f"--topic-arn {CONFIRMATION['TopicArn']} with --token and this value: {CONFIRMATION['Token']}"
            in told
        )


@pytest.mark.parametrize(
    "spoilt",
    [
        {"TopicArn": "arn:aws:sns:x:1:t; rm -rf /"},
        {"Token": "$(id)"},
        {"Token": "2336412f37fb687f\nrm"},
        {"TopicArn": None},
    ],
)
def test_only_a_topic_and_a_token_get_into_the_command_that_is_shown(spoilt: dict[str, Any]) -> None:
    with pytest.raises(
        AsksPerson, match="open the SubscribeURL of the message if the topic is yours"
    ) as error:
        as_webhook(CONFIRMATION | spoilt)
    assert "aws sns" not in str(error.value)


@pytest.mark.parametrize("name", FILES)
def test_a_message_that_is_cut_off_is_words_or_refused(name: str) -> None:
    whole = text(name)
    for part in range(0, len(whole) - 1, max(1, len(whole) // 40)):
        with suppress(BadInput):
            assert make_incident(whole[:part], now=NOW).title
