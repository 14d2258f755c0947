"""Each script of benchmarks/ finds this package however it is started: its documented command is `python benchmarks/AREA/TASK.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SCRIPTS = sorted(
    f for f in BENCHMARKS.rglob("*.py") if '__name__ == "__main__"' in f.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda f: f.relative_to(BENCHMARKS).as_posix())
def test_a_script_puts_the_checkout_on_its_path_before_it_imports_of_it(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    first = min(
        (at for name in ("benchmarks", "tests") if (at := text.find(f"\nfrom {name}")) >= 0), default=-1
    )
    if first >= 0:
        assert 0 <= text.find("sys.path.insert(0, str(") < first
