"""Surveys of logs: what changed between spans or sets, whatever the number of processes."""

import gzip
import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from aitia.core.errors import BadInput
from aitia.core.redact import Redactor
from aitia.tools.logs import work
from aitia.tools.logs.saved import load, save_states
from aitia.tools.logs.survey import opened, survey, told
from aitia.tools.text.reading import LogSet, Skipped
from aitia.tools.text.templates import Masker, Miner

START = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
BREAK = START + timedelta(minutes=40)
SAFE = Redactor(b"k" * 32)


def written(path, *, seconds=3600, broken=True, seed=0, password=""):
    """A line a second; from 03:40 on it is slow, errors name one host, and a new message appears."""
    rng = random.Random(seed)
    lines = []
    for i in range(seconds):
        at = START + timedelta(seconds=i)
        bad = broken and at >= BREAK
        lines.append(
            f"{at:%Y-%m-%d %H:%M:%S},000 INFO app: stored order {rng.randrange(10**6)} in {rng.randrange(90, 110) if bad else rng.randrange(8, 14)} ms"
        )
        if i % 7 == 0:
            host = 7 if bad else rng.randrange(1, 20)
            lines.append(
                f"{at:%Y-%m-%d %H:%M:%S},100 WARN app: retry of call to node-{host} after {rng.randrange(9)} s"
            )
        if bad and i % 3 == 0:
            lines.append(
                f"{at:%Y-%m-%d %H:%M:%S},200 ERROR app: pool exhausted ({rng.randrange(9)} waiting){password}"
            )
        if not bad and i % 10 == 0:
            lines.append(f"{at:%Y-%m-%d %H:%M:%S},300 INFO app: heartbeat sent")
    path.write_text("\n".join(lines) + "\n")
    return path


def surveyed(path, **options):
    return survey(LogSet(component="app", paths=(path,)), zone=UTC, near=START, redact=SAFE.text, **options)


def compared(path, **options):
    return surveyed(
        path, window=(BREAK.timestamp(), float("inf")), baseline=(float("-inf"), BREAK.timestamp()), **options
    )


def test_five_lines_say_what_changed(tmp_path):
    out = told(compared(written(tmp_path / "a.log")), SAFE, top=5, most=5, compared=True)
    text = "\n".join(change["text"] for change in out["changes"])
    assert "pool exhausted (<num> waiting)" in text
    assert "is new" in text
    assert "heartbeat sent" in text
    assert "vanished" in text
    assert "stored order <num> in <num> ms" in text
    assert "node-7" in text
    assert len(out["changes"]) <= 5
    assert out["changes"][0]["first"].startswith(str(tmp_path / "a.log:"))


def test_a_log_that_stays_the_same_has_no_change(tmp_path):
    for seed in range(5):
        path = written(tmp_path / f"{seed}.log", broken=False, seed=seed)
        out = told(compared(path), SAFE, top=5, most=5, compared=True)
        assert not out["changes"], out["changes"]


def test_two_files_are_compared_whole(tmp_path):
    old, new = written(tmp_path / "old.log", broken=False), written(tmp_path / "new.log", seed=1)
    found = surveyed(new, before=LogSet(component="app", paths=(old,)))
    out = told(found, SAFE, top=0, most=10, compared=True)
    assert any("pool exhausted" in c["text"] and c["what"] == "rate" for c in out["changes"])
    assert out["lines"] > out["lines_before"] - 1000


def test_undated_logs_are_compared_by_their_lines(tmp_path):
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    old.write_text("".join(f"tick {i}\n" for i in range(500)))
    new.write_text("".join(f"tick {i}\n" if i % 2 else f"tock of worker {i} failed\n" for i in range(500)))
    found = surveyed(new, before=LogSet(component="app", paths=(old,)))
    assert found.layout == "no timestamps"
    out = told(found, SAFE, top=5, most=5, compared=True)
    assert [t["count"] for t in out["templates"]] == [250, 250]
    assert any('"tock of worker <num> failed" is new' in c["text"] for c in out["changes"])


def test_several_processes_find_the_same(tmp_path, monkeypatch):
    path = written(tmp_path / "a.log")
    other = tmp_path / "b.log.gz"
    other.write_bytes(gzip.compress(written(tmp_path / "b.txt", seed=3).read_bytes()))
    monkeypatch.setattr(work, "PIECE", 20_000)
    monkeypatch.setattr(work, "START", 0)
    logs = LogSet(component="app", paths=(path, other))
    spans = {"window": (BREAK.timestamp(), float("inf")), "baseline": (float("-inf"), BREAK.timestamp())}
    seen = []
    for jobs in (1, 2):
        found = survey(logs, zone=UTC, near=START, redact=SAFE.text, jobs=jobs, **spans)
        seen.append({(c.template.text, c.level): (c.window, c.before, c.cells) for c in found.counts})
    assert seen[0] == seen[1]


