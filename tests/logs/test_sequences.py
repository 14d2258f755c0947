"""Sessions that take another course than normal ones, from events and from log files."""

import hashlib
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput
from aitia.core.resolve import Resolver
from aitia.core.words import Baseline, Incident, Window
from aitia.tools import SourceSet, ToolContext
from aitia.tools.logs import logs_sessions
from aitia.tools.logs.sequence import Normal, Session
from aitia.tools.logs.sequence.assemble import Assembler
from aitia.tools.logs.sequence.conformal import Ranks
from aitia.tools.logs.sequence.ids import session_field
from aitia.tools.sources.logs.log_files import LogFiles

START = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
WINDOW = Window(start=START, end=START + timedelta(minutes=10))
BEFORE = Baseline(name="preceding", window=Window(start=START - timedelta(minutes=60), end=START))


def workers(rng: random.Random) -> list[str]:
    """open, three copies of begin-write-end in any interleaving, close; one in four is checked afterwards."""
    left = [["begin", "write", "end"] for _ in range(3)]
    events = ["open"]
    while any(left):
        events.append(rng.choice([steps for steps in left if steps]).pop(0))
    return [*events, "close", *(["check"] if rng.random() < 0.25 else [])]


def normals(n: int, seed: int = 0) -> list[Session]:
    rng = random.Random(seed)
    return [Session(f"s{seed}-{i}", workers(rng)) for i in range(n)]


@pytest.fixture(scope="module")
def learned() -> Normal:
    return Normal().fit(normals(2000))


def test_a_normal_session_raises_no_alarm_more_often_than_allowed(learned):
    alarms = [learned.score(s).anomalous for s in normals(2000, seed=1)]
    assert sum(alarms) / 2000 <= 0.0075


GOOD = ["open", *["begin", "write", "end"] * 3, "close"]


@pytest.mark.parametrize(
    ("events", "kinds", "says"),
    [
        ([*GOOD[:5], "boom", *GOOD[5:]], {"event"}, '"boom" occurs once, in none of 2000'),
        ([e for i, e in enumerate(GOOD) if i != 4], {"count", "order"}, '"begin"'),
        ([*GOOD, "close"], {"count"}, '"close" occurs 2 times'),
        (["open", "begin", "end", "write", *GOOD[4:]], {"order"}, '"end"'),
        (GOOD[:7], {"end", "count"}, "ends after"),
    ],
)
def test_each_kind_of_anomaly_is_told_in_words(learned, events, kinds, says):
    verdict = learned.score(Session("x", events))
    assert verdict.anomalous
    assert kinds <= {r.kind for r in verdict.reasons}
    assert any(says in r.words() for r in verdict.reasons), [r.words() for r in verdict.reasons]
    assert all(0 <= i < len(events) for r in verdict.reasons for i in r.at)


def test_an_open_session_lacks_nothing_yet(learned):
    assert not learned.score(Session("x", GOOD[:7], open=True)).anomalous
    assert learned.score(Session("x", [*GOOD[:7], "boom"], open=True)).anomalous
    assert learned.score(Session("x", ["open", "open", *GOOD[1:7]], open=True)).anomalous


def test_slow_steps_and_slow_sessions():
    rng = random.Random(0)

    def timed(i: int, wait: float = 0.0) -> Session:
        at, times = 1e9, []
        for event in GOOD:
            at += rng.uniform(0.01, 0.2) + (wait if event == "close" else 0)
            times.append(at)
        return Session(f"t{i}", GOOD, times)

    normal = Normal().fit(timed(i) for i in range(1000))
    slow = normal.score(timed(0, wait=30.0))
    assert slow.anomalous
    assert slow.reasons[0].kind == "duration"
    assert '"close" follows "end" after 30' in slow.reasons[0].words()
    assert sum(normal.score(timed(i)).anomalous for i in range(500)) <= 5


def test_the_state_is_plain_json_and_restores_the_same_verdicts(learned):
    again = Normal.restore(json.loads(json.dumps(learned.state())))
    asked = [*normals(50, seed=2), Session("x", GOOD[:6]), Session("y", [*GOOD, "boom"])]
    assert [again.score(s) for s in asked] == [learned.score(s) for s in asked]
    with pytest.raises(BadInput, match=r"The state is from another version. Learn the"):
        Normal.restore({**learned.state(), "version": 0})


