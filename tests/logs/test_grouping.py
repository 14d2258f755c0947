"""Which messages are one statement: values that vary make no groups of their own, and two messages are not joined."""

import random
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.tools.text.templates import Masker, Miner
from aitia.tools.text.templates.joining import Limits, joined
from aitia.tools.text.templates.pieces import GAP, Reader
from aitia.tools.text.templates.words import of_statement

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.logs.statements import line, programs, value  # noqa: E402


def texts(lines, **options):
    miner = Miner(**options)
    forms = [miner.form(line) for line in lines]
    return [miner.template(form).text for form in forms]


ONE = {
    "a word that holds a mask varies as a whole": [
        "Removing block blk_17:0xab1 from disk", "Removing block rdd_3_4 from disk", "Removing block meta-9f8e7d6c5b from disk",
    ],
    "values of unequal length": ["Job started by user Ann", "Job started by user Bob", "Job started by user Ann Lee", "Job started by user Bob de Wit"],
    "lists of unequal length": ["moved partitions [3, 7] away", "moved partitions [1] away", "moved partitions [4, 9, 12] away"],
    "empty brackets": ["loaded plugins [a.b] at start", "loaded plugins [] at start"],
    "an empty value": ["login from rhost=10.0.0.3 tty=ssh1 refused", "login from rhost= tty=ssh2 refused"],
    "units": ["cache holds 3 MiB of data", "cache holds 900 KiB of data"],
    "few names after a noun that names": ["volume of group alpha is mounted", "volume of group beta is mounted"],
    "quoted words": ['profile "dev" is used', 'profile "prod" is used'],
    "quoted text": ['rejected input "a b" of user7', 'rejected input "one two three" of user9'],
    "statuses": ["payment answered 500 after 7 ms", "payment answered 200 after 9 ms", "payment answered 404 after 2 ms"],
    "routes": ["served /orders/17/items in 3 ms", "served /carts/list in 9 ms", "served /health in 1 ms"],
    "methods": ['"GET /a/1 HTTP/1.1" 200 7', '"POST /b HTTP/1.1" 503 12', '"DELETE /c/d/e HTTP/2.0" 204 0'],
    "a missing value as a dash": ['10.0.0.1 - ann3 "GET /a HTTP/1.1" 200', '10.0.0.2 - - "GET /a HTTP/1.1" 200'],
    "causes of the system": ["cannot open /a/b: No such file or directory", "cannot open /a/c: Permission denied"],
    "causes after failed": ["sync of volume v7 failed: disk is gone", "sync of volume v8 failed: quota"],
    "reasons": ["pod p-1 evicted (reason: node is full)", "pod p-2 evicted (reason: preempted)"],
    "SQL": ["slow query: SELECT a FROM b WHERE c = 3", "slow query: DELETE FROM t WHERE id = 7"],
    "attributes of logfmt": ['msg="rule failed" err="timed out" n=3', 'msg="rule failed" err="connection refused by peer" n=4'],
    "placeholders in angles": ["request to www/www-1 took 3 ms", "request to www/<NOSRV> took 0 ms"],
}  # fmt: skip

TWO = {
    "opposites": ["the interface eth0 is up now", "the interface eth1 is down now"],
    "participles": ["route 10.0.0.0/8 via 10.0.0.1 added", "route 10.0.0.0/8 via 10.0.0.1 deleted"],
    "verbs": ["Failed to open the config file", "Failed to parse the config file"],
    "an insertion": ["Selected source 10.0.0.1", "Selected source 10.0.0.1 (ntp.example.com)"],
    "an ending": ["write to /a/b failed", "write to /a/b failed because disk is full"],
    "texts of msg": ['level=info msg="head compaction done" n=3', 'level=info msg="block was written" n=4'],
    "keys of logfmt": ["a=3 b=4", "a=3 c=4"],
    "keys of JSON": ['{"loaded": 3}', '{"dropped": 3}'],
    "states in capitals": ["order 7 went to state OPEN", "order 8 went to state CLOSED"],
    "rows of a table": ["control register depth........0x1", "control register threshold....0x2"],
    "names of functions": ["saveAll() size = 3", "saveSome() size = 4"],
    "whole other messages": ["disk scan of node-1 is done", "mail queue of node-2 is full"],
}


@pytest.mark.parametrize("lines", ONE.values(), ids=ONE)
def test_values_make_no_groups(lines):
    assert len(set(texts(lines))) == 1


