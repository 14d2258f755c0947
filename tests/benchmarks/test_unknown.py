"""The benchmark of hidden culprits takes away what it says, in every layout that it reads."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.rca.labelled import labelled, without  # noqa: E402

from ..cluster.builder import SPACE  # noqa: E402
from . import metric_folders, test_k8s_answers  # noqa: E402


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


def test_a_hidden_object_of_a_cluster_leaves_its_row_in_the_lists(tmp_path: Path) -> None:
    data = tmp_path / "data"
    case, answer = next(iter(test_k8s_answers.made(data).items()))
    told = {"namespace": SPACE, "query": "Service unavailable.", "result": answer}
    (data / case / "metadata.json").write_text(json.dumps(told))
    for other in ("c1", "c2", "c3"):
        shutil.rmtree(data / other)
    (found,) = labelled(data)
    culprit = answer["fault_object"].partition("/")[2]
    assert found.run(False).component == culprit
    without(data / case, culprit, tmp_path)
    left = json.loads((tmp_path / "tool_cache.json").read_text())
    assert not [k for k in left if culprit in k]
    assert any(culprit in a for k, a in left.items() if '"pods"' in k)
    assert not [a for k, a in left.items() if '"events"' in k and culprit in a]
    blind = found.run(True)
    assert blind.component in ("", culprit) or blind.probability < 0.8
