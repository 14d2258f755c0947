"""Labelled names and messages as items: those on which the readers agree, and nothing judged on which they do not."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.models.curriculum.items import read_items
from benchmarks.model import adapter_items

MESSAGE: dict[str, Any] = {
    "text": "volume full", "product": "a", "language": "en", "fault": True, "class": "disk_full", "whose": "host", "peer": None,
}  # fmt: skip


def test_what_the_readers_differ_on_is_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [
        MESSAGE,
        MESSAGE | {"text": "gone", "second_fault": True, "second_class": "data", "second_whose": "host"},
        MESSAGE | {"text": "odd", "second_fault": False, "second_class": None, "second_whose": None},
        MESSAGE | {"text": "all well", "fault": False, "class": None, "whose": None},
    ]
    name = {"name": "cpu_x", "vendor": "v", "quantity": "cpu", "direction": "up"}
    names = [name | {"second": "cpu"}, name | {"name": "y", "second": "memory"}]
    (tmp_path / "messages.jsonl").write_text("\n".join(map(json.dumps, messages)))
    (tmp_path / "names.jsonl").write_text("\n".join(map(json.dumps, names)))
    text = {"id": "a", "text": "pump\nis hot", "domain": "plant", "symptom": "temperature"}
    (tmp_path / "texts.jsonl").write_text("\n".join(json.dumps(t) for t in (text, text | {"id": "b"})))
    second = [{"id": "a", "symptom": "temperature"}, {"id": "b", "symptom": "noise"}]
    (tmp_path / "texts_second.jsonl").write_text("\n".join(map(json.dumps, second)))
    out = tmp_path / "items.jsonl"
    monkeypatch.setattr(sys, "argv", ["adapter_items.py", "--data", str(tmp_path), "--json", str(out)])
    assert adapter_items.main() == 0
    full, gone, well, cpu, hot = read_items(out)
    assert full.told == " fault Kind: full Whose: host"
    assert [s.name for s in full.answer] == ["sign", "", "kind", "", "whose"]
    assert [s.name for s in gone.answer] == ["sign", "", "", "", "whose"]
    assert well.told == " normal"
    assert (cpu.prompt, cpu.told) == (" cpu_x\nQuantity, bad direction:", " cpu, up")
    assert (hot.prompt, hot.told) == (" pump is hot\nMain symptom:", " temperature")