@pytest.mark.parametrize("piece", [997, 5_003])
def test_a_record_that_two_pieces_share_is_counted_whole(tmp_path, monkeypatch, piece):
    path, rng = tmp_path / "a.log", random.Random(piece)
    with path.open("w") as file:
        for i in range(400):
            file.write(f"2026-11-25 03:{i // 60:02d}:{i % 60:02d},{i:03d} ERROR app: job {i} failed\n")
            frames = rng.randrange(120)
            file.writelines(f"\tat a.b.C.m(C.java:{rng.randrange(99)})\n" for _ in range(frames))
            file.write(f"Caused by: java.io.{rng.choice(['IO', 'EOF'])}Exception: {i}\n")
    monkeypatch.setattr(work, "PIECE", piece)
    monkeypatch.setattr(work, "START", 0)
    seen = [
        {c.template.text: (c.window, c.cells, c.record) for c in surveyed(path, jobs=n).counts}
        for n in (1, 2)
    ]
    assert len(seen[0]) > 1
    for text, (count, cells, record) in seen[0].items():
        again = seen[1][text]
        assert (count, cells) == again[:2]
        assert (record.offset, record.size, record.lines) == (again[2].offset, again[2].size, again[2].lines)
    assert seen[0].keys() == seen[1].keys()


def test_a_share_is_smaller_where_a_process_has_to_start(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"2026-11-25 03:00:00,000 INFO app: stored\n" * 40)
    logs = LogSet(component="app", paths=(path,))
    (file,) = opened(logs, UTC, START, Skipped())
    plan = [work.Work(file=file, index=0, sides=[])]
    file.size = work.START // 2
    assert len(work.shares(plan, 4)) == 1
    file.size = 5 * work.START
    own, other = work.shares(plan, 2)
    sizes = [sum(p.size for p in share) for share in (own, other)]
    assert sum(sizes) == file.size
    assert abs(sizes[0] - sizes[1] - work.START) <= work.PIECE
    assert sorted(p.within for p in (*own, *other)) == [
        (a, min(a + work.PIECE, file.size)) for a in range(0, file.size, work.PIECE)
    ]


@pytest.mark.parametrize(
    ("apart", "expected"),
    [
        (True, {"job <num> status: 500": 20, "job <num> status: <num>": 20}),
        (False, {"job <num> status: <num>": 40}),
    ],
    ids=["calls told apart", "statements"],
)
def test_a_failing_status_in_a_log_without_times(tmp_path, apart, expected):
    path = tmp_path / "a.log"
    path.write_text("".join(f"job {i} status: {500 if i % 2 else 200}\n" for i in range(40)))
    miner = Miner(Masker(apart=apart))
    assert {c.template.text: c.window for c in surveyed(path, miner=miner).counts} == expected


def test_what_was_learned_serves_the_next_survey(tmp_path):
    one, two = written(tmp_path / "a.log"), written(tmp_path / "b.log", seed=5)
    miner = Miner()
    first, again = surveyed(one, miner=miner), surveyed(two, miner=miner)
    fresh = surveyed(two)
    texts = [
        {c.template.text: (c.window, c.cells, c.text, c.record) for c in found.counts}
        for found in (again, fresh)
    ]
    assert [t for t, *_ in texts[0].items()] == [t for t, *_ in texts[1].items()]
    for text, (count, cells, message, record) in texts[0].items():
        other = texts[1][text]
        assert (count, cells, message) == other[:3]
        assert (record.offset, record.size) == (other[3].offset, other[3].size)
    assert first.lines == again.lines


def test_saved_templates_keep_their_names(tmp_path):
    one = surveyed(written(tmp_path / "a.log"))
    save_states(tmp_path / "t.json", {"app": one.tally.miner})
    ids = {c.template.text: c.template.id for c in one.counts}
    again = surveyed(written(tmp_path / "b.log", seed=5), miner=load(tmp_path / "t.json")["app"])
    assert {c.template.text: c.template.id for c in again.counts} == ids


@pytest.mark.parametrize("text", ["", "[]", '{"app": {"version": 9}}', '{"app": 3}', "\x00"])
def test_files_that_hold_no_templates(tmp_path, text):
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(BadInput):
        load(tmp_path / "t.json")


def test_no_secret_is_kept_or_told(tmp_path):
    secret = "hunter2-Xq9"
    found = compared(written(tmp_path / "a.log", password=f" password={secret} card 4111 1111 1111 1111"))
    out = told(found, SAFE, top=50, most=50, compared=True)
    save_states(tmp_path / "t.json", {"app": found.tally.miner})
    for text in (json.dumps(out), (tmp_path / "t.json").read_text()):
        assert secret not in text
        assert "4111" not in text
    assert "<secret" in json.dumps(out)


def test_the_interval_of_a_departure_is_told(tmp_path):
    out = told(surveyed(written(tmp_path / "a.log"), events=10**6), SAFE, top=5, most=5, compared=False)
    assert abs(datetime.fromisoformat(out["departure"]["start"]).timestamp() - BREAK.timestamp()) < 180
    assert out["departure"]["open"]


def test_an_empty_and_a_binary_file(tmp_path):
    (tmp_path / "e.log").write_text("")
    (tmp_path / "b.log").write_bytes(bytes(range(256)) * 500)
    for name in ("e.log", "b.log"):
        found = surveyed(tmp_path / name)
        assert (found.lines, found.counts) == (0, [])
        out = told(found, SAFE, top=5, most=5, compared=True)
        assert out["changes"] == []
