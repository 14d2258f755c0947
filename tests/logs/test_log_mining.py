"""Access lines, classes, names and the statistics."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from aitia.core.words import Component
from aitia.tools.change.counts import adjust, burst, dispersion, exact_p
from aitia.tools.text.access import canonical, status
from aitia.tools.text.classes import meaning
from aitia.tools.text.names import Names, attribute

NAMES = Names(
    [
        Component(id="payment", type="service", aliases=("127.0.0.1:5432",)),
        Component(id="orders", type="service"),
        Component(id="host-1", type="node"),
    ]
)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('1.2.3.4 - - [x] "GET /orders/12?x=1 HTTP/1.1" 503 12', "GET /orders/<id> -> 503"),
        ("GET /orders 200 12ms", "GET /orders -> 200"),
        ('"POST /pay HTTP/1.1" 502 1 rt=1 up=orders', "POST /pay -> 502 via orders"),
        ("GET /orders/1 failed", ""),
        (
            '10.0.0.1:3 [29/Nov/2026:18:22:38.310] public www/www-a 0/0/0/9/9 200 214 - - ---- 2/1/0/0/0 0/0 "GET /orders/12 HTTP/1.1"',
            "GET /orders/<id> -> 200 via www-a",
        ),
        (
            '10.0.0.1:3 [29/Nov/2026:18:22:38.310] public www/<NOSRV> 0/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0 "POST /pay?x=1 HTTP/1.1"',
            "POST /pay -> 503",
        ),
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


def test_the_other_end_of_what_nginx_cannot_pass_on_is_its_upstream():
    context = "connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.9, server: , request: 'GET /'"
    known = f"{context}, upstream: 'http://payment:80/', host: 'orders'"
    assert attribute("gateway", known, NAMES) == ("gateway", "payment")
    unknown = f"{context}, upstream: 'http://10.0.0.7:80/', host: 'orders'"
    assert attribute("gateway", unknown, NAMES) == ("gateway", "")


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
