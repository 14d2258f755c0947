"""Header detection on a table of layouts of public software: every line's time, level, component, thread and message."""

import random
from datetime import UTC
from functools import cache

import pytest

from aitia.tools.text.headers import detect

from .formats import LAYOUTS, NEAR, POOLS, lines

GAPS = {
    ("apt term", "keys"): "`status state: …` looks like a host and a program",
    ("python colons", "numbers"): "`name:12 packets` looks like `host:port`",
}
STARTS = sorted(set(POOLS) - {"mixed"})  # what messages begin with


@cache
def read(name, pool="mixed", seed=0):
    expected = lines(name, pool=pool, seed=seed)
    return expected, detect([e.raw for e in expected], zone=UTC, near=NEAR)


def check(name, pool, seed):
    expected, header = read(name, pool, seed)
    assert header is not None
    for e in expected:
        found = header(e.raw)
        assert found is not None, e.raw
        at, level, message = found
        assert message.strip() == e.message.strip(), (header.name, e.raw)
        assert at == pytest.approx(e.at, abs=2e-6 if LAYOUTS[name].digits > 3 else 2e-3), (header.name, e.raw)
        if e.level:
            assert level == e.level, (header.name, e.raw)
        fields = header.fields(e.raw)
        assert fields is not None
        assert fields.timestamp == at
        if e.component:
            assert fields.attributes["logger.name"] == e.component, (header.name, e.raw)
        if e.thread:
            assert fields.attributes["thread.name"] == e.thread, (header.name, e.raw)


@pytest.mark.parametrize("seed", [0, pytest.param(7, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", LAYOUTS)
def test_every_line_of_a_layout_is_read_whole(name, seed):
    check(name, "mixed", seed)


def layouts_of(pool):
    """A third of the layouts, so that each has two of the pools."""
    turn = STARTS.index(pool) % 3
    return [name for n, name in enumerate(LAYOUTS) if n % 3 == turn]


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.long)])
@pytest.mark.parametrize("pool", STARTS)
def test_what_messages_begin_with_is_not_taken_for_a_header(pool, every):
    missed = []
    for name in LAYOUTS if every else layouts_of(pool):
        if (name, pool) not in GAPS:
            try:
                check(name, pool, 0)
            except AssertionError as error:
                missed.append(f"{name}: {error}"[:300])
    assert not missed, "\n".join(missed)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_places_parts_are_the_headers(name):
    expected, header = read(name)
    widths = set()
    for e in expected:
        place = header.locate(e.raw)
        at, _, message = header(e.raw)
        if place is None:
            continue
        text, fraction = e.raw[place.start : place.end], e.raw[place.frac_start : place.frac_end]
        assert header.epoch(text, fraction) == pytest.approx(at, abs=1e-9)
        assert e.raw[place.msg_start :] == message
        widths.add(len(text))
    assert header.fixed == (len(widths) == 1)


def test_two_programs_in_one_file_are_both_read():
    rng = random.Random(3)
    for first, second in (
        ("log4j", "nginx error"),
        ("postgres", "zerolog"),
        ("syslog", "klog"),
        ("hadoop", "go std"),
    ):
        mixed = lines(first, count=40) + lines(second, count=40)
        rng.shuffle(mixed)
        header = detect([e.raw for e in mixed], zone=UTC, near=NEAR)
        assert " or " in header.name
        wrong = [
            e.raw for e in mixed if header(e.raw) is None or header(e.raw)[2].strip() != e.message.strip()
        ]
        assert not wrong, (first, second, header.name, wrong[:2])
        assert {e.level for e in mixed if header(e.raw)[1] != e.level and e.level} == set()


@pytest.mark.parametrize("name", LAYOUTS)
def test_damaged_and_hostile_lines_never_fail(name):
    expected, header = read(name)
    rng = random.Random(name)
    inserts = [
        "٣",
        "²",
        "\0",
        "\ufffd",
        "9" * 5000,
        "[" * 300,
        '"',
        "{",
        "+99:99",
        "\u2028",
        "=" * 50,
        " " * 500,
        "2026-13-45 25:61:61",
    ]
    for raw in [e.raw for e in expected[:12]]:
        for _ in range(6):
            at, to = sorted(rng.randrange(len(raw) + 1) for _ in range(2))
            line = raw[:at] + rng.choice(inserts) + raw[rng.choice((at, to)) :]
            parsed, fields, place = header(line), header.fields(line), header.locate(line)
            assert (parsed is None) == (fields is None)
            if place is not None and parsed is not None:
                assert 0 <= place.start <= place.end <= place.frac_end <= place.msg_start <= len(line)
