from pathlib import Path

import pytest

from aitia.cli.inputs import named_sources
from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput
from aitia.settings import Settings, find_settings, load_settings
from aitia.tools.sources import open_source

GOOD = """
sources:
  - {name: shop, kind: metrics, type: prometheus, url: "http://localhost:9090/", component_label: service}
  - {name: logs, kind: logs, type: log_files, path: logs/*.log}
components:
  - {id: payment, type: service, aliases: ["10.0.0.3:9100"]}
window: {lead_s: 600, baselines: [preceding], preceding_factor: 4}
model: {name: none}
planner: rules
retention: {days: 7, runs: 20}
"""


def _written(folder: Path, text: str) -> Path:
    file = folder / "aitia.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_is_read_and_its_paths_start_at_its_folder(tmp_path: Path) -> None:
    settings = load_settings(_written(tmp_path, GOOD))
    assert settings.sources[0].url == "http://localhost:9090"
    assert settings.sources[1].path == str(tmp_path / "logs/*.log")
    assert settings.window.baselines == ("preceding",)
    assert settings.model.name == "none"


def test_an_empty_file_and_no_file_are_the_defaults(tmp_path: Path) -> None:
    assert find_settings(tmp_path) == Settings()
    _written(tmp_path, "")
    assert find_settings(tmp_path) == Settings()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("planner: magic", ["'planner'", "'rules', 'model' or 'free'", "magic"]),
        ("sorces: []", ["'sorces'", "no such field", "sources"]),
        ("window: {led_s: 3}", ["'window.led_s'", "lead_s", "preceding_factor"]),
        ("window: {baselines: [tomorrow]}", ["window.baselines.0", "'yesterday'"]),
        ("sources: [{name: a, kind: metrix, type: table, path: x}]", ["sources.0.kind", "'metrics'", "metrix"]),
        ("sources: [{name: a, kind: metrics, type: table}]", ["needs a path or a url"]),
        ("sources: [{name: a, kind: metrics, type: prometheus, url: 'ftp://x'}]", ["http://"]),
        ("sources: [{name: a, kind: logs, type: log_files, path: x, auth: {pasword_env: P}}]", ["auth.pasword_env", "password_env"]),
        ("sources: [{name: a, kind: logs, type: t, path: x}, {name: a, kind: logs, type: t, path: y}]", ["names must differ: a"]),
        ("retention: {days: 0}", ["retention.days", "greater than or equal to 1"]),
        ("[1, 2]", ["mapping"]),
        ("a: b: c", ["YAML", "aitia.yaml', line 1, column 5: mapping values"]),
        ("\x00\x01", ["YAML"]),
    ],
)  # fmt: skip
def test_an_error_names_file_field_and_what_is_allowed(tmp_path: Path, text: str, words: list[str]) -> None:
    file = _written(tmp_path, text)
    with pytest.raises(BadInput) as caught:
        load_settings(file)
    for word in [*words, str(file)]:
        assert word in str(caught.value)


def test_binary_and_missing_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "junk.yaml").write_bytes(b"\xff\xfe\x00junk")
    for name in ("junk.yaml", "absent.yaml"):
        with pytest.raises(BadInput, match=name):
            load_settings(tmp_path / name)


def test_a_mistyped_type_names_the_file_and_what_was_meant(tmp_path: Path) -> None:
    text = "sources: [{name: shop, kind: metrics, type: promethius, url: 'http://x'}]"
    file = _written(tmp_path, text)
    (source,) = load_settings(file).sources
    with pytest.raises(BadInput) as raised:
        open_source(source, tmp_path)
    assert f"of source 'shop' in {str(file)!r} to one of" in str(raised.value)
    assert str(raised.value).endswith("not 'promethius'. Did you mean 'prometheus'?")


def test_a_source_of_the_command_line_is_named_by_its_option() -> None:
    given = named_sources(
        metrics=["http://x", "http://y"], logs=[], changes=[], topology=[], signals=["http://z"]
    )
    assert [s.place("url") for s in given] == [
        "the address given with --metrics", "the address given with --metrics", "the address given with --signals",
    ]  # fmt: skip
    assert (
        SourceConfig(name="shop", kind="metrics", type="table", path="x").place("path")
        == "`path` of source 'shop'"
    )
