"""Search gives what a plain filter over the records gives; nothing secret is kept; SQL reaches nothing else."""

import gzip
import json
import random
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from aitia.core.errors import BadInput
from aitia.core.redact import Redactor
from aitia.tools.logs.search import sandbox, spool, store
from aitia.tools.logs.search.mining import extent, mine
from aitia.tools.logs.search.query import Query, count_by, search
from aitia.tools.logs.survey import survey
from aitia.tools.text.headers import RANK
from aitia.tools.text.reader import Extract, LogFile
from aitia.tools.text.reading import Skipped, gather

START = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
EVER = (float("-inf"), float("inf"))
REDACTOR = Redactor(b"k" * 32)
MESSAGES = (
    "query of user{n} took {k} ms",
    "order {n} stored on node-{k}",
    "peer 10.0.0.{k} answered 200",
    "GET /orders/{n} HTTP/1.1 -> 503 {k}ms",
    "retry {k} of {n}: Connection refused",
)
TRACE = ("java.lang.IllegalStateException: order {n} is lost", "\tat com.app.Db.find(Db.java:{k})")


def written(path, *, lines=600, seed=0):
    rng, at, opened = random.Random(seed), START, gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8") as file:
        for _ in range(lines):
            at += timedelta(milliseconds=rng.randrange(1, 4000))
            values = {"n": rng.randrange(10**6), "k": rng.randrange(1, 200)}
            level = rng.choice(("DEBUG", "INFO", "WARN", "ERROR"))
            stamp = f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d}"
            thread, message = f"pool-{rng.randrange(4)}", rng.choice(MESSAGES).format(**values)
            file.write(f"{stamp} [{thread}] {level} com.app.Db - {message}\n")
            if level == "ERROR" and rng.random() < 0.5:
                file.writelines(line.format(**values) + "\n" for line in TRACE)
    return path


def records(path):
    file = LogFile(path, zone=UTC, near=START)
    found = list(file.records(*EVER, budget=1 << 40, extract=Extract()))
    with file.open() as handle:
        data = handle.read()
    return [(r, data[r.offset : r.offset + r.size].decode()) for r in found]


@contextmanager
def mined(*paths, window=EVER, redactor=REDACTOR):
    sets = gather(paths, skipped=Skipped())
    with store.workplace() as (db, folder):
        found = mine(sets, folder, db, redactor=redactor, window=window, zone=UTC, near=START)
        yield store.of_mined(db, found, redactor), found, folder


@contextmanager
def kept(path):
    with store.workplace() as (db, folder):
        links = [folder / "saved-0.parquet"]
        found = store.of_saved(db, links, [path])
        sandbox.locked(db, links)
        yield found


def saved(target, *paths):
    sets = gather(paths, skipped=Skipped())
    with store.workplace(target) as (db, folder):
        found = mine(sets, folder, db, redactor=REDACTOR, window=EVER, zone=UTC, near=START)
        store.of_mined(db, found, REDACTOR)
        assert store.save(db, folder, target, found) == target.stat().st_size
    return target


def lines(found):
    assert found.matched == len(found.rows)
    return sorted(row["line"] for row in found.rows)


def thread(text):
    return re.search(r"\[(.+?)\]", text)[1]