@pytest.mark.parametrize("lines", TWO.values(), ids=TWO)
def test_two_messages_are_not_joined(lines):
    assert len(set(texts(lines))) == 2


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("loading main.py and app.rs", "loading main.py and app.rs"),
        ("main.py:120 raised", "main.py:<num> raised"),
        ("mapred.tip.id is deprecated", "mapred.tip.id is deprecated"),
        ("state.clipTopAmount:180", "state.clipTopAmount:<num>"),
        ("java.io.File and sun.net", "java.io.File and sun.net"),
        ("a_b:8080 is a key", "a_b:<num> is a key"),
        ("db-1:5432 and web.shop.example:80", "<addr> and <host>"),
        ("www.example.com, mail.example.co.uk; ns-1.example.de", "<host>, <host>; <host>"),
        ("node7.cluster.local is gone", "<host> is gone"),
        ("GET /a/b and /orders/17/items", "GET <path> and <path>"),
    ],
)
def test_hosts_and_addresses_by_their_definitions(message, masked):
    assert Masker().text(message) == masked


def test_a_word_with_digits_is_a_word_until_it_varies():
    assert texts(["ipv4 is up", "the ipv4 stack is down"]) == ["ipv4 is up", "the ipv4 stack is down"]
    assert set(texts(["ipv4 is up", "ipv6 is up"])) == {"ipv<num> is up"}
    assert set(texts(["driver of wlan0 is reset", "driver of wlan1 is reset"])) == {
        "driver of wlan<num> is reset"
    }


@pytest.mark.parametrize(
    "word", ["opened", "starts", "is", "down", "RUNNING", "500", "x+", "pushes", "depth...", "not"]
)
def test_words_of_statements(word):
    assert of_statement(word)


@pytest.mark.parametrize(
    "word", ["alpha", "eth0", "GET", "main.py", "true", "None", "costo-zeme", "orders/4"]
)
def test_words_that_may_be_values(word):
    assert not of_statement(word)


def test_pieces_keep_keys_and_components():
    read = Reader(lambda token: "db" if token == "db-1" else "")
    miner = Miner()
    tokens = miner.form("took width:12 of (a=3) at db-1 in 7 ms").tokens
    assert read.signature(tokens) == (
        "took",
        "width",
        GAP,
        "of",
        "(",
        "a",
        "=",
        GAP,
        ")",
        "at",
        GAP,
        "in",
        GAP,
    )
    assert read.signature(("at", " ", "db-1")) == ("at", "db")


def test_components_are_never_joined():
    subject = lambda token: token if token in ("orders", "payment") else ""  # noqa: E731
    lines = [f"volume of service {name} is mounted again" for name in ("orders", "payment", "alpha", "beta")]
    assert len(set(texts(lines, subject=subject))) == 3


def test_limits_decide_how_much_must_be_shared():
    keys = [
        tuple(t for w in text.split() for t in (w, " "))[:-1]
        for text in ("the red lamp glows", "the blue lamp glows")
    ]
    assert len(joined(keys, limits=Limits(alone=3))) == 1
    assert len(joined(keys, limits=Limits(alone=4))) == 2


KINDS = ("ip", "number", "path", "uuid", "hex", "host", "pod", "email", "url_path", "float", "image", "mac")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 10**6), st.integers(2, 12))
def test_a_value_that_varies_makes_no_groups(kind, seed, n):
    chance = random.Random(seed)
    lines = [f"the garbage collector visited {value(kind, chance)} again while it was idle" for _ in range(n)]
    assert len(set(texts(lines))) == 1


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.integers(0, 10**6),
    st.permutations(["opened", "closed", "dropped", "renamed", "is full"]),
)
def test_messages_that_say_other_things_are_not_joined(kind, seed, words):
    chance = random.Random(seed)
    lines = [f"channel {value(kind, chance)} {word} by its owner" for word in words for _ in range(3)]
    found = texts(lines)
    for k, word in enumerate(words):
        own, others = set(found[3 * k : 3 * k + 3]), set(found[: 3 * k] + found[3 * k + 3 :])
        assert not own & others, word


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(programs())), st.integers(0, 10**6))
def test_the_order_of_lines_does_not_matter(program, seed):
    chance = random.Random(seed)
    statements = programs()[program]
    pools = {}
    lines = [line(s, chance, pools, i) for i, s in enumerate(statements) for _ in range(3)]
    expected = dict(zip(lines, texts(lines), strict=True))
    chance.shuffle(lines)
    assert dict(zip(lines, texts(lines), strict=True)) == expected


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(alphabet="ab1 =:,;()[]{}\"'<>|-_./", max_size=40), max_size=12))
def test_any_messages_have_templates(lines):
    miner = Miner()
    forms = [miner.form(line) for line in lines]
    assert sum(t.size for t in set(miner.templates().values())) == len(lines)
    assert all(miner.template(form).text is not None for form in forms)
