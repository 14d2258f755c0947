"""Counting by shape gives what parsing every record gives."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from aitia.tools.logs.passing import Pass
from aitia.tools.logs.tally import Side, Tally
from aitia.tools.text.access import canonical
from aitia.tools.text.headers import worst
from aitia.tools.text.reader import Extract, LogFile
from aitia.tools.text.reading import Skipped, blocks
from aitia.tools.text.templates import Masker, Miner
from aitia.tools.text.templates.masks import Tokens

START = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
EVER = Side(start=float("-inf"), end=float("inf"), index=-1)
LAYOUTS = {
    "millis": lambda at: f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d}",
    "micros": lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}Z",
    "syslog": lambda at: f"{at:%b} {at.day:>2} {at:%H:%M:%S} host-7",
    "zones": lambda at: at.astimezone(datetime.fromtimestamp(0).astimezone().tzinfo).isoformat(),
}
MESSAGES = (
    "order {n} of user{m} stored in {k} ms",
    "GET /orders/{n} HTTP/1.1 -> {status} {k}ms",
    "peer 10.0.0.{k}:{m} answered {status}",
    "request {h} of 550e8400-e29b-41d4-a716-4466{h} done",
    "cache of db-{k} is cold",
    "failed: retry {k} of {m}",
)
TRACE = ("Traceback (most recent call last):", '  File "a.py", line 3, in f', "ValueError: bad {n}")


def written(path, layout, *, lines=400, seed=0):
    rng = random.Random(seed)
    at = START
    with path.open("w") as file:
        for _ in range(lines):
            at += timedelta(microseconds=rng.randrange(1, 4_000_000))
            values = {
                "n": rng.randrange(10**6), "m": rng.randrange(1000, 9999), "k": rng.randrange(1, 20),
                "h": f"{rng.getrandbits(32):08x}", "status": rng.choice((200, 200, 204, 500, 503)),
            }  # fmt: skip
            level = rng.choice(("INFO", "WARN", "ERROR"))
            file.write(f"{LAYOUTS[layout](at)} app: {level} {rng.choice(MESSAGES).format(**values)}\n")
            if level == "ERROR" and rng.random() < 0.5:
                file.writelines(line.format(**values) + "\n" for line in TRACE)


def subject(token):
    return token if token in ("db", "db-9") else ""


def one_by_one(path, masker):
    """Each record parsed and masked on its own."""
    file = LogFile(path, zone=UTC, near=START)
    miner, seen = Miner(masker, subject=subject), []
    for record in file.records(float("-inf"), float("inf"), budget=1 << 40, extract=Extract()):
        level, access = record.level, canonical(record.message)
        masked = [(access, "")] if access else list(zip(*masker.tokens(record.message)[:2], strict=True))
        if record.exception:
            below = masker.tokens(f"| {record.exception}")
            masked += [(" ", ""), *zip(*below[:2], strict=True)]
            level = worst(level, "error")
        form = miner.take(
            Tokens(*map(tuple, zip(*masked, strict=True))), (level, access) if access else (level,)
        )
        seen.append((form, record.at))
    return Counter((miner.template(f).text, round(at, 3)) for f, at in seen)


def by_shape(path, masker, size):
    file = LogFile(path, zone=UTC, near=START)
    tally = Tally(
        miner=Miner(masker, subject=subject),
        baselines=1,
        origin=0.0,
        width=60.0,
        access=canonical,
        keep_events=10**6,
    )
    reading = Pass(tally, file.header, 0, [EVER], Skipped())
    with path.open("rb") as handle:
        for block in blocks(handle, size=size, skipped=Skipped()):
            reading.feed(block)
    reading.close()
    counts = tally.settled()
    texts = {c.template.id: c.template.text for c in counts}
    times, ids = tally.kept_events(-1)
    return counts, Counter((texts[i], round(at, 3)) for at, i in zip(times, ids, strict=True))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("size", [200, 1 << 20])
def test_the_same_templates_at_the_same_times(tmp_path, layout, size):
    path = tmp_path / "app.log"
    written(path, layout)
    masker = Masker({"10.0.0.7": "db", "db-9": "db-9"}, apart=True)
    counts, found = by_shape(path, masker, size)
    assert found == one_by_one(path, masker)
    texts = {c.template.text.partition(" | ")[0] for c in counts}
    answered = {text for text in texts if text.startswith("peer <addr>")}
    assert answered == {f"peer <addr> answered {status}" for status in ("<num>", "500", "503")}
    assert any(c.template.text.startswith("cache of db-9") for c in counts)
    assert sum(c.window for c in counts) == 400


def test_first_records_lie_where_they_say(tmp_path):
    path = tmp_path / "app.log"
    written(path, "millis")
    data = path.read_bytes()
    counts, _ = by_shape(path, Masker(), 300)
    for count in counts:
        raw = data[count.record.offset : count.record.offset + count.record.size]
        assert raw.endswith(b"\n")
        assert raw.count(b"\n") == count.record.lines
        assert data[: count.record.offset].count(b"\n") + 1 == count.record.line
        assert ("ValueError" in count.template.text) == (b"ValueError" in raw)


def test_samples_are_even_and_bounded(tmp_path):
    path = tmp_path / "app.log"
    path.write_text(
        "".join(f"2026-11-25 03:{i // 60 % 60:02d}:{i % 60:02d} took {i} ms\n" for i in range(3000))
    )
    counts, _ = by_shape(path, Masker(), 1 << 16)
    (count,) = counts
    assert count.window == 3000
    assert 20 <= len(count.new.kept) <= 48
    order = [raw for _, _, raw in count.new.kept]
    assert len(set(order)) == len(order)


def test_memory_of_forms_is_bounded_and_nothing_is_lost(tmp_path):
    rng = random.Random(2)
    words = ["".join(rng.choices("abcdefghij", k=7)) for _ in range(2000)]
    path = tmp_path / "app.log"
    path.write_text(
        "".join(
            f"2026-11-25 03:00:{i % 60:02d} {rng.choice(words)} {rng.choice(words)} of {rng.choice(words)}\n"
            for i in range(5000)
        )
    )
    file = LogFile(path, zone=UTC, near=START)
    tally = Tally(miner=Miner(max_forms=300), baselines=1, origin=0.0, width=60.0)
    reading = Pass(tally, file.header, 0, [EVER], Skipped())
    with path.open("rb") as handle:
        for block in blocks(handle, size=4096, skipped=Skipped()):
            reading.feed(block)
    reading.close()
    assert len(tally.counts) < 1000
    assert sum(c.window for c in tally.settled()) == 5000


def test_two_tallies_add_up(tmp_path):
    path = tmp_path / "app.log"
    written(path, "millis", lines=300)
    file = LogFile(path, zone=UTC, near=START)

    def tally():
        return Tally(miner=Miner(), baselines=1, origin=0.0, width=60.0, access=canonical)

    whole, halves = tally(), [tally(), tally()]
    with path.open("rb") as handle:
        parts = list(blocks(handle, size=2000, skipped=Skipped()))
    for target, found in (
        (whole, parts),
        (halves[0], parts[: len(parts) // 2]),
        (halves[1], parts[len(parts) // 2 :]),
    ):
        reading = Pass(target, file.header, 0, [EVER], Skipped(), begun=True)
        for block in found:
            reading.feed(block)
        reading.close()
    total = tally()
    for half in halves:
        total.add(half.parcel())
    seen = [{(c.template.text, c.template.group): c.window for c in t.settled()} for t in (whole, total)]
    assert sum(seen[0].values()) == sum(seen[1].values()) == 300
    assert seen[0].keys() == seen[1].keys()
