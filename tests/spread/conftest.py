"""A Ray cluster of the tests' own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.spread.nodes import Cluster, running_cluster


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One node with two cores, whose redaction key the tests' own homes can take."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")  # before Ray is imported
        pytest.importorskip("ray", reason="needs the extra for clusters: pip install '.[ray]'")
        with running_cluster(tmp_path_factory.mktemp("node"), cores=2) as made:
            yield made


@pytest.fixture
def home(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with the key of the cluster's nodes."""
    own = tmp_path / "home"
    own.mkdir()
    shutil.copy(cluster.home / "redaction.key", own)
    monkeypatch.setenv("AITIA_HOME", str(own))
    return own