FILTERS = (
    (Query(), lambda r, text: True),
    (Query(text="TOOK query"), lambda r, text: "took" in text and "query" in text),
    (Query(text="find"), lambda r, text: "Db.find" in text),  # below the first line
    (Query(text=r"user\d*7 took", regex=True), lambda r, text: re.search(r"user\d*7 took", text)),
    (Query(level="warn"), lambda r, text: RANK[r.level] >= RANK["warning"]),
    (Query(component="app"), lambda r, text: True),
    (Query(fields=("thread=pool-2",)), lambda r, text: thread(text) == "pool-2"),
    (Query(fields=("logger.name=com.app.Db", "thread.name=pool-1")), lambda r, text: thread(text) == "pool-1"),
    (Query(values=("took>100",)), lambda r, text: (m := re.search(r"took (\d+)", text)) and int(m[1]) > 100),
    (Query(values=("took<=20", "took>5")), lambda r, t: (m := re.search(r"took (\d+)", t)) and 5 < int(m[1]) <= 20),
    (Query(values=("peer=10.0.0.7",)), lambda r, text: "peer 10.0.0.7 " in text),
    (Query(template="stored on node"), lambda r, text: "stored on" in text),
    (Query(level="error", text="refused", fields=("thread=pool-3",)),
     lambda r, t: r.level == "error" and "refused" in t and thread(t) == "pool-3"),
    (Query(text="nowhere"), lambda r, text: False),
)  # fmt: skip


@pytest.mark.parametrize("name", ["app.log", "app.log.gz"])
def test_every_filter_gives_what_a_plain_one_gives(tmp_path, name):
    path = written(tmp_path / name)
    plain = records(path)
    assert len(plain) == 600
    with mined(path) as (fresh, _, _):
        found = [lines(search(fresh, query, 1000)) for query, _ in FILTERS]
    with kept(saved(tmp_path / "r.parquet", path)) as stored:
        again = [lines(search(stored, query, 1000)) for query, _ in FILTERS]
    assert again == found
    for (query, fits), got in zip(FILTERS, found, strict=True):
        assert got == [r.line for r, text in plain if fits(r, text)], query


def test_a_record_keeps_what_the_reader_tells_of_it(tmp_path):
    path = written(tmp_path / "app.log")
    with mined(path) as (found, _, _):
        rows = found.rows(
            "SELECT epoch(time), level, message, exception, line, lines, byte_offset, byte_size FROM records"
            " ORDER BY byte_offset"
        )
        shown = search(found, Query(), 1).rows[0]
    told = [
        (pytest.approx(r.at, abs=1e-6), r.level, r.message, r.exception, r.line, r.lines, r.offset, r.size)
        for r, _ in records(path)
    ]
    assert rows == told
    assert any(row[5] == 3 for row in rows)
    assert shown["time"].endswith("000Z")
    assert shown["fields"]["logger.name"] == "com.app.Db"


def test_templates_have_the_names_that_a_survey_gives_them(tmp_path):
    path = written(tmp_path / "app.log", lines=2000)
    counts = survey(gather([path], skipped=Skipped())[0], zone=UTC, near=START, redact=REDACTOR.text).counts
    with mined(path) as (found, _, _):
        rows = count_by(found, Query(), "template", 1000).rows
        one = count_by(found, Query(template=rows[0]["template_id"]), "template", 10).rows
    assert {(r["template_id"], r["template"], r["records"]) for r in rows} == {
        (c.template.id, c.template.text, c.window) for c in counts
    }
    assert one == rows[:1]


def test_counts_by_level_minute_component_and_field(tmp_path):
    path = written(tmp_path / "app.log")
    plain = records(path)

    def counted(key):
        out = {}
        for record, text in plain:
            out[key(record, text)] = out.get(key(record, text), 0) + 1
        return out

    def minute(record, text):
        return f"{datetime.fromtimestamp(record.at, tz=UTC):%Y-%m-%dT%H:%M}:00.000000Z"

    with mined(path) as (found, _, _):
        for key, fits in (
            ("level", lambda r, t: r.level),
            ("minute", minute),
            ("component", lambda r, t: "app"),
            ("thread", lambda r, t: thread(t)),
        ):
            rows = count_by(found, Query(), key, 1000).rows
            assert {row[key]: row["records"] for row in rows} == counted(fits), key
        assert count_by(found, Query(), "minute", 2).more


