from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # the recorders are scripts of the checkout, not part of the distribution


@pytest.fixture
def root() -> Path:
    return ROOT
