"""Masks, forms and templates."""

import json
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.core.errors import BadInput
from aitia.core.words import Component
from aitia.tools.text.names import Names
from aitia.tools.text.templates import Masker, Miner
from aitia.tools.text.templates.cluster import WILDCARD, cluster
from aitia.tools.text.templates.shape import shape, shapes

MASK = Masker({"127.0.0.1:5432": "postgres", "redis": "redis"}, apart=True)


def mined(lines, **options):
    miner = Miner(**options)
    forms = [miner.form(line) for line in lines]
    return [miner.template(form).text for form in forms]


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("took 42 ms", "took <num> ms"),
        ("took 12ms, -3.5e-4 of 1,024 at 95%", "took <num>, <num> of <num> at <num>"),
        ("from 10.0.0.3:9100 to /10.0.0.4", "from <addr> to <addr>"),
        ("at 127.0.0.1:5432 now", "at postgres now"),
        ('server at "127.0.0.1", port 5432 failed', "server at postgres failed"),
        ("from 10.0.0.9 port 5432", "from <addr> port <num>"),
        ("redis:6379 is gone", "redis is gone"),
        ("http://redis:6379/x/1", "http://redis/<path>"),
        ("GET http://shop.example/x?y=1, then", "GET <url>, then"),
        ("id 550e8400-e29b-41d4-a716-446655440000", "id <uuid>"),
        ("at 0x7ffe and deadbeef01", "at <hex> and <hex>"),
        ("mail a@b.example", "mail <email>"),
        ("in /srv/app/main.py:", "in <path>:"),
        ("POST /orders/17/items failed", "POST /orders/<num>/items failed"),
        ("GET /carts/8f3a2b1c9d", "GET /carts/<id>"),
        ("in C:\\Windows\\Temp\\a.log", "in <path>"),
        ("user=17 (root)", "user=<num> (root)"),
        ("worker-3 of k8s", "worker-<num> of k<num>s"),
        ("pod cart-7d9f8b6c5d-x2x4z", "pod cart-<hex>-<id>"),
        ("since Sun Jun 19 03:59:37 2005", "since <time>"),
        ("at 2026-11-25 03:10:00,123 and 03:10:11", "at <time> and <time>"),
        ("blk_-1608999687919862906 of 3", "blk_<num> of <num>"),
        ("delete blk_1 blk_-2 blk_33", "delete blk_<num>"),
        ("host web-1.prod.example.com is up", "host <host> is up"),
        ("java.io.IOException: reset", "java.io.IOException: reset"),
        ("link 00:0D:60:E9:1D:DC up", "link <addr> up"),
        ("listening on [::1]:80", "listening on [<addr>]:<num>"),
        ("call () of f()", "call () of f()"),
    ],
)
def test_masks(message, masked):
    assert MASK.text(message) == masked


@given(st.text(max_size=300))
def test_masking_never_fails_and_is_bounded(text):
    tokens = MASK.tokens(text)
    assert len(tokens.masked) == len(tokens.values) <= 240


@given(st.text(alphabet="ab1 =:,;()[]{}\"'<>|-_./", max_size=200))
def test_plain_tokens_are_the_message_again(text):
    """Where nothing is masked, no character but blanks is lost."""
    tokens = Masker().tokens(text)
    if not any("<" in t and len(t) > 1 for t in tokens.masked):
        assert "".join(tokens.masked) == " ".join(text.split())


def test_a_failing_status_stays_and_is_exact():
    tokens = MASK.tokens("payment answered 500 after 12 ms")
    assert "500" in tokens.masked
    assert tokens.exact
    assert "200" not in MASK.tokens("payment answered 200 after 12 ms").masked
    assert MASK.tokens(
        "payment answered 200 after 12 ms"
    ).exact  # another line of its shape may name a failure


def test_a_word_like_a_known_numbered_name_is_exact():
    masker = Masker({"10.0.0.7": "db"})
    assert masker.tokens("call of 10.0.0.7 failed").exact
    assert masker.tokens("call of 10.0.0.8 failed").exact
    assert masker.tokens("call of http://10.0.0.8:80/pay failed").exact
    assert not masker.tokens("call of 7 failed").exact


@pytest.mark.parametrize(
    ("lines", "templates"),
    [
        (
            [f"session opened for user {name} by root" for name in ("alice", "bob", "eve")],
            ["session opened for user <*> by root"],
        ),
        (["the door was opened", "the door was closed"], ["the door was opened", "the door was closed"]),
        (
            [f"state {s} reached" for s in ("NEW", "RUNNING", "DONE")],
            [f"state {s} reached" for s in ("NEW", "RUNNING", "DONE")],
        ),
        ([f"the {w} task is done" for w in "abcdefghij"], ["the <*> task is done"]),
        (["uid=17 name=eve", "uid=18 name=bob"], ["uid=<num> name=<*>"]),
        (["accepted by ssh2 in 3 s", "accepted by ssh2 in 4 s"], ["accepted by ssh2 in <num> s"]),
        (["worker-1 began", "worker-2 began"], ["worker-<num> began"]),
        (
            ["read from 10.0.0.1 () at 3", "read from 10.0.0.1 (web-1) at 3"],
            ["read from <addr> (<*>) at <num>"],
        ),
        (["a b", "c d"], ["a b", "c d"]),
    ],
)
def test_templates(lines, templates):
    assert sorted(set(mined(lines))) == sorted(templates)


def test_values_known_from_elsewhere_are_values():
    lines = [
        "login failed; user=root",
        "login failed; user=admin",
        "bad password root given",
        "bad password admin given",
    ]
    assert set(mined(lines)) == {"login failed; user=<*>", "bad password <*> given"}


