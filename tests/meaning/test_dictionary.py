"""The site's dictionary: built, corrected by a person, read by a diagnosis, and never a way to anything else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

import aitia
from aitia import dictionary
from aitia.core.errors import BadInput, ModelError
from aitia.core.llm import Choice, Llm, Prompt
from aitia.core.store import RunStore
from aitia.core.words import Evidence, Report
from aitia.engine import AUTO, on_demand, readers_of
from aitia.graphs.rerun import rerun
from aitia.models.on_demand import OnDemand
from aitia.models.scripted import ScriptedLlm
from aitia.settings import Settings
from aitia.tools.meaning.dictionary import TAKEN, Dictionary, Entry, read_dictionary, write_dictionary
from aitia.tools.series.aspects import bundled


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


END = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Reader(ScriptedLlm):
    """Reads every name as the same quantity, as sure as it is told to be."""

    def __init__(self, lead: float, quantity: str = "queue") -> None:
        super().__init__([], name="reader")
        self.lead, self.quantity, self.asked = lead, quantity, 0
        self.names: list[str] = []

    def classify(self, prompt: Prompt, labels: Sequence[str]) -> Choice:
        self.asked += 1
        self.names.append(prompt.user.split()[0])
        scores = tuple(self.lead if label == self.quantity else 0.0 for label in labels)
        return Choice(
            index=0, log_probs=scores, baselines=(0.0,) * len(labels), probabilities=scores, confidence=1.0
        )


def site(folder: Path) -> Path:
    """Two services; of one a measurement of which nobody knows what it is jumps."""
    rows = ["time,component,metric,value"]
    for i in range(180):
        at = (END - timedelta(minutes=180 - i)).isoformat()
        for name in ("web", "db"):
            jumped = 60.0 * (name == "web" and i > 150)
            rows += [
                f"{at},{name},zq_lng,{20 + i % 7 / 7 + jumped:.3f}",
                f"{at},{name},cpu_busy_percent,{30 + i % 5}",
            ]
    (folder / "m.csv").write_text("\n".join(rows) + "\n")
    sources = [
        {"name": "m", "kind": "metrics", "type": "table", "path": "m.csv"},
        {"name": "dictionary", "kind": "dictionary", "type": "dictionary", "path": "dictionary.yaml"},
    ]
    (folder / "aitia.yaml").write_text(yaml.safe_dump({"sources": sources}))
    return folder / "aitia.yaml"


def test_a_persons_word_makes_a_cause_of_what_nobody_understood(tmp_path: Path) -> None:
    config, file = site(tmp_path), tmp_path / "dictionary.yaml"
    for entry, verdict in (
        (Entry(quantity="latency", direction="up", by="model x", confidence=TAKEN - 0.01), "unknown"),
        (Entry(quantity="latency", direction="up"), "cause"),
    ):
        write_dictionary(file, Dictionary(names={"zq_lng": entry}))
        found = aitia.diagnose(
            "web is odd", config=config, model=None, at=END, started_at=END - timedelta(minutes=30)
        )
        assert found.verdict == verdict
        (moved,) = [
            e for e in found.evidence if "zq_lng" in str(e.values.get("metric")) and e.kind == "metric.shift"
        ]
        assert (moved.aspect, moved.values.get("meaning")) == (
            ("latency", "by dictionary") if verdict == "cause" else ("other", "unknown")
        )
        assert any(h.kind == "dictionary" for h in found.inventory.holdings)
    assert found.component == "web"


def diagnosed(config: Path, model: Llm | None) -> Report:
    return aitia.diagnose(
        "web is odd",
        config=config,
        model=model,
        planner="rules",
        narrator="template",
        at=END,
        started_at=END - timedelta(minutes=30),
    )


def moved(report: Report) -> Evidence:
    (fact,) = [
        e for e in report.evidence if "zq_lng" in str(e.values.get("metric")) and e.kind == "metric.shift"
    ]
    return fact


def test_a_diagnosis_asks_the_model_once_what_a_new_name_means(tmp_path: Path, home: Path) -> None:
    config = site(tmp_path)
    write_dictionary(tmp_path / "dictionary.yaml", Dictionary())
    unread, model = moved(diagnosed(config, None)), Reader(20.0)
    report = diagnosed(config, model)
    fact = moved(report)
    assert unread.values["meaning"] == "unknown"
    assert (fact.aspect, fact.values["read_by"]) == ("queue", "reader")
    assert fact.values["meaning"] == "by model"
    assert 0.5 < fact.strength <= float(fact.values["read_sure"]) < 1
    assert (report.cost.names_read, report.cost.model_calls, model.asked) == (1, 0, 1)
    assert rerun(RunStore.open(home, report.run)) == report
    again = diagnosed(config, model)
    assert (again.cost.names_read, model.asked, moved(again).aspect) == (0, 1, "queue")


def test_what_the_model_doubts_counts_by_its_probability_and_is_named(tmp_path: Path) -> None:
    config = site(tmp_path)
    write_dictionary(tmp_path / "dictionary.yaml", Dictionary())
    report = diagnosed(config, Reader(10.0, "latency"))
    fact = moved(report)
    sure = float(fact.values["read_sure"])
    assert TAKEN <= sure < 0.9
    assert fact.strength <= sure
    assert report.verdict == "cause"
    text = (report._repr_markdown_() or "").replace("\\", "")
    assert f"latency, {round(100 * sure)} % sure, by reader" in " ".join(
        text.split("How words were read")[1].split()
    )
    assert "1 name read by a model in" in text


def test_nothing_is_called_well_on_a_models_word(tmp_path: Path) -> None:
    config = site(tmp_path)
    write_dictionary(
        tmp_path / "dictionary.yaml", Dictionary(names={"zq_lng": Entry(quantity="queue", direction="up")})
    )
    assert diagnosed(config, None).verdict == "healthy"  # a person says that it is a queue: so it is
    write_dictionary(tmp_path / "dictionary.yaml", Dictionary())
    assert diagnosed(config, Reader(20.0)).verdict == "unknown"


def test_a_model_that_cannot_be_loaded_is_told_and_ends_nothing(tmp_path: Path) -> None:
    def load() -> Reader:
        raise ModelError("Remove the adapter 'x.gguf'.")

    config = site(tmp_path)
    write_dictionary(tmp_path / "dictionary.yaml", Dictionary())
    report = diagnosed(config, OnDemand("reader", "hash", load))
    assert moved(report).values["meaning"] == "unknown"
    assert "not all new words were read: Remove the adapter 'x.gguf'." in report.model.note


def test_a_damaged_adapter_of_ones_own_does_not_keep_the_engine_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aitia.models import adapters, files

    def damaged(role: str, base: str, home: Path | None = None) -> Path:
        raise ModelError("Give an adapter that `aitia models tune` wrote.")

    monkeypatch.setattr(adapters, "adapter_for", damaged)
    monkeypatch.setattr(files, "locate", lambda entry, **more: tmp_path)
    assert on_demand(AUTO, Settings().model) is not None


@pytest.mark.parametrize("installed", [("qwen2.5-coder-0.5b",), ("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")])
def test_each_role_is_read_by_the_model_that_has_an_adapter_for_it(
    installed: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aitia.models import files

    monkeypatch.setenv("AITIA_HOME", str(tmp_path))
    monkeypatch.setattr(files, "locate", lambda entry, **more: tmp_path if entry.name in installed else None)
    found = readers_of(AUTO, Settings().model)
    for reader, role in ((found.names, "names"), (found.messages, "messages"), (found.texts, "texts")):
        assert isinstance(reader, OnDemand)
        assert (reader.name, reader.role) == ("qwen2.5-coder-0.5b", role)
    assert (
        len({r.adapter for r in (found.messages, found.names, found.texts) if isinstance(r, OnDemand)}) == 3
    )


def test_texts_are_read_by_a_tuned_model_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from aitia.models import files

    monkeypatch.setenv("AITIA_HOME", str(tmp_path))
    monkeypatch.setattr(
        files, "locate", lambda entry, **more: tmp_path if entry.name == "qwen2.5-coder-1.5b" else None
    )
    assert readers_of(AUTO, Settings().model).texts is None


def test_a_guess_is_not_taken(tmp_path: Path) -> None:
    config = site(tmp_path)
    write_dictionary(tmp_path / "dictionary.yaml", Dictionary())
    fact = moved(diagnosed(config, Reader(0.1)))
    assert fact.values["meaning"] == "unknown"
    assert "read_by" not in fact.values


def test_a_person_is_heard_before_the_model(tmp_path: Path) -> None:
    config = site(tmp_path)
    write_dictionary(
        tmp_path / "dictionary.yaml", Dictionary(names={"zq_lng": Entry(quantity="latency", direction="up")})
    )
    model = Reader(20.0)
    fact = moved(diagnosed(config, model))
    assert (fact.aspect, fact.values.get("read_by"), model.asked) == ("latency", None, 0)


def test_what_moved_most_and_is_nearest_the_alarm_is_asked_first_and_no_more_than_forty(
    tmp_path: Path,
) -> None:
    rows = ["time,component,metric,value"]
    for i in range(120):
        at = (END - timedelta(minutes=120 - i)).isoformat()
        late = i > 95
        rows += [
            f"{at},web,zqa,{20 + i % 7 / 7 + 3 * late:.3f}",
            f"{at},db,zqb,{20 + i % 7 / 7 + 90 * late:.3f}",
        ]
        rows += [f"{at},db,zq{n:02d},{20 + i % 7 / 7 + (50 - n) * late:.3f}" for n in range(45)]
    (tmp_path / "m.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "aitia.yaml").write_text("sources: [{name: m, kind: metrics, type: table, path: m.csv}]\n")
    model = Reader(20.0)
    report = aitia.diagnose("web is odd", config=tmp_path / "aitia.yaml", model=model, planner="rules", narrator="template",
                            at=END, started_at=END - timedelta(minutes=20))  # fmt: skip
    read = [e.values["metric"] for e in report.evidence if "read_by" in e.values]
    assert (report.cost.names_read, model.asked) == (40, 40)
    assert model.names[:3] == ["zqa", "zqb", "zq00"]
    assert "zq44" not in read


def test_what_the_words_tell_is_not_asked_and_what_was_read_is_kept(tmp_path: Path) -> None:
    path, model = tmp_path / "dictionary.yaml", Reader(20.0)
    names = ["cpu_busy_percent", "zq_lng", "frobs", "blarg"]
    made = dictionary.build(names, path, llm=model, limit=2)
    assert (made.names, made.by_words, made.asked, made.left, model.asked) == (4, 1, 2, 1, 2)
    assert made.names_by["frobs"] == read_dictionary(path).names["frobs"]
    assert made.names_by["frobs"].state == "counts"
    assert (made.names_by["frobs"].quantity, made.names_by["frobs"].by) == ("queue", "model reader")
    again = dictionary.build(names, path, llm=model, limit=2)
    assert (again.kept, again.asked, model.asked) == (2, 1, 3)
    assert dictionary.build(names, path, llm=model, limit=2).asked == 0


def test_without_a_model_and_with_an_unsure_one_a_name_waits(tmp_path: Path) -> None:
    path = tmp_path / "dictionary.yaml"
    alone = dictionary.build(["frobs"], path, llm=None, limit=9)
    assert alone.names_by["frobs"].state == "waits"
    unsure = dictionary.build(["frobs"], path, llm=Reader(0.5), limit=9)
    assert (unsure.names_by["frobs"].state, unsure.asked) == ("waits", 1)
    assert bundled().with_site(unsure.names_by).of("frobs").understood is False


def test_an_interruption_keeps_what_was_read(tmp_path: Path) -> None:
    path, seen = tmp_path / "dictionary.yaml", []

    def stop(done: int, of: int) -> None:
        seen.append(done)
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dictionary.build([f"frob{c}" for c in "abcdef"], path, llm=Reader(20.0), limit=9, on_name=stop)
    assert len(read_dictionary(path).names) == 3


def test_a_model_without_probabilities_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="gives no probabilities"):
        dictionary.build(["frobs"], tmp_path / "d.yaml", llm=ScriptedLlm([]), limit=1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("names: [a]", "needs a mapping under `names`"),
        ("names: {a: {quantity: speeed, direction: up}}", "Fix quantity of 'a'"),
        ("names: {a: {quantity: speed, direction: sideways}}", "Fix direction of 'a'"),
        ("names: {a: {quantity: speed, direction: up, run: rm}}", "Fix run of 'a'"),
        ("names: {a: {quantity: speed", "Fix the YAML"),
    ],
)
def test_a_damaged_dictionary_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "dictionary.yaml"
    path.write_text(text)
    with pytest.raises(BadInput, match=told):
        read_dictionary(path)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "dictionary.yaml"
    entries = {
        name: Entry(quantity="flow", direction="both") for name in ("a", "Druck: n", "#x", "'q'", "no", "1")
    }
    write_dictionary(path, Dictionary(names=entries))
    assert read_dictionary(path).names == entries
    write_dictionary(path, Dictionary())
    assert read_dictionary(path) == Dictionary()
