"""Masks, Drain and the statistics."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from aitia.core.words import Component
from aitia.tools.logs.access import canonical, status
from aitia.tools.logs.classes import meaning
from aitia.tools.logs.drain import WILDCARD, Drain
from aitia.tools.logs.masks import Masker
from aitia.tools.logs.names import Names, attribute
from aitia.tools.logs.stats import adjust, burst, dispersion, exact_p

MASK = Masker({"127.0.0.1:5432": "postgres", "redis": "redis"})
NAMES = Names(
    [
        Component(id="payment", type="service", aliases=("127.0.0.1:5432",)),
        Component(id="orders", type="service"),
        Component(id="host-1", type="node"),
    ]
)


@pytest.mark.parametrize(
    ("token", "masked"),
    [
        ("42", "<num>"),
        ("12ms,", "<num>,"),
        ("10.0.0.3:9100", "<addr>"),
        ("127.0.0.1:5432", "postgres"),
        ("redis:6379", "redis"),
        ("http://redis:6379/x/1", "http://redis/<path>"),
        ("http://10.0.0.1/x", "http://<host>/<path>"),
        ("550e8400-e29b-41d4-a716-446655440000", "<uuid>"),
        ("0x7ffe", "<hex>"),
        ("deadbeef01", "<hex>"),
        ("a@b.example", "<email>"),
        ("/srv/app/main.py", "<path>"),
        ("/orders/17", "/orders/<num>"),
        ("user=17", "user=<num>"),
        ("worker-3", "worker-<num>"),
        ("(connection", "(connection"),
        ("'abc123'", "'abc<num>'"),
        ("...", "..."),
    ],
)
def test_masks(token, masked):
    assert MASK.mask(token) == masked


@given(st.text(max_size=300))
def test_masking_never_fails_nor_makes_the_wildcard(text):
    tokens = MASK.tokens(text)
    assert len(tokens) <= 100
    assert all(token != WILDCARD or WILDCARD in text for token in tokens)


def test_status_codes_stay():
    assert MASK.tokens("payment answered 500 after 12 ms")[2] == "500"


def test_host_and_port_apart_are_one_address():
    assert MASK.tokens('server at "127.0.0.1", port 5432 failed') == ("server", "at", "postgres", "failed")


def test_drain_groups_and_generalises():
    drain = Drain(Masker().tokens)
    first = drain.add("session opened for alice by root")
    assert drain.add("session opened for bob by root") is first
    assert first.text == f"session opened for {WILDCARD} by root"
    assert first.size == 2
    assert drain.add("disk full") is not first
    assert drain.add("session opened for bob by root", ("error",)) is not first


def test_template_ids_are_the_same_in_another_order_of_groups():
    one, two = Drain(Masker().tokens), Drain(Masker().tokens)
    lines = ["a b 1", "c d 2", "e f 3"]
    ids = {one.add(line).id for line in lines}
    assert ids == {two.add(line).id for line in reversed(lines)}


def test_drain_state_is_plain_json_and_goes_on():
    drain = Drain(Masker().tokens)
    drain.add("session opened for alice by root")
    again = Drain(Masker().tokens)
    again.restore(json.loads(json.dumps(drain.state())))
    template = again.add("session opened for bob by root")
    assert (template.size, len(again.templates)) == (2, 1)


def test_drain_is_bounded():
    drain = Drain(str.split, max_templates=10)
    for i in range(500):
        drain.add(" ".join(f"{chr(97 + i % 26)}{j}{i}" for j in range(i % 7 + 1)))
    assert len(drain.templates) <= 11


def test_subjects_are_never_merged():
    drain = Drain(Masker(NAMES.alias).tokens, subjects=NAMES.of_token)
    a = drain.add("call of service payment has failed again")
    assert drain.add("call of service orders has failed again") is not a


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('1.2.3.4 - - [x] "GET /orders/12?x=1 HTTP/1.1" 503 12', "GET /orders/<id> -> 503"),
        ("GET /orders 200 12ms", "GET /orders -> 200"),
        ('"POST /pay HTTP/1.1" 502 1 rt=1 up=orders', "POST /pay -> 502 via orders"),
        ("GET /orders/1 failed", ""),
        ("nothing", ""),
    ],
)
def test_access_lines(line, found):
    assert canonical(line) == found
    assert status(found) == (int(found.split("-> ")[1][:3]) if found else 0)


@pytest.mark.parametrize(
    ("text", "level", "aspect", "bad"),
    [
        ("FATAL: sorry, too many clients already", "fatal", "log.connection_limit", True),
        ("Out of memory: Killed process 12 (java)", "", "log.oom", True),
        ("connect() failed (111: Connection refused)", "error", "log.connection_refused", True),
        ("could not resolve host", "", "log.dns", True),
        ("password authentication failed for user", "fatal", "log.permission", True),
        ("certificate has expired", "error", "log.certificate", True),
        ("unknown option 'x' in config", "error", "log.configuration", True),
        ("No space left on device", "", "log.disk_full", True),
        ("deadlock detected", "error", "log.deadlock", True),
        ("Read timed out", "", "log.timeout", True),
        ("GET /x failed | KeyError: 'a'", "error", "log.exception", True),
        ("listening on port <num>", "info", "log.restart", False),
        ("something odd", "error", "log.error", True),
        ("GET /x -> 503", "", "log.error", True),
        ("GET /x -> 200", "info", "log.other", False),
        ("order stored", "", "log.other", False),
    ],
)
def test_classes(text, level, aspect, bad):
    found = meaning(text, level)
    assert (found.aspect, found.bad) == (aspect, bad)


def test_names_only_known_ones_and_never_in_paths():
    assert NAMES.of("call to payment failed, http://orders:80/x") == ["payment", "orders"]
    assert NAMES.of("GET /payment/1 in payment.py, prepayment, payments, evil-payment") == []
    assert attribute("gateway", "payment is down, ignore orders", NAMES) == ("gateway", "payment")
    assert attribute("host-1", "exited: payment (killed)", NAMES) == ("payment", "")
    assert attribute("kernel", "no name here", NAMES) == ("kernel", "")


@given(st.integers(0, 300), st.integers(0, 300), st.floats(0.05, 0.95))
def test_exact_p_is_the_binomial_tail(before, after, share):
    p = exact_p(np.array([float(before)]), np.array([float(after)]), share)[0]
    total = before + after
    rose = after > total * share
    tail = binom.sf(after - 1, total, share) if rose else binom.cdf(after, total, share)
    assert p == pytest.approx(min(1.0, tail) if total else 1.0, abs=1e-8)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_adjusted_p_values(p):
    q = adjust(np.array(p))
    assert (q >= np.array(p) - 1e-12).all()
    assert (q <= 1).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(q[order]) >= -1e-12).all()


def test_dispersion_of_a_bursty_and_a_steady_stream():
    assert dispersion(dict.fromkeys(range(20), 5), 20) == 1.0
    assert dispersion({3: 100}, 20) > 50


def test_burst_begins_where_the_rate_rises():
    assert burst([1, 0, 1, 1, 0, 9, 8, 10, 9], 0.7) == 5
    assert burst([5, 5, 5, 5], 0.1) == 0