def test_groups_and_subjects_are_never_merged():
    names = Names([Component(id="payment", type="service"), Component(id="orders", type="service")])
    miner = Miner(Masker(names.alias), subject=names.of_token)
    forms = [
        miner.form(f"call of service {name} has failed again", level)
        for name in ("payment", "orders", "x", "y", "z")
        for level in (("error",), ("info",))
    ]
    found = {(*miner.template(f).group, miner.template(f).text) for f in forms}
    assert found == {
        (level, f"call of service {name} has failed again")
        for level in ("error", "info")
        for name in ("payment", "orders", "<*>")
    }


def test_the_order_of_lines_does_not_matter():
    rng = random.Random(3)
    lines = [f"job {rng.choice('abcdefghij')} on node-{rng.randrange(9)} took {i} ms" for i in range(60)]
    lines += [f"{verb} the queue" for verb in ("open", "close", "drain")]
    texts = dict(zip(lines, mined(lines), strict=True))
    for _ in range(5):
        rng.shuffle(lines)
        assert dict(zip(lines, mined(lines), strict=True)) == texts


def test_a_saved_state_goes_on_under_the_same_names():
    one = Miner()
    for name in ("alice", "bob"):
        one.form(f"session opened for user {name}")
    before = {t.id for t in one.templates().values()}
    two = Miner()
    two.restore(json.loads(json.dumps(one.state())))
    form = two.form("session opened for user eve")
    assert {two.template(form).id} == before
    assert two.template(form).size == 3


def test_states_of_two_workers_merge_in_any_order():
    lines = [
        f"session opened for user {name} by (uid={i})"
        for i, name in enumerate(["alice", "bob", "eve", "mallory"])
    ]
    states = []
    for part in (lines[:2], lines[2:]):
        miner = Miner()
        for line in part:
            miner.form(line)
        states.append(miner.state())
    texts = []
    for order in (states, states[::-1]):
        merged = Miner()
        for state in order:
            merged.restore(state)
        texts.append({(t.text, t.size) for t in merged.templates().values()})
    assert texts[0] == texts[1] == {("session opened for user <*> by (uid=<num>)", 4)}


@pytest.mark.parametrize(
    "state", [{}, {"version": 1, "forms": []}, {"version": 2, "forms": [{}]}, {"version": 2, "forms": 3}]
)
def test_a_wrong_state_is_refused(state):
    with pytest.raises(BadInput):
        Miner().restore(state)


def test_forms_are_bounded_and_counts_are_kept():
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefghij", k=8)) for _ in range(3000)]
    miner = Miner(max_forms=200)
    forms = [
        miner.form(f"{rng.choice(words)} {rng.choice(words)} failed for {rng.choice(words)}")
        for _ in range(4000)
    ]
    assert len(miner.templates()) <= 200
    assert sum(f.size for f in miner.templates()) == 4000
    assert all(miner.template(f) for f in forms)


def test_lines_that_differ_in_digits_have_one_shape():
    block = b"2026-11-25 03:10:00,123 took 17 ms\n2026-11-25 03:11:09,001 took 4242 ms\nother"
    first, second, third = shapes(block)
    assert first == second != third
    assert shape(b"id 0xdead1 of 550e8400-e29b-41d4-a716-446655440000") == shape(
        b"id 0xff of 12345678-aaaa-bbbb-cccc-123456789abc"
    )


_HEX = re.compile(rb"[0-9a-fA-F](?:[0-9a-fA-F]{6,}|(?<=0)[xX][0-9a-fA-F]+|(?<=-.)[0-9a-fA-F]{3}(?=-))")


@given(
    st.lists(st.sampled_from([bytes([c]) for c in b"0123abcdefAFxX-- gz/\xc3."]), max_size=60).map(b"".join)
)
def test_a_shape_is_what_two_expressions_give(line):
    assert shape(line) == re.sub(rb"[0-9]+", b"0", _HEX.sub(b"0", line))


@given(st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"")), min_size=1, max_size=30))
def test_a_block_has_the_shapes_of_its_lines(lines):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aitia.tools.text.templates.shape._CHUNK", 64)
        assert shapes(b"\n".join(lines)) == [shape(line) for line in lines]


@given(st.lists(st.binary(max_size=60).map(lambda b: b.replace(b"\n", b"")), max_size=8))
def test_a_block_has_as_many_shapes_as_lines(lines):
    assert len(shapes(b"\n".join(lines))) == max(1, len(lines))


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "b", "to", " ", "=", "<num>"]), min_size=1, max_size=5).map(tuple),
        max_size=12,
        unique=True,
    )
)
def test_each_sequence_is_in_one_cluster_that_it_fits(sequences):
    found = cluster(sequences)
    assert sorted(m for c in found for m in c.members) == sorted(sequences)
    for c in found:
        for member in c.members:
            assert all(a in (b, WILDCARD, "<hex>") for a, b in zip(c.tokens, member, strict=True))


def test_paths_and_hosts_that_never_change_are_shown():
    from aitia.tools.text.templates.gaps import filled, kinds, name, values

    text = "POST <path> of <addr> failed after <num> ms | ValueError: <num>"
    messages = ["POST /api/pay of 10.0.0.1 failed after 3 ms", "POST /api/pay of 10.0.0.2 failed after 4 ms"]
    assert filled(text, messages) == text.replace("<path>", "/api/pay")
    assert filled(text, []) == filled(text, ["something else"]) == text
    assert kinds("took <num>ms on node-<num>") == ("<num>ms", "node-<num>")
    assert values("took <num>ms on node-<num>", "took  7ms on node-3") == ["7ms", "node-3"]
    assert values("a <num> b", "a b") is None
    assert name("stored in <num> ms, size=<num>", 1) == "size"