def test_a_span_is_read_alone_and_undated_records_lie_in_none(tmp_path):
    path = written(tmp_path / "app.log")
    (tmp_path / "bare.log").write_text("".join(f"cache {n} is cold\n" for n in range(30)))
    start, end = START.timestamp() + 300, START.timestamp() + 600
    with mined(path, tmp_path / "bare.log", window=(start, end)) as (every, found, _):
        assert (found.records, every.undated) == (len(every.rows("SELECT 1 FROM records")), 30)
        assert lines(search(store.within(every, (start, end)), Query(), 1000)) == [
            r.line for r, _ in records(path) if start <= r.at < end
        ]
    with mined(tmp_path / "bare.log") as (every, _, _):
        assert (every.records, every.undated, every.first) == (30, 30, None)
        row = search(every, Query(text="cache 7 "), 10).rows[0]
        assert (row["time"], row["line"], row["lines"], row["level"]) == (None, 8, 1, "")


@pytest.mark.parametrize("form", ["plain", "cri"])
def test_lines_are_numbered_where_reading_began_in_the_middle(tmp_path, form):
    text = written(tmp_path / "app.log", lines=20_000, seed=3).read_text()
    path = tmp_path / f"{form}.log"
    leads, lead = [], ""
    for line in text.splitlines():
        if form == "cri" and line[:2] == "20":  # else it goes on from the line above
            lead = f"{line[:10]}T{line[11:19]}.{line[20:23]}Z stdout F "
        leads.append(lead)
    path.write_text("".join(a + line for a, line in zip(leads, text.splitlines(keepends=True), strict=True)))
    start = START.timestamp() + 30_000
    file = LogFile(path, zone=UTC, near=START)
    told = [r.line for r in file.records(start, start + 60, budget=1 << 40, extract=Extract())]
    with mined(path, window=(start, start + 60)) as (every, _, _):
        assert lines(search(every, Query(), 1000)) == told
    assert told[0] > 10_000


def test_batches_and_components_come_together(tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "ROWS", 100)
    for i, name in enumerate(("a", "b")):
        written(tmp_path / f"{name}.log", seed=i)
    with mined(tmp_path) as (found, parts, _):
        assert len(parts.parts) == 12
        assert [r["records"] for r in count_by(found, Query(), "component", 9).rows] == [600, 600]
        got = search(found, Query(component="b", text="took"), 1000)
        assert lines(got) == [r.line for r, t in records(tmp_path / "b.log") if "took" in t]
        times = [row["time"] for row in search(found, Query(), 2000).rows]
        assert times == sorted(times)


SECRETS = ("hunter2-Xk81vQ", "s3cr3t-9Lm2pW", "Zq7-pem-body-41", "jane.roe@example.org")


def test_no_secret_is_kept_or_found(tmp_path):
    text = tmp_path / "app.log"
    text.write_text(
        f"2026-11-25 03:00:00,000 INFO com.app.Db - login of {SECRETS[3]} password={SECRETS[0]} ok\n"
        "2026-11-25 03:00:01,000 ERROR com.app.Db - failed\n"
        f"java.lang.IllegalStateException: password={SECRETS[0]}\n"
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRETS[2]}\n-----END RSA PRIVATE KEY-----\n"
        "2026-11-25 03:00:02,000 INFO com.app.Db - done\n" * 20
    )
    rows = [
        {"time": f"2026-11-25T03:00:{n:02}Z", "level": "info", "msg": f"call {n}", "password": SECRETS[1],
         "more": f"api_key: {SECRETS[1]}", "user": "ann"}
        for n in range(30)
    ]  # fmt: skip
    (tmp_path / "web.log").write_text("".join(json.dumps(row) + "\n" for row in rows))
    target = saved(tmp_path / "r.parquet", text, tmp_path / "web.log")
    with kept(target) as found:
        everything = str(found.rows("SELECT * FROM records"))
        for secret in SECRETS:
            assert search(found, Query(text=secret), 9).matched == 0
            assert secret not in everything
            assert secret.encode() not in target.read_bytes()
        pseudonym = REDACTOR.secret(SECRETS[0])
        assert search(found, Query(text=pseudonym), 99).matched == 40
        assert search(found, Query(fields=("user=ann",)), 99).matched == 30
        assert search(found, Query(fields=(f"password={REDACTOR.secret(SECRETS[1])}",)), 99).matched == 30


