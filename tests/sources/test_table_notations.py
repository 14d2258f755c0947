"""Tables as other programs export them: separators, decimal commas, encodings, notations of time, words in cells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.core.config import SourceConfig
from aitia.core.errors import AitiaError, BadInput, SourceError
from aitia.tools.sources import open_source
from aitia.tools.sources.text_form import form_of, separator_of

from .exported import START, T0, WINDOW, read, source, written

STAMPS = {
    "ISO": lambda t: t.strftime("%Y-%m-%d %H:%M:%S"),
    "ISO with T and zone": lambda t: t.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "ISO with a comma": lambda t: t.strftime("%Y-%m-%d %H:%M:%S,000"),
    "epoch s": lambda t: f"{t.timestamp():.0f}",
    "epoch ms": lambda t: f"{1000 * t.timestamp():.0f}",
    "D.M.Y": lambda t: f"{t.day}.{t.month}.{t.year} {t:%H:%M:%S}",
    "D.M.Y padded, fraction": lambda t: t.strftime("%d.%m.%Y %H:%M:%S.500"),
    "D/M/Y": lambda t: t.strftime("%d/%m/%Y %H:%M:%S"),
    "M/D/Y": lambda t: t.strftime("%m/%d/%Y %H:%M:%S"),
    "M/D/Y with AM and PM": lambda t: t.strftime("%m/%d/%Y %I:%M:%S %p"),
    "Y/M/D": lambda t: t.strftime("%Y/%m/%d %H:%M:%S"),
    "D-month-Y": lambda t: t.strftime("%d-%b-%y %H:%M:%S"),
    "D.M.Y h:m": lambda t: t.strftime("%d.%m.%Y %H:%M"),
}


@pytest.mark.parametrize("notation", STAMPS, ids=str)
@pytest.mark.parametrize("step", [30, 3600])
def test_every_notation_of_time_gives_the_same_times(tmp_path: Path, notation: str, step: int) -> None:
    times = [START + timedelta(seconds=step * i) for i in range(20)]
    rows = [f"{STAMPS[notation](t)};{i}" for i, t in enumerate(times)]
    ((_, _, t, _),) = read(written(tmp_path, "\n".join(["time;P-1.speed", *rows])))
    shift = 0.5 if "fraction" in notation else 0.0
    wanted = [x.timestamp() + shift for x in times]
    if notation == "D.M.Y h:m":
        wanted = sorted({x.replace(second=0).timestamp() for x in times if x.replace(second=0) >= START})
    assert t == [w for w in wanted if w < WINDOW.epoch[1]]


@pytest.mark.parametrize(
    ("dates", "order", "first"),
    [
        (["03/04/2026", "25/04/2026"], "", (2026, 4, 3)),
        (["03/04/2026", "04/25/2026"], "", (2026, 3, 4)),
        (["03/04/2026", "03/05/2026"], "", (2026, 3, 4)),  # the default of slashes
        (["03/04/2026", "03/05/2026"], "dmy", (2026, 4, 3)),
    ],
)
def test_the_order_of_day_and_month_is_told_by_any_row_of_the_file(
    tmp_path: Path, dates: list[str], order: str, first: tuple[int, int, int]
) -> None:
    head = [f"{dates[0]} 00:{i // 60:02}:{i % 60:02},{i}" for i in range(400)]
    path = written(tmp_path, "\n".join(["time,P-1.speed", *head, f"{dates[1]} 00:00:00,1"]))
    extent = source(path, options={"date_order": order} if order else {}).extent(START)
    assert extent is not None
    assert extent[0] == datetime(*first, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("sign", ["µ", "µ – €"])  # the second is no Latin-1
@pytest.mark.parametrize("packed", [False, True])
def test_every_encoding_gives_the_same_names(tmp_path: Path, encoding: str, sign: str, packed: bool) -> None:
    text = f"Zeit;Pumpe Süd.{sign}\n2026-11-26 00:00:00;1,5\n2026-11-26 00:00:01;2,5\n"
    path = written(tmp_path, text, encoding)
    if packed:
        import gzip

        (tmp_path / "m.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
        path = tmp_path / "m.csv.gz"
    found = source(path)
    assert [(s.component, s.metric, s.v.tolist()) for s in found.read(WINDOW)] == [
        ("Pumpe Süd", sign, [1.5, 2.5])
    ]
    told = found.describe(WINDOW).guessed
    assert ("not UTF-8" in told) == (not encoding.startswith("utf-8"))


def test_a_folder_may_mix_encodings(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    written(folder, "time;Süd.a\n2026-11-26 00:00:00;1\n", "cp1252", "a.csv")
    written(folder, "time;Süd.a\n2026-11-26 00:00:01;2\n", "utf-8", "b.csv")
    assert [(c, m, v) for c, m, _, v in read(folder)] == [("Süd", "a", [1.0, 2.0])]


def test_an_encoding_that_is_named_is_taken_and_an_unknown_one_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "time;Łódź.a\n2026-11-26 00:00:00;1\n", "cp1250")
    assert [c for c, *_ in read(path, options={"encoding": "cp1250"})] == ["Łódź"]
    with pytest.raises(SourceError, match=r"options\.encoding"):
        read(path, options={"encoding": "zlib_codec"})


@settings(max_examples=15, deadline=None)
@given(
    values=st.lists(
        st.lists(st.floats(-1e6, 1e6, allow_nan=False).map(lambda v: round(v, 3)), min_size=3, max_size=3),
        min_size=2,
        max_size=12,
    ),
    step=st.integers(1, 7000),
)
def test_a_table_in_german_form_gives_the_rows_of_the_plain_one(
    tmp_path_factory: pytest.TempPathFactory, values: list[list[float]], step: int
) -> None:
    folder = tmp_path_factory.mktemp("t")
    names = ["P-1.Druck", "P-1.Temp", "Süd.Höhe"]
    times = [START + timedelta(seconds=step * i) for i in range(len(values))]
    plain = [
        f"{t:%Y-%m-%dT%H:%M:%SZ}," + ",".join(f"{v:.3f}" for v in row)
        for t, row in zip(times, values, strict=True)
    ]
    local = [t.astimezone(ZoneInfo("Europe/Berlin")) for t in times]
    german = [
        f"{t:%d.%m.%Y %H:%M:%S};" + ";".join(f"{v:.3f}".replace(".", ",") for v in row)
        for t, row in zip(local, values, strict=True)
    ]
    first = written(folder, "\n".join([",".join(["time", *names]), *plain]), name="plain.csv")
    second = written(
        folder, "\r\n".join([";".join(["Zeitstempel", *names]), *german]), "cp1252", "german.csv"
    )
    found = read(second, options={"timezone": "Europe/Berlin"})
    assert found == read(first)
    assert len(found) == 3


def test_thousands_and_points_in_a_table_with_decimal_commas(tmp_path: Path) -> None:
    cells = ["1,5", "1.234,5", "-12.345", "7", "2.5", "1,0e3"]
    rows = [f"2026-11-26 00:00:0{i};{c}" for i, c in enumerate(cells)]
    ((_, _, _, v),) = read(written(tmp_path, "\n".join(["time;P.x", *rows])))
    assert v == [1.5, 1234.5, -12345.0, 7.0, 2.5, 1000.0]


def test_commas_of_thousands_are_no_decimal_commas(tmp_path: Path) -> None:
    rows = [f'2026-11-26 00:00:0{i},"{c}",2.5' for i, c in enumerate(["1,234", "5,678"])]
    found = source(written(tmp_path, "\n".join(["time,P.x,P.y", *rows])))
    assert "decimal comma" not in found.describe(WINDOW).guessed
    forced = source(written(tmp_path, "\n".join(["time,P.x,P.y", *rows])), options={"decimal": ","})
    assert [s.v.tolist() for s in forced.read(WINDOW) if s.metric == "x"] == [[1.234, 5.678]]


@pytest.mark.parametrize("mark", [";", "\t", ",", "|"])
def test_the_separator_is_found_and_lines_before_the_names_are_passed_over(tmp_path: Path, mark: str) -> None:
    rows = [
        mark.join(["time", "P.x", "P.y"]),
        *(mark.join([f"2026-11-26 00:00:0{i}", "1", "2"]) for i in range(5)),
    ]
    assert [(m, v) for _, m, _, v in read(written(tmp_path, "\n".join(rows)))] == [
        ("x", [1.0] * 5),
        ("y", [2.0] * 5),
    ]
    before = written(tmp_path, "\n".join(["Export of plant 7", "", *rows]))
    assert len(read(before)) == 2
    assert "first 2 lines passed over" in source(before).describe(WINDOW).guessed
    assert separator_of("\n".join([f"sep={mark}", *rows])) == (mark, 1, False)


@pytest.mark.parametrize(
    ("option", "value"),
    [("delimiter", "::"), ("decimal", "x"), ("date_order", "ydm"), ("timezone", "Mars/Olympus")],
)
def test_options_that_cannot_be_are_named(tmp_path: Path, option: str, value: str) -> None:
    path = written(tmp_path, "time;P.x\n2026-11-26 00:00:00;1\n")
    with pytest.raises(AitiaError, match=rf"options\.{option}.*not '{value}'"):
        read(path, options={option: value})
    assert (
        len(read(path, options={"delimiter": ";", "decimal": ".", "date_order": "dmy", "timezone": "UTC"}))
        == 1
    )


def test_rows_may_end_with_a_separator(tmp_path: Path) -> None:
    rows = [f"2026-11-26 00:00:0{i};{i};1;" for i in range(3)]
    assert [(m, v) for _, m, _, v in read(written(tmp_path, "\n".join(["time;P.x;P.y", *rows])))] == [
        ("x", [0.0, 1.0, 2.0]), ("y", [1.0, 1.0, 1.0]),
    ]  # fmt: skip


def test_errors_of_the_file_say_where_and_how_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "time;P.x\n" + "2026-11-26 00:00:00;1\n" * 9000
    with pytest.raises(SourceError, match=r"Line: 9002.*Expected Number of Columns: 2 Found: 3$"):
        read(written(tmp_path, text + "2026-11-26 00:00:00;1;2;3\n"))
    monkeypatch.setattr(
        "aitia.tools.sources.text_form._CHECKED", 1 << 20
    )  # what lies behind is not looked at
    late = written(tmp_path, text * 10 + "2026-11-26 00:00:00;ü\n", "cp1252")
    with pytest.raises(SourceError, match=r"options: \{encoding: cp1252\}"):
        read(late)
    assert read(late, options={"encoding": "cp1252"})
    with pytest.raises(SourceError, match="binary, not text"):
        read(written(tmp_path, "PK\0\0\0"))


def test_what_is_configured_is_not_guessed(tmp_path: Path) -> None:
    rows = [f"2026-11-26 00:00:0{i},{T0 + 100 + i},7,8" for i in range(3)]
    path = written(tmp_path, "\n".join(["time,logged,P.x,P.y", *rows]))
    ((_, _, t, _), *_) = read(path, columns={"time": "logged"})
    assert t == [T0 + 100, T0 + 101, T0 + 102]
    with pytest.raises(SourceError, match=r"no column 'when'.*columns\.time"):
        read(path, columns={"time": "when"})


def test_naive_times_are_local_where_a_zone_is_named_and_the_rest_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "time,P.x\n2026-11-26 01:00:00,1\n2026-11-26 01:00:10,2\n")
    ((_, _, t, _),) = read(path, options={"timezone": "Europe/Berlin"})
    assert t[0] == datetime(2026, 11, 26, 0, 0, tzinfo=UTC).timestamp()
    assert "read as UTC" in source(path).describe(WINDOW).guessed
    assert (
        source(path, options={"timezone": "UTC"}).describe(WINDOW).guessed
        == "column names split at '.': 'P.x' is 'x' of 'P'"
    )
    parquet = tmp_path / "m.parquet"
    duckdb.sql(
        f"COPY (SELECT CAST(time AS TIMESTAMP) AS time, 1.0 AS \"P.x\" FROM '{path}') TO '{parquet}' (FORMAT parquet)"
    )
    ((_, _, again, _),) = read(parquet, options={"timezone": "Europe/Berlin"})
    assert again == t
    with pytest.raises(BadInput, match="IANA zone"):
        read(path, options={"timezone": "Middle/Earth"})


def test_zones_in_the_texts_win_over_the_configured_one(tmp_path: Path) -> None:
    path = written(tmp_path, "time,P.x\n26.11.2026 01:00:00+01:00,1\n26.11.2026 01:00:10+01:00,2\n")
    ((_, _, t, _),) = read(path, options={"timezone": "America/New_York"})
    assert t[0] == datetime(2026, 11, 26, 0, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("name", ['"; DROP TABLE rows; --.x', "a'b.x", 'a"b.x', "\x1f.x"])
def test_column_names_never_become_sql(tmp_path: Path, name: str) -> None:
    header = name.replace('"', '""')
    path = written(tmp_path, f'time;"{header}";"P.y"\n{T0 + 1:.0f};1;2\n{T0 + 2:.0f};3;4\n')
    found = read(path)
    assert [v for *_, v in found if v == [2.0, 4.0]]
    assert len(found) == 2


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_with_a_message(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("b") / "m.csv"
    path.write_bytes(b"Zeit;P.x\n" + data)
    told = "read"
    try:
        source(path).read(WINDOW)
    except AitiaError as error:
        told = str(error)
    assert told


def test_a_large_file_is_not_held_to_tell_how_it_is_written(tmp_path: Path) -> None:
    import tracemalloc

    path = written(tmp_path, "time;P.x\n" + "2026-11-26 00:00:00;1,5\n" * 1_500_000)
    tracemalloc.start()
    form = form_of(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert form.delimiter == ";"
    assert peak < 8 << 20


@pytest.mark.parametrize(
    ("type_", "options", "known"),
    [
        ("table", {"timezon": "UTC"}, "timezone"),
        ("log_files", {"zone": "UTC"}, "timezone"),
        ("changes", {"separator": ";"}, "delimiter"),
        ("git", {"branches": "main"}, "branch"),
    ],
)
def test_unknown_options_are_refused_with_the_known_ones(
    tmp_path: Path, type_: str, options: dict[str, str], known: str
) -> None:
    config = SourceConfig.model_validate(
        {"name": "m", "kind": "metrics", "type": type_, "path": "m.csv", "options": options}
    )
    with pytest.raises(BadInput, match=rf"{next(iter(options))}.*source 'm'.*{known}"):
        open_source(config, tmp_path)
