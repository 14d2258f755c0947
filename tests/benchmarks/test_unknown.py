"""The benchmark of hidden culprits takes away what it says, in every layout that it reads."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.rca.labelled import labelled  # noqa: E402

from . import metric_folders  # noqa: E402


@pytest.mark.parametrize(
    ("made", "culprit"),
    [(metric_folders.petshop, "back"), (metric_folders.sockshop, "api"), (metric_folders.nezha, "api")],
)
def test_hidden_means_that_no_fact_is_the_culprits_own(
    tmp_path: Path, made: Callable[[Path], Path], culprit: str
) -> None:
    case = next(c for c in labelled(made(tmp_path)) if c.right(culprit))
    own = {h: [e for e in case.run(h).evidence if case.right(e.component)] for h in (False, True)}
    assert own[False]
    assert not [e for e in own[True] if e.kind.startswith(("metric.", "signal.", "rank."))]