def test_what_is_stored_before_the_end_holds_no_secret_either(tmp_path):
    path = tmp_path / "app.log"
    path.write_text(f"2026-11-25 03:00:00,000 INFO com.app.Db - password={SECRETS[0]}\n" * 50)
    with mined(path) as (_, _, folder):
        for file in folder.rglob("*"):
            assert not file.is_file() or SECRETS[0].encode() not in file.read_bytes()


HOSTILE = (
    "'; DROP TABLE records; --",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    'quote " and \\ and , and \t tab',
    "unit \x1f separator \x1e record \x1d group",
    "%s {0} $1 ? NULL \\N",
    "näïve \u2028 line \U0001f600",
    "x" * 60_000,
)


def test_hostile_messages_come_back_as_they_are(tmp_path):
    path = tmp_path / "app.log"
    path.write_text(
        "".join(f"2026-11-25 03:00:{n:02},000 INFO app - m{n} {m}\n" for n, m in enumerate(HOSTILE)),
        encoding="utf-8",
    )
    with kept(saved(tmp_path / "r.parquet", path)) as found:
        rows = search(found, Query(), 99).rows
        assert len(rows) == len(HOSTILE)
        for n, (row, message) in enumerate(zip(rows, HOSTILE, strict=True)):
            plain = re.sub("\x1b(\\[[0-9;]*m|].*?\x07)", "", f"m{n} {message}")  # no terminal's sequences
            whole = re.sub("[\x1d-\x1f]", "\N{REPLACEMENT CHARACTER}", plain)
            assert whole.startswith(row["message"])
            assert len(row["message"]) >= min(len(whole), 8000)
        for text in HOSTILE[:3]:
            assert search(found, Query(text=text.split()[0], template=rows[0]["template_id"]), 9).matched in (
                0,
                1,
            )
        assert search(found, Query(text="'; DROP TABLE records; --"), 9).matched == 1
        assert search(found, Query(component="app", fields=("x'); --=y",)), 9).matched == 0
        assert found.records == len(HOSTILE)


def test_json_fields_and_lone_surrogates(tmp_path):
    path = tmp_path / "web.log"
    row = {
        "time": "2026-11-25T03:00:00Z",
        "level": "warn",
        "msg": "a\nb \ud800 c",
        "trace_id": "ab" * 16,
        "k=x": "1\x1f2",
    }
    path.write_text((json.dumps(row) + "\n") * 25)
    with mined(path) as (found, _, _):
        one = search(found, Query(fields=("trace=" + "ab" * 16,)), 99)
        assert one.matched == 25
        assert one.rows[0]["message"].startswith("a\nb ")
        assert one.rows[0]["fields"]["k_x"] == "1\N{REPLACEMENT CHARACTER}2"


def test_unknown_names_and_bad_patterns_say_what_to_change(tmp_path):
    path = written(tmp_path / "app.log")
    with mined(path) as (found, _, _):
        for query, words in (
            (Query(template="quary of usr took"), "Nearest.*took"),
            (Query(template="000000000000"), "Nearest"),
            (Query(component="ap"), "Set --component.*app"),
            (Query(text="(", regex=True), "Fix the regular expression"),
            (Query(regex=True), "--regex needs --text with a regular expression."),
            (Query(level="loud"), "Set --level"),
            (Query(fields=("thread",)), "Write --field"),
            (Query(values=("tok>1",)), "The templates have no value.*took"),
            (Query(values=("took",)), "Write --value"),
            (Query(values=("took>many",)), "Compare with a number"),
        ):
            with pytest.raises(BadInput, match=words):
                search(found, query, 9)