def test_few_sessions_bound_the_alarms_by_their_number():
    normal = Normal().fit(normals(60))
    assert normal.bound == pytest.approx(1 / 61)
    assert normal.score(Session("x", ["open", "boom"])).anomalous
    with pytest.raises(BadInput, match="Give at least 20 normal sessions, not 5"):
        Normal().fit(normals(5))


def test_odd_normal_sessions_do_not_hide_what_is_odder_still():
    odd = [Session(f"odd{i}", [*GOOD, "retry"]) for i in range(4)]
    normal = Normal().fit([*normals(3000), *odd])
    assert normal.score(Session("x", [*GOOD, "retry"])).anomalous  # 4 of 3,004 normal sessions: within 0.5 %
    strict = Normal(false_alarms=0.001).fit([*normals(3000), *odd])
    assert not strict.score(Session("x", [*GOOD, "retry"])).anomalous
    assert strict.score(Session("x", ["open", "boom"])).anomalous


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Session("x", []), "has no events"),
        (lambda: Session("x", ["a"], [1.0, 2.0]), "one time for each event"),
        (lambda: Session("x", ["a"], [float("nan")]), "finite times"),
        (lambda: Normal(false_alarms=0), "between 0 and 1"),
        (lambda: Normal().score(Session("x", ["a"])), "Call fit or restore"),
    ],
)
def test_bad_input(make, says):
    with pytest.raises(BadInput, match=says):
        make()


def test_conformal_ranks():
    ranks = Ranks([0, 0, 0, 1, 2, 2])
    assert [ranks.at_least(s) for s in (0, 0.5, 1, 2, 3)] == [6, 3, 3, 2, 0]
    assert ranks.p(3) == pytest.approx(1 / 7)


def lines(n: int, rng: random.Random, name) -> list[tuple[float, str, int]]:
    out = []
    for i in range(n):
        at = i * 2.0
        for n, step in enumerate(("accepted", "authorised", "charged", "answered")):
            out.append((at, f"request {name(i)} {step} by 10.0.0.{i % 3}", n))
            at += rng.random()
    return sorted(out)


