"""A fleet: what its assets are, that a look goes on where it was stopped, how it ranks, and the page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pytest

from aitia.cli.app import run
from aitia.core.errors import BadInput
from aitia.core.spread import Crew
from aitia.core.words import from_epoch
from aitia.fleet.assets import About, about_assets, units_of
from aitia.fleet.look import look
from aitia.fleet.page import fleet_lines, render_fleet
from aitia.fleet.risk import ranked, risk_of
from aitia.fleet.words import Fleet, Judged, Unit
from aitia.tools.signals.condition.words import Finding, TimeToLimit

T0 = 1_790_000_000.0
DAYS, STEP = 30, 600


def table(
    file: Path, assets: Sequence[str], *, sick: str = "", rows: slice = slice(None), seed: int = 0
) -> None:
    """Four tags of each asset every ten minutes; the vibration of the sick one grows from the twentieth day on."""
    chance, n = np.random.default_rng(seed), DAYS * 86_400 // STEP
    t = T0 + STEP * np.arange(n)
    columns = {"time": t}
    for asset in assets:
        load = 50 + 5 * np.sin(2 * np.pi * t / 86_400) + chance.normal(0, 0.5, n)
        for name, factor in (
            ("motor_current_A", 1.0),
            ("flow_m3h", 3.0),
            ("vibration_mm_s", 0.04),
            ("bearing_temperature_C", 0.9),
        ):
            grows = (
                np.clip((t - T0) / 86_400 - 20, 0, None)
                * 0.3
                * (asset == sick and name.startswith("vibration"))
            )
            columns[f"{asset}.{name}"] = factor * load + chance.normal(0, 0.02 * factor * 50, n) + grows
    columns = {k: v[rows] for k, v in columns.items()}
    with duckdb.connect() as db:
        db.register("made", columns)
        names = ", ".join(f'"{c}"' for c in columns if c != "time")
        db.execute(
            f"COPY (SELECT make_timestamptz((time * 1e6)::BIGINT) AS time, {names} FROM made) TO '{file}' (FORMAT parquet)"
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for k in range(4):
        table(folder / f"P-{k}.parquet", [f"P-{k}"], sick="P-2", seed=k)
    (folder / "assets.csv").write_text("Asset;Criticality;Type\nP-0;A;pump\nP-2;low;pump\np-3;5;fan\n")
    return folder


def looked(site: Path, keep: Path, **options: object) -> Fleet:
    units, errors = units_of(site)
    return look(units, about_assets(site, None), keep=keep, crew=Crew(jobs=1), errors=errors, **options)  # type: ignore[arg-type]


def test_the_sick_asset_leads_and_what_is_said_of_assets_is_kept(site: Path, tmp_path: Path) -> None:
    told = looked(site, tmp_path)
    assert len(told.assets) == 4
    first = told.assets[0]
    assert (first.asset, first.kind, first.criticality, first.stated) == ("P-2", "pump", 2, True)
    assert first.judged.findings[0].point == "vibration_mm_s"
    assert first.judged.sparkline["vibration_mm_s"]
    assert {a.asset: a.criticality for a in told.assets} == {"P-0": 5, "P-1": 3, "P-2": 2, "P-3": 5}


def test_an_interrupted_look_goes_on_and_unchanged_tables_are_not_judged_again(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aitia.fleet import look as module

    asked: list[str] = []
    whole = module.judge

    def judge(unit: Unit, **options: object) -> list[Judged]:
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(unit.source.name)
        return whole(unit, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "judge", judge)
    stopped = looked(site, tmp_path)
    assert (len(stopped.assets), stopped.unfinished) == (2, 2)
    monkeypatch.setattr(module, "judge", whole)
    done = looked(site, tmp_path)
    assert (len(done.assets), done.unfinished, done.reused) == (4, 0, 2)
    assert looked(site, tmp_path).reused == 4
    assert looked(site, tmp_path, now=T0 + 25 * 86_400.0).reused == 0
    assert looked(site, tmp_path, fresh=True).reused == 0
    table(site / "P-1.parquet", ["P-1"], seed=9)
    assert looked(site, tmp_path).reused == 3


def test_a_damaged_record_is_judged_anew(site: Path, tmp_path: Path) -> None:
    looked(site, tmp_path)
    for file in tmp_path.glob("*.json"):
        file.write_text(file.read_text()[:50])
    assert looked(site, tmp_path).reused == 0


def test_processes_tell_the_same_as_one(site: Path, tmp_path: Path) -> None:
    units, _ = units_of(site)
    one, two = (look(units, {}, keep=tmp_path / str(jobs), crew=Crew(jobs=jobs)) for jobs in (1, 2))
    assert one.assets == two.assets


def test_tables_of_the_same_assets_are_one_source_and_those_of_different_ones_are_not(
    tmp_path: Path, site: Path
) -> None:
    half = DAYS * 86_400 // STEP // 2
    table(tmp_path / "a.parquet", ["P-7", "P-8"], rows=slice(None, half))
    table(tmp_path / "b.parquet", ["P-7", "P-8"], rows=slice(half, None))
    assert [u.source.path for u in units_of(tmp_path)[0]] == [str(tmp_path)]
    told = look(units_of(tmp_path)[0], {}, keep=tmp_path / "kept", crew=Crew(jobs=1))
    assert [a.asset for a in told.assets] == ["P-7", "P-8"]
    assert len(units_of(site)[0]) == 4


def test_lists_of_tags_and_work_orders_beside_an_export_are_no_assets(tmp_path: Path) -> None:
    rows = "\n".join(f"2026-03-0{1 + k // 24}T{k % 24:02d}:00:00Z,{k},{2 * k}" for k in range(48))
    (tmp_path / "export.csv").write_text(f"Timestamp,41-FT-101,41-TT-101\n{rows}\n")
    (tmp_path / "taglist.csv").write_text(
        "Tag,Description,EngUnit\n41-FT-101,P-101 flow,m3/h\n41-TT-101,P-101 bearing temperature,C\n"
    )
    (tmp_path / "workorders.csv").write_text(
        "WorkOrder,Start,Finish,Equipment,Type,ShortText\n4001,2026-03-01 08:00,2026-03-01 09:00,P-101,PM01,greased bearings\n"
    )
    units, errors = units_of(tmp_path)
    assert [u.source.name for u in units] == ["export"]
    assert str(units[0].source.options["tags"]).endswith("taglist.csv")
    assert not errors


def test_limits_of_tags_give_a_time_and_a_wrong_one_is_named(site: Path, tmp_path: Path) -> None:
    keep, data = tmp_path / "kept", tmp_path / "data"
    data.mkdir()
    shutil.copy(site / "P-2.parquet", data / "P-2.parquet")
    without = look(units_of(tmp_path)[0], {}, keep=keep, crew=Crew(jobs=1))
    assert without.assets[0].judged.findings[0].limit is None
    for rows in ("tag,asset,point,low,high\nP-2.vibration_mm_s,P-2,vibration,,7.1\n",
                 "asset,point,high\nP-2,vibration_mm_s,7.1\n"):  # fmt: skip
        (tmp_path / "tags.csv").write_text(rows)
        told = look(units_of(tmp_path)[0], {}, keep=keep, crew=Crew(jobs=1))
        assert told.reused == 0
        limit = told.assets[0].judged.findings[0].limit
        assert limit is not None
        assert (limit.limit, limit.origin) == (7.1, "tag")
    (tmp_path / "tags.csv").write_text("tag,high\nP-2.x,seven\n")
    with pytest.raises(BadInput, match=r"Set high of 'P-2.x' in .*, not 'seven'"):
        units_of(tmp_path)


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(site: Path, tmp_path: Path) -> None:
    for file in site.glob("*.parquet"):
        (tmp_path / file.name).symlink_to(file) if file.stem == "P-2" else None
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no parquet PAR1")
    (tmp_path / "short.csv").write_text("time,P-9.flow\n2026-01-01 00:00:00,1\n")
    told = look(units_of(tmp_path)[0], {}, keep=tmp_path / "kept", crew=Crew(jobs=1))
    by_asset = {a.asset: a.judged for a in told.assets}
    assert by_asset["broken"].status == "error"
    assert "Fix the table" in by_asset["broken"].why
    assert by_asset["P-9"].status == "no_data"
    assert by_asset["P-2"].findings


def finding(**given: object) -> Finding:
    plain = {"cls": "process", "kind": "trend", "point": "v", "channels": ("v",), "onset": from_epoch(T0), "onset_error_s": 1.0,
             "direction": "up", "size": 5.0, "times_threshold": 2.0, "severity": "plan", "confidence": 1.0, "why": "", "statement": "v rose."}  # fmt: skip
    return Finding.model_validate(plain | given)


def judged(asset: str, *findings: Finding, **given: object) -> Judged:
    return Judged.model_validate(
        {"asset": asset, "source": "s", "status": "ok", "findings": findings} | given
    )


def test_risk_follows_severity_confidence_the_limit_and_whether_it_is_an_instrument() -> None:
    soon = TimeToLimit(
        limit=7.1,
        origin="tag",
        hours=100,
        low=50,
        high=None,
        at=from_epoch(T0),
        earliest=from_epoch(T0),
        latest=None,
        shape="linear",
    )
    order = [
        judged("well"), judged("unknown", status="no_data"), judged("sensor", finding(cls="sensor", kind="stuck")), judged("plan", finding()),
        judged("plan, two", finding(), finding()), judged("soon", finding(limit=soon)),
    ]  # fmt: skip
    risks = [risk_of(one) for one in order]
    assert risks == sorted(risks)
    assert len(set(risks)) == len(risks)
    assert risk_of(judged("half", finding(confidence=0.5))) == pytest.approx(
        0.5 * risk_of(judged("plan", finding()))
    )


def test_consequence_outweighs_risk() -> None:
    both = [judged("spare", finding(severity="act")), judged("only one", finding(severity="watch"))]
    told = ranked(both, {"spare": About(criticality=1), "only one": About(criticality=5)})
    assert [r.asset for r in told] == ["only one", "spare"]


def test_the_page_escapes_names_and_draws_the_course() -> None:
    evil = "<script>alert(1)</script>\x1b[2J"
    one = judged(evil, finding(point=evil, statement=f"{evil} rose."), sparkline={evil: (1.0, 2.0, 4.0)})
    fleet = Fleet(assets=tuple(ranked([one, judged("fine")], {})), errors={evil: evil})
    page = render_fleet(fleet, title=evil, made=datetime(2026, 3, 1, tzinfo=UTC))
    assert "<script" not in page
    assert "\x1b" not in page
    assert page.count("<polyline") == 1
    assert "from 1 to 4, between 1 and 4" in page
    assert "fine" in page
    assert not any("\x1b" in line for line in fleet_lines(fleet))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("asset,criticality\nP,9\n", "line 2 .* 1 to 5"),
        ("pump,level\nP,1\n", "Name the columns asset and criticality"),
    ],
)
def test_a_wrong_list_of_assets_says_where(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "assets.csv").write_text(text)
    with pytest.raises(BadInput, match=said):
        about_assets(tmp_path, None)


def test_the_command(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path))
    page = tmp_path / "page.html"
    assert run(["fleet", str(site), "--jobs", "1", "--html", str(page), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["assets"][0]["asset"] == "P-2"
    assert "vibration_mm_s" in page.read_text()
    assert run(["fleet", str(site), "--jobs", "1"]) == 0
    out, err = capsys.readouterr()
    assert "1 with findings, 3 well" in out
    assert "4 assets unchanged" in err
    assert run(["fleet", str(tmp_path / "nothing")]) == 2
    assert run(["fleet", str(site), "--healthy", "2026-01-01"]) == 2
    assert "FROM..TO" in capsys.readouterr().err
