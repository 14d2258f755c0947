from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "lab.md"


@pytest.fixture
def small() -> str:
    """The system file that docs/lab.md shows whole."""
    found = re.search(r"```yaml\n(schema: 1\n.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]