def uuid(i: int) -> str:
    digest = hashlib.md5(str(i).encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


@pytest.mark.parametrize(
    ("name", "field"),
    [
        (lambda i: f"blk_-{10**9 + i}", "blk_<num>"),
        (uuid, "<uuid>"),
        (lambda i: f"trace_id={i}", "trace_id"),
        (lambda i: f"[request={i:06x}a]", "request"),
    ],
)
def test_the_field_that_names_sessions_is_found(name, field):
    found = session_field(lines(100, random.Random(0), name))
    assert found is not None
    assert found.name == field


@pytest.mark.parametrize(
    "name",
    [
        lambda i: "worker-12345",  # constant
        lambda i: f"host=node-{i % 30:04d}",  # recurs for ever
        lambda i: f"port {40000 + i}",  # a bare number
    ],
)
def test_what_is_no_session_is_not_taken_for_one(name):
    assert session_field(lines(300, random.Random(0), name)) is None
    unique = [(float(i), f"sent blk_{10**9 + i} away", i % 5) for i in range(300)]
    assert session_field(unique) is None


def test_only_so_many_sessions_are_open():
    assembler: Assembler[str] = Assembler(most=3)
    done = [d.id for i in range(10) if (d := assembler.take(f"s{i}", "a", float(i)))]
    assert done == [f"s{i}" for i in range(7)]
    assert assembler.idle == 3.0
    assert [d.id for d in assembler.close()] == ["s7", "s8", "s9"]


STEPS = ("accepted from web", "basket read", "payment authorised", "order stored", "answered with 201")


def stamp(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S,%f")[:-3]


def requests(*, broken: bool) -> list[tuple[float, str]]:
    """A request every two seconds from an hour before the window to its end."""
    rng, out = random.Random(0), []
    for i in range(2100):
        at = -3600 + 2.0 * i
        steps = list(STEPS)
        if broken and at > 200 and i % 10 == 0:
            steps = ["accepted from web", "basket read", "token AKIAIOSFODNN7EXAMPLE was refused"]
        for step in steps:
            out.append((at, f"INFO shop request={uuid(i)} {step}"))
            at += rng.uniform(0.05, 0.5)
    return sorted(r for r in out if r[0] < 600)


def context(tmp_path: Path, records: list[tuple[float, str]], baselines=(BEFORE,)) -> ToolContext:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "shop.log").write_text("".join(f"{stamp(at)} {text}\n" for at, text in records))
    source = LogFiles(SourceConfig(name="logs", kind="logs", type="log_files", path=str(folder)), folder)
    return ToolContext(
        incident=Incident(id="i", title="t", started_at=START, window=WINDOW, baselines=baselines),
        sources=SourceSet([source]),
        resolver=Resolver(()),
    )


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("AITIA_HOME", str(tmp_path_factory.mktemp("home")))


def test_the_tool_cites_the_line_where_a_session_leaves_its_course(tmp_path):
    ctx = context(tmp_path, requests(broken=True))
    result = logs_sessions(ctx)
    assert result.status == "ok", result.message
    fact = result.evidence[0]
    assert (fact.component, fact.kind, fact.unit) == ("shop", "log.session", "sessions")
    assert fact.taint
    assert 0.5 < fact.strength <= 0.9
    assert fact.values["sessions"] == result.data["sessions"]["anomalous"]
    assert 19 <= fact.values["sessions"] <= 20  # the last one may be open still
    assert fact.values["sessions_window"] >= 290
    assert 220 < (fact.onset - START).total_seconds() < 222
    first, last = fact.source.lines
    cited = "\n".join((tmp_path / "logs" / "shop.log").read_text().splitlines()[first - 1 : last])
    assert "was refused" in cited
    assert hashlib.sha256(cited.encode()).hexdigest() == fact.source.sha256
    assert "AKIAIOSFODNN7EXAMPLE" not in result.model_dump_json()
    assert result == logs_sessions(ctx)


def test_sessions_run_through_the_logs_of_several_components(tmp_path):
    records = requests(broken=False)
    ctx = context(tmp_path, [r for r in records if "payment" not in r[1]])
    paid = [r for r in records if "payment" in r[1] and not 300 < r[0] < 400]
    (tmp_path / "logs" / "payment.log").write_text("".join(f"{stamp(at)} {text}\n" for at, text in paid))
    fact = logs_sessions(ctx).evidence[0]
    assert fact.values["differs_in"] in ("count", "order")
    assert 45 <= fact.values["sessions"] <= 55
    assert "payment authorised" in fact.statement
    assert 295 < (fact.onset - START).total_seconds() < 305


def test_sessions_that_go_as_before_are_no_news(tmp_path):
    result = logs_sessions(context(tmp_path, requests(broken=False)))
    assert result.status == "no_data"
    assert not result.evidence
    assert "sessions in the window follow the same pattern" in result.message
    assert result.data["sessions"]["normal"] > 1700


def test_logs_without_ids_say_so(tmp_path):
    result = logs_sessions(
        context(tmp_path, [(float(s), "INFO shop heartbeat") for s in range(-3600, 600, 5)])
    )
    assert (result.status, result.evidence) == ("no_data", ())
    assert "log records into sessions: none recurs across" in result.message


def test_no_baseline_is_no_data(tmp_path):
    result = logs_sessions(context(tmp_path, [r for r in requests(broken=True) if r[0] > 0]))
    assert result.status == "no_data"
    assert "Give at least 20 normal sessions" in result.message


def test_logs_beyond_the_budget_are_read_in_one_piece(tmp_path, monkeypatch):
    from aitia.tools.logs.sequence import stream

    monkeypatch.setattr(stream.told, "__kwdefaults__", {"budget": 400_000})
    result = logs_sessions(context(tmp_path, requests(broken=True)))
    assert "the logs are large" in result.message
    assert Counter(e.values["differs_in"] for e in result.evidence)["end"] == 0