def test_sql_reads_the_records_and_nothing_else(tmp_path):
    path = written(tmp_path / "app.log")
    target = saved(tmp_path / "r.parquet", path)
    before = target.read_bytes()
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n")
    with kept(target) as found:
        answer = sandbox.ask(found, "SELECT level, count(*) AS n FROM records GROUP BY ALL ORDER BY 1", 2)
        assert answer.columns == ("level", "n")
        assert len(answer.rows) == 2
        assert answer.more
        for sql in (
            "SELECT * FROM read_csv('/etc/passwd')",
            "SELECT * FROM read_text('/etc/passwd')",
            f"SELECT * FROM '{outside}'",
            f"SELECT * FROM glob('{tmp_path}/*')",
            f"COPY records TO '{tmp_path}/out.csv'",
            f"COPY (SELECT 1) TO '{target}' (USE_TMP_FILE false)",
            f"ATTACH '{tmp_path}/new.db'",
            "SET enable_external_access = true",
            "INSTALL httpfs",
            "DROP VIEW records",
            "SELECT 1; SELECT 2",
            "",
            "SELEC 1",
            "SELECT nothing FROM records",
            "SELECT outside FROM outside",  # no variable of Python's
        ):
            with pytest.raises(
                BadInput, match=r"(--sql must be one|--sql can use only the table records: no other|Fix the) "
            ):
                sandbox.ask(found, sql, 9)
    assert target.read_bytes() == before
    assert {p.name for p in tmp_path.iterdir()} == {"app.log", "r.parquet", "outside.csv"}


def test_sql_is_limited_in_memory(tmp_path):
    with (
        kept(saved(tmp_path / "r.parquet", written(tmp_path / "app.log"))) as found,
        pytest.raises(BadInput, match="Narrow the --sql"),
    ):
        sandbox.ask(found, "SELECT list(repeat('x', 1000) || i) FROM range(3000000) t(i)", 9)


def test_another_parquet_or_none_is_refused(tmp_path):
    import duckdb

    duckdb.execute(f"COPY (SELECT 1 AS a) TO '{tmp_path}/other.parquet'")
    (tmp_path / "text.parquet").write_text("no parquet at all\n")
    for name, words in (
        ("other", "no column 'time'"),
        ("text", "Give a Parquet"),
        ("none", "does not exist. Fix the path."),
    ):
        with pytest.raises(BadInput, match=words), kept(tmp_path / f"{name}.parquet"):
            pass


def test_a_name_that_looks_like_a_pattern(tmp_path):
    path = written(tmp_path / "app.log", lines=20)
    with kept(saved(tmp_path / "it's [1] *.parquet", path)) as found:
        assert found.records == 20


def test_a_failed_save_leaves_nothing(tmp_path, monkeypatch):
    path = written(tmp_path / "app.log")
    target = tmp_path / "r.parquet"
    target.write_bytes(b"before")

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("aitia.tools.logs.search.mining.Rows.close", interrupted)
    with pytest.raises(KeyboardInterrupt):
        saved(target, path)
    assert target.read_bytes() == b"before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["app.log", "r.parquet"]
    with pytest.raises(BadInput, match="Cannot write --save"):
        saved(tmp_path / "nowhere" / "r.parquet", path)


def test_a_damaged_file_keeps_what_was_read(tmp_path):
    path = written(tmp_path / "app.log.gz", lines=20_000)
    path.write_bytes(path.read_bytes()[:-5000])
    with mined(path) as (found, read, _):
        assert 0 < found.records < 20_000
        assert str(path) in read.skipped.files


def test_extent_tells_the_span_of_logs(tmp_path):
    path = written(tmp_path / "app.log")
    first, last = extent([path], UTC, START)
    assert (first.timestamp(), last.timestamp()) == (records(path)[0][0].at, records(path)[-1][0].at)
    (tmp_path / "bare.log").write_text("nothing\n" * 3)
    assert extent([tmp_path / "bare.log"], UTC, START) is None
