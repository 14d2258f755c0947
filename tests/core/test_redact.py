"""No planted secret survives, ordinary lines stay as they are, pseudonyms are stable."""

import json
import stat
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.core.redact import Policy, Redactor, load_key
from aitia.core.store import RunStore

RED = Redactor(b"k" * 32)
RED.text("the tables are made with the first text")
WORD = st.text(string.ascii_letters + string.digits, min_size=12, max_size=30)
TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=40)

SHAPES = (
    "AKIA{upper}",
    "ghp_{word}{word}",
    "xoxb-{word}",
    "Authorization: Bearer {word}",
    "postgres://app:{word}@db:5432/shop",
    "password={word}",
    "PGPASSWORD='{word}' psql",
    '"api_key": "{word}"',
    "client_secret: {word}",
    "token={word}&x=1",
    "Set-Cookie: session={word}; Path=/",
    "-----BEGIN RSA PRIVATE KEY-----\n{word}\n-----END RSA PRIVATE KEY-----",
)


@given(st.sampled_from(SHAPES), WORD, TEXT, TEXT)
def test_no_planted_secret_survives(shape, word, before, after):
    upper = (word.upper() + "A" * 16)[:16]
    secret = upper if "{upper}" in shape else word
    text = f"{before} {shape.format(word=word, upper=upper)} {after}"
    if secret in before or secret in after:
        return
    assert secret not in RED.text(text)


@given(TEXT)
def test_redacting_twice_changes_nothing_more(text):
    once = RED.text(f"{text} password=hunter2hunter2 a@example.org")
    assert RED.text(once) == once


@pytest.mark.parametrize(
    "line",
    [
        '127.0.0.1 - - [25/Nov/2026:01:10:07 +0000] "GET /api/catalog/items/4 HTTP/1.1" 200 23 "-" "shop-web/3.1"',
        "orders@shop FATAL: remaining connection slots are reserved",
        "2026-11-25 01:09:01.691 UTC [1332] LOG:  checkpoint complete: wrote 21 buffers (1.0%)",
        "order 1234567890123 of customer 42 stored",
        "/usr/lib/python3/http/server.py line 12",
    ],
)
def test_ordinary_lines_stay(line):
    assert RED.text(line) == line


def test_the_same_text_is_redacted_each_time_and_by_each_policy():
    line = "login of ann@example.org failed"
    lax = Redactor(b"k" * 32, Policy(kinds=("secret",)))
    assert lax.text(line) == lax.text(line) == line  # looked at and found clean, by this policy
    red = Redactor(b"k" * 32)
    assert red.text(line) == red.text(line) != line
    assert red.counts["email"] == 2


def test_pseudonyms_are_stable_and_keyed():
    text = "mail to Ann@example.org"
    assert RED.text(text) == RED.text("mail to ann@example.org")
    assert RED.text(text) != Redactor(b"x" * 32).text(text)
    assert RED.text(text).startswith("mail to <email:")


@pytest.mark.parametrize("card", ["4111111111111111", "5500 0000 0000 0004", "3400-0000-0000-009"])
def test_cards_with_a_valid_luhn_digit_go(card):
    out = RED.text(f"paid with {card}.")
    assert card not in out
    assert "<card:" in out


def test_numbers_with_a_wrong_luhn_digit_stay():
    assert RED.text("id 4111111111111112") == "id 4111111111111112"


def test_key_is_private_and_kept(tmp_path):
    key = load_key(tmp_path)
    assert load_key(tmp_path) == key
    assert len(key) == 32
    assert stat.S_IMODE((tmp_path / "redaction.key").stat().st_mode) == 0o600


def test_a_broken_key_is_set_aside(tmp_path, caplog):
    (tmp_path / "redaction.key").write_bytes(b"short")
    assert len(load_key(tmp_path)) == 32
    assert [path.read_bytes() for path in tmp_path.glob("redaction.key.damaged-*")] == [b"short"]
    assert "5 bytes, not 32" in caplog.text


def test_hostile_lines_take_linear_time():
    for text in (
        "a" * 200_000,
        "password" * 20_000,
        "a@" * 50_000,
        "1 " * 60_000,
        "token=" * 30_000,
        "x://" * 30_000,
        '["password",' * 13_000,
        "insert into a(passwd " * 7_000,
        '{"kty":' * 22_000,
        "set token to " * 12_000,
        " --pass" * 22_000,
        "a:1b@c." * 22_000,
    ):
        start = time.process_time()
        RED.text(text)
        assert time.process_time() - start < 3


def test_names_of_a_plot_hold_no_secret_and_its_numbers_stay(tmp_path):
    store = RunStore.create(tmp_path, meta={})
    told = {
        "times": [1.0],
        "values": [2.5],
        "shares": {"bus?token=Zk8vQ2mN4rT6wX1y": 60.0, "user_token": 12345.0},
    }
    kept = json.loads(store.artifact(store.put_artifact(json.dumps(told).encode(), ".series.json")))
    assert "Zk8vQ2mN4rT6wX1y" not in json.dumps(kept)
    assert [*kept["shares"].values()] == [60.0, 12345.0]
    assert kept["values"] == told["values"]
